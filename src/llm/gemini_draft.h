// A Gemini call while it is written: what its parts, one file each, work on together.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gemini_names.h"
#include "sluice/json/index.h"
#include "sluice/json/writer.h"
#include "sluice/llm/chat_call.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm {

/// What goes wrong is an error that ends the writing; nothing is fine.
using Refusal = std::optional<ApiError>;

/// Members of the caller's request that have no place in a ChatRequest, and do here.
struct GeminiExtras {
  std::vector<std::string_view> modalities = {};  // Google's words: TEXT, IMAGE
  std::string_view safety_settings = {};          // JSON, as the others; empty: not given
  std::string_view cached_content = {};
  std::string_view thinking_config = {};
  bool searches = false;
};

struct GeminiDraft {
  GeminiDraft(const ChatRequest& chat, const ChatTarget& to, json::Index& scratch)
      : request(chat), target(to), traits(to.traits), index(scratch), names(chat.tools) {}

  const ChatRequest& request;
  const ChatTarget& target;
  const ModelTraits& traits;
  json::Index& index;
  ChatCall call;
  GeminiNames names;
  GeminiExtras extras;

  /// Names a field of the caller's that is left out.
  void drop(std::string_view field);
  /// On Vertex a model is somebody's.
  [[nodiscard]] bool on_vertex() const noexcept { return !traits.publisher.empty(); }
};

/// Reads the request's `others` into draft.extras.
[[nodiscard]] Refusal read_gemini_extras(GeminiDraft& draft);

/// Writes `systemInstruction` and `contents`, members of the object that is open.
[[nodiscard]] Refusal write_gemini_contents(GeminiDraft& draft, json::Writer& writer);

/// Writes what a part that shows media holds: inlineData, fileData, or text.
[[nodiscard]] Refusal write_gemini_media(const MediaPart& media, json::Writer& writer);

/// Writes `tools` and `toolConfig`; decides whether the answer's schema is a tool's.
[[nodiscard]] Refusal write_gemini_tools(GeminiDraft& draft, json::Writer& writer);

/// Writes `generationConfig`. Behind write_gemini_tools().
[[nodiscard]] Refusal write_gemini_config(GeminiDraft& draft, json::Writer& writer);

}  // namespace sluice::llm
