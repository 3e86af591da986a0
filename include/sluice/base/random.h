// A small, fast, seedable random number generator (xoshiro256**, Blackman and Vigna 2018).
//
// For ids, jitter and simulation; never for keys. The same seed gives the same numbers on every
// machine, which is what makes a simulated run repeatable.
#pragma once
#include <cstdint>

namespace sluice {

class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept;

  [[nodiscard]] std::uint64_t next() noexcept;
  /// Uniform in [0, bound); bound must not be 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept;
  /// Uniform in [low, high], both included.
  [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high) noexcept;
  /// Uniform in [0, 1).
  [[nodiscard]] double unit() noexcept;
  /// True with the given probability.
  [[nodiscard]] bool chance(double probability) noexcept { return unit() < probability; }

 private:
  std::uint64_t state_[4];
};

}  // namespace sluice
