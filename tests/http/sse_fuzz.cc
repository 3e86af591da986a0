// Fuzzes the SSE splitter. Byte 0 chooses how the stream is cut.
//   1. the raw bytes of all pieces, in order, are the stream: none lost, added or moved;
//   2. any cut gives the same events, and they are those of a plain reading of the standard;
//   3. an event's own views point into its raw bytes unless it has several data lines.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/assert.h"
#include "sluice/http/sse.h"

namespace {

using namespace sluice;
using namespace sluice::http;

struct PlainEvent {
  std::string name, data;
  friend bool operator==(const PlainEvent&, const PlainEvent&) = default;
};

// WHATWG HTML 9.2.6 word for word, slow and simple, but for one thing: the last event counts even
// without its empty line.
std::vector<PlainEvent> read_plainly(std::string_view stream) {
  if (stream.starts_with("\xef\xbb\xbf")) stream.remove_prefix(3);
  std::vector<PlainEvent> events;
  PlainEvent event;
  bool has_data = false;
  const auto dispatch = [&] {
    if (has_data) events.push_back(event);
    event = {};
    has_data = false;
  };
  while (!stream.empty()) {
    const std::size_t end = std::min(stream.find_first_of("\r\n"), stream.size());
    const std::string_view line = stream.substr(0, end);
    stream.remove_prefix(end);
    if (stream.starts_with("\r\n")) {
      stream.remove_prefix(2);
    } else if (!stream.empty()) {
      stream.remove_prefix(1);
    }
    if (line.empty()) {
      dispatch();
      continue;
    }
    const std::size_t colon = line.find(':');
    const std::string_view field = line.substr(0, colon);
    std::string_view value = colon == line.npos ? std::string_view{} : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event") event.name = value;
    if (field != "data") continue;
    if (has_data) event.data += '\n';
    has_data = true;
    event.data += value;
  }
  dispatch();
  return events;
}

struct Seen {
  std::vector<PlainEvent> events;
  std::string raw;
};

void keep(Seen& seen, const SseEvent& event) {
  SLUICE_ASSERT(!event.raw.empty());
  seen.raw += event.raw.view();
  const std::string_view raw = event.raw.view();
  for (const std::string_view view : {event.name, event.id}) {
    if (view.empty()) continue;
    SLUICE_ASSERT(view.data() >= raw.data());
    SLUICE_ASSERT(view.data() + view.size() <= raw.data() + raw.size());
  }
  if (event.kind == SseKind::event) {
    seen.events.push_back({std::string(event.name), std::string(event.data)});
  } else {
    SLUICE_ASSERT(event.data.empty());
  }
}

Seen split(std::string_view stream, std::size_t read_bytes) {
  Seen seen;
  SseParser parser;
  SseEvent event;
  for (std::size_t at = 0; at < stream.size(); at += read_bytes) {
    parser.feed(Slice::copy_of(stream.substr(at, read_bytes)));
    while (parser.next(event) == SseStatus::event) keep(seen, event);
  }
  if (parser.finish(event) == SseStatus::event) keep(seen, event);
  SLUICE_ASSERT(parser.held_bytes() == 0);
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size_bytes - 1);
  const std::vector<PlainEvent> expected = read_plainly(stream);
  for (const std::size_t read_bytes :
       {stream.size() + 1, std::size_t{1}, std::size_t{data[0]} + 1}) {
    const Seen seen = split(stream, read_bytes);
    SLUICE_ASSERT(seen.raw == stream);
    SLUICE_ASSERT(seen.events == expected);
  }
  return 0;
}
