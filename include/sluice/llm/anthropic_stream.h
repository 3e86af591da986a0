// Inspects the events of Messages streams, which pass through to a client of the same dialect.
//
//   message_start   content_block_start content_block_delta* content_block_stop   ...
//   message_delta (reason, usage)   message_stop                     ping, error anywhere
//
// Shapes are not learned, as they are of OpenAI's streams (answer_shapes.h): Anthropic pads its
// events with blanks of random length, so that hardly two are alike.
//
// One per attempt.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/json/value.h"
#include "sluice/llm/anthropic_usage.h"
#include "sluice/llm/stream_event.h"

namespace sluice::llm {

class AnthropicStream {
 public:
  /// `provider` is the configured name, for error records.
  explicit AnthropicStream(std::string_view provider) : provider_(provider) {}

  /// Reads one event: its `event:` name (may be empty) and its data. `index` is scratch. The type
  /// that counts is the data's; the name stands in where it says none. Content are the deltas that
  /// say something, and blocks that begin with something: tool calls, redacted thinking, results of
  /// hosted tools. message_stop is done; a [DONE], which proxies append, is lifecycle. A second
  /// message_start is nothing new, but an error where it begins another message.
  [[nodiscard]] StreamEvent inspect(std::string_view event_name, std::string_view data,
                                    json::Index& index);

  /// How the stream stands if no more events come: `finished` behind a stop reason, complete behind
  /// message_stop.
  [[nodiscard]] StreamEnd end() const noexcept;

  /// The last usage seen. Tokens read from the cache and written to it are part of the input.
  [[nodiscard]] Usage usage() const noexcept { return usage_.usage(); }

 private:
  StreamEvent inspect_object(std::string_view type, json::Value top);
  StreamEvent inspect_message_start(json::Value top);
  StreamEvent inspect_message_delta(json::Value top);
  StreamEvent make_error(json::Value top);
  void read_usage(json::Value holder, StreamEvent& event);

  std::string provider_;
  std::string message_id_;
  AnthropicUsage usage_;
  bool started_ = false;
  bool stop_reason_seen_ = false;
  bool done_ = false;
  bool failed_ = false;
};

}  // namespace sluice::llm
