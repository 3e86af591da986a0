#include "sluice/telemetry/deployment_metrics.h"

#include <array>

namespace sluice::telemetry {
namespace {

// No name holds it: those of a configuration are free of control characters.
constexpr char separator = '\x1f';

std::int64_t scaled(double value, double scale) noexcept {
  return static_cast<std::int64_t>(value * scale + 0.5);
}

}  // namespace

std::string join(const DeploymentName& name) {
  std::string joined(name.model);
  for (const std::string_view part : {name.provider, name.deployment, name.region}) {
    joined += separator;
    joined += part;
  }
  return joined;
}

DeploymentName split_deployment(std::string_view joined) noexcept {
  std::array<std::string_view, 4> parts;
  std::string_view rest = joined;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const std::size_t end = rest.find(separator);
    if (end == std::string_view::npos) return {joined, joined, joined, joined};
    parts[i] = rest.substr(0, end);
    rest.remove_prefix(end + 1);
  }
  return {.model = parts[0], .provider = parts[1], .deployment = parts[2], .region = rest};
}

std::string_view to_string(BreakerState state) noexcept {
  switch (state) {
    case BreakerState::closed: return "closed";
    case BreakerState::open: return "open";
    case BreakerState::half_open: return "half_open";
  }
  __builtin_unreachable();
}

void DeploymentMetrics::publish(const DeploymentState& state) noexcept {
  breaker.set(static_cast<std::int64_t>(state.breaker));
  is_ejected.set(state.ejected ? 1 : 0);
  is_cooling_down.set(state.cooling_down ? 1 : 0);
  in_flight.set(state.in_flight);
  uptime_millionths.set(scaled(state.uptime_percent, 1e4));
  first_content_p50_us.set(scaled(state.first_content_p50_ms, 1e3));
  first_content_p95_us.set(scaled(state.first_content_p95_ms, 1e3));
  tokens_per_s_thousandths.set(scaled(state.tokens_per_s, 1e3));
  is_served.set(1);
}

}  // namespace sluice::telemetry
