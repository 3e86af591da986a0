// A circuit breaker: rests who keeps failing, then lets one probe through.
//
//   closed --failures_to_open in a row--> open --rest passed--> half_open
//   half_open --probe succeeded--> closed      half_open --probe failed--> open, for twice as long
//
// One breaker per deployment and one per credential, each per core, so no atomics. No I/O and no
// clock: time is passed in. An attempt may outlive the state it was admitted in by minutes; its era
// tells, and what it has to say is then old news. Invariant: probe_in_flight_ implies half_open.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/upstream/verdict.h"

namespace sluice::upstream {

enum class Outcome : std::uint8_t { succeeded, failed, abandoned };  // abandoned: the client left

/// What a verdict means to a breaker. Refusals for want of rate, money or rights have remedies of
/// their own (cool_down.h, credential_choice.h), and come from a host that answers: abandoned.
[[nodiscard]] constexpr Outcome outcome_of(Verdict verdict) noexcept {
  if (!is_verdict(verdict) || is_of_credential(verdict)) return Outcome::abandoned;
  return is_failure(verdict) ? Outcome::failed : Outcome::succeeded;
}

/// Field names are the keys of the file.
struct CircuitBreakerConfig {
  std::uint32_t failures_to_open = 5;   // consecutive, seen by this core
  std::uint32_t rest_ms = 10'000;       // the first; doubled by each probe that fails
  std::uint32_t rest_ms_max = 120'000;  // a provider that is back must not wait long for us

  /// The first rule broken, in words for the operator, or nothing.
  [[nodiscard]] constexpr std::optional<std::string_view> broken_rule() const noexcept {
    if (failures_to_open == 0) return "failures_to_open must be at least 1";
    if (rest_ms == 0) return "rest_ms must be at least 1";
    if (rest_ms_max < rest_ms) return "rest_ms_max must not be smaller than rest_ms";
    return std::nullopt;
  }
  friend bool operator==(const CircuitBreakerConfig&, const CircuitBreakerConfig&) = default;
};
static_assert(!CircuitBreakerConfig{}.broken_rule());

class CircuitBreaker {
 public:
  enum class State : std::uint8_t { closed, open, half_open };
  /// Begins anew whenever the breaker opens.
  using Era = std::uint32_t;

  explicit CircuitBreaker(const CircuitBreakerConfig& config = {}) noexcept;

  /// Whether one request may be sent now. True obliges the caller to call record() exactly once.
  [[nodiscard]] bool try_acquire(MonotonicTime now) noexcept;
  /// The era an attempt just acquired belongs to.
  [[nodiscard]] Era era() const noexcept { return era_; }

  /// Settles one request acquired in `era`; of an earlier one it changes nothing. `abandoned` is no
  /// verdict on who was asked: it frees the probe slot and changes neither the state nor the count
  /// of failures.
  void record(Outcome outcome, MonotonicTime now, Era era) noexcept;
  /// The same where no request outlives a rest: the era is the current one.
  void record(Outcome outcome, MonotonicTime now) noexcept { record(outcome, now, era_); }

  /// Ends a rest early: the next request is the probe. No effect on who does not rest.
  void end_rest(MonotonicTime now) noexcept;

  /// Rests whom the same one's breaker rests under an earlier configuration. A probe under way
  /// there ends there: here another is due. Before the first try_acquire().
  void take_over(const CircuitBreaker& before) noexcept;

  /// What try_acquire() would say, for planning.
  [[nodiscard]] bool would_admit(MonotonicTime now) const noexcept;
  /// When it would next say yes, for Retry-After: `now` if now; while a probe is in flight, whose
  /// end nobody knows, a first rest from now.
  [[nodiscard]] MonotonicTime admits_at(MonotonicTime now) const noexcept;
  [[nodiscard]] State state() const noexcept { return state_; }

 private:
  void open(MonotonicTime now) noexcept;
  void close() noexcept;
  void count_failure(MonotonicTime now) noexcept;
  [[nodiscard]] MonotonicTime rested_at() const noexcept;

  CircuitBreakerConfig config_;
  State state_ = State::closed;
  bool probe_in_flight_ = false;
  std::uint32_t failures_in_a_row_ = 0;
  std::uint32_t rest_ms_;  // the current one
  Era era_ = 0;
  MonotonicTime opened_at_{};  // meaningful only in open
};

}  // namespace sluice::upstream
