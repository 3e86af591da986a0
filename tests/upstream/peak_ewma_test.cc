#include "sluice/upstream/peak_ewma.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sluice::upstream {
namespace {

using namespace std::chrono_literals;

constexpr MonotonicTime start{1'000s};

TEST(PeakEwma, KnowsNothingAtFirst) {
  const PeakEwma ewma;
  EXPECT_EQ(ewma.milliseconds(start), 0);
}

TEST(PeakEwma, BelievesTheBadAtOnce) {
  PeakEwma ewma;
  ewma.add(100ms, start);
  EXPECT_DOUBLE_EQ(ewma.milliseconds(start), 100);
  ewma.add(900ms, start + 1ms);
  EXPECT_DOUBLE_EQ(ewma.milliseconds(start + 1ms), 900);
}

TEST(PeakEwma, BelievesTheGoodSlowly) {
  PeakEwma ewma;
  ewma.add(1'000ms, start);
  ewma.add(100ms, start + 100ms);
  const double kept = std::exp(-0.01);
  EXPECT_NEAR(ewma.milliseconds(start + 100ms), 1'000 * kept + 100 * (1 - kept), 1e-9);
  MonotonicTime now = start + 100ms;
  for (int i = 0; i < 1'000; ++i) ewma.add(100ms, now += 100ms);
  EXPECT_NEAR(ewma.milliseconds(now), 100, 1);
}

TEST(PeakEwma, SinksWhileNobodyIsAsked) {
  PeakEwma ewma;
  ewma.add(1'000ms, start);
  EXPECT_NEAR(ewma.milliseconds(start + PeakEwma::decay), 1'000 / std::exp(1.0), 1e-9);
  EXPECT_EQ(ewma.milliseconds(start + 120s), 0);
}

TEST(PeakEwma, AClockThatStandsStillIsNoTrouble) {
  PeakEwma ewma;
  ewma.add(50ms, start);
  ewma.add(20ms, start);
  EXPECT_DOUBLE_EQ(ewma.milliseconds(start), 50);
}

}  // namespace
}  // namespace sluice::upstream
