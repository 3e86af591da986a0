#include "sluice/upstream/cool_down.h"

#include <gtest/gtest.h>

#include "sluice/base/random.h"

namespace sluice::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime at_s(std::int64_t s) { return MonotonicTime{seconds(s)}; }

struct CoolDownCase {
  std::string_view name;
  Verdict verdict;
  std::optional<Duration> wait;
  std::int64_t cools_s;
};
const CoolDownCase cool_down_cases[] = {
    {"a 429 that says how long", Verdict::rate_limited, seconds(17), 17},
    {"a 429 that does not", Verdict::rate_limited, std::nullopt, 5},
    {"a 429 that says 0", Verdict::rate_limited, Duration(0), 5},
    {"a 429 that says less than nothing", Verdict::rate_limited, Duration::min(), 5},
    {"a 429 that says an hour", Verdict::rate_limited, std::chrono::hours(1), 600},
    {"a 429 that says for ever", Verdict::rate_limited, Duration::max(), 600},
    {"money", Verdict::quota, std::nullopt, 300},
    {"money, and until when", Verdict::quota, seconds(34), 34},
    {"overloaded, and until when", Verdict::overloaded, seconds(5), 5},
    {"overloaded: the breaker's business", Verdict::overloaded, std::nullopt, 0},
    {"failed, and until when", Verdict::failed, seconds(5), 5},
    {"failed", Verdict::failed, std::nullopt, 0},
    {"Retry-After on a success (Anthropic does)", Verdict::success, seconds(30), 0},
    {"on the request's own fault", Verdict::refused, seconds(30), 0},
    {"on a wrong key", Verdict::auth_refused, seconds(30), 0},
    {"on nothing", Verdict::abandoned, seconds(30), 0},
};

TEST(CoolDown, LastsAsLongAsTheRefusalSays) {
  for (const CoolDownCase& c : cool_down_cases) {
    SCOPED_TRACE(c.name);
    CoolDown cool_down;
    EXPECT_EQ(cool_down.record(c.verdict, c.wait, at_s(100)), c.cools_s > 0);
    EXPECT_EQ(cool_down.until(), c.cools_s > 0 ? at_s(100 + c.cools_s) : MonotonicTime{});
    EXPECT_EQ(cool_down.is_cooling(at_s(100)), c.cools_s > 0);
    EXPECT_FALSE(cool_down.is_cooling(at_s(100 + c.cools_s)));
  }
}

TEST(CoolDown, DoublesWhileItRepeats) {
  CoolDown cool_down;
  std::int64_t now = 0;
  for (const std::int64_t span : {5, 10, 20, 40, 80, 120, 120}) {
    ASSERT_TRUE(cool_down.record(Verdict::rate_limited, std::nullopt, at_s(now)));
    EXPECT_EQ(cool_down.until(), at_s(now + span));
    now += span;
  }
  cool_down.record(Verdict::success, std::nullopt, at_s(now));
  cool_down.record(Verdict::rate_limited, std::nullopt, at_s(now));
  EXPECT_EQ(cool_down.until(), at_s(now + 5));
}

TEST(CoolDown, TakesRefusalsOfOneMomentForOne) {
  CoolDown cool_down;
  for (int i = 0; i < 50; ++i) cool_down.record(Verdict::rate_limited, std::nullopt, at_s(1));
  EXPECT_EQ(cool_down.until(), at_s(6));
  cool_down.record(Verdict::success, std::nullopt, at_s(2));  // sent before
  EXPECT_EQ(cool_down.until(), at_s(6));
  cool_down.record(Verdict::rate_limited, std::nullopt, at_s(6));
  EXPECT_EQ(cool_down.until(), at_s(16)) << "that success was no end of it";
}

TEST(CoolDown, IsNeverShortened) {
  CoolDown cool_down;
  EXPECT_TRUE(cool_down.record(Verdict::rate_limited, seconds(60), at_s(0)));
  EXPECT_FALSE(cool_down.record(Verdict::rate_limited, seconds(10), at_s(1)));
  EXPECT_EQ(cool_down.until(), at_s(60));
  EXPECT_TRUE(cool_down.record(Verdict::overloaded, seconds(60), at_s(1)));
  EXPECT_EQ(cool_down.until(), at_s(61));
}

TEST(CoolDown, StaysWithinItsBoundsWhateverProvidersSay) {
  const CoolDownConfig config;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    CoolDown cool_down(config);
    MonotonicTime now{};
    for (int i = 0; i < 200; ++i) {
      now += milliseconds(random.below(20'000));
      const auto verdict = static_cast<Verdict>(random.below(verdict_count));
      std::optional<Duration> wait;
      if (random.chance(0.5)) {
        wait = Duration(static_cast<std::int64_t>(random.next() >> random.below(40)));
      }
      const MonotonicTime before = cool_down.until();
      const bool longer = cool_down.record(verdict, wait, now);
      ASSERT_EQ(longer, cool_down.until() > before);
      ASSERT_GE(cool_down.until(), before);
      ASSERT_LE(cool_down.until(), std::max(before, now + seconds(600)));
      if (!is_failure(verdict)) {
        ASSERT_FALSE(longer);
      }
    }
  }
}

TEST(CoolDown, SaysWhichRuleAConfigBreaks) {
  EXPECT_TRUE((CoolDownConfig{.rate_limited_ms = 0}).broken_rule());
  EXPECT_TRUE((CoolDownConfig{.rate_limited_ms_max = 4'999}).broken_rule());
  EXPECT_TRUE((CoolDownConfig{.quota_ms = 0}).broken_rule());
  EXPECT_TRUE((CoolDownConfig{.retry_after_ms_max = 0}).broken_rule());
}

}  // namespace
}  // namespace sluice::upstream
