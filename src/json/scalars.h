// What a scalar's bytes must look like: the checks of strings, numbers and literals that simdjson's
// stage 1 leaves to its reader.
//
// Every function reads inside the text it is given only.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "sluice/base/hex.h"

namespace sluice::json {

[[nodiscard]] inline bool is_white_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

[[nodiscard]] inline bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// The first backslash in [at, end), or end. Escapes come in swarms (JSON quoted in JSON), where a
/// call of memchr for each costs more than the bytes between them: look at a few words first.
[[nodiscard]] inline const char* find_backslash(const char* at, const char* end) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  for (int words = 0; words < 4 && end - at >= 8; ++words, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    word ^= ones * '\\';  // a byte that was a backslash is now 0
    const std::uint64_t zeros = (word - ones) & ~word & (ones << 7);
    // The lowest flag is exact; those above it may be borrowed into by the subtraction.
    if (zeros != 0) return at + (__builtin_ctzll(zeros) >> 3);
  }
  if (at == end) return end;
  const void* found = std::memchr(at, '\\', static_cast<std::size_t>(end - at));
  return found != nullptr ? static_cast<const char*>(found) : end;
}

/// Length of the escape that begins with the backslash at `text`: 2, or 6 for \uXXXX; 0 when it is
/// none (RFC 8259 section 7).
[[nodiscard]] std::size_t escape_bytes(std::string_view text) noexcept;

/// Length of the whole number without sign that `text` begins with; 0 when it begins with none. A
/// fraction or an exponent may follow.
[[nodiscard]] inline std::size_t integer_bytes(std::string_view text) noexcept {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* at = begin;
  while (at != end && is_digit(*at)) ++at;
  const auto size_bytes = static_cast<std::size_t>(at - begin);
  return size_bytes > 1 && *begin == '0' ? 0 : size_bytes;
}

/// Length of the number `text` begins with; 0 when it begins with none (RFC 8259 section 6).
[[nodiscard]] std::size_t number_bytes(std::string_view text) noexcept;

}  // namespace sluice::json
