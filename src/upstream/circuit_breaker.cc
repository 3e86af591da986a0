#include "sluice/upstream/circuit_breaker.h"

#include <algorithm>

#include "sluice/base/assert.h"

namespace sluice::upstream {

CircuitBreaker::CircuitBreaker(const CircuitBreakerConfig& config) noexcept
    : config_(config), rest_ms_(config.rest_ms) {
  SLUICE_ASSERT(!config.broken_rule());
}

MonotonicTime CircuitBreaker::rested_at() const noexcept {
  return opened_at_ + std::chrono::milliseconds(rest_ms_);
}

void CircuitBreaker::take_over(const CircuitBreaker& before) noexcept {
  SLUICE_ASSERT(state_ == State::closed && failures_in_a_row_ == 0);
  if (before.state_ == State::closed) return;
  state_ = State::open;
  opened_at_ = before.opened_at_;
  rest_ms_ = std::clamp(before.rest_ms_, config_.rest_ms, config_.rest_ms_max);
  ++era_;
}

void CircuitBreaker::end_rest(MonotonicTime now) noexcept {
  if (state_ != State::open || now >= rested_at()) return;
  opened_at_ = now - std::chrono::milliseconds(rest_ms_);
}

bool CircuitBreaker::would_admit(MonotonicTime now) const noexcept {
  switch (state_) {
    case State::closed: return true;
    case State::open: return now >= rested_at();
    case State::half_open: return !probe_in_flight_;
  }
  return false;
}

MonotonicTime CircuitBreaker::admits_at(MonotonicTime now) const noexcept {
  if (would_admit(now)) return now;
  if (state_ == State::open) return rested_at();
  return now + std::chrono::milliseconds(config_.rest_ms);
}

bool CircuitBreaker::try_acquire(MonotonicTime now) noexcept {
  if (!would_admit(now)) return false;
  if (state_ == State::closed) return true;
  state_ = State::half_open;
  probe_in_flight_ = true;
  return true;
}

void CircuitBreaker::record(Outcome outcome, MonotonicTime now, Era era) noexcept {
  if (era != era_ || state_ == State::open) return;  // admitted before it opened
  if (state_ == State::half_open && !probe_in_flight_) return;
  probe_in_flight_ = false;
  switch (outcome) {
    case Outcome::succeeded: close(); break;
    case Outcome::failed: count_failure(now); break;
    case Outcome::abandoned: break;
  }
}

void CircuitBreaker::count_failure(MonotonicTime now) noexcept {
  if (state_ == State::half_open) {
    const std::uint64_t doubled = std::uint64_t{2} * rest_ms_;
    rest_ms_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(doubled, config_.rest_ms_max));
    open(now);
  } else if (++failures_in_a_row_ >= config_.failures_to_open) {
    open(now);
  }
}

void CircuitBreaker::open(MonotonicTime now) noexcept {
  SLUICE_ASSERT(!probe_in_flight_);
  state_ = State::open;
  opened_at_ = now;
  failures_in_a_row_ = 0;
  ++era_;
}

void CircuitBreaker::close() noexcept {
  state_ = State::closed;
  failures_in_a_row_ = 0;
  rest_ms_ = config_.rest_ms;
}

}  // namespace sluice::upstream
