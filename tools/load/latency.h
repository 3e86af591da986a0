// A histogram of latencies in the manner of HdrHistogram: every value known within one percent,
// from a nanosecond to centuries, in a fixed 58 KiB.
//
//   value 0..255: a bucket each; above: 128 buckets per power of two
//
// Log-linear: a bucket is at most 1/128 of its values wide, and reports its middle.
#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "sluice/base/clock.h"

namespace sluice::load {

class LatencyHistogram {
 public:
  static constexpr unsigned half_bits = 7;  // log2 of the buckets per power of two
  static constexpr std::size_t bucket_count = (65 - half_bits) << half_bits;

  /// Counts one span, or several that are the same; a negative one counts as zero.
  void record(Duration span, std::uint64_t times = 1) noexcept {
    const std::uint64_t value = span.count() < 0 ? 0 : static_cast<std::uint64_t>(span.count());
    buckets_[bucket_of(value)] += times;
    count_ += times;
    if (times != 0 && value > max_) max_ = value;
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] Duration max() const noexcept { return Duration(static_cast<Duration::rep>(max_)); }
  /// The span that `quantile` of all values do not exceed, 0 to 1; zero when there are none.
  [[nodiscard]] Duration quantile(double quantile) const noexcept;

  [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    if (width <= half_bits + 1) return static_cast<std::size_t>(value);
    const unsigned shift = width - half_bits - 1;
    return (static_cast<std::size_t>(shift) << half_bits) +
           static_cast<std::size_t>(value >> shift);
  }
  /// The middle of a bucket's values.
  [[nodiscard]] static constexpr std::uint64_t value_of(std::size_t bucket) noexcept {
    if (bucket < (std::size_t{2} << half_bits)) return bucket;
    const std::size_t shift = (bucket >> half_bits) - 1;
    const std::uint64_t low = static_cast<std::uint64_t>(bucket - (shift << half_bits)) << shift;
    return low + ((std::uint64_t{1} << shift) >> 1U);
  }

 private:
  std::array<std::uint64_t, bucket_count> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace sluice::load
