#include "sluice/json/utf8.h"

#include <simdjson.h>

namespace sluice::json {
namespace {

bool is_continuation(unsigned char byte) noexcept { return (byte & 0xC0) == 0x80; }

// Bytes of the sequence at `at`, 0 when it is none; `at` is before `end`. RFC 3629 section 4 gives
// the ranges of the second byte; they shut out overlong forms, surrogates and what lies above
// U+10FFFF.
inline std::size_t sequence_bytes(const unsigned char* at, const unsigned char* end) noexcept {
  const unsigned char first = at[0];
  if (first < 0x80) return 1;
  if (first < 0xC2 || end - at < 2) return 0;
  const unsigned char second = at[1];
  if (first < 0xE0) return is_continuation(second) ? 2 : 0;
  if (first < 0xF0) {
    const unsigned char low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned char high = first == 0xED ? 0x9F : 0xBF;
    if (second < low || second > high || end - at < 3) return 0;
    return is_continuation(at[2]) ? 3 : 0;
  }
  if (first > 0xF4) return 0;
  const unsigned char low = first == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = first == 0xF4 ? 0x8F : 0xBF;
  if (second < low || second > high || end - at < 4) return 0;
  return is_continuation(at[2]) && is_continuation(at[3]) ? 4 : 0;
}

}  // namespace

std::size_t utf8_sequence_bytes(std::string_view bytes) noexcept {
  if (bytes.empty()) return 0;
  const auto* begin = reinterpret_cast<const unsigned char*>(bytes.data());
  return sequence_bytes(begin, begin + bytes.size());
}

std::size_t find_invalid_utf8(std::string_view bytes) noexcept {
  const auto* const begin = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* const end = begin + bytes.size();
  const auto* at = begin;
  while (at != end) {
    const std::size_t size_bytes = sequence_bytes(at, end);
    if (size_bytes == 0) break;
    at += size_bytes;
  }
  return static_cast<std::size_t>(at - begin);
}

// Below a block or so the call of simdjson's costs more than the bytes.
bool is_utf8(std::string_view bytes) noexcept {
  constexpr std::size_t short_bytes_max = 48;
  if (bytes.size() <= short_bytes_max) return find_invalid_utf8(bytes) == bytes.size();
  return simdjson::validate_utf8(bytes.data(), bytes.size());
}

void append_utf8(std::string& out, char32_t code_point) {
  if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) code_point = 0xFFFD;
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) return put(code_point);
  if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
  }
  put(0x80 | (code_point & 0x3F));
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max) return text;
  std::size_t size_bytes = bytes_max;
  while (size_bytes > 0 && is_continuation(static_cast<unsigned char>(text[size_bytes]))) {
    --size_bytes;
  }
  return text.substr(0, size_bytes);
}

}  // namespace sluice::json
