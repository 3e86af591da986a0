#include "simulator/event_frame.h"

#include <zlib.h>

#include <cstdint>

namespace sluice::simulator {
namespace {

constexpr std::size_t prelude_bytes = 12;
constexpr std::size_t checksum_bytes = 4;
constexpr char string_type = 7;

void append_number(std::string& out, std::uint32_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(number >> (8 * i) & 0xffU);
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i)
    number = number << 8U | static_cast<std::uint8_t>(bytes[at + i]);
  return number;
}

std::uint32_t checksum_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  append_number(out, static_cast<std::uint32_t>(name.size()), 1);
  out.append(name).push_back(string_type);
  append_number(out, static_cast<std::uint32_t>(value.size()), 2);
  out += value;
}

void append_framed(std::string& out, std::string_view headers, std::string_view payload) {
  const std::size_t begin = out.size();
  const std::size_t total = prelude_bytes + headers.size() + payload.size() + checksum_bytes;
  append_number(out, static_cast<std::uint32_t>(total), 4);
  append_number(out, static_cast<std::uint32_t>(headers.size()), 4);
  append_number(out, checksum_of(std::string_view(out).substr(begin)), 4);
  out.append(headers).append(payload);
  append_number(out, checksum_of(std::string_view(out).substr(begin)), 4);
}

}  // namespace

void append_frame(std::string& out, std::string_view kind, std::string_view type,
                  std::string_view payload) {
  std::string headers;
  append_header(headers, kind == "event" ? ":event-type" : ":exception-type", type);
  append_header(headers, ":content-type", "application/json");
  append_header(headers, ":message-type", kind);
  append_framed(out, headers, payload);
}

std::vector<std::size_t> frame_ends(std::string_view stream) {
  std::vector<std::size_t> ends;
  std::size_t at = 0;
  while (at < stream.size()) {
    const std::size_t left = stream.size() - at;
    if (left < prelude_bytes + checksum_bytes) return {};
    const std::size_t total = number_at(stream, at);
    const std::size_t headers = number_at(stream, at + 4);
    if (total > left || total < prelude_bytes + checksum_bytes ||
        headers > total - prelude_bytes - checksum_bytes) {
      return {};
    }
    at += total;
    ends.push_back(at);
  }
  return ends;
}

std::string_view payload_of_frame(std::string_view frame) {
  const std::size_t begin = prelude_bytes + number_at(frame, 4);
  return frame.substr(begin, frame.size() - checksum_bytes - begin);
}

std::string with_payload(std::string_view frame, std::string_view payload) {
  std::string out;
  append_framed(out, frame.substr(prelude_bytes, number_at(frame, 4)), payload);
  return out;
}

}  // namespace sluice::simulator
