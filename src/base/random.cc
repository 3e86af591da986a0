#include "sluice/base/random.h"

#include "sluice/base/assert.h"

namespace sluice {
namespace {

__extension__ using Uint128 = unsigned __int128;

std::uint64_t rotate_left(std::uint64_t value, int bits) noexcept {
  return (value << bits) | (value >> (64 - bits));
}

// splitmix64 spreads any seed, 0 included, over the whole state.
std::uint64_t split_mix(std::uint64_t& state) noexcept {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed) noexcept {
  for (std::uint64_t& word : state_) word = split_mix(seed);
}

std::uint64_t Random::next() noexcept {
  const std::uint64_t result = rotate_left(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = rotate_left(state_[3], 45);
  return result;
}

std::uint64_t Random::below(std::uint64_t bound) noexcept {
  SLUICE_ASSERT(bound != 0);
  // Multiply-shift; the bias is below 2^-32 for any bound used here.
  return static_cast<std::uint64_t>((static_cast<Uint128>(next()) * bound) >> 64);
}

std::uint64_t Random::between(std::uint64_t low, std::uint64_t high) noexcept {
  SLUICE_ASSERT(low <= high);
  const std::uint64_t span = high - low;
  return span == ~0ULL ? next() : low + below(span + 1);
}

double Random::unit() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

}  // namespace sluice
