#include "sluice/upstream/scoreboard.h"

#include <gtest/gtest.h>

namespace sluice::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime at_s(std::int64_t s) { return MonotonicTime{seconds(s)}; }

struct Machine {
  explicit Machine(std::uint32_t window_s = 300)
      : other_board({.window_s = window_s}, shared, 1), board({.window_s = window_s}, shared, 0) {}

  void attempt(std::size_t core, std::size_t deployment, const AttemptEnd& end) {
    HealthTable& table = shared.counters(core).deployments;
    table.begin_attempt(deployment);
    table.end_attempt(deployment, end);
  }
  void refresh(std::int64_t s) {
    other_board.refresh(at_s(s));
    board.refresh(at_s(s));
  }

  HealthBoard shared{2, 3, 2};
  HealthCounters& first = shared.counters(0);
  HealthCounters& second = shared.counters(1);
  Scoreboard other_board;  // of core 1, which sums up deployments 1 and 2, and credential 1
  Scoreboard board;        // of core 0
};

TEST(Scoreboard, TellsUptimeByWhatHasAVerdict) {
  Machine machine;
  const Verdict verdicts[] = {Verdict::success,   Verdict::success, Verdict::refused,
                              Verdict::abandoned, Verdict::failed,  Verdict::timed_out,
                              Verdict::abandoned, Verdict::success, Verdict::rate_limited,
                              Verdict::success};
  for (const Verdict verdict : verdicts) machine.attempt(0, 1, {.verdict = verdict});
  machine.refresh(1);
  const Standing& standing = machine.board.standing(1);
  EXPECT_EQ(standing.attempts, 8U);
  EXPECT_DOUBLE_EQ(standing.uptime, 62.5);
  EXPECT_EQ(standing.attempts_ever, 7U) << "without the 429, which is no outlier's mark";
  EXPECT_EQ(standing.failures_ever, 2U);
  EXPECT_EQ(machine.board.standing(0).uptime, 100);
}

