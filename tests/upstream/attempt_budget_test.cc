#include "sluice/upstream/attempt_budget.h"

#include <gtest/gtest.h>

#include "sluice/base/random.h"

namespace sluice::upstream {
namespace {

using std::chrono::milliseconds;

constexpr MonotonicTime at_ms(std::int64_t ms) { return MonotonicTime{milliseconds(ms)}; }

/// How many further attempts it grants at once.
std::uint32_t drain(AttemptBudget& budget, MonotonicTime now) {
  std::uint32_t granted = 0;
  while (budget.try_spend(now)) ++granted;
  return granted;
}

TEST(AttemptBudget, GrantsAShareOfTheRequests) {
  AttemptBudget budget({.share = 0.2, .per_s_min = 0});
  EXPECT_EQ(drain(budget, at_ms(1)), 0U);
  for (int i = 0; i < 4; ++i) budget.count_request();
  EXPECT_FALSE(budget.has_one(at_ms(1)));
  budget.count_request();
  EXPECT_TRUE(budget.has_one(at_ms(1)));
  EXPECT_EQ(drain(budget, at_ms(1)), 1U);
  for (int i = 0; i < 30; ++i) budget.count_request();
  EXPECT_EQ(drain(budget, at_ms(1)), 6U);
}

TEST(AttemptBudget, GrantsAMinimumASecond) {
  AttemptBudget budget({.share = 0, .per_s_min = 3});
  EXPECT_EQ(drain(budget, at_ms(1'000)), 3U);
  EXPECT_EQ(drain(budget, at_ms(1'333)), 0U);
  EXPECT_EQ(drain(budget, at_ms(1'334)), 1U);
  EXPECT_EQ(drain(budget, at_ms(2'334)), 3U);
}

TEST(AttemptBudget, SavesUpNoMoreThanItSays) {
  AttemptBudget budget({.share = 0.2, .per_s_min = 3, .saved_s_max = 10});
  for (int i = 0; i < 100'000; ++i) budget.count_request();
  EXPECT_EQ(drain(budget, at_ms(1'000)), 30U);
  EXPECT_EQ(drain(budget, at_ms(3'600'000)), 30U);
  AttemptBudget hedges({.share = 0.05, .per_s_min = 0});
  for (int i = 0; i < 100'000; ++i) hedges.count_request();
  EXPECT_EQ(drain(hedges, at_ms(1'000)), 10U);
}

TEST(AttemptBudget, IsNotFooledByTimeThatRunsBack) {
  AttemptBudget budget({.share = 0, .per_s_min = 3});
  EXPECT_EQ(drain(budget, at_ms(10'000)), 3U);
  EXPECT_EQ(drain(budget, at_ms(5'000)), 0U);
  EXPECT_EQ(drain(budget, at_ms(10'000)), 0U);
}

// Over any time: never more than the share of the requests, the minimum, and what was saved up.
TEST(AttemptBudget, NeverGrantsMoreThanItsSum) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const AttemptBudgetConfig config{.share = random.unit(),
                                     .per_s_min = static_cast<std::uint32_t>(random.below(6))};
    AttemptBudget budget(config);
    std::uint32_t requests = 0;
    std::uint32_t granted = 0;
    std::int64_t now_ms = 1;
    for (int i = 0; i < 2'000; ++i) {
      now_ms += static_cast<std::int64_t>(random.below(50));
      if (random.chance(0.6)) {
        budget.count_request();
        ++requests;
      }
      if (random.chance(0.7)) {
        const bool expected = budget.has_one(at_ms(now_ms));
        ASSERT_EQ(budget.try_spend(at_ms(now_ms)), expected);
        granted += expected ? 1 : 0;
      }
      const double sum =
          config.share * requests + config.per_s_min * (1 + 1e-3 * static_cast<double>(now_ms));
      ASSERT_LE(granted, sum + 1e-3);
    }
    EXPECT_GT(granted, 0U);
  }
}

TEST(AttemptBudget, SaysWhichRuleAConfigBreaks) {
  EXPECT_TRUE((AttemptBudgetConfig{.share = -0.1}).broken_rule());
  EXPECT_TRUE((AttemptBudgetConfig{.share = 1.1}).broken_rule());
  EXPECT_FALSE((AttemptBudgetConfig{.share = 0}).broken_rule());
}

}  // namespace
}  // namespace sluice::upstream
