// Asks one question of every byte of a text, sixteen bytes at a time and never beyond its ends.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice {

/// Sixteen bytes as signed numbers, so that everything outside ASCII is below zero. A comparison
/// gives -1 in the bytes it holds for, else 0.
using ByteBlock = signed char __attribute__((vector_size(16)));

constexpr ByteBlock every_byte(char c) noexcept {
  const auto s = static_cast<signed char>(c);
  return ByteBlock{s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s};
}

namespace byte_scan_detail {

template <typename Word>
Word load(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

/// All bytes of a text of 1 to 15 bytes, some of them more than once.
inline ByteBlock block_of_short(const char* text, std::size_t size) noexcept {
  struct Halves {
    std::uint64_t first, last;
  };
  if (size >= 8) {
    return std::bit_cast<ByteBlock>(
        Halves{load<std::uint64_t>(text), load<std::uint64_t>(text + size - 8)});
  }
  if (size >= 4) {
    const std::uint64_t both =
        std::uint64_t{load<std::uint32_t>(text)} << 32 | load<std::uint32_t>(text + size - 4);
    return std::bit_cast<ByteBlock>(Halves{both, both});
  }
  ByteBlock block = every_byte(text[0]);
  block[1] = static_cast<signed char>(text[size / 2]);
  block[2] = static_cast<signed char>(text[size - 1]);
  return block;
}

inline bool any(ByteBlock block) noexcept {
  struct Halves {
    std::uint64_t first, last;
  };
  const auto halves = std::bit_cast<Halves>(block);
  return (halves.first | halves.last) != 0;
}

}  // namespace byte_scan_detail

/// Whether any byte is odd. `odd` takes a ByteBlock and gives one that is not 0 in the odd bytes.
template <typename Odd>
[[nodiscard]] inline bool any_byte(std::string_view text, Odd odd) noexcept {
  using namespace byte_scan_detail;
  const char* at = text.data();
  const std::size_t size = text.size();
  if (size < sizeof(ByteBlock)) return size > 0 && any(odd(block_of_short(at, size)));
  const char* const last = at + size - sizeof(ByteBlock);
  ByteBlock found = odd(load<ByteBlock>(last));
  for (; at < last; at += sizeof(ByteBlock)) found |= odd(load<ByteBlock>(at));
  return any(found);
}

/// The same of a text that is copied on the way, to memory with room for it.
template <typename Odd>
[[nodiscard]] inline bool copy_any_byte(char* to, std::string_view text, Odd odd) noexcept {
  using namespace byte_scan_detail;
  const std::size_t size = text.size();
  if (size < sizeof(ByteBlock)) {
    if (size > 0) std::memcpy(to, text.data(), size);  // no text may have no address
    return any_byte(text, odd);
  }
  const auto take = [&](std::size_t at) {
    const auto block = load<ByteBlock>(text.data() + at);
    std::memcpy(to + at, &block, sizeof block);
    return odd(block);
  };
  ByteBlock found = take(size - sizeof(ByteBlock));
  for (std::size_t at = 0; at < size - sizeof(ByteBlock); at += sizeof(ByteBlock)) {
    found |= take(at);
  }
  return any(found);
}

}  // namespace sluice
