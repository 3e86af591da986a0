// Frames messages as application/vnd.amazon.eventstream: the other end of
// sluice/http/aws_event_stream.h, for tests, benchmarks and the simulator. The gateway only reads.
#pragma once
#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::test {

struct AwsHeader {
  std::string_view name;
  std::string_view value = {};  // as it lies on the wire, without a length
  std::uint8_t type = 7;        // string
};

inline void append_big_endian(std::string& out, std::size_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(number >> shift & 0xff));
  }
}

inline std::uint32_t aws_checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

/// A message around headers that are encoded already.
inline std::string frame_aws_message(std::string_view headers, std::string_view payload) {
  std::string out;
  append_big_endian(out, 16 + headers.size() + payload.size(), 4);
  append_big_endian(out, headers.size(), 4);
  append_big_endian(out, aws_checksum(out), 4);
  out.append(headers).append(payload);
  append_big_endian(out, aws_checksum(out), 4);
  return out;
}

inline std::string write_aws_message(const std::vector<AwsHeader>& headers,
                                     std::string_view payload) {
  std::string bytes;
  for (const AwsHeader& header : headers) {
    append_big_endian(bytes, header.name.size(), 1);
    bytes.append(header.name);
    append_big_endian(bytes, header.type, 1);
    const bool has_length = header.type == 6 || header.type == 7;
    if (has_length) append_big_endian(bytes, header.value.size(), 2);
    bytes.append(header.value);
  }
  return frame_aws_message(bytes, payload);
}

/// As Bedrock sends its events.
inline std::string write_aws_event(std::string_view name, std::string_view payload) {
  return write_aws_message({{.name = ":event-type", .value = name},
                            {.name = ":content-type", .value = "application/json"},
                            {.name = ":message-type", .value = "event"}},
                           payload);
}

inline std::string write_aws_exception(std::string_view name, std::string_view payload) {
  return write_aws_message({{.name = ":exception-type", .value = name},
                            {.name = ":content-type", .value = "application/json"},
                            {.name = ":message-type", .value = "exception"}},
                           payload);
}

}  // namespace sluice::test
