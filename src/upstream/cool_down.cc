#include "sluice/upstream/cool_down.h"

#include <algorithm>

#include "sluice/base/assert.h"

namespace sluice::upstream {

using std::chrono::milliseconds;

CoolDown::CoolDown(const CoolDownConfig& config) noexcept
    : config_(config), next_ms_(config.rate_limited_ms) {
  SLUICE_ASSERT(!config.broken_rule());
}

bool CoolDown::record(Verdict verdict, std::optional<Duration> wait, MonotonicTime now) noexcept {
  const bool is_good = verdict == Verdict::success || verdict == Verdict::refused;
  // What was sent before it was refused may still succeed, and says nothing about now.
  if (is_good && !is_cooling(now)) next_ms_ = config_.rate_limited_ms;
  const Duration span = span_of(verdict, wait, now);
  if (span <= Duration(0) || now + span <= until_) return false;
  until_ = now + span;
  return true;
}

Duration CoolDown::span_of(Verdict verdict, std::optional<Duration> wait,
                           MonotonicTime now) noexcept {
  // Retry-After on an answer that is good, or to a key that is wrong, asks for nothing.
  if (!is_failure(verdict) || verdict == Verdict::auth_refused) return Duration(0);
  if (wait && *wait > Duration(0)) {
    return std::min<Duration>(*wait, milliseconds(config_.retry_after_ms_max));
  }
  if (verdict == Verdict::quota) return milliseconds(config_.quota_ms);
  // Many attempts are under way when the first is refused; they are one refusal, not a repetition.
  if (verdict != Verdict::rate_limited || is_cooling(now)) return Duration(0);
  const std::uint32_t span_ms = next_ms_;
  const std::uint64_t doubled = std::uint64_t{2} * span_ms;
  next_ms_ =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(doubled, config_.rate_limited_ms_max));
  return milliseconds(span_ms);
}

}  // namespace sluice::upstream
