#include "sluice/ring/sim/sim_config.h"

#include <gtest/gtest.h>

namespace sluice::ring::sim {
namespace {

TEST(SimConfig, DefaultsHaveNoFaultsAndBreakNoRule) {
  const SimConfig config = SimConfig::calm();
  EXPECT_EQ(config.broken_rule(), std::nullopt);
  EXPECT_EQ(config.reset, 0);
  EXPECT_FALSE(config.reorder);
}

TEST(SimConfig, EveryDrawnConfigurationBreaksNoRule) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    const SimConfig config = SimConfig::draw(random);
    ASSERT_EQ(config.broken_rule(), std::nullopt) << seed << ": " << config.to_string();
  }
}

TEST(SimConfig, TheSameSeedDrawsTheSameConfiguration) {
  Random a(7);
  Random b(7);
  EXPECT_EQ(SimConfig::draw(a).to_string(), SimConfig::draw(b).to_string());
}

TEST(SimConfig, DrawsTurnEachFaultOnInSomeRunsOnly) {
  int resets = 0;
  int stalls = 0;
  int both = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    const SimConfig config = SimConfig::draw(random);
    resets += config.reset > 0 ? 1 : 0;
    stalls += config.stall > 0 ? 1 : 0;
    both += config.reset > 0 && config.stall > 0 ? 1 : 0;
  }
  EXPECT_GT(resets, 300);
  EXPECT_LT(resets, 500);
  EXPECT_GT(both, 100);
  EXPECT_LT(both, stalls);
}

TEST(SimConfig, NamesTheFirstRuleBroken) {
  SimConfig config;
  config.socket_buffer_bytes = 1000;
  EXPECT_EQ(config.broken_rule(), "socket_buffer_bytes must be a power of two");
  config = {};
  config.reset = 1.5;
  EXPECT_EQ(config.broken_rule(), "odds lie between 0 and 1");
  config = {};
  config.lateness = {Duration(5), Duration(4)};
  EXPECT_TRUE(config.broken_rule().has_value());
}

TEST(SimConfig, WithoutFaultsKeepsTheNetwork) {
  SimConfig config;
  config.stall = 0.5;
  config.reorder = true;
  config.buffer_bytes = 512;
  const SimConfig calm = config.without_faults();
  EXPECT_EQ(calm.stall, 0);
  EXPECT_FALSE(calm.reorder);
  EXPECT_EQ(calm.buffer_bytes, 512U);
}

TEST(DurationRange, DrawsBothEndsAndNothingBeyond) {
  Random random(1);
  const DurationRange range{Duration(3), Duration(5)};
  bool low = false;
  bool high = false;
  for (int i = 0; i < 1000; ++i) {
    const Duration drawn = range.draw(random);
    ASSERT_GE(drawn, range.low);
    ASSERT_LE(drawn, range.high);
    low |= drawn == range.low;
    high |= drawn == range.high;
  }
  EXPECT_TRUE(low && high);
}

}  // namespace
}  // namespace sluice::ring::sim
