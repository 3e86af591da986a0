// Thoughts of other makers' models, on their way through clients of the Anthropic dialect: there
// every thinking block has a signature, which clients send back as it came. What the provider gave
// in its place stands behind a tag that says whose it is.
//
//   sluice:openai:rs_1:gAAAAB..   sluice:google::CpEB..   sluice:other::
//   sluice:call::CpEB..           the signature of the tool call behind it (Gemini)
//
// Without a tag it is Anthropic's own. To Anthropic a tagged block means nothing: it is taken out
// of what goes there (anthropic_foreign_blocks.h).
#pragma once
#include <optional>
#include <string>

#include "sluice/json/text.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm {

inline constexpr std::string_view reasoning_tag = "sluice:";

struct TaggedReasoning {
  ReasoningOrigin origin = ReasoningOrigin::unknown;
  bool of_call = false;
  json::Text id = {};
  json::Text rest = {};
};

/// What stands behind the tag; nothing where there is none.
[[nodiscard]] std::optional<TaggedReasoning> read_reasoning_tag(json::Text text) noexcept;

/// Appends the tagged text, escaped. What has Anthropic's origin is appended as it is.
void append_tagged_reasoning(std::string& out, ReasoningOrigin origin, json::Text id,
                             json::Text text);
void append_tagged_call_signature(std::string& out, json::Text signature);

}  // namespace sluice::llm
