#include "sluice/upstream/credential_choice.h"

#include <algorithm>

#include "sluice/base/assert.h"

namespace sluice::upstream {
namespace {

MonotonicTime spent_until(const CredentialHealth& health) noexcept {
  if (!health.headroom.is_exhausted() || !health.headroom.reset) return {};
  return health.headroom_at + *health.headroom.reset;
}

/// What is left of its rate, 0 to 1: with few requests left it is asked less, so that cores which
/// all see the same last one do not all take it. Once the reset is past, nothing is known.
double rate_left(const CredentialHealth& health, MonotonicTime now) noexcept {
  constexpr auto plenty = static_cast<double>(RateHeadroom::requests_plenty);
  const RateHeadroom& headroom = health.headroom;
  if (!headroom.requests_remaining || !headroom.reset) return 1;
  if (now >= health.headroom_at + *headroom.reset) return 1;
  return std::min(1.0, static_cast<double>(*headroom.requests_remaining) / plenty);
}

double free_share(const CredentialLimits& limits, const CredentialHealth& health) noexcept {
  if (limits.concurrency_max == 0) return 1;
  return 1 - static_cast<double>(health.in_flight) / limits.concurrency_max;
}

double chance_of(const CredentialLimits& limits, const CredentialHealth& health,
                 MonotonicTime now) noexcept {
  return limits.weight * free_share(limits, health) * rate_left(health, now);
}

bool contains(std::span<const std::uint32_t> indexes, std::size_t index) noexcept {
  return std::find(indexes.begin(), indexes.end(), index) != indexes.end();
}

}  // namespace

std::string_view to_string(CredentialState state) noexcept {
  switch (state) {
    case CredentialState::fit: return "fit";
    case CredentialState::spent: return "spent";
    case CredentialState::full: return "full";
    case CredentialState::resting: return "resting";
    case CredentialState::cooling: return "cooling";
    case CredentialState::out: return "out";
  }
  return "unknown";
}

bool CredentialHealth::begin_attempt(MonotonicTime now) noexcept {
  if (!breaker.try_acquire(now)) return false;
  ++in_flight;
  return true;
}

bool CredentialHealth::end_attempt(const CredentialAnswer& answer, CircuitBreaker::Era era,
                                   MonotonicTime now) noexcept {
  SLUICE_ASSERT(in_flight > 0);
  --in_flight;
  breaker.record(outcome_of(answer.verdict), now, era);
  if (answer.verdict == Verdict::auth_refused) is_out = true;
  if (answer.headroom != RateHeadroom{}) {
    headroom = answer.headroom;
    headroom_at = now;
  }
  return cool_down.record(answer.verdict, answer.wait, now);
}

CredentialState state_of(const CredentialLimits& limits, const CredentialHealth& health,
                         MonotonicTime now) noexcept {
  if (health.is_out) return CredentialState::out;
  if (health.cool_down.is_cooling(now)) return CredentialState::cooling;
  if (!health.breaker.would_admit(now)) return CredentialState::resting;
  if (limits.concurrency_max > 0 && health.in_flight >= limits.concurrency_max) {
    return CredentialState::full;
  }
  return now < spent_until(health) ? CredentialState::spent : CredentialState::fit;
}

std::optional<std::uint32_t> choose_credential(std::span<const CredentialLimits> limits,
                                               std::span<const CredentialHealth> healths,
                                               std::span<const std::uint32_t> tried,
                                               std::uint64_t random, MonotonicTime now) noexcept {
  SLUICE_ASSERT(limits.size() == healths.size());
  double total = 0;
  std::optional<std::uint32_t> first_refilled;
  const auto is_fit = [&](std::size_t index) {
    return !contains(tried, index) &&
           state_of(limits[index], healths[index], now) == CredentialState::fit;
  };
  for (std::uint32_t index = 0; index < healths.size(); ++index) {
    if (is_fit(index)) {
      total += chance_of(limits[index], healths[index], now);
    } else if (!contains(tried, index) &&
               state_of(limits[index], healths[index], now) == CredentialState::spent &&
               (!first_refilled ||
                spent_until(healths[index]) < spent_until(healths[*first_refilled]))) {
      first_refilled = index;
    }
  }
  if (total <= 0) return first_refilled;
  double drawn = static_cast<double>(random >> 11) * 0x1.0p-53 * total;
  std::optional<std::uint32_t> chosen;
  for (std::uint32_t index = 0; index < healths.size(); ++index) {
    if (!is_fit(index)) continue;
    const double chance = chance_of(limits[index], healths[index], now);
    if (chance <= 0) continue;
    chosen = index;
    if (drawn < chance) break;
    drawn -= chance;
  }
  return chosen;
}

std::optional<MonotonicTime> credential_usable_at(std::span<const CredentialLimits> limits,
                                                  std::span<const CredentialHealth> healths,
                                                  MonotonicTime now) noexcept {
  SLUICE_ASSERT(limits.size() == healths.size());
  std::optional<MonotonicTime> first;
  for (std::size_t i = 0; i < healths.size(); ++i) {
    const CredentialHealth& health = healths[i];
    if (health.is_out) continue;
    const MonotonicTime at = std::max(health.cool_down.until(), health.breaker.admits_at(now));
    first = std::min(first.value_or(at), at);
  }
  return first;
}

}  // namespace sluice::upstream
