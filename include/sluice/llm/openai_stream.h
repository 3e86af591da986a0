// Inspects the events of OpenAI-dialect streams: chat and legacy completions, the responses API,
// images and audio. Each event is indexed, hence proved to be whole JSON, or is of a shape that was
// (answer_shapes.h): garbage and cut events never pass for content.
//
//   chat, completions   chunks with `choices`, then data: [DONE]
//   the others          events with `type`, ended by response.completed and its like, no [DONE]
//
// A [DONE] without any finish reason ends an answer whose last chunk counted its tokens (Snowflake,
// hosts behind OpenRouter); any other broke off, whoever appended the [DONE].
//
// One per attempt; remembers which choices began and ended.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/json/text_template.h"
#include "sluice/json/value.h"
#include "sluice/llm/answer_shapes.h"
#include "sluice/llm/endpoint.h"
#include "sluice/llm/stream_event.h"

namespace sluice::llm {

class OpenaiStream {
 public:
  /// `provider` is the configured name, for error records. Lifetime: `shapes` outlives the stream;
  /// streams that share it may take turns.
  OpenaiStream(Operation operation, std::string_view provider, AnswerShapes& shapes);

  /// Reads one event: its `event:` name (may be empty) and its data. `index` is scratch.
  [[nodiscard]] StreamEvent inspect(std::string_view event_name, std::string_view data,
                                    json::Index& index);

  /// The content events that `text` begins with and that are like one inspected before, framed as
  /// `data: DATA LF LF` or `event: NAME LF data: DATA LF LF`. They need no inspection: it would
  /// change nothing here. One of more than `event_bytes_max` bytes ends the run.
  [[nodiscard]] json::TextTemplate::Run known_events(std::string_view text,
                                                     std::size_t event_bytes_max) const noexcept;

  /// How the stream stands if no more events come.
  [[nodiscard]] StreamEnd end() const noexcept;

  /// The last usage seen.
  [[nodiscard]] const Usage& usage() const noexcept { return usage_; }

 private:
  // The choices that an event speaks of: a bit per choice index below 64.
  struct Choices {
    std::uint64_t open = 0;   // spoke, and did not finish
    std::uint64_t ended = 0;  // finished
  };
  StreamEvent inspect_indexed(std::string_view event_name, std::string_view data, json::Value top);
  Choices inspect_chunk(std::optional<json::Value> choices, StreamEvent& event);
  [[nodiscard]] bool inspect_typed(std::string_view type, json::Value top, StreamEvent& event);
  [[nodiscard]] StreamEvent known_event(const AnswerShapes::Match& match, std::string_view data);
  [[nodiscard]] StreamEvent make_error(json::Value error);
  void note(const Choices& choices) noexcept;
  void note_count(bool is_count);
  void follow(const json::TextTemplate& pattern, std::string_view event_name,
              std::string_view data);

  AnswerShapes& shapes_;
  // The content events expected next, whose shapes were seen last in this stream. Two, for two
  // choices take turns.
  struct Followed {
    std::string event_name;
    json::TextTemplate pattern;
  };
  std::array<Followed, 2> followed_;
  std::size_t next_followed_ = 0;
  AnswerShapes::Key key_;      // of its events
  bool chunked_;               // chat and completions: ended by [DONE]
  bool done_ = false;          // the last event was seen
  bool counted_last_ = false;  // the event before counted the tokens, and said nothing else
  bool failed_ = false;        // an error event was seen
  Choices choices_;            // of all events
  std::string provider_;
  Usage usage_;
};

}  // namespace sluice::llm
