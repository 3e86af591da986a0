// [routing] and [health], and the tables of those names that a model and a provider have over them.
#include <algorithm>
#include <array>

#include "parsing.h"
#include "sluice/config/spelling.h"

namespace sluice::config {
namespace {

using route::RoutingPolicy;
using route::Strategy;

constexpr double weight_max = 1'000;  // only proportions matter

void parse_weights(Section& section, route::ScoreWeights& weights) {
  constexpr std::string_view key = "weights";
  const toml::node* node = section.take(key);
  if (node == nullptr) return;
  if (node->is_string()) {
    const std::string& name = node->as_string()->get();
    if (name == "balanced") {
      weights = route::balanced_weights;
    } else if (name == "price") {
      weights = route::price_first_weights;
    } else {
      section.error(key,
                    "must be \"balanced\", \"price\", or a table: weights = { uptime = 0.5, "
                    "throughput = 0.2, price = 0.2, latency = 0.1 }");
    }
    return;
  }
  section.table(key, [&](Section& table) {
    table.number("uptime", weights.uptime, 0, weight_max);
    table.number("throughput", weights.throughput, 0, weight_max);
    table.number("price", weights.price, 0, weight_max);
    table.number("latency", weights.latency, 0, weight_max);
  });
}

void parse_score(Section& parent, route::ScorePolicy& score) {
  parent.table("score", [&](Section& section) {
    parse_weights(section, score.weights);
    section.number("exploration", score.exploration, 0, 1);
    section.number("hysteresis", score.hysteresis, 0, 100);
    RoutingPolicy alone;
    alone.score = score;
    section.broken_rule(alone.broken_rule());
  });
}

void parse_retry(Section& parent, route::RetryPolicy& retry) {
  parent.table("retry", [&](Section& section) {
    section.count("retries", retry.retries);
    section.count("backoff_ms", retry.backoff_ms);
    section.count("fallbacks", retry.fallbacks);
    section.number("budget", retry.budget, 0, 1);
    section.count("budget_per_s_min", retry.budget_per_s_min);
    section.count("queue_ms_max", retry.queue_ms_max);
    RoutingPolicy alone;
    alone.retry = retry;
    section.broken_rule(alone.broken_rule());
  });
}

void parse_hedge(Section& parent, route::HedgePolicy& hedge) {
  parent.table("hedge", [&](Section& section) {
    section.flag("enabled", hedge.enabled);
    section.count("delay_ms", hedge.delay_ms);
    section.count("delay_ms_min", hedge.delay_ms_min);
    section.number("budget", hedge.budget, 0, 1);
    RoutingPolicy alone;
    alone.hedge = hedge;
    section.broken_rule(alone.broken_rule());
  });
}

void parse_affinity(Section& parent, route::AffinityPolicy& affinity) {
  parent.table("affinity", [&](Section& section) {
    section.flag("enabled", affinity.enabled);
    section.count("entries_max", affinity.entries_max);
    section.count("idle_s_max", affinity.idle_s_max);
    RoutingPolicy alone;
    alone.affinity = affinity;
    section.broken_rule(alone.broken_rule());
  });
}

bool parse_strategy(Section& section, Strategy& strategy) {
  std::string name;
  if (!section.text("strategy", name)) return false;
  const auto known = llm::parse_route_sort(name);
  if (known) {
    strategy = *known;
    return true;
  }
  constexpr std::array all = {Strategy::order, Strategy::weighted, Strategy::score,
                              Strategy::price, Strategy::latency,  Strategy::throughput};
  std::vector<std::string_view> names;
  for (const Strategy each : all) names.push_back(to_string(each));
  const std::string_view meant = nearest(name, names);
  section.error("strategy",
                meant.empty()
                    ? "must be one of order, weighted, score, price, latency, throughput"
                    : shown(name) + " is no strategy; did you mean " + shown(meant) + "?");
  return false;
}

}  // namespace

bool parse_routing(Section& parent, RoutingPolicy& policy) {
  bool strategy_written = false;
  parent.table("routing", [&](Section& section) {
    strategy_written = parse_strategy(section, policy.strategy);
    parse_score(section, policy.score);
    parse_retry(section, policy.retry);
    parse_hedge(section, policy.hedge);
    parse_affinity(section, policy.affinity);
    section.flag("stream_rescue", policy.stream_rescue);
    section.count("fallback_depth_max", policy.fallback_depth_max, 0, 32);
  });
  return strategy_written;
}

void parse_health(Section& parent, catalog::HealthPolicy& health) {
  parent.table("health", [&](Section& section) {
    section.count("window_s", health.window_s);
    section.count("failures_to_open", health.failures_to_open);
    section.count("rest_ms", health.rest_ms);
    section.count("ejected_percent_max", health.ejected_percent_max);
    section.count("slow_start_s", health.slow_start_s);
    section.count("probe_interval_s", health.probe_interval_s);
    section.broken_rule(health.broken_rule());
  });
}

void parse_quantization(Section& section, std::optional<llm::Quantization>& quantization) {
  std::string name;
  if (!section.text("quantization", name)) return;
  quantization = llm::parse_quantization(name);
  if (quantization) return;
  section.error("quantization", "must be " + std::string(llm::quantization_names()));
}

void parse_data_policy(Section& parent, catalog::DataPolicy& policy) {
  parent.table("data_policy", [&](Section& section) {
    bool flag = false;
    if (section.flag("trains", flag)) policy.trains = flag;
    if (section.flag("retains", flag)) policy.retains = flag;
    if (!section.flag("zdr", flag)) return;
    if (section.has("retains")) {
      return section.error("zdr", "says the opposite of retains; write one of them");
    }
    policy.retains = !flag;
  });
}

bool parse_regions(Section& section, std::string_view key, std::vector<std::string>& regions) {
  if (!section.texts(key, regions)) return false;
  if (regions.empty()) {
    section.error(key, "is empty, so nothing could be served; leave the line out for anywhere");
  }
  const auto fits = [](char c) { return c > 0x20 && c < 0x7f; };
  for (const std::string& region : regions) {
    if (std::ranges::all_of(region, fits)) continue;
    section.error(key, "must hold regions such as \"eu\"");
    return false;
  }
  return true;
}

}  // namespace sluice::config
