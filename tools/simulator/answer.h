// One answer as the provider means it, before any fault and before HTTP frames it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/http/status.h"

namespace sluice::simulator {

/// Of an answer that is one text and follows from one prompt: what it takes to write the next one
/// like it.
struct Said {
  std::string_view prompt;  // in the request's body, without an escape: the text follows from it
  std::string id;
  std::uint64_t tokens = 0;
  bool ended = true;  // and not cut
};

struct Answer {
  http::StatusCode status = http::status::ok;
  std::string content_type = "application/json";
  std::string fields{};  // further field lines, each with its CR LF
  std::string body{};    // of a stream: all its events
  bool is_stream = false;
  std::uint64_t tokens = 0;  // written in it: how long an answer that is no stream takes
  std::vector<std::size_t> event_ends{};  // of a stream: where each event ends in `body`
  std::optional<Said> said{};             // for the time of one request
  bool goes_on = false;  // it answers a chat that ends with the assistant's own words

  void add_field(std::string_view name, std::string_view value) {
    fields.append(name).append(": ").append(value).append("\r\n");
  }
  /// Says that what was appended to `body` since the last call is one event.
  void end_event() { event_ends.push_back(body.size()); }
};

/// `{"error":{"message","type","param","code"}}`; an empty `param` or `code` is null.
[[nodiscard]] Answer error_answer(http::StatusCode status, std::string_view message,
                                  std::string_view param = {}, std::string_view code = {});
/// The same as a JSON object's text.
[[nodiscard]] std::string error_body(http::StatusCode status, std::string_view message,
                                     std::string_view param = {}, std::string_view code = {});

/// A stream of the events `stream` holds, of any spelling: for recorded ones.
[[nodiscard]] Answer stream_answer(std::string stream);

}  // namespace sluice::simulator
