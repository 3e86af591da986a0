#include "sluice/gateway/credential_pool.h"

#include "breaker_config.h"
#include "sluice/base/assert.h"

namespace sluice::gateway {
namespace {

// How the counters say that it is out: no cool-down lasts that long.
constexpr MonotonicTime for_good = MonotonicTime::max();

}  // namespace

CredentialPool::CredentialPool(const catalog::Provider& provider, std::size_t rows,
                               upstream::HealthTable& counters, std::size_t first)
    : counters_(counters),
      first_(first),
      healths_(provider.credentials.size()),
      uses_(rows * provider.credentials.size(),
            upstream::CredentialUse{
                .breaker = upstream::CircuitBreaker(breaker_config(provider.health))}) {
  for (const catalog::Credential& credential : provider.credentials) {
    limits_.push_back({.weight = credential.weight, .concurrency_max = credential.concurrency_max});
  }
}

upstream::CredentialView CredentialPool::view(std::uint32_t row) const noexcept {
  const std::size_t count = limits_.size();
  SLUICE_ASSERT((row + 1) * count <= uses_.size());
  return {
      .limits = limits_, .healths = healths_, .uses = std::span(uses_).subspan(row * count, count)};
}

std::optional<CredentialPool::Ticket> CredentialPool::begin(std::uint32_t row,
                                                            std::span<const std::uint32_t> left_out,
                                                            std::uint64_t random,
                                                            MonotonicTime now) noexcept {
  const auto chosen = upstream::choose_credential(view(row), left_out, random, now);
  if (!chosen) return std::nullopt;
  Ticket ticket{.row = row, .credential = *chosen};
  ticket.era = upstream::begin_attempt(healths_[*chosen], use_of(ticket), now);
  counters_.begin_attempt(first_ + *chosen);
  return ticket;
}

bool CredentialPool::has_one(std::uint32_t row, std::span<const std::uint32_t> left_out,
                             MonotonicTime now) const noexcept {
  return upstream::choose_credential(view(row), left_out, 0, now).has_value();
}

void CredentialPool::note_headroom(const Ticket& ticket, const upstream::RateHeadroom& told,
                                   MonotonicTime now) noexcept {
  use_of(ticket).note_headroom(told, now);
}

void CredentialPool::end(const Ticket& ticket, const upstream::AttemptEnd& attempt,
                         std::optional<Duration> wait, bool is_key_bad,
                         MonotonicTime now) noexcept {
  upstream::CredentialHealth& health = healths_[ticket.credential];
  const bool was_out = health.is_out;
  upstream::end_attempt(health, use_of(ticket),
                        {.verdict = attempt.verdict, .wait = wait, .is_key_bad = is_key_bad},
                        ticket.era, now);
  counters_.end_attempt(first_ + ticket.credential, attempt);
  if (was_out || !health.is_out) return;
  counters_.cool_until(first_ + ticket.credential, for_good);
  refused_.push_back(ticket.credential);
}

std::optional<MonotonicTime> CredentialPool::usable_at(std::uint32_t row,
                                                       MonotonicTime now) const noexcept {
  return upstream::credential_usable_at(view(row), now);
}

upstream::CredentialState CredentialPool::state(std::uint32_t row, std::uint32_t credential,
                                                MonotonicTime now) const noexcept {
  return upstream::state_of(view(row), credential, now);
}

void CredentialPool::heed(const upstream::Scoreboard& scoreboard) noexcept {
  for (std::size_t i = 0; i < healths_.size(); ++i) {
    if (scoreboard.credential_standing(first_ + i).cooling_until == for_good) {
      healths_[i].is_out = true;
    }
  }
}

}  // namespace sluice::gateway
