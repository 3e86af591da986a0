// The simulator's words: text that follows from a seed, so that whoever knows the request knows the
// answer.
//
//   seed = seed_of(last user message)       token 0: "Ferry"   token 1: " naïve"   token 2: " 漢字"
//
// Words are free of quotes, backslashes and control characters: as JSON they are themselves. Some
// have characters of two, three and four bytes, which is what split reads are about.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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

/// The words of one answer, one after the other.
class Words {
 public:
  explicit Words(std::uint64_t seed) noexcept : state_(seed) {}
  /// Static text, never empty.
  [[nodiscard]] std::string_view next() noexcept;

  static constexpr std::size_t count = 64;  // different ones
  /// The next word's number, below `count`: next() for whoever has the words at hand. Ten come from
  /// one mix(), which is dearer than all else about a word.
  [[nodiscard]] std::size_t next_index() noexcept {
    if (words_in_bits_ == 0) {
      state_ += golden_ratio;
      bits_ = mix(state_);
      words_in_bits_ = 10;
    }
    --words_in_bits_;
    const auto index = static_cast<std::size_t>(bits_ % count);
    bits_ /= count;
    return index;
  }

 private:
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
