// How long who keeps failing rests, by what the file says of its provider.
#pragma once
#include "sluice/catalog/health_policy.h"
#include "sluice/upstream/circuit_breaker.h"

namespace sluice::gateway {

[[nodiscard]] constexpr upstream::CircuitBreakerConfig breaker_config(
    const catalog::HealthPolicy& policy) noexcept {
  // Of a rest, by doubling: a provider that is back must not wait long for us.
  constexpr std::uint32_t growth_max = 12;
  return {.failures_to_open = policy.failures_to_open,
          .rest_ms = policy.rest_ms,
          .rest_ms_max = policy.rest_ms * growth_max};
}

}  // namespace sluice::gateway
