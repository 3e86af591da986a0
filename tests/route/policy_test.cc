#include "sluice/route/policy.h"

#include <gtest/gtest.h>

#include <limits>

namespace sluice::route {
namespace {

TEST(RoutingPolicy, StrategiesAreKnownByTheirNames) {
  for (const Strategy strategy : {Strategy::order, Strategy::weighted, Strategy::score,
                                  Strategy::price, Strategy::latency, Strategy::throughput}) {
    EXPECT_EQ(llm::parse_route_sort(to_string(strategy)), strategy);
  }
  EXPECT_EQ(to_string(Strategy::throughput), "throughput");
  EXPECT_EQ(llm::parse_route_sort("auto"), std::nullopt);
  EXPECT_EQ(llm::parse_route_sort("Price"), std::nullopt);
}

TEST(RoutingPolicy, DefaultsPassTheirOwnCheck) {
  EXPECT_EQ(RoutingPolicy().broken_rule(), std::nullopt);
  RoutingPolicy cheap;
  cheap.score.weights = price_first_weights;
  EXPECT_EQ(cheap.broken_rule(), std::nullopt);
}

struct RuleCase {
  std::string_view key;  // that the complaint begins with
  void (*breaks)(RoutingPolicy& policy);
};
const RuleCase rule_cases[] = {
    {"weights", [](RoutingPolicy& p) { p.score.weights.price = -1; }},
    {"weights", [](RoutingPolicy& p) { p.score.weights.uptime = 1'001; }},
    {"weights",
     [](RoutingPolicy& p) { p.score.weights.latency = std::numeric_limits<double>::quiet_NaN(); }},
    {"weights", [](RoutingPolicy& p) { p.score.weights = {0, 0, 0, 1}; }},
    {"exploration", [](RoutingPolicy& p) { p.score.exploration = 1.01; }},
    {"hysteresis", [](RoutingPolicy& p) { p.score.hysteresis = -0.1; }},
    {"retries", [](RoutingPolicy& p) { p.retry.retries = 11; }},
    {"backoff_ms", [](RoutingPolicy& p) { p.retry.backoff_ms = 60'001; }},
    {"fallbacks", [](RoutingPolicy& p) { p.retry.fallbacks = 65; }},
    {"budget", [](RoutingPolicy& p) { p.retry.budget = -1; }},
    {"queue_ms_max", [](RoutingPolicy& p) { p.retry.queue_ms_max = 600'001; }},
    {"delay_ms", [](RoutingPolicy& p) { p.hedge.delay_ms = 600'001; }},
    {"delay_ms_min", [](RoutingPolicy& p) { p.hedge.delay_ms_min = 0; }},
    {"delay_ms_min", [](RoutingPolicy& p) { p.hedge.delay_ms_min = 600'001; }},
    {"budget", [](RoutingPolicy& p) { p.hedge.budget = 1.5; }},
    {"entries_max", [](RoutingPolicy& p) { p.affinity.entries_max = 0; }},
    {"entries_max", [](RoutingPolicy& p) { p.affinity.entries_max = 16'777'217; }},
    {"idle_s_max", [](RoutingPolicy& p) { p.affinity.idle_s_max = 0; }},
    {"idle_s_max", [](RoutingPolicy& p) { p.affinity.idle_s_max = 86'401; }},
    {"fallback_depth_max", [](RoutingPolicy& p) { p.fallback_depth_max = 33; }},
};

TEST(RoutingPolicy, ABrokenRuleIsNamedByItsKey) {
  for (const RuleCase& c : rule_cases) {
    RoutingPolicy policy;
    c.breaks(policy);
    const auto rule = policy.broken_rule();
    ASSERT_TRUE(rule.has_value()) << c.key;
    EXPECT_TRUE(rule->starts_with(std::string(c.key) + " ")) << *rule;
  }
}

}  // namespace
}  // namespace sluice::route
