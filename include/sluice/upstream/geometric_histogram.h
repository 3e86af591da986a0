// Buckets whose width grows with what they hold, four steps an octave: a value is known within a
// quarter of itself, over many octaves, in few numbers.
//
//   |0 .. 2^low|  1   1.25   1.5   1.75  |  2   2.5   3   3.5  | ... |2^high .. |    times 2^low
//    bucket 0    1    2      3     4        5   6     7   8           bucket_count - 1
//
// Only the arithmetic, and no memory: who counts keeps the counts (health_counters.h). Finding the
// bucket is two shifts, which is why this is no table of round numbers as telemetry's.
#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice::upstream {

template <unsigned low_bit, unsigned high_bit>
struct GeometricBuckets {
  static_assert(2 <= low_bit && low_bit < high_bit && high_bit < 64);
  static constexpr std::size_t bucket_count = std::size_t{4} * (high_bit - low_bit) + 2;

  [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    if (value < std::uint64_t{1} << low_bit) return 0;
    if (value >= std::uint64_t{1} << high_bit) return bucket_count - 1;
    const auto octave = static_cast<unsigned>(std::bit_width(value)) - 1;
    return std::size_t{4} * (octave - low_bit) + 1 + (value >> (octave - 2) & 3);
  }

  /// The smallest value of a bucket; of bucket_count the largest that is told, 2^high.
  [[nodiscard]] static constexpr std::uint64_t lower_bound(std::size_t bucket) noexcept {
    if (bucket == 0) return 0;
    const std::size_t step = bucket - 1;
    if (bucket >= bucket_count - 1) return std::uint64_t{1} << high_bit;
    return (4 + step % 4) << (low_bit - 2 + step / 4);
  }
};

/// How many values there must be before one of them is told as a quantile: a few, and one beyond.
[[nodiscard]] constexpr std::uint64_t values_for_quantile(double quantile) noexcept {
  std::uint64_t values = 5;
  const double beyond = quantile < 0.5 ? quantile : 1 - quantile;
  while (static_cast<double>(values) * beyond < 0.999) ++values;
  return values;
}

/// The quantiles (rising, in (0, 1)) of what was counted, in the unit counted; 0 where there were
/// too few values. Within a bucket values are taken to lie evenly.
template <typename Buckets, std::size_t count>
[[nodiscard]] std::array<double, count> quantiles_of(
    std::span<const std::uint32_t, Buckets::bucket_count> counts,
    const std::array<double, count>& quantiles) noexcept {
  std::uint64_t total = 0;
  for (const std::uint32_t values : counts) total += values;
  std::array<double, count> told{};
  std::uint64_t below = 0;  // values in the buckets before this one
  std::size_t bucket = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (total < values_for_quantile(quantiles[i])) continue;
    const double rank = quantiles[i] * static_cast<double>(total);
    while (static_cast<double>(below + counts[bucket]) < rank) below += counts[bucket++];
    const auto from = static_cast<double>(Buckets::lower_bound(bucket));
    const auto to = static_cast<double>(Buckets::lower_bound(bucket + 1));
    const double inside = (rank - static_cast<double>(below)) / counts[bucket];
    told[i] = from + (to - from) * inside;
  }
  return told;
}

}  // namespace sluice::upstream
