// The simulator's words: text that follows from a seed, so that whoever knows the request knows the
// answer.
//
//   seed = seed_of(last user message)       token 0: "Ferry"   token 1: " naïve"   token 2: " 漢字"
//
// Words are free of quotes, backslashes and control characters: as JSON they are themselves. Some
// have characters of two, three and four bytes, which is what split reads are about.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "simulator/bytes32.h"

namespace sluice::simulator {

/// A number for a text, in which every byte counts. The same on every machine.
[[nodiscard]] std::uint64_t seed_of(std::string_view text) noexcept;

/// How many tokens the simulator takes a text of so many bytes for: a quarter, at least one.
[[nodiscard]] std::uint64_t tokens_of(std::uint64_t size_bytes) noexcept;

inline constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15U;  // of 2^64, and odd

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

/// A word with a blank in front, in a frame of fixed size: to copy the frame is two instructions,
/// to copy the word a call (64 tokens: 6 900 instructions before, 1 000 after).
struct FramedWord {
  char bytes[31] = {};
  std::uint8_t size_bytes = 0;

  [[nodiscard]] constexpr std::string_view word() const noexcept {
    return {bytes + 1, std::size_t{size_bytes} - 1};
  }
  /// Copies blank and word, and what follows in the frame: `at` has room for all of it. The end.
  char* copy_to(char* at) const noexcept {
    copy_32(at, reinterpret_cast<const char*>(this));
    return at + size_bytes;
  }
};
static_assert(sizeof(FramedWord) == 32);

/// The words of one answer, one after the other.
class Words {
 public:
  explicit Words(std::uint64_t seed) noexcept : state_(seed) {}
  /// Static text, never empty.
  [[nodiscard]] std::string_view next() noexcept {
    const FramedWord* word = nullptr;
    next(1, [&word](const FramedWord& one) { word = &one; });
    return word->word();
  }
  /// Calls `take(const FramedWord&)` with each of the next `words` words.
  template <typename Take>
  void next(std::uint64_t words, Take take) {
    while (words != 0) {
      if (words_in_bits_ == 0) refill();
      const auto now = static_cast<std::uint32_t>(std::min<std::uint64_t>(words, words_in_bits_));
      for (std::uint32_t i = 0; i < now; ++i, bits_ /= count) take(vocabulary[bits_ % count]);
      words_in_bits_ -= now;
      words -= now;
    }
  }

  static constexpr std::size_t count = 64;  // different ones

 private:
  static const std::array<FramedWord, count> vocabulary;

  // Ten words come from one mix(), which is dearer than all else about a word.
  void refill() noexcept {
    state_ += golden_ratio;
    bits_ = mix(state_);
    words_in_bits_ = 10;
  }

  std::uint64_t state_;
  std::uint64_t bits_ = 0;
  std::uint32_t words_in_bits_ = 0;
};

/// Appends the first `tokens` tokens. `ended`: the text comes to its end, which a full stop marks.
/// `ends`: null, or `tokens` numbers that become the bytes from the text's begin to each one's end.
void append_text(std::string& out, std::uint64_t seed, std::uint64_t tokens, bool ended,
                 std::uint32_t* ends = nullptr);

/// The same as a text of its own.
[[nodiscard]] std::string text_of(std::uint64_t seed, std::uint64_t tokens, bool ended);

}  // namespace sluice::simulator
