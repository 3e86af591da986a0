#include "prometheus_routing.h"

#include <vector>

#include "sluice/route/candidate.h"
#include "sluice/route/rank.h"

namespace sluice::telemetry {
namespace {

static_assert(llm::route_sort_count <= route_strategies_max);
static_assert(route::reason_count <= route_reasons_max);
static_assert(route::obstacle_count <= route_obstacles_max);

using Labels = std::array<Label, 5>;  // a deployment's four, and room for one more

// What all cores have to say of one deployment.
struct Deployment {
  DeploymentName name;
  std::vector<const DeploymentMetrics*> cores = {};
  const DeploymentMetrics* standing = nullptr;  // any core's that serves it; null: none does
};

Labels labels_of(const DeploymentName& name, Label more = {}) {
  return {{{"model", name.model},
           {"provider", name.provider},
           {"deployment", name.deployment},
           {"region", name.region},
           more}};
}

std::uint64_t attempts_of(const Deployment& deployment) {
  std::uint64_t sum = 0;
  for (const DeploymentMetrics* core : deployment.cores) {
    for (const Counter& count : core->attempts) sum += count.value();
  }
  return sum;
}

// Those that were ever asked, or are: of a catalogue's hundreds most never are.
std::vector<Deployment> deployments_in_use(Cores cores, const LabelTable& names) {
  std::vector<Deployment> deployments;
  for (std::size_t index = 0; index < names.size(); ++index) {
    Deployment deployment{.name = split_deployment(names.name(static_cast<LabelIndex>(index)))};
    bool in_use = false;
    for (const Metrics* core : cores) {
      const DeploymentMetrics& own = core->deployments[index];
      deployment.cores.push_back(&own);
      if (own.is_served.value() == 0) continue;
      deployment.standing = &own;
      in_use = in_use || own.in_flight.value() > 0;
    }
    if (in_use || attempts_of(deployment) > 0) deployments.push_back(std::move(deployment));
  }
  return deployments;
}

void render_attempts(std::span<const Deployment> deployments, Exposition& to) {
  to.begin("sluice_deployment_attempts_total", "counter",
           "Attempts at deployments by outcome; those that are past the bound count as other.");
  for (const Deployment& deployment : deployments) {
    for (std::size_t outcome = 0; outcome < attempt_outcome_count; ++outcome) {
      std::uint64_t sum = 0;
      for (const DeploymentMetrics* core : deployment.cores) sum += core->attempts[outcome].value();
      if (sum == 0) continue;
      to.sample(
          labels_of(deployment.name, {"outcome", to_string(static_cast<AttemptOutcome>(outcome))}),
          sum);
    }
  }
}

void render_breakers(std::span<const Deployment> deployments, Exposition& to) {
  to.begin("sluice_deployment_breakers", "gauge",
           "Workers whose circuit breaker of a deployment is in this state.");
  for (const Deployment& deployment : deployments) {
    if (deployment.standing == nullptr) continue;
    std::array<std::uint64_t, breaker_state_count> workers{};
    for (const DeploymentMetrics* core : deployment.cores) {
      if (core->is_served.value() == 0) continue;
      const auto state = static_cast<std::size_t>(core->breaker.value());
      if (state < workers.size()) ++workers[state];
    }
    for (std::size_t state = 0; state < workers.size(); ++state) {
      to.sample(labels_of(deployment.name, {"state", to_string(static_cast<BreakerState>(state))}),
                workers[state]);
    }
  }
}

// A gauge that workers add up to, or that is 1 where it is so for any of them.
enum class Of : std::uint8_t { all, any };
void render_gauge(std::span<const Deployment> deployments, std::string_view family,
                  std::string_view help, Gauge DeploymentMetrics::* gauge, Of of, Exposition& to) {
  to.begin(family, "gauge", help);
  for (const Deployment& deployment : deployments) {
    if (deployment.standing == nullptr) continue;
    std::int64_t sum = 0;
    for (const DeploymentMetrics* core : deployment.cores) {
      if (core->is_served.value() != 0) sum += (core->*gauge).value();
    }
    if (of == Of::any && sum > 1) sum = 1;
    to.sample(std::span<const Label>(labels_of(deployment.name)).first(4), sum);
  }
}

// One that is the same for all workers; 0 is not known where `known_only`.
void render_standing(std::span<const Deployment> deployments, Gauge DeploymentMetrics::* gauge,
                     double per_unit, bool known_only, Label more, Exposition& to) {
  for (const Deployment& deployment : deployments) {
    if (deployment.standing == nullptr) continue;
    const std::int64_t value = (deployment.standing->*gauge).value();
    if (known_only && value == 0) continue;
    to.sample(
        std::span<const Label>(labels_of(deployment.name, more)).first(more.name.empty() ? 4 : 5),
        static_cast<double>(value) / per_unit);
  }
}

}  // namespace

void render_routing(Cores cores, Exposition& to) {
  to.begin("sluice_routing_choices_total", "counter",
           "Plans of requests by strategy, and why the first deployment was the first.");
  for (std::size_t strategy = 0; strategy < llm::route_sort_count; ++strategy) {
    for (std::size_t reason = 0; reason < route::reason_count; ++reason) {
      const std::uint64_t sum = sum_of(
          cores, [&](const Metrics& m) -> auto& { return m.route_choices[strategy][reason]; });
      if (sum == 0) continue;
      to.sample({{"strategy", to_string(static_cast<llm::RouteSort>(strategy))},
                 {"reason", to_string(static_cast<route::Reason>(reason))}},
                sum);
    }
  }
  to.begin("sluice_routing_obstacles_total", "counter",
           "Deployments that plans of requests left out, by why.");
  for (std::size_t obstacle = 1; obstacle < route::obstacle_count; ++obstacle) {
    const std::uint64_t sum =
        sum_of(cores, [&](const Metrics& m) -> auto& { return m.route_obstacles[obstacle]; });
    if (sum == 0) continue;
    to.sample({{"obstacle", to_string(static_cast<route::Obstacle>(obstacle))}}, sum);
  }
}

void render_deployments(Cores cores, const LabelTable& names, Exposition& to) {
  const std::vector<Deployment> deployments = deployments_in_use(cores, names);
  render_attempts(deployments, to);
  render_breakers(deployments, to);
  render_gauge(deployments, "sluice_deployment_in_flight", "Attempts under way at a deployment.",
               &DeploymentMetrics::in_flight, Of::all, to);
  render_gauge(deployments, "sluice_deployment_ejected",
               "1 while a deployment gets nothing because it does clearly worse than its peers.",
               &DeploymentMetrics::is_ejected, Of::any, to);
  render_gauge(deployments, "sluice_deployment_cooling_down",
               "1 while a deployment gets nothing because it asked for time.",
               &DeploymentMetrics::is_cooling_down, Of::any, to);
  to.begin("sluice_deployment_uptime_ratio", "gauge",
           "Share of a deployment's attempts in the health window that were good; 1 of none.");
  render_standing(deployments, &DeploymentMetrics::uptime_millionths, 1e6, false, {}, to);
  to.begin("sluice_deployment_first_content_seconds", "gauge",
           "From the start of a stream to its first content, in the health window.");
  render_standing(deployments, &DeploymentMetrics::first_content_p50_us, 1e6, true,
                  {"quantile", "0.5"}, to);
  render_standing(deployments, &DeploymentMetrics::first_content_p95_us, 1e6, true,
                  {"quantile", "0.95"}, to);
  to.begin("sluice_deployment_tokens_per_second", "gauge",
           "Output tokens of a deployment's streams by the time they took, in the health window.");
  render_standing(deployments, &DeploymentMetrics::tokens_per_s_thousandths, 1e3, true, {}, to);
}

}  // namespace sluice::telemetry
