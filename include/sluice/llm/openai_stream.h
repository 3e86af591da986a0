// Inspects the events of OpenAI-dialect streams: chat and legacy completions, the responses API,
// images and audio. Each event is indexed, hence proved to be whole JSON, or equals one that was
// but for the text it carries: garbage and cut events never pass for content.
//
//   chat, completions   chunks with `choices`, then data: [DONE]
//   the others          events with `type`, ended by response.completed and its like, no [DONE]
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
#include "sluice/llm/endpoint.h"
#include "sluice/llm/stream_event.h"

namespace sluice::llm {

class OpenaiStream {
 public:
  /// `provider` is the configured name, for error records.
  OpenaiStream(Operation operation, std::string_view provider);

  /// Reads one event: its `event:` name (may be empty) and its data. `index` is scratch and holds
  /// the event's document after the call, unless the event is malformed, [DONE], or content like
  /// that of an event before.
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
  void inspect_chunk(std::optional<json::Value> choices, StreamEvent& event);
  void inspect_typed(std::string_view type, json::Value top, StreamEvent& event);
  [[nodiscard]] StreamEvent make_error(json::Value error);
  void note_choice(std::optional<json::Value> index, bool finished);

  void recognise(std::string_view event_name, std::string_view data, json::Value top);

  // The last content events that were indexed. Two, for two choices take turns.
  struct Recognised {
    std::string event_name;
    json::TextTemplate pattern;
  };
  std::array<Recognised, 2> recognised_;
  std::size_t next_recognised_ = 0;
  bool chunked_;                     // chat and completions: ended by [DONE]
  bool done_ = false;                // the last event was seen
  bool failed_ = false;              // an error event was seen
  std::uint64_t choices_open_ = 0;   // bit per choice index below 64: began, not finished
  std::uint64_t choices_ended_ = 0;  // bit per choice index below 64: finished
  std::string provider_;
  Usage usage_;
};

}  // namespace sluice::llm
