// Standing: how one deployment or credential stands, over all cores, in the window of a scoreboard.
//
// Plain numbers, refreshed twice a second (scoreboard.h). What must be known at once is a core's
// own business: its circuit breakers and cool-downs.
#pragma once
#include <cstdint>

#include "sluice/base/clock.h"

namespace sluice::upstream {

struct Standing {
  std::uint32_t attempts = 0;  // with a verdict
  double uptime = 100;         // percent of them that were good; 100 when there were none

  double first_content_ms = 0;      // mean; 0: not known
  double first_content_p50_ms = 0;  // 0: not known (too few), as all quantiles
  double first_content_p75_ms = 0;
  double first_content_p90_ms = 0;
  double first_content_p95_ms = 0;
  double first_content_p99_ms = 0;

  double tokens_per_s = 0;      // output tokens of streams by the time they took; 0: not known
  double tokens_per_s_p50 = 0;  // half of the streams were at least as fast
  double tokens_per_s_p75 =
      0;  // three quarters were: so p75 <= p50, as callers' thresholds mean it
  double tokens_per_s_p90 = 0;
  double tokens_per_s_p99 = 0;

  double event_gap_ms = 0;  // mean between two events of a stream; 0: not known
  std::uint32_t in_flight = 0;
  double spend_usd = 0;  // in the window

  bool ejected = false;           // an outlier among its peers (outlier_ejection.h)
  double share = 1;               // of its weight that it should get, in (0, 1]: slow start
  MonotonicTime cooling_until{};  // the latest any core was told; epoch: not cooling

  /// Since the scoreboard began, for who judges by what is new; without refusals that have remedies
  /// of their own, as a breaker counts (outcome_of): a Retry-After of one second must not become an
  /// ejection of thirty.
  std::uint64_t attempts_ever = 0;
  std::uint64_t failures_ever = 0;

  [[nodiscard]] bool is_cooling(MonotonicTime now) const noexcept { return now < cooling_until; }
};

}  // namespace sluice::upstream
