// The members of Gemini's answers that are read, found in one pass over each object: this runs once
// per event of a stream. Of a member given twice the last counts.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/json/text.h"
#include "sluice/json/value.h"
#include "sluice/llm/chat_event.h"

namespace sluice::llm {

/// A whole answer, or an event of a stream.
struct GeminiAnswer {
  std::optional<json::Value> id, model, candidates, feedback, usage, error;

  explicit GeminiAnswer(json::Value top);
  /// Whether it says nothing that an answer says.
  [[nodiscard]] bool empty() const noexcept { return !candidates && !feedback && !usage; }
};

struct GeminiCandidate {
  std::optional<json::Value> parts, reason, grounding, logprobs;
  std::int64_t index = 0;  // left out: 0; -1: not a number

  explicit GeminiCandidate(json::Value candidate);
};

struct GeminiPart {
  json::Text text, signature;
  std::optional<json::Value> call;
  json::Text media_type, media;  // base64
  bool thought = false;

  explicit GeminiPart(json::Value part);
};

/// A call: whole, or begun, gone on with or ended by one without a name.
struct GeminiCall {
  json::Text id, name;
  std::optional<json::Value> arguments, pieces;  // an object, a list
  bool goes_on = false;

  explicit GeminiCall(json::Value call);
};

/// What Google's word for the end of an answer means. `called`: the answer calls a tool.
[[nodiscard]] FinishReason gemini_finish_reason(std::string_view word, bool called) noexcept;

}  // namespace sluice::llm
