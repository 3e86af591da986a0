#include "sluice/upstream/credential_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "sluice/base/random.h"

namespace sluice::upstream {
namespace {

using std::chrono::seconds;

constexpr MonotonicTime at_s(std::int64_t s) { return MonotonicTime{seconds(s)}; }
constexpr MonotonicTime now = at_s(1'000);

/// A random number that falls so far into [0, 1).
constexpr std::uint64_t drawn(double part) { return static_cast<std::uint64_t>(part * 0x1p64); }

struct Pool {
  explicit Pool(std::vector<CredentialLimits> of_each)
      : limits(std::move(of_each)), healths(limits.size()) {}
  explicit Pool(std::size_t alike) : Pool(std::vector<CredentialLimits>(alike)) {}

  [[nodiscard]] std::optional<std::uint32_t> choose(
      double part, const std::vector<std::uint32_t>& tried = {}) const {
    return choose_credential(limits, healths, tried, drawn(part), now);
  }
  [[nodiscard]] CredentialState state(std::size_t index) const {
    return state_of(limits[index], healths[index], now);
  }
  /// One attempt with it, from its begin to its end.
  void attempt(std::size_t index, const CredentialAnswer& answer, MonotonicTime at = now) {
    ASSERT_TRUE(healths[index].begin_attempt(at));
    healths[index].end_attempt(answer, healths[index].breaker.era(), at);
  }

  std::vector<CredentialLimits> limits;
  std::vector<CredentialHealth> healths;
};

struct DrawCase {
  std::string_view name;
  std::vector<CredentialLimits> limits;
  std::vector<std::uint32_t> in_flight;
  std::vector<double> bounds;  // of each: where its part of [0, 1) ends
};
const DrawCase draw_cases[] = {
    {"one", {{}}, {7}, {1}},
    {"equals", {{}, {}}, {0, 5}, {0.5, 1}},
    {"by weight", {{.weight = 3}, {.weight = 1}}, {0, 0}, {0.75, 1}},
    {"by free slots", {{1, 4}, {1, 4}}, {3, 1}, {0.25, 1}},
    {"by both", {{2, 10}, {1, 10}}, {5, 0}, {0.5, 1}},
    {"the full one not at all", {{1, 4}, {1, 4}}, {4, 1}, {0, 1}},
    {"limited beside unlimited", {{1, 10}, {}, {}}, {5, 99, 0}, {0.2, 0.6, 1}},
};

TEST(CredentialChoice, DrawsInProportionToWeightAndFreeSlots) {
  for (const DrawCase& c : draw_cases) {
    SCOPED_TRACE(c.name);
    Pool pool(c.limits);
    double begin = 0;
    for (std::uint32_t i = 0; i < c.limits.size(); ++i) {
      pool.healths[i].in_flight = c.in_flight[i];
    }
    for (std::uint32_t i = 0; i < c.limits.size(); ++i) {
      if (c.bounds[i] > begin) {
        EXPECT_EQ(pool.choose(begin + 1e-6), i);
        EXPECT_EQ(pool.choose(c.bounds[i] - 1e-6), i);
      }
      begin = c.bounds[i];
    }
  }
}

TEST(CredentialChoice, ChoosesOneNotTriedYet) {
  const Pool pool(3);
  EXPECT_EQ(pool.choose(0, {0}), 1U);
  EXPECT_EQ(pool.choose(0.9, {2}), 1U);
  EXPECT_EQ(pool.choose(0.5, {0, 2}), 1U);
  EXPECT_EQ(pool.choose(0.5, {2, 1, 0}), std::nullopt);
  EXPECT_EQ(Pool(0).choose(0.5), std::nullopt);
}

TEST(CredentialChoice, LeavesOutAKeyThatWasRefusedForGood) {
  Pool pool(2);
  pool.attempt(0, {.verdict = Verdict::auth_refused});
  EXPECT_EQ(pool.state(0), CredentialState::out);
  EXPECT_EQ(pool.choose(0), 1U);
  EXPECT_EQ(choose_credential(pool.limits, pool.healths, {}, 0, now + std::chrono::hours(24)), 1U);
  EXPECT_EQ(pool.healths[0].cool_down.until(), MonotonicTime{});
}

TEST(CredentialChoice, LeavesOutWhoCoolsUntilItsMoment) {
  Pool pool(2);
  pool.attempt(0, {.verdict = Verdict::rate_limited, .wait = seconds(17)});
  pool.attempt(1, {.verdict = Verdict::quota});
  EXPECT_EQ(pool.state(0), CredentialState::cooling);
  EXPECT_EQ(pool.choose(0), std::nullopt);
  EXPECT_EQ(credential_usable_at(pool.limits, pool.healths, now), now + seconds(17));
  EXPECT_EQ(choose_credential(pool.limits, pool.healths, {}, 0, now + seconds(17)), 0U);
}

TEST(CredentialChoice, LeavesOutWhoseBreakerIsOpenButForAProbe) {
  Pool pool(1);
  for (int i = 0; i < 5; ++i) pool.attempt(0, {.verdict = Verdict::timed_out});
  EXPECT_EQ(pool.state(0), CredentialState::resting);
  EXPECT_EQ(pool.choose(0), std::nullopt);
  EXPECT_FALSE(pool.healths[0].begin_attempt(now));
  EXPECT_EQ(pool.healths[0].in_flight, 0U);
  EXPECT_EQ(credential_usable_at(pool.limits, pool.healths, now), now + seconds(10));
  EXPECT_EQ(choose_credential(pool.limits, pool.healths, {}, 0, now + seconds(10)), 0U);
  EXPECT_TRUE(pool.healths[0].begin_attempt(now + seconds(10)));
  EXPECT_EQ(choose_credential(pool.limits, pool.healths, {}, 0, now + seconds(10)), std::nullopt);
}

TEST(CredentialChoice, TakesWhoHasNothingLeftOnlyForWantOfABetter) {
  Pool pool(3);
  const RateHeadroom none{.requests_remaining = 0, .reset = seconds(60)};
  pool.attempt(0, {.verdict = Verdict::success, .headroom = none});
  EXPECT_EQ(pool.state(0), CredentialState::spent);
  for (const double part : {0.0, 0.3, 0.6, 0.999}) EXPECT_NE(pool.choose(part), 0U);
  const RateHeadroom sooner{.tokens_remaining = 0, .reset = seconds(20)};
  pool.attempt(1, {.verdict = Verdict::success, .headroom = sooner});
  pool.attempt(2, {.verdict = Verdict::auth_refused});
  EXPECT_EQ(pool.choose(0), 1U) << "the one that is refilled first";
  EXPECT_EQ(pool.choose(0, {1}), 0U);
  EXPECT_EQ(state_of({}, pool.healths[0], now + seconds(60)), CredentialState::fit);
}

TEST(CredentialChoice, AsksLessWhoHasFewRequestsLeft) {
  Pool pool(2);
  const RateHeadroom few{.requests_remaining = 1, .reset = seconds(60)};
  pool.attempt(0, {.verdict = Verdict::success, .headroom = few});
  EXPECT_EQ(pool.choose(0.090), 0U);  // a tenth beside a whole: 1/11
  EXPECT_EQ(pool.choose(0.092), 1U);
  // Past its reset nothing is known, and the answer that says nothing changes nothing.
  pool.attempt(0, {.verdict = Verdict::success}, now + seconds(59));
  EXPECT_EQ(choose_credential(pool.limits, pool.healths, {}, drawn(0.4), now + seconds(59)), 1U);
  EXPECT_EQ(choose_credential(pool.limits, pool.healths, {}, drawn(0.4), now + seconds(60)), 0U);
}

TEST(CredentialChoice, TellsOtherCoresWhenItCoolsForLonger) {
  CredentialHealth health;
  const auto answered = [&](const CredentialAnswer& answer) {
    EXPECT_TRUE(health.begin_attempt(now));
    return health.end_attempt(answer, health.breaker.era(), now);
  };
  EXPECT_FALSE(answered({.verdict = Verdict::success}));
  EXPECT_TRUE(answered({.verdict = Verdict::rate_limited}));
  EXPECT_FALSE(answered({.verdict = Verdict::rate_limited}));
  EXPECT_EQ(health.in_flight, 0U);
}

TEST(CredentialChoice, IsNeverUsableWhenAllAreOut) {
  Pool pool(2);
  for (std::size_t i = 0; i < 2; ++i) pool.attempt(i, {.verdict = Verdict::auth_refused});
  EXPECT_EQ(credential_usable_at(pool.limits, pool.healths, now), std::nullopt);
  EXPECT_EQ(credential_usable_at({}, {}, now), std::nullopt);
  const Pool fresh(1);
  EXPECT_EQ(credential_usable_at(fresh.limits, fresh.healths, now), now);
}

TEST(CredentialChoice, NamesItsStates) {
  EXPECT_EQ(to_string(CredentialState::fit), "fit");
  EXPECT_EQ(to_string(CredentialState::spent), "spent");
  EXPECT_EQ(to_string(CredentialState::full), "full");
  EXPECT_EQ(to_string(CredentialState::resting), "resting");
  EXPECT_EQ(to_string(CredentialState::cooling), "cooling");
  EXPECT_EQ(to_string(CredentialState::out), "out");
}

// Through random lives: what is chosen can be used and was not tried; nothing is chosen only when
// nothing can be; rotation reaches everybody who can be used, each once.
TEST(CredentialChoice, RotatesThroughAllThatCanBeUsed) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<CredentialLimits> limits(1 + random.below(6));
    for (CredentialLimits& limit : limits) {
      limit = {.weight = 0.1 + random.unit(),
               .concurrency_max = static_cast<std::uint32_t>(random.below(5))};
    }
    std::vector<CredentialHealth> healths(limits.size());
    MonotonicTime at = now;
    for (int step = 0; step < 200; ++step) {
      at += seconds(random.below(4));
      std::vector<std::uint32_t> tried;
      while (const auto chosen = choose_credential(limits, healths, tried, random.next(), at)) {
        const CredentialState state = state_of(limits[*chosen], healths[*chosen], at);
        ASSERT_TRUE(state == CredentialState::fit || state == CredentialState::spent);
        ASSERT_EQ(std::count(tried.begin(), tried.end(), *chosen), 0);
        tried.push_back(*chosen);
      }
      std::size_t usable = 0;
      for (std::size_t i = 0; i < limits.size(); ++i) {
        const CredentialState state = state_of(limits[i], healths[i], at);
        usable += state == CredentialState::fit || state == CredentialState::spent ? 1 : 0;
      }
      ASSERT_EQ(tried.size(), usable);
      if (tried.empty()) continue;
      CredentialHealth& health = healths[tried[0]];
      ASSERT_TRUE(health.begin_attempt(at));
      CredentialAnswer answer{.verdict = static_cast<Verdict>(random.below(verdict_count))};
      if (answer.verdict == Verdict::auth_refused && random.chance(0.9)) {
        answer.verdict = Verdict::success;
      }
      if (random.chance(0.3)) {
        answer.headroom = {.requests_remaining = random.below(20), .reset = seconds(5)};
      }
      health.end_attempt(answer, health.breaker.era(), at);
    }
  }
}

}  // namespace
}  // namespace sluice::upstream
