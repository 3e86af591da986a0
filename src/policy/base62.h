// Base62: digits, upper case, lower case. No sign of it needs escaping or ends a double click.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sluice/base/byte_scan.h"

namespace sluice::policy {

inline constexpr std::string_view base62_digits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

inline bool is_base62(std::string_view text) noexcept {
  return !any_byte(text, [](ByteBlock block) {
    const ByteBlock lower = block | every_byte(0x20);
    const ByteBlock letter = (lower >= every_byte('a')) & (lower <= every_byte('z'));
    const ByteBlock digit = (block >= every_byte('0')) & (block <= every_byte('9'));
    return ~(letter | digit);
  });
}

/// The big-endian number in `digits`, base 256, as `width` base62 digits; what does not fit is cut
/// off at the high end. Leaves the quotient in `digits`.
inline std::string to_base62(std::span<unsigned char> digits, std::size_t width) {
  std::string text(width, '0');
  for (std::size_t place = width; place-- > 0;) {
    std::uint32_t remainder = 0;
    for (unsigned char& digit : digits) {
      const std::uint32_t value = remainder * 256 + digit;
      digit = static_cast<unsigned char>(value / 62);
      remainder = value % 62;
    }
    text[place] = base62_digits[remainder];
  }
  return text;
}

}  // namespace sluice::policy
