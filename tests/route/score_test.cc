#include "sluice/route/score.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::route {
namespace {

std::vector<ScoreTerms> scored(const std::vector<Measured>& measured,
                               const ScoreWeights& weights = balanced_weights,
                               bool is_stream = true) {
  ScoreScale scale(weights, is_stream);
  for (const Measured& one : measured) scale.add(one);
  std::vector<ScoreTerms> terms;
  for (const Measured& one : measured) terms.push_back(scale.score(one));
  return terms;
}

TEST(Score, ThePenaltyIsQuadraticBelowNinetyFivePercent) {
  EXPECT_EQ(uptime_penalty(100), 0);
  EXPECT_EQ(uptime_penalty(95), 0);
  EXPECT_NEAR(uptime_penalty(90), 0.069, 0.0005);
  EXPECT_NEAR(uptime_penalty(80), 0.623, 0.0005);
  EXPECT_NEAR(uptime_penalty(70), 1.73, 0.005);
  EXPECT_NEAR(uptime_penalty(60), 3.39, 0.005);
  EXPECT_NEAR(uptime_penalty(50), 5.61, 0.005);
  EXPECT_EQ(uptime_penalty(0), 25);
}

// Worked by hand: weights .5 .2 .2 .1, which sum to 1.
TEST(Score, AddsTheTermsByTheirWeights) {
  const auto terms = scored(
      {{.uptime_percent = 100, .tokens_per_s = 100, .first_content_ms = 500, .usd_per_million = 2},
       {.uptime_percent = 96,
        .tokens_per_s = 50,
        .first_content_ms = 1'000,
        .usd_per_million = 1}});
  EXPECT_DOUBLE_EQ(terms[0].uptime, 0);
  EXPECT_DOUBLE_EQ(terms[0].price, 1);
  EXPECT_DOUBLE_EQ(terms[0].total, 0.2);
  EXPECT_NEAR(terms[1].uptime, 100.0 / 96 - 1, 1e-12);
  EXPECT_DOUBLE_EQ(terms[1].throughput, 1);
  EXPECT_DOUBLE_EQ(terms[1].latency, 1);
  EXPECT_DOUBLE_EQ(terms[1].price, 0);
  EXPECT_NEAR(terms[1].total, 0.5 * (100.0 / 96 - 1) + 0.2 + 0.1, 1e-12);
}

TEST(Score, PriceFirstWeightsTurnTheSamePairAround) {
  const std::vector<Measured> pair = {
      {.tokens_per_s = 100, .first_content_ms = 500, .usd_per_million = 2},
      {.tokens_per_s = 50, .first_content_ms = 1'000, .usd_per_million = 1}};
  const auto balanced = scored(pair);
  EXPECT_LT(balanced[0].total, balanced[1].total);
  const auto price_first = scored(pair, price_first_weights);
  EXPECT_GT(price_first[0].total, price_first[1].total);
  // (0.6 * 1) and (0.05 * 1 + 0.025 * 1), over 1.175.
  EXPECT_NEAR(price_first[0].total, 0.6 / 1.175, 1e-12);
  EXPECT_NEAR(price_first[1].total, 0.075 / 1.175, 1e-12);
}

TEST(Score, OfWholeAnswersTheFirstContentCountsNothingAndItsWeightIsGone) {
  const auto terms = scored({{.first_content_ms = 100, .usd_per_million = 2},
                             {.first_content_ms = 10'000, .usd_per_million = 1}},
                            balanced_weights, false);
  EXPECT_EQ(terms[0].latency, 0);
  EXPECT_EQ(terms[1].latency, 0);
  EXPECT_NEAR(terms[0].total, 0.2 / 0.9, 1e-12);
  EXPECT_EQ(terms[1].total, 0);
}

TEST(Score, WhatNobodyMeasuredCountsAsOrdinary) {
  const auto terms = scored({{}, {.tokens_per_s = 50, .first_content_ms = 1'000}});
  EXPECT_EQ(terms[0].total, 0);
  EXPECT_EQ(terms[1].total, 0);
}

TEST(Score, SlowThroughputIsCappedAtThree) {
  const auto terms = scored({{.tokens_per_s = 1'000}, {.tokens_per_s = 1}});
  EXPECT_EQ(terms[1].throughput, 3);
}

TEST(Score, AnUptimeOfNothingIsATermOfOneAndTheWholePenalty) {
  const auto terms = scored({{.uptime_percent = 0}, {.uptime_percent = 100}});
  EXPECT_EQ(terms[0].uptime, 1);
  EXPECT_DOUBLE_EQ(terms[0].total, 0.5 + 25);
}

TEST(Score, PricesKnownFreeAndUnknown) {
  // No price is known: none speaks against anybody.
  for (const ScoreTerms& terms : scored({{}, {}})) EXPECT_EQ(terms.price, 0);
  // An unknown one counts as the dearest.
  const auto unknown = scored({{.usd_per_million = 1}, {.usd_per_million = 3}, {}});
  EXPECT_EQ(unknown[0].price, 0);
  EXPECT_EQ(unknown[1].price, 2);
  EXPECT_EQ(unknown[2].price, 2);
  // Beside a free one the others are measured by the cheapest that is not.
  const auto free =
      scored({{.usd_per_million = 0}, {.usd_per_million = 2}, {.usd_per_million = 4}});
  EXPECT_EQ(free[0].price, 0);
  EXPECT_EQ(free[1].price, 1);
  EXPECT_EQ(free[2].price, 2);
}

TEST(Score, WithoutAnyWeightOnlyThePenaltyIsLeft) {
  const auto terms = scored({{.uptime_percent = 80, .usd_per_million = 9}, {.usd_per_million = 1}},
                            {.uptime = 0, .throughput = 0, .price = 0, .latency = 0});
  EXPECT_NEAR(terms[0].total, 0.623, 0.0005);
  EXPECT_EQ(terms[1].total, 0);
}

}  // namespace
}  // namespace sluice::route
