#include "load/latency.h"

#include <algorithm>
#include <cmath>

namespace sluice::load {

Duration LatencyHistogram::quantile(double quantile) const noexcept {
  if (count_ == 0) return Duration{};
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(quantile * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
    seen += buckets_[bucket];
    if (seen >= wanted) {
      return Duration(static_cast<Duration::rep>(std::min(value_of(bucket), max_)));
    }
  }
  return max();
}

}  // namespace sluice::load
