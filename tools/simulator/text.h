// The simulator's words: text that follows from a seed, so that whoever knows the request knows the
// answer.
//
//   seed = seed_of(last user message)       token 0: "Ferry"   token 1: " naïve"   token 2: " 漢字"
//
// Words are free of quotes, backslashes and control characters: as JSON they are themselves. Some
// have characters of two, three and four bytes, which is what split reads are about.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::simulator {

/// A number for a text, in which every byte counts. The same on every machine.
[[nodiscard]] std::uint64_t seed_of(std::string_view text) noexcept;

/// How many tokens the simulator takes a text of so many bytes for: a quarter, at least one.
[[nodiscard]] std::uint64_t tokens_of(std::uint64_t size_bytes) noexcept;

/// The words of one answer, one after the other.
class Words {
 public:
  explicit Words(std::uint64_t seed) noexcept : state_(seed) {}
  /// Static text, never empty.
  [[nodiscard]] std::string_view next() noexcept;

 private:
  std::uint64_t state_;
};

/// The first `tokens` tokens joined. `ended`: the text comes to its end, which a full stop marks.
[[nodiscard]] std::string text_of(std::uint64_t seed, std::uint64_t tokens, bool ended);

}  // namespace sluice::simulator
