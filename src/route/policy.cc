#include "sluice/route/policy.h"

namespace sluice::route {
namespace {

// Not a number is in no range.
bool in(double value, double min, double max) noexcept { return value >= min && value <= max; }

std::optional<std::string_view> broken_rule_of(const ScorePolicy& score) noexcept {
  const ScoreWeights& weights = score.weights;
  for (const double weight : {weights.uptime, weights.throughput, weights.price, weights.latency}) {
    if (!in(weight, 0, 1'000)) return "weights must each be between 0 and 1000";
  }
  // Latency counts for streams alone: without another one the rest would be chosen by nothing.
  if (weights.uptime + weights.throughput + weights.price <= 0) {
    return "weights must hold uptime, throughput or price above 0";
  }
  if (!in(score.exploration, 0, 1)) return "exploration must be between 0 and 1";
  if (!in(score.hysteresis, 0, 100)) return "hysteresis must be between 0 and 100";
  return std::nullopt;
}

std::optional<std::string_view> broken_rule_of(const RetryPolicy& retry) noexcept {
  if (retry.retries > 10) return "retries must be at most 10";
  if (retry.backoff_ms > 60'000) return "backoff_ms must be at most 60000";
  if (retry.fallbacks > 64) return "fallbacks must be at most 64";
  if (!in(retry.budget, 0, 1)) return "budget must be between 0 and 1";
  if (retry.queue_ms_max > 600'000) return "queue_ms_max must be at most 600000";
  return std::nullopt;
}

std::optional<std::string_view> broken_rule_of(const HedgePolicy& hedge) noexcept {
  if (hedge.delay_ms > 600'000) return "delay_ms must be at most 600000";
  if (hedge.delay_ms_min == 0) return "delay_ms_min must be at least 1";
  if (hedge.delay_ms_min > 600'000) return "delay_ms_min must be at most 600000";
  if (!in(hedge.budget, 0, 1)) return "budget must be between 0 and 1";
  return std::nullopt;
}

std::optional<std::string_view> broken_rule_of(const AffinityPolicy& affinity) noexcept {
  if (affinity.entries_max == 0) return "entries_max must be at least 1; or say enabled = false";
  if (affinity.entries_max > 16'777'216) return "entries_max must be at most 16777216";
  if (affinity.idle_s_max == 0) return "idle_s_max must be at least 1; or say enabled = false";
  if (affinity.idle_s_max > 86'400) return "idle_s_max must be at most 86400";
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> RoutingPolicy::broken_rule() const noexcept {
  if (auto rule = broken_rule_of(score)) return rule;
  if (auto rule = broken_rule_of(retry)) return rule;
  if (auto rule = broken_rule_of(hedge)) return rule;
  if (auto rule = broken_rule_of(affinity)) return rule;
  if (fallback_depth_max > 32) return "fallback_depth_max must be at most 32";
  return std::nullopt;
}

}  // namespace sluice::route
