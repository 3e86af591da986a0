#include "sluice/catalog/health_policy.h"

#include <gtest/gtest.h>

namespace sluice::catalog {
namespace {

TEST(HealthPolicy, ABrokenRuleIsNamedByItsKey) {
  const std::pair<HealthPolicy, std::string_view> cases[] = {
      {{.window_s = 0}, "window_s"},
      {{.window_s = 3'601}, "window_s"},
      {{.failures_to_open = 0}, "failures_to_open"},
      {{.rest_ms = 0}, "rest_ms"},
      {{.rest_ms = 3'600'001}, "rest_ms"},
      {{.ejected_percent_max = 101}, "ejected_percent_max"},
      {{.slow_start_s = 3'601}, "slow_start_s"},
      {{.probe_interval_s = 3'601}, "probe_interval_s"},
  };
  for (const auto& [policy, key] : cases) {
    const auto rule = policy.broken_rule();
    ASSERT_TRUE(rule.has_value()) << key;
    EXPECT_TRUE(rule->starts_with(key)) << *rule;
  }
  EXPECT_EQ((HealthPolicy{.ejected_percent_max = 0, .slow_start_s = 0}).broken_rule(),
            std::nullopt);
}

}  // namespace
}  // namespace sluice::catalog
