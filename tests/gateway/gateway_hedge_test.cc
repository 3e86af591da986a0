// Hedging: a second attempt elsewhere while the first is still silent.
#include <gtest/gtest.h>

#include <chrono>

#include "routed_gateway.h"

namespace sluice::gateway {
namespace {

using std::chrono::milliseconds;
using testing::after;
using testing::Asks;
using testing::config_text;
using testing::failing;
using testing::limited;
using testing::Says;
using testing::SeenAnswer;
using testing::silent;

class GatewayHedge : public testing::RoutedGateway {};

const std::string hedged_without_bound =
    "[routing.retry]\nretries = 0\n[routing.hedge]\nenabled = true\ndelay_ms = 100\nbudget = 1\n";

TEST_F(GatewayHedge, TheSecondIsAskedWhileTheFirstIsSilentAndTheFirstIsLeft) {
  const SeenAnswer seen = play_one(config_text(2, hedged_without_bound), {{silent()}, {Says{}}});
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.provider, "p1");
  ASSERT_EQ(order(), "0 1");
  EXPECT_GE(gap(0), milliseconds(99));
  EXPECT_LE(gap(0), milliseconds(110));
  EXPECT_LE(took[0], milliseconds(120));
  ASSERT_TRUE(heard[0].left_at);
  EXPECT_LE(*heard[0].left_at, heard[1].at + milliseconds(10));
  EXPECT_EQ(hedges, 1U);
  EXPECT_EQ(hedges_won, 1U);
  EXPECT_EQ(attempts_logged(0), 2U) << log[0];
  EXPECT_TRUE(
      logged(0, R"({"provider":"p0","deployment":"m-up-0","outcome":"cancelled","status":)"))
      << log[0];
  EXPECT_TRUE(
      logged(0, R"({"provider":"p1","deployment":"m-up-1","outcome":"success","status":200)"))
      << log[0];
}

TEST_F(GatewayHedge, AStreamIsHedgedUntilItsFirstContent) {
  const Says streamed{.body = R"(data: {"choices":[{"index":0,"delta":{"content":"a"}}]})"
                              "\n\n"
                              R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
                              "\n\ndata: [DONE]\n\n",
                      .type = "text/event-stream"};
  const SeenAnswer seen = play_one(config_text(2, hedged_without_bound), {{silent()}, {streamed}},
                                   {.body = R"({"model":"m","messages":[],"stream":true})"});
  EXPECT_EQ(seen.provider, "p1");
  EXPECT_TRUE(seen.complete);
  EXPECT_NE(seen.body.find("[DONE]"), std::string::npos) << seen.body;
  EXPECT_EQ(hedges_won, 1U);
}

TEST_F(GatewayHedge, WhoAnswersInTimeIsAskedAlone) {
  const SeenAnswer seen =
      play_one(config_text(2, hedged_without_bound), {{after(milliseconds(50))}, {Says{}}});
  EXPECT_EQ(seen.provider, "p0");
  EXPECT_EQ(order(), "0");
  EXPECT_EQ(hedges, 0U);
}

TEST_F(GatewayHedge, TheFirstMayStillWin) {
  const SeenAnswer seen = play_one(config_text(2, hedged_without_bound),
                                   {{after(milliseconds(200))}, {after(milliseconds(500))}});
  EXPECT_EQ(seen.provider, "p0");
  ASSERT_EQ(order(), "0 1");
  ASSERT_TRUE(heard[1].left_at);
  EXPECT_LE(*heard[1].left_at, heard[0].at + milliseconds(210));
  EXPECT_EQ(hedges, 1U);
  EXPECT_EQ(hedges_won, 0U);
}

TEST_F(GatewayHedge, WhenBothFailTheErrorIsTheSecondsOwn) {
  const SeenAnswer seen =
      play_one(config_text(2, hedged_without_bound),
               {{after(milliseconds(150), failing())}, {after(milliseconds(100), failing(503))}});
  EXPECT_EQ(seen.status, 503);
  EXPECT_NE(seen.body.find("'p1'"), std::string::npos) << seen.body;
  EXPECT_EQ(order(), "0 1");
  EXPECT_EQ(attempts_logged(0), 2U) << log[0];
}

TEST_F(GatewayHedge, WhenBothFailTheThirdIsAsked) {
  const Says slowly = after(milliseconds(150), failing());
  const SeenAnswer seen =
      play_one(config_text(3, hedged_without_bound), {{slowly}, {slowly}, {Says{}}});
  EXPECT_EQ(seen.provider, "p2");
  EXPECT_EQ(order(), "0 1 2");
  EXPECT_EQ(attempts_logged(0), 3U) << log[0];
}

TEST_F(GatewayHedge, WhenTheFirstFailsTheSecondIsWaitedFor) {
  const SeenAnswer seen =
      play_one(config_text(2, hedged_without_bound),
               {{after(milliseconds(150), failing())}, {after(milliseconds(300))}});
  EXPECT_EQ(seen.provider, "p1");
  EXPECT_EQ(order(), "0 1");
}

TEST_F(GatewayHedge, WhenTheSecondFailsTheFirstIsWaitedFor) {
  const SeenAnswer seen =
      play_one(config_text(2, hedged_without_bound), {{after(milliseconds(300))}, {failing()}});
  EXPECT_EQ(seen.provider, "p0");
  EXPECT_EQ(order(), "0 1");
}

TEST_F(GatewayHedge, WhoFailsBeforeTheDelayIsFollowedAtOnce) {
  const SeenAnswer seen = play_one(config_text(2, hedged_without_bound),
                                   {{after(milliseconds(50), failing())}, {Says{}}});
  EXPECT_EQ(seen.provider, "p1");
  ASSERT_EQ(order(), "0 1");
  EXPECT_LT(gap(0), milliseconds(70));
  EXPECT_EQ(hedges, 0U);
}

TEST_F(GatewayHedge, TheCallersTimeEndsBoth) {
  const Asks asks{.headers = {{"x-request-timeout", "1"}}};
  const SeenAnswer seen =
      play_one(config_text(2, hedged_without_bound), {{silent()}, {silent()}}, asks);
  EXPECT_EQ(seen.status, 504);
  EXPECT_LE(took[0], milliseconds(1'050));
  ASSERT_EQ(order(), "0 1");
  for (const auto& each : heard) {
    ASSERT_TRUE(each.left_at);
    EXPECT_LE(*each.left_at, milliseconds(1'050));
  }
  EXPECT_EQ(attempts_logged(0), 2U) << log[0];
}

TEST_F(GatewayHedge, WhoLostIsNotHeldToHaveFailed) {
  const std::string config =
      config_text(2, hedged_without_bound + "[health]\nfailures_to_open = 1\nrest_ms = 60000\n");
  const auto seen = play(config, {{silent(), Says{}}, {Says{}}}, {{}, {}});
  EXPECT_EQ(seen[0].provider, "p1");
  EXPECT_EQ(seen[1].provider, "p0");
}

// While the other one still thinks.
TEST_F(GatewayHedge, WhoFailsInBetweenIsLeftAloneFromThenOn) {
  const Asks later{.pause = milliseconds(300)};
  const auto seen = play_together(config_text(2, hedged_without_bound),
                                  {{after(milliseconds(1'000))}, {limited("9")}}, {{}, later});
  EXPECT_EQ(order(), "0 1 0");
  for (const SeenAnswer& each : seen) EXPECT_EQ(each.provider, "p0");
  EXPECT_TRUE(
      logged(0, R"({"provider":"p1","deployment":"m-up-1","outcome":"rate_limited","status":429)"))
      << log[0];
}

TEST_F(GatewayHedge, ACallerMayHaveNone) {
  const std::string config = config_text(2, hedged_without_bound);
  for (const char* header : {"x-sluice-hedge", "X-No-Fallback"}) {
    SCOPED_TRACE(header);
    const std::string value = std::string_view(header) == "x-sluice-hedge" ? "off" : "true";
    const Asks asks{.headers = {{header, value}}};
    EXPECT_EQ(play_one(config, {{after(milliseconds(300))}, {Says{}}}, asks).provider, "p0");
    EXPECT_EQ(order(), "0");
  }
}

TEST_F(GatewayHedge, NobodyIsAskedTwiceAtOnce) {
  const SeenAnswer seen =
      play_one(config_text(1, hedged_without_bound), {{after(milliseconds(300))}});
  EXPECT_EQ(seen.provider, "p0");
  EXPECT_EQ(order(), "0");
}

TEST_F(GatewayHedge, WithoutBeingEnabledThereIsNone) {
  const SeenAnswer seen = play_one(config_text(2), {{after(milliseconds(5'000))}, {Says{}}});
  EXPECT_EQ(seen.provider, "p0");
  EXPECT_EQ(order(), "0");
}

TEST_F(GatewayHedge, HedgesAreAShareOfTheRequests) {
  const std::string config =
      config_text(2, "[routing.hedge]\nenabled = true\ndelay_ms = 100\nbudget = 0.05\n");
  const auto seen = play(config, {{after(milliseconds(300))}, {Says{}}}, std::vector<Asks>(100));
  for (const SeenAnswer& each : seen) EXPECT_EQ(each.status, 200);
  EXPECT_EQ(hedges, 5U);
  EXPECT_EQ(hedges_over_budget, 95U);
  EXPECT_EQ(asked(1), 5U);
}

TEST_F(GatewayHedge, WhereSomebodyRestsTheOthersHaveEnoughToDo) {
  const std::string config =
      config_text(3, hedged_without_bound + "[health]\nfailures_to_open = 1\nrest_ms = 60000\n");
  const auto seen =
      play(config, {{failing()}, {Says{}, after(milliseconds(300))}, {Says{}}}, {{}, {}});
  EXPECT_EQ(seen[1].provider, "p1");
  EXPECT_EQ(order(), "0 1 1");
  EXPECT_EQ(hedges, 0U);
}

}  // namespace
}  // namespace sluice::gateway
