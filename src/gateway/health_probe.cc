// What probes say of a provider's deployments: src/gateway/provider_probe.h makes them.
#include <algorithm>

#include "sluice/gateway/health.h"

namespace sluice::gateway {

using upstream::CircuitBreaker;
using upstream::Outcome;

bool Health::wants_probe(const catalog::Provider& provider, Duration idle,
                         MonotonicTime now) const noexcept {
  const auto& all = at_[provider.index];
  const auto rests = [&](std::uint32_t index) {
    return own_[index].breaker.state() == CircuitBreaker::State::open;
  };
  const auto is_idle = [&](std::uint32_t index) { return now - own_[index].asked_at >= idle; };
  return std::ranges::any_of(all, rests) || std::ranges::all_of(all, is_idle);
}

void Health::note_probe(const catalog::Provider& provider, Found found, Duration idle,
                        MonotonicTime now) noexcept {
  if (found == Found::unclear) return;
  for (const std::uint32_t index : at_[provider.index]) {
    Own& own = own_[index];
    const bool rests = own.breaker.state() == CircuitBreaker::State::open;
    if (!rests && now - own.asked_at < idle) continue;
    if (found == Found::failing) {
      note_failed_probe(own, now);
    } else {
      note_good_probe(own, now);
    }
  }
}

// While it rests there is nothing to be learned; when it has, nobody's request need be the probe.
void Health::note_failed_probe(Own& own, MonotonicTime now) noexcept {
  if (!own.breaker.try_acquire(now)) return;
  own.breaker.record(Outcome::failed, now);
  own.failed_by_probe = true;
}

// A list of models says little of how they answer: it ends one rest, and takes back what probes
// have said. That a paid request succeeds must be seen by one.
void Health::note_good_probe(Own& own, MonotonicTime now) noexcept {
  switch (own.breaker.state()) {
    case CircuitBreaker::State::open:
      if (own.was_woken) return;
      own.was_woken = true;
      own.breaker.end_rest(now);
      return;
    case CircuitBreaker::State::closed:
      if (own.failed_by_probe) own.breaker.record(Outcome::succeeded, now);
      own.failed_by_probe = false;
      return;
    case CircuitBreaker::State::half_open: return;  // a request is the probe
  }
}

void Health::note_attempt(Own& own, upstream::Verdict verdict) noexcept {
  const Outcome outcome = upstream::outcome_of(verdict);
  if (outcome == Outcome::abandoned) return;
  own.failed_by_probe = false;
  if (outcome == Outcome::succeeded) own.was_woken = false;
}

std::optional<std::uint32_t> Health::credential_for_probe(const catalog::Deployment& deployment,
                                                          std::span<const std::uint32_t> left_out,
                                                          MonotonicTime now) const noexcept {
  const auto count = static_cast<std::uint32_t>(deployment.provider->credentials.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    if (std::ranges::find(left_out, i) != left_out.end()) continue;
    const auto state = credentials_of(deployment).state(own_[deployment.index].row, i, now);
    if (state != upstream::CredentialState::out && state != upstream::CredentialState::cooling) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace sluice::gateway
