#include "sluice/upstream/peak_ewma.h"

#include <cmath>

namespace sluice::upstream {
namespace {

// Less than this is nothing: who has not answered for a minute and a half may be as good as
// anybody.
constexpr double milliseconds_min = 0.1;

double left_after(Duration passed) noexcept {
  if (passed <= Duration::zero()) return 1;
  return std::exp(-std::chrono::duration<double>(passed) /
                  std::chrono::duration<double>(PeakEwma::decay));
}

}  // namespace

void PeakEwma::add(Duration sample, MonotonicTime now) noexcept {
  const double ms = std::chrono::duration<double, std::milli>(sample).count();
  const double kept = left_after(now - at_);
  ms_ = ms >= ms_ * kept ? ms : ms_ * kept + ms * (1 - kept);
  at_ = now;
}

double PeakEwma::milliseconds(MonotonicTime now) const noexcept {
  if (ms_ == 0) return 0;
  const double ms = ms_ * left_after(now - at_);
  return ms < milliseconds_min ? 0 : ms;
}

}  // namespace sluice::upstream
