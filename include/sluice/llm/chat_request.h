// A chat request as all dialects understand it: who said what, with which tools, and how the model
// is to answer. Read from the caller's dialect, written in a provider's.
//
//   messages   system "Be brief."   user "Weather?" [image]   assistant [reasoning] [tool call]
//              user [tool result]
//   parts      one array for all messages; a message is a run of it
//
// The one shape: results of tools are parts of user messages (OpenAI's `tool` messages are turned
// into them), `developer` is system, consecutive messages of one role stand as they came. What a
// dialect cannot say is left empty; what none of the members below can say is in `others`.
//
// Nothing is unescaped or copied that need not be: texts and JSON values are views of the received
// body, which outlives the request; so an index over it need not stay. Bytes made while reading are
// in `owned`.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/json/text.h"

namespace sluice::llm {

/// A JSON number as it was spelled, which is how it travels on, and its nearest double.
struct Number {
  std::string_view raw = {};
  double value = 0;
};

/// Where a prompt may be cached up to, and for how long (Anthropic's `cache_control`).
enum class CacheMark : std::uint8_t { none, five_minutes, one_hour };

/// Whose models a signature or sealed reasoning belongs to. Sent to others it is refused or, at
/// best, ignored.
enum class ReasoningOrigin : std::uint8_t { unknown, anthropic, google, openai };

struct TextPart {
  json::Text text = {};
};

/// The model's own words for not answering.
struct RefusalPart {
  json::Text text = {};
};

enum class MediaKind : std::uint8_t { image, document, audio };
enum class MediaSource : std::uint8_t {
  base64,   // `data` is base64, `media_type` is given
  url,      // `data` is a URL
  file_id,  // `data` names a file kept at one provider: of no use to another
  text,     // `data` is the document's text itself
};

struct MediaPart {
  MediaKind kind = MediaKind::image;
  MediaSource source = MediaSource::base64;
  json::Text data = {};
  json::Text media_type = {};  // "image/png", "application/pdf", "audio/wav"; empty: not said
  json::Text name = {};        // of a file; may be empty
  json::Text detail = {};      // of an image: auto, low, high; empty: not said
};

struct ToolCall {
  json::Text id = {};
  json::Text name = {};
  /// JSON text, an object by rights; a model cut short may have left less. Of a custom tool: text
  /// of any kind. Empty: no arguments.
  json::Text arguments = {};
  json::Text signature = {};  // Gemini's thought signature; may be empty
  bool is_custom = false;
};

struct ToolResult {
  json::Text call_id = {};
  json::Text name = {};  // of the tool, where the dialect says it; else empty
  bool is_error = false;
  std::uint32_t first_child = 0;  // in ChatRequest::result_parts: texts and media
  std::uint32_t child_count = 0;
};

/// What a model thought, to be shown to it again.
struct ReasoningPart {
  json::Text text = {};       // a summary, or all of it; may be empty
  json::Text signature = {};  // proves that it is the model's own; may be empty
  json::Text sealed = {};     // in place of the text: only the model's maker can read it
  json::Text id = {};         // OpenAI's "rs_..."; may be empty
  ReasoningOrigin origin = ReasoningOrigin::unknown;
};

struct Part {
  std::variant<TextPart, RefusalPart, MediaPart, ToolCall, ToolResult, ReasoningPart> body;
  CacheMark cache = CacheMark::none;
};

enum class Role : std::uint8_t { system, user, assistant };

struct Message {
  Role role = Role::user;
  json::Text name = {};  // of who speaks; may be empty
  std::uint32_t first_part = 0;
  std::uint32_t part_count = 0;  // may be 0: nothing was said
};

enum class ToolKind : std::uint8_t {
  function,
  custom,  // takes text of any kind (OpenAI); `parameters` is its format, or empty
  hosted,  // runs at the provider of the caller's dialect: `raw` is all that is known
};

struct Tool {
  ToolKind kind = ToolKind::function;
  json::Text name = {};
  json::Text description = {};
  std::string_view parameters = {};  // a JSON Schema, an object; empty: none given
  std::optional<bool> strict = {};
  CacheMark cache = CacheMark::none;
  std::string_view raw = {};  // the whole definition as received
};

enum class ToolChoiceMode : std::uint8_t {
  unspecified,
  automatic,
  none,
  required,  // some tool
  named,     // that tool
};

struct ToolChoice {
  ToolChoiceMode mode = ToolChoiceMode::unspecified;
  json::Text name = {};                  // with `named`
  std::vector<json::Text> allowed = {};  // of all tools only these may be called; empty: all
  std::optional<bool> parallel = {};     // several calls in one turn
};

enum class OutputKind : std::uint8_t { text, json_object, json_schema };

struct OutputFormat {
  OutputKind kind = OutputKind::text;
  json::Text name = {};
  json::Text description = {};
  std::string_view schema = {};  // with json_schema: an object
  std::optional<bool> strict = {};
};

enum class Effort : std::uint8_t { none, minimal, low, medium, high, xhigh, max };

/// The effort's name in OpenAI's API: the enumerator.
[[nodiscard]] std::string_view to_string(Effort effort) noexcept;
[[nodiscard]] std::optional<Effort> parse_effort(json::Text text) noexcept;

struct ReasoningWanted {
  std::optional<Effort> effort = {};
  std::optional<std::uint64_t> tokens_max = {};
  std::optional<bool> enabled = {};  // switched on or off in so many words
  bool hidden = false;               // it may think, but the caller does not want to see it

  [[nodiscard]] bool said() const noexcept { return effort || tokens_max || enabled; }
  /// Whether thinking is switched off.
  [[nodiscard]] bool off() const noexcept {
    return effort == Effort::none || (enabled && !*enabled);
  }
};

/// A member of the request that has no place here.
struct OtherMember {
  json::Text name = {};
  std::string_view value = {};  // JSON
};

struct ChatRequest {
  std::vector<Message> messages = {};
  std::vector<Part> parts = {};
  std::vector<Part> result_parts = {};  // of tool results
  std::vector<Tool> tools = {};
  ToolChoice tool_choice = {};
  OutputFormat output = {};
  ReasoningWanted reasoning = {};

  std::optional<Number> temperature = {};
  std::optional<Number> top_p = {};
  std::optional<Number> top_k = {};
  std::optional<Number> presence_penalty = {};
  std::optional<Number> frequency_penalty = {};
  std::optional<Number> seed = {};
  std::optional<std::uint64_t> output_tokens_max = {};  // thinking included
  std::uint32_t choices = 1;                            // answers wanted; at least 1
  std::vector<json::Text> stop = {};
  bool logprobs = false;
  std::optional<std::uint32_t> top_logprobs = {};

  json::Text user = {};  // the caller's end-user label
  json::Text service_tier = {};
  json::Text prompt_cache_key = {};
  CacheMark cache = CacheMark::none;  // of the request as a whole
  std::string_view metadata = {};     // an object; empty: none given
  std::vector<OtherMember> others = {};

  bool stream = false;
  bool goes_on = false;  // the last message is the beginning of the answer (continuation.h)

  std::deque<std::string> owned = {};  // grows at its end only: views into it stay

  [[nodiscard]] std::span<const Part> parts_of(const Message& message) const noexcept {
    return std::span(parts).subspan(message.first_part, message.part_count);
  }
  [[nodiscard]] std::span<const Part> parts_of(const ToolResult& result) const noexcept {
    return std::span(result_parts).subspan(result.first_child, result.child_count);
  }
};

}  // namespace sluice::llm
