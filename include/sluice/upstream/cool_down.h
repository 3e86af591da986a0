// Cool-down: until when who refused for want of rate or money is not asked again.
//
//   429, 503 with Retry-After   so long, bounded
//   429 without                 5 s, then 10, 20, ... while it repeats
//   402, quota used up          minutes: no waiting of a client's mends it
//
// One per deployment and one per credential, each per core, so no atomics;
// HealthTable::cool_until() tells the other cores. No I/O and no clock: time is passed in.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/upstream/verdict.h"

namespace sluice::upstream {

/// Field names are the keys of the file.
struct CoolDownConfig {
  std::uint32_t rate_limited_ms = 5'000;  // after a 429 that does not say; doubled while it repeats
  std::uint32_t rate_limited_ms_max = 120'000;
  std::uint32_t quota_ms = 300'000;            // somebody has to pay first
  std::uint32_t retry_after_ms_max = 600'000;  // of what providers say: one wrong date is no outage

  /// The first rule broken, in words for the operator, or nothing.
  [[nodiscard]] constexpr std::optional<std::string_view> broken_rule() const noexcept {
    if (rate_limited_ms == 0) return "rate_limited_ms must be at least 1";
    if (rate_limited_ms_max < rate_limited_ms) {
      return "rate_limited_ms_max must not be smaller than rate_limited_ms";
    }
    if (quota_ms == 0) return "quota_ms must be at least 1";
    if (retry_after_ms_max == 0) return "retry_after_ms_max must be at least 1";
    return std::nullopt;
  }
  friend bool operator==(const CoolDownConfig&, const CoolDownConfig&) = default;
};
static_assert(!CoolDownConfig{}.broken_rule());

class CoolDown {
 public:
  explicit CoolDown(const CoolDownConfig& config = {}) noexcept;

  /// Takes in how an attempt ended, and what wait its answer named, if it did: a wait of 0 names
  /// none (Azure says so, and means it not). Whether it cools for longer now than before.
  bool record(Verdict verdict, std::optional<Duration> wait, MonotonicTime now) noexcept;

  [[nodiscard]] bool is_cooling(MonotonicTime now) const noexcept { return now < until_; }
  /// The moment from which it may be asked; epoch when it never cooled.
  [[nodiscard]] MonotonicTime until() const noexcept { return until_; }

 private:
  [[nodiscard]] Duration span_of(Verdict verdict, std::optional<Duration> wait,
                                 MonotonicTime now) noexcept;

  CoolDownConfig config_;
  std::uint32_t next_ms_;  // of a 429 that does not say
  MonotonicTime until_{};
};

}  // namespace sluice::upstream
