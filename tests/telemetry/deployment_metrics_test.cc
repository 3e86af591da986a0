#include "sluice/telemetry/deployment_metrics.h"

#include <gtest/gtest.h>

namespace sluice::telemetry {
namespace {

TEST(DeploymentName, ComesBackAsItWasJoined) {
  const DeploymentName names[] = {
      {"gpt-5", "openai", "gpt-5-2025", "us"},
      {"meta/llama \"3\"", "p,=1", "a\nb", ""},
      {"", "", "", ""},
  };
  for (const DeploymentName& name : names) {
    const std::string joined = join(name);
    EXPECT_EQ(split_deployment(joined), name);
  }
}

TEST(DeploymentName, OfWhatIsNoneIsThatInEveryLabel) {
  EXPECT_EQ(split_deployment("other"), (DeploymentName{"other", "other", "other", "other"}));
}

TEST(DeploymentMetrics, PublishWhatACoreKnowsUntilItIsWithdrawn) {
  DeploymentMetrics metrics;
  EXPECT_EQ(metrics.is_served.value(), 0);
  metrics.publish({.breaker = BreakerState::half_open,
                   .ejected = true,
                   .cooling_down = false,
                   .in_flight = 3,
                   .uptime_percent = 99.5,
                   .first_content_p50_ms = 120.25,
                   .first_content_p95_ms = 800,
                   .tokens_per_s = 61.5});
  EXPECT_EQ(metrics.is_served.value(), 1);
  EXPECT_EQ(metrics.breaker.value(), 2);
  EXPECT_EQ(metrics.is_ejected.value(), 1);
  EXPECT_EQ(metrics.is_cooling_down.value(), 0);
  EXPECT_EQ(metrics.in_flight.value(), 3);
  EXPECT_EQ(metrics.uptime_millionths.value(), 995'000);
  EXPECT_EQ(metrics.first_content_p50_us.value(), 120'250);
  EXPECT_EQ(metrics.first_content_p95_us.value(), 800'000);
  EXPECT_EQ(metrics.tokens_per_s_thousandths.value(), 61'500);
  metrics.withdraw();
  EXPECT_EQ(metrics.is_served.value(), 0);
}

}  // namespace
}  // namespace sluice::telemetry