TEST(Scoreboard, TellsMeansOverAllCores) {
  Machine machine;
  machine.attempt(0, 0,
                  {.verdict = Verdict::success,
                   .first_content = milliseconds(100),
                   .output_tokens = 100,
                   .generating = seconds(1),
                   .events = 11,
                   .gaps = milliseconds(500),
                   .spend_billionths = 2'500'000});
  machine.attempt(1, 0,
                  {.verdict = Verdict::success,
                   .first_content = milliseconds(300),
                   .output_tokens = 50,
                   .generating = seconds(2),
                   .events = 6,
                   .gaps = milliseconds(1'000),
                   .spend_billionths = 1'000'000'000});
  machine.first.deployments.begin_attempt(0);
  machine.second.deployments.cool_until(0, at_s(30));
  machine.refresh(1);
  const Standing& standing = machine.board.standing(0);
  EXPECT_DOUBLE_EQ(standing.first_content_ms, 200);
  EXPECT_DOUBLE_EQ(standing.tokens_per_s, 50);
  EXPECT_DOUBLE_EQ(standing.event_gap_ms, 100);
  EXPECT_DOUBLE_EQ(standing.spend_usd, 1.0025);
  EXPECT_EQ(standing.in_flight, 1U);
  EXPECT_EQ(standing.cooling_until, at_s(30));
  EXPECT_EQ(standing.first_content_p50_ms, 0) << "of two nobody knows the median";
}

TEST(Scoreboard, TellsQuantilesWithinAQuarter) {
  Machine machine;
  for (int i = 1; i <= 100; ++i) {
    machine.attempt(static_cast<std::size_t>(i % 2), 0,
                    {.verdict = Verdict::success,
                     .first_content = milliseconds(10 * i),
                     .output_tokens = static_cast<std::uint64_t>(i),
                     .generating = seconds(1)});
  }
  machine.refresh(1);
  const Standing& standing = machine.board.standing(0);
  const auto is_about = [](double told, double truth) {
    EXPECT_GE(told, truth / 1.25);
    EXPECT_LE(told, truth * 1.25);
  };
  is_about(standing.first_content_p50_ms, 500);
  is_about(standing.first_content_p75_ms, 750);
  is_about(standing.first_content_p90_ms, 900);
  is_about(standing.first_content_p95_ms, 950);
  is_about(standing.first_content_p99_ms, 990);
  is_about(standing.tokens_per_s_p50, 50);
  is_about(standing.tokens_per_s_p75, 25);
  is_about(standing.tokens_per_s_p90, 10);
  is_about(standing.tokens_per_s_p99, 1);
}

TEST(Scoreboard, ForgetsWhatTheWindowLeft) {
  Machine machine(60);
  machine.attempt(0, 2, {.verdict = Verdict::failed});
  machine.refresh(1);
  EXPECT_EQ(machine.board.standing(2).uptime, 0);
  machine.refresh(60);
  EXPECT_EQ(machine.board.standing(2).uptime, 0);
  machine.refresh(61);
  EXPECT_EQ(machine.board.standing(2).uptime, 100);
  EXPECT_EQ(machine.board.standing(2).attempts, 0U);
  EXPECT_EQ(machine.board.standing(2).failures_ever, 1U) << "ever is ever";
}

TEST(Scoreboard, KeepsCredentialsApart) {
  Machine machine;
  machine.first.credentials.begin_attempt(1);
  machine.first.credentials.end_attempt(1, {.verdict = Verdict::auth_refused});
  machine.refresh(1);
  EXPECT_EQ(machine.board.credential_standing(1).uptime, 0);
  EXPECT_EQ(machine.board.credential_standing(0).uptime, 100);
  EXPECT_EQ(machine.board.standing(1).uptime, 100);
}

TEST(Scoreboard, LeavesAloneWhatEjectionDecided) {
  Machine machine;
  machine.board.deployments()[0].ejected = true;
  machine.board.deployments()[0].share = 0.25;
  machine.attempt(0, 0, {.verdict = Verdict::success});
  machine.refresh(1);
  EXPECT_EQ(machine.board.standing(0).attempts, 1U);
  EXPECT_TRUE(machine.board.standing(0).ejected);
  EXPECT_EQ(machine.board.standing(0).share, 0.25);
}

// Two refreshes: of who sums it up, and of who wants to know.
TEST(Scoreboard, KnowsWhatAnyCoreCountedOnceBothHaveRefreshed) {
  Machine machine;
  machine.attempt(0, 0, {.verdict = Verdict::success});
  machine.attempt(0, 2, {.verdict = Verdict::success});
  machine.board.refresh(at_s(1));
  EXPECT_EQ(machine.board.standing(0).attempts, 1U) << "its own share";
  EXPECT_EQ(machine.board.standing(2).attempts, 0U) << "the other's, which has not come to it";
  machine.other_board.refresh(at_s(1));
  EXPECT_EQ(machine.other_board.standing(0).attempts, 1U);
  EXPECT_EQ(machine.other_board.standing(2).attempts, 1U);
  EXPECT_EQ(machine.board.standing(2).attempts, 0U) << "what it sees changes by its own refresh";
  machine.board.refresh(at_s(2));
  EXPECT_EQ(machine.board.standing(2).attempts, 1U);
}

TEST(Scoreboard, LosesNothingWhenACoreStallsThatSumsUpForOthers) {
  Machine machine;
  machine.attempt(0, 1, {.verdict = Verdict::failed});
  for (std::int64_t s = 1; s < 10; ++s) {
    machine.board.refresh(at_s(s));
    EXPECT_EQ(machine.board.standing(1).attempts, 0U);
    machine.attempt(0, 1, {.verdict = Verdict::failed});
  }
  machine.other_board.refresh(at_s(10));
  machine.board.refresh(at_s(10));
  EXPECT_EQ(machine.board.standing(1).attempts, 10U);
  EXPECT_EQ(machine.board.standing(1).failures_ever, 10U);
}

TEST(Scoreboard, SaysWhichRuleAConfigBreaks) {
  EXPECT_TRUE(ScoreboardConfig{.window_s = 0}.broken_rule());
  EXPECT_TRUE(ScoreboardConfig{.window_s = 3'601}.broken_rule());
  EXPECT_FALSE(ScoreboardConfig{.window_s = 3'600}.broken_rule());
}

}  // namespace
}  // namespace sluice::upstream
