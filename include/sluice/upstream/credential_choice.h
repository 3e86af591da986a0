// Which of a provider's credentials an attempt is made with.
//
//   out       the provider refused the key itself   until the configuration is loaded anew
//   cooling   429, 402: cool_down.h                 until the moment told
//   resting   its circuit breaker is open           until a probe is due; better than none
//   full      its concurrency limit is reached      until one of its attempts ends
//   spent     its headers said: nothing is left     until the reset they told; better than none
//   fit       by chance, in proportion to weight, free slots and what is left of its rate
//
// A key is refused, and its slots are used up, whatever is asked with it. Rates and permissions are
// a matter of key and model: those are known of a credential at one deployment (CredentialUse).
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
  /// Of a refusal for want of rights: nothing will ever be had with this key. Else it may have been
  /// this model, region or content alone.
  bool is_key_bad = false;
};

/// What one core knows of one credential.
struct CredentialHealth {
  std::uint32_t in_flight = 0;
  bool is_out = false;
};

/// And of its use at one deployment. Its breaker only says whom to prefer: that a deployment fails
/// with all of them is its own breaker's to know.
struct CredentialUse {
  CircuitBreaker breaker{};
  CoolDown cool_down{};
  RateHeadroom headroom{};  // the latest told
  MonotonicTime headroom_at{};

  /// Of an answer that has begun; one that says nothing changes nothing.
  void note_headroom(const RateHeadroom& told, MonotonicTime now) noexcept;
};

/// Begins an attempt, for which the breaker is asked; nothing: it is made against its advice, and
/// tells it nothing. The caller ends it exactly once, with what this gave.
[[nodiscard]] std::optional<CircuitBreaker::Era> begin_attempt(CredentialHealth& health,
                                                               CredentialUse& use,
                                                               MonotonicTime now) noexcept;
void end_attempt(CredentialHealth& health, CredentialUse& use, const CredentialAnswer& answer,
                 std::optional<CircuitBreaker::Era> era, MonotonicTime now) noexcept;

/// All credentials of a provider, in the file's order, as they are at one deployment.
struct CredentialView {
  std::span<const CredentialLimits> limits;
  std::span<const CredentialHealth> healths;
  std::span<const CredentialUse> uses;
};

[[nodiscard]] CredentialState state_of(const CredentialView& all, std::size_t index,
                                       MonotonicTime now) noexcept;

/// The credential for the next try, as an index, or nothing: none that was not tried can be used.
/// `random` is any number of 64 random bits.
[[nodiscard]] std::optional<std::uint32_t> choose_credential(const CredentialView& all,
                                                             std::span<const std::uint32_t> tried,
                                                             std::uint64_t random,
                                                             MonotonicTime now) noexcept;

/// When the first of them can be used, as far as is known: `now` if one can, or as soon as an
/// attempt ends; nothing when all are out.
[[nodiscard]] std::optional<MonotonicTime> credential_usable_at(const CredentialView& all,
                                                                MonotonicTime now) noexcept;

}  // namespace sluice::upstream
