// Histogram: how often values fell into fixed buckets, log-linear, so that a value is known within
// about a quarter of itself over many decades.
//
// Buckets end at 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6 and 8 times each power of ten: round numbers,
// because an operator asks "how many within 0.5 s" and a bucket must end there. Recording finds the
// bucket by the value's bit width and at most four comparisons. Single-writer, as Counter.
#pragma once
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include "sluice/base/clock.h"
#include "sluice/base/counter.h"

namespace sluice::telemetry {

/// Upper bounds from `low` to `high`, both included, both powers of ten; values of low >= 100 keep
/// every step, smaller ones those that are whole numbers.
template <std::uint64_t low, std::uint64_t high>
struct LogLinearBounds {
  static constexpr std::array<std::uint64_t, 10> steps_percent = {100, 125, 150, 200, 250,
                                                                  300, 400, 500, 600, 800};
  static constexpr bool is_whole(std::uint64_t decade, std::uint64_t percent) noexcept {
    return decade * percent % 100 == 0;
  }
  static constexpr std::size_t count = [] {
    std::size_t whole = 1;  // `high` itself
    for (std::uint64_t decade = low; decade < high; decade *= 10) {
      for (const std::uint64_t percent : steps_percent)
        whole += is_whole(decade, percent) ? 1U : 0U;
    }
    return whole;
  }();
  static constexpr std::array<std::uint64_t, count> values = [] {
    std::array<std::uint64_t, count> bounds{};
    std::size_t next = 0;
    for (std::uint64_t decade = low; decade < high; decade *= 10) {
      for (const std::uint64_t percent : steps_percent) {
        if (is_whole(decade, percent)) bounds[next++] = decade * percent / 100;
      }
    }
    bounds[next] = high;
    return bounds;
  }();

  /// Whether an exposition shows this bound: 1, 2, 3 and 5 times each power of ten. The others
  /// are for quantiles of our own; a scrape would only grow by them.
  static constexpr bool is_shown(std::size_t index) noexcept {
    std::uint64_t leading = values[index];
    while (leading % 10 == 0) leading /= 10;
    return leading == 1 || leading == 2 || leading == 3 || leading == 5;
  }
};

/// What a scale is: bounds in the unit recorded, and how many of that unit the exposed one has.
struct DurationScale {  // recorded in nanoseconds, shown in seconds; 10 us to 1000 s
  using Bounds = LogLinearBounds<10'000, 1'000'000'000'000>;
  static constexpr double units_per_shown = 1e9;
};
struct TokenScale {
  using Bounds = LogLinearBounds<1, 10'000'000>;
  static constexpr double units_per_shown = 1;
};
struct ByteScale {
  using Bounds = LogLinearBounds<10, 1'000'000'000>;
  static constexpr double units_per_shown = 1;
};

template <typename Scale>
class Histogram {
 public:
  static constexpr const auto& bounds = Scale::Bounds::values;
  static constexpr std::size_t bucket_count = bounds.size() + 1;  // the last: above every bound

  /// Counts one value. The owning thread only.
  void record(std::uint64_t value) noexcept {
    buckets_[bucket_of(value)].add();
    sum_.add(value);
  }
  /// Counts one span; a negative one counts as zero.
  void record(Duration span) noexcept
    requires std::same_as<Scale, DurationScale>
  {
    record(span.count() < 0 ? std::uint64_t{0} : static_cast<std::uint64_t>(span.count()));
  }

  /// Any thread. The number of values in bucket `index` alone: those above bounds[index - 1] and
  /// not above bounds[index].
  [[nodiscard]] std::uint64_t bucket(std::size_t index) const noexcept {
    return buckets_[index].value();
  }
  /// Any thread. The sum of all values; wraps at 2^64 units.
  [[nodiscard]] std::uint64_t sum() const noexcept { return sum_.value(); }

  /// The bucket a value falls into.
  [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    std::size_t index = first_bucket[static_cast<std::size_t>(std::bit_width(value))];
    while (index < bounds.size() && value > bounds[index]) ++index;
    return index;
  }

 private:
  // For each bit width, the bucket of the smallest value of that width.
  static constexpr std::array<std::uint8_t, 65> first_bucket = [] {
    static_assert(bounds.size() < 256);
    std::array<std::uint8_t, 65> first{};
    for (std::size_t width = 1; width <= 64; ++width) {
      const std::uint64_t smallest = std::uint64_t{1} << (width - 1);
      std::size_t index = 0;
      while (index < bounds.size() && smallest > bounds[index]) ++index;
      first[width] = static_cast<std::uint8_t>(index);
    }
    return first;
  }();

  std::array<Counter, bucket_count> buckets_;
  Counter sum_;
};

using DurationHistogram = Histogram<DurationScale>;
using TokenHistogram = Histogram<TokenScale>;
using ByteHistogram = Histogram<ByteScale>;

/// The same histogram of many cores, added up at a scrape.
template <typename Scale>
struct HistogramSum {
  std::array<std::uint64_t, Histogram<Scale>::bucket_count> buckets{};
  std::uint64_t sum = 0;
  std::uint64_t count = 0;  // of all buckets, so that the two always agree

  void add(const Histogram<Scale>& histogram) noexcept {
    for (std::size_t index = 0; index < buckets.size(); ++index) {
      const std::uint64_t values = histogram.bucket(index);
      buckets[index] += values;
      count += values;
    }
    sum += histogram.sum();
  }
};

}  // namespace sluice::telemetry
