#include "sluice/upstream/credential_choice.h"

#include <algorithm>
#include <tuple>

#include "sluice/base/assert.h"

namespace sluice::upstream {
namespace {

MonotonicTime spent_until(const CredentialUse& use) noexcept {
  if (!use.headroom.is_exhausted() || !use.headroom.reset) return {};
  return use.headroom_at + *use.headroom.reset;
}

/// What is left of its rate, 0 to 1: with few requests left it is asked less, so that cores which
/// all see the same last one do not all take it. Once the reset is past, nothing is known.
double rate_left(const CredentialUse& use, MonotonicTime now) noexcept {
  constexpr auto plenty = static_cast<double>(RateHeadroom::requests_plenty);
  const RateHeadroom& headroom = use.headroom;
  if (!headroom.requests_remaining || !headroom.reset) return 1;
  if (now >= use.headroom_at + *headroom.reset) return 1;
  return std::min(1.0, static_cast<double>(*headroom.requests_remaining) / plenty);
}

double free_share(const CredentialLimits& limits, const CredentialHealth& health) noexcept {
  if (limits.concurrency_max == 0) return 1;
  return 1 - static_cast<double>(health.in_flight) / limits.concurrency_max;
}

double chance_of(const CredentialView& all, std::size_t index, MonotonicTime now) noexcept {
  return all.limits[index].weight * free_share(all.limits[index], all.healths[index]) *
         rate_left(all.uses[index], now);
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

void CredentialUse::note_headroom(const RateHeadroom& told, MonotonicTime now) noexcept {
  if (told == RateHeadroom{}) return;
  headroom = told;
  headroom_at = now;
}

std::optional<CircuitBreaker::Era> begin_attempt(CredentialHealth& health, CredentialUse& use,
                                                 MonotonicTime now) noexcept {
  ++health.in_flight;
  if (!use.breaker.try_acquire(now)) return std::nullopt;
  return use.breaker.era();
}

void end_attempt(CredentialHealth& health, CredentialUse& use, const CredentialAnswer& answer,
                 std::optional<CircuitBreaker::Era> era, MonotonicTime now) noexcept {
  SLUICE_ASSERT(health.in_flight > 0);
  --health.in_flight;
  const bool is_denied = answer.verdict == Verdict::auth_refused;
  if (is_denied && answer.is_key_bad) health.is_out = true;
  // Who is denied what others may have is no good here, for now.
  if (era) use.breaker.record(is_denied ? Outcome::failed : outcome_of(answer.verdict), now, *era);
  (void)use.cool_down.record(answer.verdict, answer.wait, now);
}

CredentialState state_of(const CredentialView& all, std::size_t index, MonotonicTime now) noexcept {
  const auto& [limits, health, use] =
      std::tie(all.limits[index], all.healths[index], all.uses[index]);
  if (health.is_out) return CredentialState::out;
  if (use.cool_down.is_cooling(now)) return CredentialState::cooling;
  if (limits.concurrency_max > 0 && health.in_flight >= limits.concurrency_max) {
    return CredentialState::full;
  }
  if (!use.breaker.would_admit(now)) return CredentialState::resting;
  return now < spent_until(use) ? CredentialState::spent : CredentialState::fit;
}

namespace {

// For want of one that is fit: the first to be refilled, else the first to have rested.
std::optional<std::uint32_t> second_best(const CredentialView& all,
                                         std::span<const std::uint32_t> tried,
                                         MonotonicTime now) noexcept {
  std::optional<std::uint32_t> spent, resting;
  for (std::uint32_t index = 0; index < all.uses.size(); ++index) {
    if (contains(tried, index)) continue;
    const CredentialUse& use = all.uses[index];
    const CredentialState state = state_of(all, index, now);
    if (state == CredentialState::spent &&
        (!spent || spent_until(use) < spent_until(all.uses[*spent]))) {
      spent = index;
    }
    if (state == CredentialState::resting &&
        (!resting || use.breaker.admits_at(now) < all.uses[*resting].breaker.admits_at(now))) {
      resting = index;
    }
  }
  return spent ? spent : resting;
}

}  // namespace

std::optional<std::uint32_t> choose_credential(const CredentialView& all,
                                               std::span<const std::uint32_t> tried,
                                               std::uint64_t random, MonotonicTime now) noexcept {
  SLUICE_ASSERT(all.limits.size() == all.healths.size());
  SLUICE_ASSERT(all.limits.size() == all.uses.size());
  double total = 0;
  const auto is_fit = [&](std::size_t index) {
    return !contains(tried, index) && state_of(all, index, now) == CredentialState::fit;
  };
  // Of one there is nothing to be drawn, and most providers have one.
  if (all.healths.size() == 1 && is_fit(0) && chance_of(all, 0, now) > 0) return 0;
  for (std::uint32_t index = 0; index < all.healths.size(); ++index) {
    if (is_fit(index)) total += chance_of(all, index, now);
  }
  if (total <= 0) return second_best(all, tried, now);
  double drawn = static_cast<double>(random >> 11) * 0x1.0p-53 * total;
  std::optional<std::uint32_t> chosen;
  for (std::uint32_t index = 0; index < all.healths.size(); ++index) {
    if (!is_fit(index)) continue;
    const double chance = chance_of(all, index, now);
    if (chance <= 0) continue;
    chosen = index;
    if (drawn < chance) break;
    drawn -= chance;
  }
  return chosen;
}

std::optional<MonotonicTime> credential_usable_at(const CredentialView& all,
                                                  MonotonicTime now) noexcept {
  SLUICE_ASSERT(all.healths.size() == all.uses.size());
  std::optional<MonotonicTime> first;
  for (std::size_t i = 0; i < all.healths.size(); ++i) {
    if (all.healths[i].is_out) continue;
    const MonotonicTime at = std::max(now, all.uses[i].cool_down.until());
    first = std::min(first.value_or(at), at);
  }
  return first;
}

}  // namespace sluice::upstream
