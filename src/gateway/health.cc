#include "sluice/gateway/health.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

#include "breaker_config.h"
#include "sluice/base/assert.h"

namespace sluice::gateway {
namespace {

std::size_t credential_count(const catalog::ModelTable& models) noexcept {
  std::size_t count = 0;
  for (const auto& provider : models.providers()) count += provider->credentials.size();
  return count;
}

upstream::OutlierEjectionConfig ejection_config(const catalog::HealthPolicy& policy) noexcept {
  upstream::OutlierEjectionConfig config;
  config.ejected_percent_max = policy.ejected_percent_max;
  config.slow_start_s = policy.slow_start_s;
  return config;
}

std::shared_ptr<upstream::HealthBoard> board_of(HealthAccess& access,
                                                const catalog::ModelTable& models) {
  if (access.board) return std::move(access.board);
  return make_health_board(1, models);
}

// What makes a deployment the same one in the next snapshot.
using DeploymentName =
    std::tuple<std::string_view, std::string_view, std::string_view, std::string_view>;

DeploymentName name_of(const catalog::Model& model, const catalog::Deployment& deployment) {
  return {model.name, deployment.provider->name, deployment.upstream_model, deployment.region};
}

// What stands in the way until a moment; the later one counts.
void put_off(route::Candidate& candidate, route::Obstacle obstacle, MonotonicTime until) noexcept {
  if (candidate.obstacle != route::Obstacle::none && until <= candidate.free_at) return;
  candidate.obstacle = obstacle;
  candidate.free_at = until;
}

}  // namespace

std::shared_ptr<upstream::HealthBoard> make_health_board(std::size_t cores,
                                                         const catalog::ModelTable& models) {
  return std::make_shared<upstream::HealthBoard>(cores, models.deployment_count(),
                                                 credential_count(models));
}

Health::Own::Own(const catalog::HealthPolicy& policy,
                 const upstream::AttemptBudgetConfig& budget) noexcept
    : breaker(breaker_config(policy)), retries(budget) {}

Health::Health(const catalog::ModelTable& models, const catalog::HealthPolicy& policy,
               const route::RoutingPolicy& routing, HealthAccess access)
    : models_(models),
      board_(board_of(access, models)),
      counters_(board_->counters(access.core)),
      scoreboard_({.window_s = policy.window_s}, *board_, access.core),
      ejection_(ejection_config(policy), models.deployment_count()),
      ejects_(policy.ejected_percent_max > 0),
      hedges_({.share = routing.hedge.budget, .per_s_min = 0}) {
  const upstream::AttemptBudgetConfig budget{.share = routing.retry.budget,
                                             .per_s_min = routing.retry.budget_per_s_min};
  own_.reserve(models.deployment_count());
  at_.resize(models.providers().size());
  for (const catalog::Model& model : models.models()) {
    auto& group = peers_.emplace_back();
    for (const catalog::Deployment& deployment : model.deployments) {
      SLUICE_ASSERT(deployment.index == own_.size());
      own_.emplace_back(deployment.provider->health, budget);
      std::vector<std::uint32_t>& siblings = at_[deployment.provider->index];
      own_.back().row = static_cast<std::uint32_t>(siblings.size());
      siblings.push_back(deployment.index);
      group.push_back(deployment.index);
    }
  }
  std::size_t first = 0;
  credentials_.reserve(models.providers().size());
  for (const auto& provider : models.providers()) {
    credentials_.emplace_back(*provider, at_[provider->index].size(), counters_.credentials, first);
    first += provider->credentials.size();
  }
}

void Health::take_over(const Health& before) {
  std::map<DeploymentName, const Own*> known;
  for (const catalog::Model& model : before.models_.models()) {
    for (const catalog::Deployment& deployment : model.deployments) {
      known.emplace(name_of(model, deployment), &before.own_[deployment.index]);
    }
  }
  for (const catalog::Model& model : models_.models()) {
    for (const catalog::Deployment& deployment : model.deployments) {
      const auto found = known.find(name_of(model, deployment));
      if (found == known.end()) continue;
      Own& own = own_[deployment.index];
      own.first_content = found->second->first_content;
      own.breaker.take_over(found->second->breaker);
    }
  }
}

void Health::refresh(MonotonicTime now) {
  scoreboard_.refresh(now);
  for (CredentialPool& pool : credentials_) pool.heed(scoreboard_);
  for (const auto& group : peers_) {
    if (group.size() > 1 && ejects_) ejection_.update(group, scoreboard_.deployments(), now);
  }
}

void Health::describe(const catalog::Deployment& deployment, MonotonicTime now,
                      route::Candidate& candidate, Payer payer) const noexcept {
  const Own& own = own_[deployment.index];
  const upstream::Standing& standing = scoreboard_.standing(deployment.index);
  candidate.standing = &standing;
  candidate.in_flight = own.in_flight;
  if (candidate.obstacle != route::Obstacle::none) return;
  MonotonicTime cool_at = own.cool_down.until();
  if (payer == Payer::gateway) {
    const CredentialPool& pool = credentials_of(deployment);
    const auto usable_at = pool.empty() ? now : pool.usable_at(own.row, now);
    if (!usable_at) {
      candidate.obstacle = route::Obstacle::no_credential;
      return;
    }
    cool_at = std::max({cool_at, *usable_at, standing.cooling_until});
  }
  if (cool_at > now) put_off(candidate, route::Obstacle::cooling_down, cool_at);
  if (!own.breaker.would_admit(now)) {
    put_off(candidate, route::Obstacle::resting, own.breaker.admits_at(now));
  }
  // Of these alone there is a pardon: who rests as well is not to be had by it.
  if (standing.ejected && candidate.obstacle == route::Obstacle::none) {
    put_off(candidate, route::Obstacle::ejected,
            ejection_.ejected_until(deployment.index).value_or(now));
  }
}

MonotonicTime Health::cooling_until(const catalog::Deployment& deployment) const noexcept {
  return std::max(own_[deployment.index].cool_down.until(),
                  scoreboard_.standing(deployment.index).cooling_until);
}

std::optional<Health::Ticket> Health::begin(const catalog::Deployment& deployment,
                                            MonotonicTime now, Payer payer) noexcept {
  Own& own = own_[deployment.index];
  // Plans are made ahead: since then it may have asked for time.
  if (own.cool_down.is_cooling(now)) return std::nullopt;
  if (payer == Payer::gateway && scoreboard_.standing(deployment.index).cooling_until > now) {
    return std::nullopt;
  }
  if (!own.breaker.try_acquire(now)) return std::nullopt;
  ++own.in_flight;
  own.asked_at = now;
  counters_.deployments.begin_attempt(deployment.index);
  return Ticket{.deployment = deployment.index, .era = own.breaker.era()};
}

void Health::commit(const Ticket& ticket, Duration first_content, MonotonicTime now) noexcept {
  Own& own = own_[ticket.deployment];
  if (own.breaker.state() == upstream::CircuitBreaker::State::half_open) {
    own.breaker.record(upstream::Outcome::succeeded, now, ticket.era);
  }
  if (first_content >= Duration::zero()) own.first_content.add(first_content, now);
}

double Health::first_content_ms(const catalog::Deployment& deployment,
                                MonotonicTime now) const noexcept {
  return own_[deployment.index].first_content.milliseconds(now);
}

std::optional<std::uint32_t> Health::take_credential(Ticket& ticket,
                                                     const catalog::Deployment& deployment,
                                                     std::span<const std::uint32_t> left_out,
                                                     std::uint64_t random,
                                                     MonotonicTime now) noexcept {
  SLUICE_ASSERT(ticket.deployment == deployment.index);
  SLUICE_ASSERT(!ticket.credential);
  ticket.provider = deployment.provider->index;
  ticket.credential =
      credentials_[ticket.provider].begin(own_[ticket.deployment].row, left_out, random, now);
  if (!ticket.credential) return std::nullopt;
  return ticket.credential->credential;
}

void Health::note_headroom(const Ticket& ticket, const upstream::RateHeadroom& told,
                           MonotonicTime now) noexcept {
  SLUICE_ASSERT(ticket.credential);
  credentials_[ticket.provider].note_headroom(*ticket.credential, told, now);
}

void Health::end(const Ticket& ticket, const upstream::AttemptEnd& attempt, const Says& says,
                 MonotonicTime now) noexcept {
  Own& own = own_[ticket.deployment];
  SLUICE_ASSERT(own.in_flight > 0);
  --own.in_flight;
  upstream::AttemptEnd of_deployment = attempt;
  if (says.others_may_have_it) of_deployment.verdict = upstream::Verdict::abandoned;
  own.breaker.record(upstream::outcome_of(of_deployment.verdict), now, ticket.era);
  note_attempt(own, of_deployment.verdict);
  counters_.deployments.end_attempt(ticket.deployment, of_deployment);
  std::optional<MonotonicTime> cool_until;
  if (ticket.credential) {
    cool_until = end_credential(ticket, attempt, says, now);
  } else if (own.cool_down.record(attempt.verdict, says.wait, now)) {
    cool_until = own.cool_down.until();
  }
  if (cool_until) counters_.deployments.cool_until(ticket.deployment, *cool_until);
}

// What the provider refused the credential is the credential's to wait for; a Retry-After of an
// overloaded host is everybody's. Until when the deployment cools, where it does now and that is
// news.
std::optional<MonotonicTime> Health::end_credential(const Ticket& ticket,
                                                    const upstream::AttemptEnd& attempt,
                                                    const Says& says, MonotonicTime now) noexcept {
  Own& own = own_[ticket.deployment];
  CredentialPool& pool = credentials_[ticket.provider];
  const bool is_refusal = upstream::is_of_credential(attempt.verdict);
  pool.end(*ticket.credential, attempt, is_refusal ? says.wait : std::nullopt, says.is_key_bad,
           now);
  if (!is_refusal) {
    if (!own.cool_down.record(attempt.verdict, says.wait, now)) return std::nullopt;
    return own.cool_down.until();
  }
  const auto usable_at = pool.usable_at(own.row, now);
  return usable_at && *usable_at > now ? usable_at : std::nullopt;
}

std::vector<Health::RefusedCredential> Health::take_refused() {
  std::vector<RefusedCredential> all;
  for (const auto& provider : models_.providers()) {
    for (const std::uint32_t credential : credentials_[provider->index].take_refused()) {
      all.push_back({.provider = provider.get(), .credential = credential});
    }
  }
  return all;
}

}  // namespace sluice::gateway
