#include "sluice/gateway/health.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

#include "sluice/base/assert.h"

namespace sluice::gateway {
namespace {

std::size_t credential_count(const catalog::ModelTable& models) noexcept {
  std::size_t count = 0;
  for (const auto& provider : models.providers()) count += provider->credentials.size();
  return count;
}

// Of a rest, by doubling: a provider that is back must not wait long for us.
constexpr std::uint32_t rest_growth_max = 12;

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
    : breaker({.failures_to_open = policy.failures_to_open,
               .rest_ms = policy.rest_ms,
               .rest_ms_max = policy.rest_ms * rest_growth_max}),
      retries(budget) {}

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
  for (const catalog::Model& model : models.models()) {
    auto& group = peers_.emplace_back();
    for (const catalog::Deployment& deployment : model.deployments) {
      SLUICE_ASSERT(deployment.index == own_.size());
      own_.emplace_back(deployment.provider->health, budget);
      group.push_back(deployment.index);
    }
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
  for (const auto& group : peers_) {
    if (group.size() > 1 && ejects_) ejection_.update(group, scoreboard_.deployments(), now);
  }
}

void Health::describe(const catalog::Deployment& deployment, MonotonicTime now,
                      route::Candidate& candidate) const noexcept {
  const Own& own = own_[deployment.index];
  const upstream::Standing& standing = scoreboard_.standing(deployment.index);
  candidate.standing = &standing;
  candidate.in_flight = own.in_flight;
  if (candidate.obstacle != route::Obstacle::none) return;
  const MonotonicTime cool_at = cooling_until(deployment);
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
                                            MonotonicTime now) noexcept {
  Own& own = own_[deployment.index];
  if (!own.breaker.try_acquire(now)) return std::nullopt;
  ++own.in_flight;
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

void Health::end(const Ticket& ticket, const upstream::AttemptEnd& attempt,
                 std::optional<Duration> wait, MonotonicTime now) noexcept {
  Own& own = own_[ticket.deployment];
  SLUICE_ASSERT(own.in_flight > 0);
  --own.in_flight;
  own.breaker.record(upstream::outcome_of(attempt.verdict), now, ticket.era);
  counters_.deployments.end_attempt(ticket.deployment, attempt);
  if (own.cool_down.record(attempt.verdict, wait, now)) {
    counters_.deployments.cool_until(ticket.deployment, own.cool_down.until());
  }
}

}  // namespace sluice::gateway
