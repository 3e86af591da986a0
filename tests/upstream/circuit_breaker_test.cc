#include "sluice/upstream/circuit_breaker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "sluice/base/random.h"

namespace sluice::upstream {
namespace {

using std::chrono::milliseconds;

constexpr MonotonicTime at_ms(std::int64_t ms) { return MonotonicTime{milliseconds(ms)}; }
constexpr CircuitBreakerConfig small{.failures_to_open = 3, .rest_ms = 100, .rest_ms_max = 350};

/// Fails until it opens, at `ms`.
void open_at(CircuitBreaker& breaker, std::int64_t ms) {
  while (breaker.state() != CircuitBreaker::State::open) {
    ASSERT_TRUE(breaker.try_acquire(at_ms(ms)));
    breaker.record(Outcome::failed, at_ms(ms));
  }
}

TEST(CircuitBreaker, OpensAfterSoManyFailuresInARow) {
  CircuitBreaker breaker(small);
  const Outcome outcomes[] = {Outcome::failed, Outcome::failed, Outcome::succeeded,
                              Outcome::failed, Outcome::failed, Outcome::failed};
  for (const Outcome outcome : outcomes) {
    ASSERT_EQ(breaker.state(), CircuitBreaker::State::closed);
    ASSERT_TRUE(breaker.try_acquire(at_ms(0)));
    breaker.record(outcome, at_ms(0));
  }
  EXPECT_EQ(breaker.state(), CircuitBreaker::State::open);
  EXPECT_FALSE(breaker.try_acquire(at_ms(0)));
}

TEST(CircuitBreaker, ARestCanBeEndedEarlyForAProbeAsEver) {
  CircuitBreaker breaker(small);
  breaker.end_rest(at_ms(0));
  EXPECT_EQ(breaker.state(), CircuitBreaker::State::closed);
  open_at(breaker, 1'000);
  EXPECT_FALSE(breaker.would_admit(at_ms(1'010)));
  breaker.end_rest(at_ms(1'010));
  ASSERT_TRUE(breaker.try_acquire(at_ms(1'010)));
  EXPECT_FALSE(breaker.try_acquire(at_ms(1'010))) << "one is enough";
  breaker.end_rest(at_ms(1'010));
  breaker.record(Outcome::failed, at_ms(1'020));
  EXPECT_EQ(breaker.admits_at(at_ms(1'020)), at_ms(1'220)) << "and it rests for twice as long";
}

TEST(CircuitBreaker, TakesAnAbandonedRequestForNeitherGoodNorBad) {
  CircuitBreaker breaker(small);
  for (int i = 0; i < 2; ++i) breaker.record(Outcome::failed, at_ms(0));
  for (int i = 0; i < 9; ++i) breaker.record(Outcome::abandoned, at_ms(0));
  EXPECT_EQ(breaker.state(), CircuitBreaker::State::closed);
  breaker.record(Outcome::failed, at_ms(0));
  EXPECT_EQ(breaker.state(), CircuitBreaker::State::open);
}

TEST(CircuitBreaker, LetsOneProbeThroughWhenTheRestIsOver) {
  CircuitBreaker breaker(small);
  open_at(breaker, 0);
  EXPECT_FALSE(breaker.would_admit(at_ms(99)));
  EXPECT_FALSE(breaker.try_acquire(at_ms(99)));
  EXPECT_EQ(breaker.admits_at(at_ms(99)), at_ms(100));
  EXPECT_TRUE(breaker.would_admit(at_ms(100)));
  EXPECT_EQ(breaker.state(), CircuitBreaker::State::open) << "asking changes nothing";
  EXPECT_EQ(breaker.admits_at(at_ms(150)), at_ms(150));

  EXPECT_TRUE(breaker.try_acquire(at_ms(100)));
  EXPECT_EQ(breaker.state(), CircuitBreaker::State::half_open);
  EXPECT_FALSE(breaker.would_admit(at_ms(101)));
  EXPECT_FALSE(breaker.try_acquire(at_ms(101)));
  EXPECT_EQ(breaker.admits_at(at_ms(101)), at_ms(201));

  breaker.record(Outcome::succeeded, at_ms(110));
  EXPECT_EQ(breaker.state(), CircuitBreaker::State::closed);
  EXPECT_TRUE(breaker.try_acquire(at_ms(110)));
}

TEST(CircuitBreaker, FreesTheSlotOfAnAbandonedProbe) {
  CircuitBreaker breaker(small);
  open_at(breaker, 0);
  ASSERT_TRUE(breaker.try_acquire(at_ms(100)));
  breaker.record(Outcome::abandoned, at_ms(120));
  EXPECT_EQ(breaker.state(), CircuitBreaker::State::half_open);
  EXPECT_TRUE(breaker.try_acquire(at_ms(120)));
  EXPECT_FALSE(breaker.try_acquire(at_ms(120)));
}

TEST(CircuitBreaker, RestsTwiceAsLongAfterEachProbeThatFailed) {
  CircuitBreaker breaker(small);
  open_at(breaker, 0);
  std::int64_t now = 0;
  for (const std::int64_t rest : {100, 200, 350, 350}) {
    EXPECT_FALSE(breaker.try_acquire(at_ms(now + rest - 1)));
    now += rest;
    ASSERT_TRUE(breaker.try_acquire(at_ms(now)));
    breaker.record(Outcome::failed, at_ms(now));
  }
  now += 350;
  ASSERT_TRUE(breaker.try_acquire(at_ms(now)));
  breaker.record(Outcome::succeeded, at_ms(now));
  open_at(breaker, now);
  EXPECT_EQ(breaker.admits_at(at_ms(now)), at_ms(now + 100)) << "the first rest again";
}

TEST(CircuitBreaker, DoesNotTakeAStragglersWordForTheProbes) {
  CircuitBreaker breaker(small);
  ASSERT_TRUE(breaker.try_acquire(at_ms(0)));
  const CircuitBreaker::Era straggler = breaker.era();
  open_at(breaker, 0);
  breaker.record(Outcome::succeeded, at_ms(50), straggler);
  EXPECT_EQ(breaker.state(), CircuitBreaker::State::open);

  ASSERT_TRUE(breaker.try_acquire(at_ms(100)));
  const CircuitBreaker::Era probe = breaker.era();
  breaker.record(Outcome::failed, at_ms(110), straggler);
  EXPECT_FALSE(breaker.would_admit(at_ms(110))) << "the probe is still in flight";
  breaker.record(Outcome::succeeded, at_ms(120), probe);
  EXPECT_EQ(breaker.state(), CircuitBreaker::State::closed);
  for (int i = 0; i < 9; ++i) breaker.record(Outcome::failed, at_ms(130), straggler);
  EXPECT_EQ(breaker.state(), CircuitBreaker::State::closed);
}

TEST(CircuitBreaker, LeavesToOtherRemediesWhatTheyAreFor) {
  EXPECT_EQ(outcome_of(Verdict::success), Outcome::succeeded);
  EXPECT_EQ(outcome_of(Verdict::refused), Outcome::succeeded);
  for (const Verdict verdict : {Verdict::unreachable, Verdict::timed_out, Verdict::reset,
                                Verdict::malformed, Verdict::failed, Verdict::overloaded}) {
    EXPECT_EQ(outcome_of(verdict), Outcome::failed) << to_string(verdict);
  }
  for (const Verdict verdict :
       {Verdict::rate_limited, Verdict::auth_refused, Verdict::quota, Verdict::abandoned}) {
    EXPECT_EQ(outcome_of(verdict), Outcome::abandoned) << to_string(verdict);
  }
}

TEST(CircuitBreaker, SaysWhichRuleAConfigBreaks) {
  EXPECT_TRUE((CircuitBreakerConfig{.failures_to_open = 0}).broken_rule());
  EXPECT_TRUE((CircuitBreakerConfig{.rest_ms = 0}).broken_rule());
  EXPECT_TRUE((CircuitBreakerConfig{.rest_ms = 10, .rest_ms_max = 9}).broken_rule());
  EXPECT_FALSE((CircuitBreakerConfig{.rest_ms = 10, .rest_ms_max = 10}).broken_rule());
}

// Whatever happens in whatever order: what would_admit() and admits_at() say is what try_acquire()
// does, at most one request is out while half open, and nobody is admitted during a rest.
TEST(CircuitBreaker, KeepsItsPromisesThroughRandomLives) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    CircuitBreaker breaker(small);
    std::vector<CircuitBreaker::Era> in_flight;
    std::int64_t now = 0;
    for (int step = 0; step < 500; ++step) {
      now += static_cast<std::int64_t>(random.below(40));
      if (random.chance(0.5) || in_flight.empty()) {
        const bool expected = breaker.would_admit(at_ms(now));
        const MonotonicTime when = breaker.admits_at(at_ms(now));
        ASSERT_EQ(when == at_ms(now), expected);
        ASSERT_GE(when, at_ms(now));
        ASSERT_EQ(breaker.try_acquire(at_ms(now)), expected);
        if (expected) in_flight.push_back(breaker.era());
      } else {
        const std::size_t chosen = random.below(in_flight.size());
        const bool is_late = in_flight[chosen] != breaker.era();
        const CircuitBreaker::State before = breaker.state();
        const auto outcome = static_cast<Outcome>(random.below(3));
        breaker.record(outcome, at_ms(now), in_flight[chosen]);
        in_flight.erase(in_flight.begin() + static_cast<std::ptrdiff_t>(chosen));
        if (is_late || outcome == Outcome::abandoned) {
          ASSERT_EQ(breaker.state(), before);
        }
      }
      if (breaker.state() != CircuitBreaker::State::closed) {
        ASSERT_LE(std::count(in_flight.begin(), in_flight.end(), breaker.era()), 1);
      }
    }
  }
}

}  // namespace
}  // namespace sluice::upstream
