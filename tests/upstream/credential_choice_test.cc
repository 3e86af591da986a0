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
      : limits(std::move(of_each)), healths(limits.size()), uses(limits.size()) {}
  explicit Pool(std::size_t alike) : Pool(std::vector<CredentialLimits>(alike)) {}

  [[nodiscard]] CredentialView view() const { return {limits, healths, uses}; }
  [[nodiscard]] std::optional<std::uint32_t> choose(double part,
                                                    const std::vector<std::uint32_t>& tried = {},
                                                    MonotonicTime at = now) const {
    return choose_credential(view(), tried, drawn(part), at);
  }
  [[nodiscard]] CredentialState state(std::size_t index, MonotonicTime at = now) const {
    return state_of(view(), index, at);
  }
  /// One attempt with it, from its begin to its end.
  void attempt(std::size_t index, const CredentialAnswer& answer, MonotonicTime at = now) {
    const auto era = begin_attempt(healths[index], uses[index], at);
    end_attempt(healths[index], uses[index], answer, era, at);
  }
  void told(std::size_t index, const RateHeadroom& headroom) {
    uses[index].note_headroom(headroom, now);
  }

  std::vector<CredentialLimits> limits;
  std::vector<CredentialHealth> healths;
  std::vector<CredentialUse> uses;
};

constexpr CredentialAnswer bad_key{.verdict = Verdict::auth_refused, .is_key_bad = true};

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
  pool.attempt(0, bad_key);
  EXPECT_EQ(pool.state(0), CredentialState::out);
  EXPECT_EQ(pool.choose(0), 1U);
  EXPECT_EQ(pool.choose(0, {}, now + std::chrono::hours(24)), 1U);
  EXPECT_EQ(pool.uses[0].cool_down.until(), MonotonicTime{});
}

// A provider may not serve a model, a region or a content to one account; that is no bad key.
TEST(CredentialChoice, PrefersOthersToAKeyThatIsDeniedAgainAndAgain) {
  Pool pool(2);
  for (int i = 0; i < 4; ++i) pool.attempt(0, {.verdict = Verdict::auth_refused});
  EXPECT_EQ(pool.state(0), CredentialState::fit);
  pool.attempt(0, {.verdict = Verdict::auth_refused});
  EXPECT_EQ(pool.state(0), CredentialState::resting);
  for (const double part : {0.0, 0.4, 0.9}) EXPECT_EQ(pool.choose(part), 1U);
}

TEST(CredentialChoice, LeavesOutWhoCoolsUntilItsMoment) {
  Pool pool(2);
  pool.attempt(0, {.verdict = Verdict::rate_limited, .wait = seconds(17)});
  pool.attempt(1, {.verdict = Verdict::quota});
  EXPECT_EQ(pool.state(0), CredentialState::cooling);
  EXPECT_EQ(pool.choose(0), std::nullopt);
  EXPECT_EQ(credential_usable_at(pool.view(), now), now + seconds(17));
  EXPECT_EQ(pool.choose(0, {}, now + seconds(17)), 0U);
}

TEST(CredentialChoice, TakesWhoseBreakerIsOpenOnlyForWantOfABetter) {
  Pool pool(2);
  for (int i = 0; i < 5; ++i) pool.attempt(0, {.verdict = Verdict::timed_out});
  EXPECT_EQ(pool.state(0), CredentialState::resting);
  for (const double part : {0.0, 0.4, 0.9}) EXPECT_EQ(pool.choose(part), 1U);
  EXPECT_EQ(pool.choose(0, {1}), 0U);
  EXPECT_EQ(credential_usable_at(pool.view(), now), now);
  EXPECT_EQ(pool.state(0, now + seconds(10)), CredentialState::fit) << "a probe is due";
  const auto probe = begin_attempt(pool.healths[0], pool.uses[0], now + seconds(10));
  EXPECT_TRUE(probe);
  EXPECT_EQ(pool.choose(0, {}, now + seconds(10)), 1U) << "one probe is enough";
  for (int i = 0; i < 5; ++i) pool.attempt(1, {.verdict = Verdict::failed}, now + seconds(10));
  EXPECT_EQ(pool.choose(0, {}, now + seconds(11)), 1U) << "who has rested first";
}

