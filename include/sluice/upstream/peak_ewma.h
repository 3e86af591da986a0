// A peak EWMA: about how long somebody takes just now, quick to believe the bad and slow to believe
// the good.
//
//   a sample above it   is the new value at once
//   a sample below it   pulls it down, the more the longer ago the one before
//   no sample at all    lets it sink to nothing, so that whoever was slow is asked again
//
// As Finagle's load balancer has it (PeakEwma). One per deployment per core; time is passed in.
#pragma once
#include "sluice/base/clock.h"

namespace sluice::upstream {

class PeakEwma {
 public:
  /// After so long without a sample a little more than a third of it is left.
  static constexpr Duration decay = std::chrono::seconds(10);

  void add(Duration sample, MonotonicTime now) noexcept;
  /// 0: nothing is known, or no longer.
  [[nodiscard]] double milliseconds(MonotonicTime now) const noexcept;

 private:
  double ms_ = 0;
  MonotonicTime at_{};  // of the last sample
};

}  // namespace sluice::upstream
