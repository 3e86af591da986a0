// What a model answers, event by event, whatever dialect it came in: the common ground between
// providers' answers and the callers' dialects. A whole answer is the same events in one go.
//
//   started   reasoning* | text* | refusal* | (tool_call tool_arguments*)* | ...   finished   usage
//
// Order is the answer's. Of one choice at most one tool call is open: the next event that is no
// arguments of it ends it. `started` comes once, first; `finished` once per choice; `usage` last,
// if at all (earlier ones are newer counts of the same, not more). Texts are views, valid during
// the call that brings the event.
#pragma once
#include <cstdint>
#include <string_view>

#include "sluice/json/text.h"
#include "sluice/llm/chat_request.h"
#include "sluice/llm/usage.h"

namespace sluice::llm {

enum class ChatEventKind : std::uint8_t {
  started,           // `id` and `model` as the provider says, either may be empty
  text,              // `text`: a piece
  refusal,           // `text`: a piece
  reasoning,         // `text`: a piece of a thought; `id`, may be empty; `origin`
  reasoning_signed,  // `text`: the signature of the thought now ended (which may have no text)
  reasoning_sealed,  // `text`: a whole thought that only its maker can read; `id`; `origin`
  tool_call,         // `id`, `name`; `text`: its thought signature, may be empty
  tool_arguments,    // `text`: a piece of the JSON text of the arguments
  image,             // `text`: a whole image in base64; `name`: its media type
  citation,          // `json`: a source, as an `annotations` element of OpenAI's chat answers
  logprobs,  // `json`: how probable the tokens were of the text that was said since the last
             // such event: `logprobs.content` elements of OpenAI's chat answers, with
             // commas between them
  finished,  // `reason`; `text`: the provider's own word for it; `name`: the stop sequence
             // that was met, where the provider says it
  usage,     // `usage`
};

[[nodiscard]] std::string_view to_string(ChatEventKind kind) noexcept;

enum class FinishReason : std::uint8_t {
  stop,            // came to its end, or to a stop sequence
  length,          // ran out of tokens
  tool_calls,      // waits for the results of its calls
  content_filter,  // was stopped, or declined
  paused,          // would go on if shown its own answer (Anthropic's pause_turn)
};

/// The reason's name in OpenAI's chat answers; `paused` has none and is "stop".
[[nodiscard]] std::string_view to_string(FinishReason reason) noexcept;

struct ChatEvent {
  ChatEventKind kind = ChatEventKind::text;
  std::uint32_t choice = 0;  // which of several answers
  std::uint32_t call = 0;    // of a tool call and its arguments: counted from 0 in its choice
  bool is_custom = false;    // of a tool call: its arguments are a text of any kind
  json::Text text = {};
  json::Text id = {};
  json::Text name = {};
  json::Text model = {};
  std::string_view json = {};
  ReasoningOrigin origin = ReasoningOrigin::unknown;
  FinishReason reason = FinishReason::stop;
  Usage usage = {};
};

/// Whether the event is something the model said, so that an attempt is not replaced after it.
[[nodiscard]] bool is_content(const ChatEvent& event) noexcept;

/// Takes events, one after the other.
class ChatSink {
 public:
  ChatSink() = default;
  ChatSink(const ChatSink&) = delete;
  ChatSink& operator=(const ChatSink&) = delete;
  virtual ~ChatSink() = default;
  virtual void take(const ChatEvent& event) = 0;
};

}  // namespace sluice::llm
