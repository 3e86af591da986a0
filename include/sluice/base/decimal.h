// Whole numbers as decimal digits, written to memory that is known to have room.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sluice {

/// What the longest 64-bit number takes.
inline constexpr std::size_t decimal_bytes_max = 20;

namespace decimal_detail {
inline constexpr auto pairs = [] {
  std::array<char, 200> digits{};
  for (std::size_t n = 0; n < 100; ++n) {
    digits[2 * n] = static_cast<char>('0' + n / 10);
    digits[2 * n + 1] = static_cast<char>('0' + n % 10);
  }
  return digits;
}();
}  // namespace decimal_detail

/// Two digits of a number below 100. Returns the end of what was written, as all here do.
inline char* write_two_digits(char* at, std::uint64_t value) noexcept {
  std::memcpy(at, decimal_detail::pairs.data() + 2 * value, 2);
  return at + 2;
}

/// Four digits of a number below 10 000.
inline char* write_four_digits(char* at, std::uint64_t value) noexcept {
  return write_two_digits(write_two_digits(at, value / 100), value % 100);
}

/// As many digits as the number has, decimal_bytes_max at most.
inline char* write_decimal(char* at, std::uint64_t value) noexcept {
  if (value >= 10'000) return write_four_digits(write_decimal(at, value / 10'000), value % 10'000);
  if (value >= 1'000) return write_four_digits(at, value);
  if (value >= 100) {
    *at++ = static_cast<char>('0' + value / 100);
    value %= 100;
  } else if (value < 10) {
    *at = static_cast<char>('0' + value);
    return at + 1;
  }
  return write_two_digits(at, value);
}

}  // namespace sluice
