// The value of a hexadecimal digit, for whoever reads them: escapes, chunk sizes, keys' hashes.
#pragma once

namespace sluice {

/// 0 to 15, or -1 for what is no hexadecimal digit; letters of either case.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace sluice
