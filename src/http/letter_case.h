// Letter case, eight bytes at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::http {

template <typename Word>
[[nodiscard]] Word load(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

/// Eight bytes with capital ASCII letters made small: the sums carry into a byte's top bit when its
/// lower seven are at least 'A', and beyond 'Z'.
[[nodiscard]] constexpr std::uint64_t lower(std::uint64_t bytes) noexcept {
  constexpr std::uint64_t each = 0x0101010101010101;
  const std::uint64_t low7 = bytes & each * 0x7f;
  const std::uint64_t from_a = low7 + each * (0x80 - 'A');
  const std::uint64_t beyond_z = low7 + each * (0x7f - 'Z');
  const std::uint64_t capital = (from_a ^ beyond_z) & ~bytes & each * 0x80;
  return bytes | capital >> 2;
}

/// All of a text of 1 to 7 bytes, some of them twice.
[[nodiscard]] inline std::uint64_t short_word(const char* from, std::size_t size_bytes) noexcept {
  if (size_bytes >= 4) {
    return std::uint64_t{load<std::uint32_t>(from)} << 32 |
           load<std::uint32_t>(from + size_bytes - 4);
  }
  const auto byte = [from](std::size_t at) {
    return std::uint64_t{static_cast<unsigned char>(from[at])};
  };
  return byte(0) << 16 | byte(size_bytes / 2) << 8 | byte(size_bytes - 1);
}

/// Whether `text` is `small`, which holds no capital letter, but for letter case.
[[nodiscard]] inline bool equal_to_small(std::string_view text, std::string_view small) noexcept {
  const std::size_t size = text.size();
  if (size != small.size() || size == 0) return size == small.size();
  if (size < 8) {
    return lower(short_word(text.data(), size)) == short_word(small.data(), size);
  }
  const auto same_at = [&](std::size_t at) {
    return lower(load<std::uint64_t>(text.data() + at)) == load<std::uint64_t>(small.data() + at);
  };
  for (std::size_t at = 0; at + 8 < size; at += 8) {
    if (!same_at(at)) return false;
  }
  return same_at(size - 8);  // overlaps what was compared
}

}  // namespace sluice::http
