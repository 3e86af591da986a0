// What one event of a provider's stream means to the gateway, whatever the dialect.
//
// lifecycle events are held before the commit point; content commits; usage_only is hidden from a
// client that did not ask for it; finish, done and error tell a complete stream from a broken one.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/llm/answer_tag.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/usage.h"

namespace sluice::llm {

enum class StreamEventKind : std::uint8_t {
  lifecycle,   // says that something began or goes on: role chunk, empty delta, ping
  content,     // text, tool call, refusal, reasoning, image or audio data
  finish,      // a choice or the whole answer ended in order; may carry content too
  usage_only,  // nothing but usage
  error,       // the provider reports an error; `error` is set
  done,        // the end of the stream, in so many words
  unknown,     // valid JSON we know no meaning of: relayed, commits nothing
  malformed,   // not what this dialect's events are made of
};

[[nodiscard]] std::string_view to_string(StreamEventKind kind) noexcept;

struct StreamEvent {
  StreamEventKind kind = StreamEventKind::unknown;
  bool carries_content = false;   // content, or a finish that brings content along
  Usage usage;                    // known when the event carried any
  std::optional<ApiError> error;  // with kind error
  // With finish or error: by its own type the last event of its stream, a whole word of the
  // provider's that a client of this dialect understands.
  bool is_last = false;
  // Where members may be added to the event's data, when that is an object and no error. Not given
  // for content like that of an event before in its stream: only the first event is added to.
  std::optional<TagPlace> tag_place;
};

/// How a stream stands when its bytes are over.
enum class StreamEnd : std::uint8_t {
  complete,   // the dialect's last event was seen
  finished,   // every choice said it finished, but the last event ([DONE]) is missing
  truncated,  // it broke off
  failed,     // it reported an error
};

[[nodiscard]] std::string_view to_string(StreamEnd end) noexcept;

}  // namespace sluice::llm
