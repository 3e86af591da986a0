// Which of a provider's credentials an attempt is made with.
//
//   out       the key was refused (401, 403)        until the configuration is loaded anew
//   cooling   429, 402: cool_down.h                 until the moment told
//   resting   its circuit breaker is open           until a probe is due
//   full      its concurrency limit is reached      until one of its attempts ends
//   spent     its headers said: nothing is left     until the reset they told; better than none
//   fit       by chance, in proportion to weight, free slots and what is left of its rate
//
// The next try chooses among those not tried yet, by what is known then. Pure: states, a random
// number and the time go in. The states are one core's own, because a refusal must count at once;
// what the other cores know is in the standings.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/upstream/circuit_breaker.h"
#include "sluice/upstream/cool_down.h"
#include "sluice/upstream/rate_headroom.h"
#include "sluice/upstream/verdict.h"

namespace sluice::upstream {

enum class CredentialState : std::uint8_t { fit, spent, full, resting, cooling, out };
[[nodiscard]] std::string_view to_string(CredentialState state) noexcept;

/// What the operator says of a credential.
struct CredentialLimits {
  double weight = 1;                  // > 0
  std::uint32_t concurrency_max = 0;  // attempts at once, of this core; 0: no limit
};

/// What an attempt that has ended says of its credential.
struct CredentialAnswer {
  Verdict verdict = Verdict::abandoned;
  std::optional<Duration> wait = {};  // see read_wait()
  RateHeadroom headroom = {};
};

/// What one core knows of one credential.
struct CredentialHealth {
  CircuitBreaker breaker{};
  CoolDown cool_down{};
  RateHeadroom headroom{};  // the latest told
  MonotonicTime headroom_at{};
  std::uint32_t in_flight = 0;
  bool is_out = false;

  /// Whether an attempt may be made with it, for which the breaker is asked. True obliges the
  /// caller to call end_attempt() exactly once, with the era of its breaker as it is now.
  [[nodiscard]] bool begin_attempt(MonotonicTime now) noexcept;
  /// Whether it cools for longer now than before, which the other cores want to know.
  bool end_attempt(const CredentialAnswer& answer, CircuitBreaker::Era era,
                   MonotonicTime now) noexcept;
};

[[nodiscard]] CredentialState state_of(const CredentialLimits& limits,
                                       const CredentialHealth& health, MonotonicTime now) noexcept;

/// The credential for the next try, as an index into both spans, or nothing: none that was not
/// tried can be used. `random` is any number of 64 random bits.
[[nodiscard]] std::optional<std::uint32_t> choose_credential(
    std::span<const CredentialLimits> limits, std::span<const CredentialHealth> healths,
    std::span<const std::uint32_t> tried, std::uint64_t random, MonotonicTime now) noexcept;

/// When the first of them can be used, as far as is known: `now` if one can, or as soon as an
/// attempt ends; nothing when all are out.
[[nodiscard]] std::optional<MonotonicTime> credential_usable_at(
    std::span<const CredentialLimits> limits, std::span<const CredentialHealth> healths,
    MonotonicTime now) noexcept;

}  // namespace sluice::upstream
