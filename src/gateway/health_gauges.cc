#include "sluice/gateway/health_gauges.h"

#include <bitset>

namespace sluice::gateway {
namespace {

telemetry::BreakerState state_of(const upstream::CircuitBreaker& breaker) noexcept {
  switch (breaker.state()) {
    case upstream::CircuitBreaker::State::closed: return telemetry::BreakerState::closed;
    case upstream::CircuitBreaker::State::open: return telemetry::BreakerState::open;
    case upstream::CircuitBreaker::State::half_open: return telemetry::BreakerState::half_open;
  }
  __builtin_unreachable();
}

telemetry::DeploymentState state_of(const Health& health, const catalog::Deployment& deployment,
                                    MonotonicTime now) {
  const upstream::Standing& standing = health.standing(deployment);
  route::Candidate candidate;
  health.describe(deployment, now, candidate);
  return {.breaker = state_of(health.breaker(deployment)),
          .ejected = standing.ejected,
          .cooling_down = health.cooling_until(deployment) > now,
          .in_flight = candidate.in_flight,
          .uptime_percent = standing.uptime,
          .first_content_p50_ms = standing.first_content_p50_ms,
          .first_content_p95_ms = standing.first_content_p95_ms,
          .tokens_per_s = standing.tokens_per_s};
}

}  // namespace

void publish_health(const Snapshot& snapshot, const Health& health, MonotonicTime now,
                    telemetry::Metrics& metrics) {
  std::bitset<telemetry::deployments_max> served;
  for (const catalog::Model& model : snapshot.models.models()) {
    for (const catalog::Deployment& deployment : model.deployments) {
      const telemetry::LabelIndex label = snapshot.deployment_labels[deployment.index];
      if (label == telemetry::label_other) continue;
      served.set(label);
      metrics.deployments[label].publish(state_of(health, deployment, now));
    }
  }
  for (std::size_t label = 0; label < metrics.deployments.size(); ++label) {
    if (!served.test(label)) metrics.deployments[label].withdraw();
  }
}

}  // namespace sluice::gateway