TEST(CredentialChoice, WhatIsDoneAgainstABreakersAdviceTellsItNothing) {
  Pool pool(1);
  for (int i = 0; i < 5; ++i) pool.attempt(0, {.verdict = Verdict::timed_out});
  EXPECT_EQ(begin_attempt(pool.healths[0], pool.uses[0], now), std::nullopt);
  EXPECT_EQ(pool.healths[0].in_flight, 1U);
  end_attempt(pool.healths[0], pool.uses[0], {.verdict = Verdict::success}, std::nullopt, now);
  EXPECT_EQ(pool.healths[0].in_flight, 0U);
  EXPECT_EQ(pool.state(0), CredentialState::resting);
}

TEST(CredentialChoice, NeverExceedsALimitForWantOfABetter) {
  Pool pool(1);
  pool.limits[0].concurrency_max = 1;
  for (int i = 0; i < 5; ++i) pool.attempt(0, {.verdict = Verdict::timed_out});
  (void)begin_attempt(pool.healths[0], pool.uses[0], now);
  EXPECT_EQ(pool.state(0), CredentialState::full);
  EXPECT_EQ(pool.choose(0), std::nullopt);
}

TEST(CredentialChoice, TakesWhoHasNothingLeftOnlyForWantOfABetter) {
  Pool pool(3);
  pool.told(0, {.requests_remaining = 0, .reset = seconds(60)});
  EXPECT_EQ(pool.state(0), CredentialState::spent);
  for (const double part : {0.0, 0.3, 0.6, 0.999}) EXPECT_NE(pool.choose(part), 0U);
  pool.told(1, {.tokens_remaining = 0, .reset = seconds(20)});
  pool.attempt(2, bad_key);
  EXPECT_EQ(pool.choose(0), 1U) << "the one that is refilled first";
  EXPECT_EQ(pool.choose(0, {1}), 0U);
  EXPECT_EQ(pool.state(0, now + seconds(60)), CredentialState::fit);
}

TEST(CredentialChoice, AsksLessWhoHasFewRequestsLeft) {
  Pool pool(2);
  pool.told(0, {.requests_remaining = 1, .reset = seconds(60)});
  EXPECT_EQ(pool.choose(0.090), 0U);  // a tenth beside a whole: 1/11
  EXPECT_EQ(pool.choose(0.092), 1U);
  // Past its reset nothing is known, and the answer that says nothing changes nothing.
  pool.told(0, {});
  EXPECT_EQ(pool.choose(0.4, {}, now + seconds(59)), 1U);
  EXPECT_EQ(pool.choose(0.4, {}, now + seconds(60)), 0U);
}

TEST(CredentialChoice, IsNeverUsableWhenAllAreOut) {
  Pool pool(2);
  for (std::size_t i = 0; i < 2; ++i) pool.attempt(i, bad_key);
  EXPECT_EQ(credential_usable_at(pool.view(), now), std::nullopt);
  EXPECT_EQ(credential_usable_at({}, now), std::nullopt);
  EXPECT_EQ(credential_usable_at(Pool(1).view(), now), now);
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
  const auto is_usable = [](CredentialState state) {
    return state == CredentialState::fit || state == CredentialState::spent ||
           state == CredentialState::resting;
  };
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Pool pool(1 + random.below(6));
    for (CredentialLimits& limit : pool.limits) {
      limit = {.weight = 0.1 + random.unit(),
               .concurrency_max = static_cast<std::uint32_t>(random.below(5))};
    }
    MonotonicTime at = now;
    for (int step = 0; step < 200; ++step) {
      at += seconds(random.below(4));
      std::vector<std::uint32_t> tried;
      while (const auto chosen = choose_credential(pool.view(), tried, random.next(), at)) {
        ASSERT_TRUE(is_usable(pool.state(*chosen, at)));
        ASSERT_EQ(std::count(tried.begin(), tried.end(), *chosen), 0);
        tried.push_back(*chosen);
      }
      std::size_t usable = 0;
      for (std::size_t i = 0; i < pool.limits.size(); ++i) usable += is_usable(pool.state(i, at));
      ASSERT_EQ(tried.size(), usable);
      if (tried.empty()) continue;
      CredentialAnswer answer{.verdict = static_cast<Verdict>(random.below(verdict_count)),
                              .is_key_bad = random.chance(0.1)};
      pool.attempt(tried[0], answer, at);
      if (random.chance(0.3)) {
        pool.uses[tried[0]].note_headroom(
            {.requests_remaining = random.below(20), .reset = seconds(5)}, at);
      }
    }
  }
}

}  // namespace
}  // namespace sluice::upstream
