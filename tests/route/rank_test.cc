#include "sluice/route/rank.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace sluice::route {
namespace {

constexpr int draws = 100'000;

std::vector<Option> options_of(std::size_t count) {
  std::vector<Option> options(count);
  for (std::size_t i = 0; i < count; ++i) {
    options[i].candidate = static_cast<std::uint32_t>(i);
    options[i].deployment = static_cast<std::uint32_t>(i);
  }
  return options;
}

// Ranks them and puts them where their rank is.
Reason rank(std::vector<Option>& options, const Ranking& ranking, Random& random) {
  std::vector<Option*> order;
  for (Option& option : options) order.push_back(&option);
  const Reason reason = rank(std::span(order), ranking, random);
  std::vector<Option> ranked;
  for (const Option* option : order) ranked.push_back(*option);
  options = std::move(ranked);
  return reason;
}

// How often each candidate came first, as a share of all draws.
std::vector<double> first_shares(const std::vector<Option>& options, const Ranking& ranking,
                                 std::uint64_t seed = 1) {
  Random random(seed);
  std::vector<double> shares(options.size());
  for (int i = 0; i < draws; ++i) {
    std::vector<Option> ranked = options;
    (void)rank(ranked, ranking, random);
    shares[ranked.front().candidate] += 1.0 / draws;
  }
  return shares;
}

std::vector<std::uint32_t> order_of(std::span<const Option> options) {
  std::vector<std::uint32_t> order;
  for (const Option& option : options) order.push_back(option.candidate);
  return order;
}

class Rank : public testing::Test {
 protected:
  Ranking ranking(Strategy strategy) { return {.strategy = strategy, .score = policy_}; }
  ScorePolicy policy_{};
};

TEST_F(Rank, OneOptionNeedsNoRule) {
  Random random(1);
  auto options = options_of(1);
  options[0].share = 0.01;
  for (const Strategy strategy : {Strategy::order, Strategy::weighted, Strategy::score,
                                  Strategy::price, Strategy::latency, Strategy::throughput}) {
    EXPECT_EQ(rank(options, ranking(strategy), random), Reason::only_one);
  }
}

TEST_F(Rank, OrderIsTheFilesOrder) {
  Random random(1);
  auto options = options_of(4);
  EXPECT_EQ(rank(options, ranking(Strategy::order), random), Reason::in_order);
  EXPECT_EQ(order_of(options), (std::vector<std::uint32_t>{0, 1, 2, 3}));
}

TEST_F(Rank, WeightsAreRespected) {
  auto options = options_of(3);
  options[0].weight = 1;
  options[1].weight = 2;
  options[2].weight = 5;
  const auto shares = first_shares(options, ranking(Strategy::weighted));
  EXPECT_NEAR(shares[0], 0.125, 0.005);
  EXPECT_NEAR(shares[1], 0.25, 0.005);
  EXPECT_NEAR(shares[2], 0.625, 0.005);
}

TEST_F(Rank, HealthAndSlowStartTakeTheirPartOfAWeight) {
  auto options = options_of(3);
  options[1].measured.uptime_percent = 50;
  options[2].share = 0.1;
  const auto shares = first_shares(options, ranking(Strategy::weighted));
  EXPECT_NEAR(shares[0], 1 / 1.6, 0.005);
  EXPECT_NEAR(shares[1], 0.5 / 1.6, 0.005);
  EXPECT_NEAR(shares[2], 0.1 / 1.6, 0.005);
}

// Who is never asked is never seen to be well again.
TEST_F(Rank, NobodyStarves) {
  auto options = options_of(3);
  options[2].measured.uptime_percent = 0;
  EXPECT_GT(first_shares(options, ranking(Strategy::weighted))[2], 0.002);
  options[2].measured = {.tokens_per_s = 1, .first_content_ms = 60'000, .usd_per_million = 90};
  options[0].measured.tokens_per_s = 100;
  EXPECT_GT(first_shares(options, ranking(Strategy::score))[2], 0.002);
  EXPECT_GT(first_shares(options, ranking(Strategy::throughput))[2], 0.002);
}

// OpenRouter's example: prices 1, 2, 3 have weights 1, 1/4, 1/9.
TEST_F(Rank, PricesAreDrawnByTheirInverseSquare) {
  auto options = options_of(3);
  for (std::size_t i = 0; i < 3; ++i) {
    options[i].measured.usd_per_million = static_cast<double>(i + 1);
  }
  const auto shares = first_shares(options, ranking(Strategy::price));
  const double sum = 1 + 0.25 + 1.0 / 9;
  EXPECT_NEAR(shares[0], 1 / sum, 0.005);
  EXPECT_NEAR(shares[1], 0.25 / sum, 0.005);
  EXPECT_NEAR(shares[2], 1.0 / 9 / sum, 0.005);
}

TEST_F(Rank, TheUnstableComeAfterTheStableHoweverCheap) {
  auto options = options_of(4);
  options[0].measured = {.uptime_percent = 94, .usd_per_million = 0.01};
  options[1].measured = {.usd_per_million = 5};
  options[2].measured = {.usd_per_million = 50};
  options[3].measured = {.uptime_percent = 10, .usd_per_million = 0.001};
  Random random(3);
  for (int i = 0; i < 1'000; ++i) {
    auto ranked = options;
    EXPECT_EQ(rank(ranked, ranking(Strategy::price), random), Reason::price_draw);
    EXPECT_EQ(ranked[2].candidate, 3U);
    EXPECT_EQ(ranked[3].candidate, 0U);
  }
}

TEST_F(Rank, FreeOnesComeFirstAndUnknownPricesCountAsTheDearest) {
  auto options = options_of(3);
  options[0].measured.usd_per_million = 1;
  options[1].measured.usd_per_million = -1;
  options[2].measured.usd_per_million = 0;
  const auto shares = first_shares(options, ranking(Strategy::price));
  EXPECT_GT(shares[2], 0.9999);
  options[2].measured.usd_per_million = 1;
  for (const double share : first_shares(options, ranking(Strategy::price))) {
    EXPECT_NEAR(share, 1.0 / 3, 0.006);
  }
}

TEST_F(Rank, WhoAsksForThePriceGetsTheCheapestWithoutChance) {
  auto options = options_of(3);
  options[0].measured.usd_per_million = 3;
  options[1].measured.usd_per_million = -1;
  options[2].measured = {.uptime_percent = 50, .usd_per_million = 1};
  Ranking asked = ranking(Strategy::price);
  asked.by_chance = false;
  Random random(1);
  EXPECT_EQ(rank(options, asked, random), Reason::cheapest);
  EXPECT_EQ(order_of(options), (std::vector<std::uint32_t>{2, 0, 1}));
}

TEST_F(Rank, TheBestScoreComesFirstAndTheOthersFollowByTheirs) {
  policy_.exploration = 0;
  auto options = options_of(3);
  options[0].measured = {.uptime_percent = 80, .usd_per_million = 1};
  options[1].measured = {.usd_per_million = 3};
  options[2].measured = {.usd_per_million = 2};
  Random random(1);
  EXPECT_EQ(rank(options, ranking(Strategy::score), random), Reason::best_score);
  EXPECT_EQ(order_of(options), (std::vector<std::uint32_t>{2, 1, 0}));
  EXPECT_NEAR(options[2].terms.penalty, 0.623, 0.0005);
}

TEST_F(Rank, EqualScoresKeepTheFilesOrder) {
  policy_.exploration = 0;
  auto options = options_of(5);
  Random random(1);
  (void)rank(options, ranking(Strategy::score), random);
  EXPECT_EQ(order_of(options), (std::vector<std::uint32_t>{0, 1, 2, 3, 4}));
}

TEST_F(Rank, TheIncumbentStaysUntilARivalLeadsByEnough) {
  policy_.exploration = 0;
  policy_.hysteresis = 0.05;
  auto options = options_of(2);
  options[0].measured.usd_per_million = 1;
  options[1].measured.usd_per_million = 1.2;  // a lead of 0.2 * 0.2 = 0.04
  Ranking asked = ranking(Strategy::score);
  asked.incumbent = 1;
  Random random(1);
  auto ranked = options;
  EXPECT_EQ(rank(ranked, asked, random), Reason::incumbent);
  EXPECT_EQ(ranked.front().candidate, 1U);
  options[1].measured.usd_per_million = 1.3;  // 0.06
  ranked = options;
  EXPECT_EQ(rank(ranked, asked, random), Reason::best_score);
  EXPECT_EQ(ranked.front().candidate, 0U);
}

TEST_F(Rank, OneInAHundredExplores) {
  auto options = options_of(4);
  options[0].measured.usd_per_million = 1;
  for (std::size_t i = 1; i < 4; ++i) options[i].measured.usd_per_million = 9;
  Random random(5);
  int explored = 0;
  std::map<std::uint32_t, int> first;
  for (int i = 0; i < draws; ++i) {
    auto ranked = options;
    explored += rank(ranked, ranking(Strategy::score), random) == Reason::exploration;
    ++first[ranked.front().candidate];
  }
  EXPECT_NEAR(explored, draws / 100, 150);
  for (std::uint32_t i = 1; i < 4; ++i) EXPECT_NEAR(first[i], draws / 400, 100);
}

TEST_F(Rank, LatencyTakesTheFasterOfTwo) {
  auto options = options_of(3);
  options[0].first_content_ewma_ms = 300;
  options[1].first_content_ewma_ms = 100;
  options[2].first_content_ewma_ms = 200;
  const auto shares = first_shares(options, ranking(Strategy::latency));
  EXPECT_NEAR(shares[1], 2.0 / 3, 0.006);  // in two of three pairs, and always the winner
  EXPECT_NEAR(shares[2], 1.0 / 3, 0.006);
  EXPECT_EQ(shares[0], 0);
}

TEST_F(Rank, LatencyWeighsWhatIsUnderWayAndAsksTheUnknown) {
  auto options = options_of(2);
  options[0].first_content_ewma_ms = 100;
  options[0].in_flight = 3;
  options[1].first_content_ewma_ms = 250;
  Random random(1);
  EXPECT_EQ(rank(options, ranking(Strategy::latency), random), Reason::lowest_latency);
  EXPECT_EQ(options.front().candidate, 1U);
  options[1].first_content_ewma_ms = 0;
  options[1].in_flight = 50;
  (void)rank(options, ranking(Strategy::latency), random);
  EXPECT_EQ(options.front().first_content_ewma_ms, 0);
}

TEST_F(Rank, ThroughputTakesTheFastest) {
  policy_.exploration = 0;
  auto options = options_of(3);
  options[0].measured.tokens_per_s = 40;
  options[2].measured.tokens_per_s = 90;
  Random random(1);
  EXPECT_EQ(rank(options, ranking(Strategy::throughput), random), Reason::highest_throughput);
  EXPECT_EQ(order_of(options), (std::vector<std::uint32_t>{2, 0, 1}));
}

// Of few and of many alike, which are sorted differently.
TEST_F(Rank, EqualsKeepTheFilesOrderHoweverManyThereAre) {
  policy_.exploration = 0;
  Random random(7);
  for (const std::size_t count : {2U, 10U, 32U, 33U, 70U}) {
    auto options = options_of(count);
    for (Option& option : options) {
      option.measured.tokens_per_s = 10 * static_cast<double>(1 + random.below(4));
    }
    (void)rank(options, ranking(Strategy::throughput), random);
    EXPECT_TRUE(std::ranges::is_sorted(options, {}, [](const Option& option) {
      return std::pair{-option.measured.tokens_per_s, option.candidate};
    })) << count;
  }
}

// The places after the first are drawn among those that are left, by the same weights.
TEST_F(Rank, TheSecondIsDrawnAsTheFirstIs) {
  auto options = options_of(3);
  options[0].weight = 1;
  options[1].weight = 2;
  options[2].weight = 5;
  Random random(1);
  std::map<std::uint32_t, int> after_the_heaviest;
  int drawn = 0;
  for (int i = 0; i < draws; ++i) {
    auto ranked = options;
    (void)rank(ranked, ranking(Strategy::weighted), random);
    if (ranked[0].candidate != 2) continue;
    ++drawn;
    ++after_the_heaviest[ranked[1].candidate];
  }
  EXPECT_NEAR(after_the_heaviest[0] / static_cast<double>(drawn), 1.0 / 3, 0.006);
}

TEST_F(Rank, WhoRecoversComesFirstOnlyForItsShareOfTimes) {
  policy_.exploration = 0;
  auto options = options_of(2);
  options[0].share = 0.25;
  for (const Strategy strategy : {Strategy::order, Strategy::score, Strategy::throughput}) {
    const auto shares = first_shares(options, ranking(strategy));
    EXPECT_NEAR(shares[0], 0.25, 0.006) << to_string(strategy);
  }
}

// Whatever the rule and the numbers: everybody is in the plan once.
TEST_F(Rank, NeverLosesOrDoublesAnybody) {
  Random random(11);
  for (int round = 0; round < 20'000; ++round) {
    auto options = options_of(1 + random.below(40));
    for (Option& option : options) {
      option.weight = random.unit() * 10 + 1e-9;
      option.share = random.chance(0.2) ? random.unit() + 1e-6 : 1;
      option.measured = {.uptime_percent = random.unit() * 100,
                         .tokens_per_s = random.chance(0.3) ? 0 : random.unit() * 200,
                         .first_content_ms = random.chance(0.3) ? 0 : random.unit() * 9'000,
                         .usd_per_million = random.chance(0.3) ? -1 : random.unit() * 30};
      if (random.chance(0.1)) option.measured.usd_per_million = 0;
      if (random.chance(0.1)) option.measured.uptime_percent = 0;
      option.first_content_ewma_ms = random.chance(0.3) ? 0 : random.unit() * 9'000;
      option.in_flight = static_cast<std::uint32_t>(random.below(9));
    }
    Ranking asked = ranking(static_cast<Strategy>(random.below(6)));
    asked.incumbent = static_cast<std::uint32_t>(random.below(50));
    asked.by_chance = random.chance(0.5);
    asked.is_stream = random.chance(0.5);
    asked.places = random.below(12);
    (void)rank(options, asked, random);
    auto order = order_of(options);
    std::ranges::sort(order);
    for (std::uint32_t i = 0; i < order.size(); ++i) ASSERT_EQ(order[i], i) << "round " << round;
  }
}

}  // namespace
}  // namespace sluice::route
