// Fuzzes the splitter of AWS event streams. Byte 0 chooses how the stream is cut, and whether its
// checksums are put right first: a fuzzer does not find them by itself.
//   1. any cut gives the same messages and the same end;
//   2. the raw bytes of all messages, in order, are the begin of the stream;
//   3. every view points into its message's raw bytes;
//   4. an end that is no failure has held back exactly the rest.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../support/aws_event_writer.h"
#include "sluice/base/assert.h"
#include "sluice/http/aws_event_stream.h"

namespace {

using namespace sluice;
using namespace sluice::http;

struct Seen {
  std::vector<std::string> messages;
  std::string raw;
  AwsEventStreamStatus end = AwsEventStreamStatus::need_more;

  friend bool operator==(const Seen&, const Seen&) = default;
};

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (const char byte : bytes.substr(at, 4)) {
    number = number << 8 | static_cast<unsigned char>(byte);
  }
  return number;
}

void put_checksum(std::string& stream, std::size_t at, std::size_t begin) {
  std::string bytes;
  test::append_big_endian(
      bytes, test::aws_checksum(std::string_view(stream).substr(begin, at - begin)), 4);
  stream.replace(at, 4, bytes);
}

void put_checksums(std::string& stream) {
  for (std::size_t at = 0; stream.size() - at >= 16;) {
    put_checksum(stream, at + 8, at);
    const std::size_t total = number_at(stream, at);
    if (total < 16 || total > stream.size() - at) return;
    put_checksum(stream, at + total - 4, at);
    at += total;
  }
}

void keep(Seen& seen, const AwsMessage& message) {
  const std::string_view raw = message.raw.view();
  for (const std::string_view view :
       {message.name, message.error_message, message.content_type, message.payload}) {
    if (view.empty()) continue;
    SLUICE_ASSERT(view.data() >= raw.data());
    SLUICE_ASSERT(view.data() + view.size() <= raw.data() + raw.size());
  }
  SLUICE_ASSERT(!message.name.empty());
  seen.raw += raw;
  std::string all(1, static_cast<char>(message.kind));
  for (const std::string_view view :
       {message.name, message.error_message, message.content_type, message.payload}) {
    all.append(view).push_back('\0');
  }
  seen.messages.push_back(std::move(all));
}

Seen split(std::string_view stream, std::size_t read_bytes) {
  Seen seen;
  AwsEventStreamParser parser({.event_bytes_max = 1 << 16});
  AwsMessage message;
  for (std::size_t at = 0; at < stream.size(); at += read_bytes) {
    parser.feed(Slice::copy_of(stream.substr(at, read_bytes)));
    while ((seen.end = parser.next(message)) == AwsEventStreamStatus::event) keep(seen, message);
    if (seen.end != AwsEventStreamStatus::need_more) break;
  }
  if (seen.end == AwsEventStreamStatus::need_more) {
    SLUICE_ASSERT(seen.raw.size() + parser.held_bytes() == stream.size());
  }
  SLUICE_ASSERT((seen.end == AwsEventStreamStatus::need_more) ==
                std::string_view(parser.malformed_reason()).empty());
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  std::string stream(reinterpret_cast<const char*>(data) + 1, size_bytes - 1);
  if ((data[0] & 1) != 0) put_checksums(stream);
  const Seen whole = split(stream, stream.size() + 1);
  SLUICE_ASSERT(stream.starts_with(whole.raw));
  for (const std::size_t read_bytes : {std::size_t{1}, std::size_t{data[0]} + 1}) {
    SLUICE_ASSERT(split(stream, read_bytes) == whole);
  }
  return 0;
}
