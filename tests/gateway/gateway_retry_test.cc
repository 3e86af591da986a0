// Trying again: who is asked once more, after which pause, and who is not; and what keeps many
// retries from becoming a storm.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
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
using testing::saying_too;
using testing::Says;
using testing::SeenAnswer;
using testing::silent;

class GatewayRetry : public testing::RoutedGateway {};

const std::string no_retries = "[routing.retry]\nretries = 0\n";

TEST_F(GatewayRetry, WhoIsAloneAndFailsIsAskedAgainAfterAPause) {
  const SeenAnswer seen = play_one(config_text(1), {{failing(), Says{}}});
  EXPECT_EQ(seen.status, 200);
  ASSERT_EQ(order(), "0 0");
  EXPECT_GE(gap(0), milliseconds(250));
  EXPECT_LE(gap(0), milliseconds(760));
  EXPECT_EQ(retries, 1U);
  EXPECT_EQ(attempts_logged(0), 2U) << log[0];
  EXPECT_TRUE(logged(0, R"("outcome":"failed","status":500)")) << log[0];
  EXPECT_TRUE(logged(0, R"("outcome":"success","status":200)")) << log[0];
}

TEST_F(GatewayRetry, ThePauseIsFromHalfToOneAndAHalfTimesWhatTheFileSays) {
  const std::string config = config_text(1, "[routing.retry]\nbackoff_ms = 10000\n");
  milliseconds least = milliseconds::max(), most{0};
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(play_one(config, {{failing(), Says{}}}).status, 200);
    ASSERT_EQ(order(), "0 0");
    least = std::min(least, gap(0));
    most = std::max(most, gap(0));
  }
  EXPECT_GE(least, milliseconds(5'000));
  EXPECT_LE(most, milliseconds(15'010));
  EXPECT_GT(most - least, milliseconds(1'000)) << "it is by chance";
}

TEST_F(GatewayRetry, SomebodyElseIsAskedAtOnce) {
  EXPECT_EQ(play_one(config_text(2), {{failing()}, {Says{}}}).provider, "p1");
  ASSERT_EQ(order(), "0 1");
  EXPECT_LT(gap(0), milliseconds(20));
  EXPECT_EQ(retries, 0U);
}

TEST_F(GatewayRetry, EverybodyIsAskedBeforeAnybodyIsAskedAgain) {
  const SeenAnswer seen = play_one(config_text(2), {{failing()}, {failing(), Says{}}});
  EXPECT_EQ(seen.provider, "p1");
  ASSERT_EQ(order(), "0 1 0 1");
  EXPECT_LT(gap(0), milliseconds(20));
  EXPECT_GE(gap(1), milliseconds(250));
  EXPECT_LT(gap(2), milliseconds(20));
}

TEST_F(GatewayRetry, ThereAreAsManyRoundsAsTheFileSays) {
  EXPECT_EQ(play_one(config_text(1), {{failing()}}).status, 502);
  EXPECT_EQ(order(), "0 0");
  EXPECT_EQ(play_one(config_text(1, "[routing.retry]\nretries = 3\n"), {{failing()}}).status, 502);
  EXPECT_EQ(order(), "0 0 0 0");
  EXPECT_EQ(play_one(config_text(1, no_retries), {{failing()}}).status, 502);
  EXPECT_EQ(order(), "0");
}

TEST_F(GatewayRetry, AModelsOwnRulesGoBeforeThoseOfAll) {
  std::string config = config_text(1, no_retries);
  const std::string name = "name = \"m\"\n";
  config.insert(config.find(name) + name.size(), "routing = { retry = { retries = 1 } }\n");
  EXPECT_EQ(play_one(config, {{failing(), Says{}}}).status, 200);
  EXPECT_EQ(order(), "0 0");
}

TEST_F(GatewayRetry, TheFileSaysHowManyOthersAreTried) {
  const std::string config = config_text(3, "[routing.retry]\nretries = 0\nfallbacks = 1\n");
  EXPECT_EQ(play_one(config, {{failing()}, {failing()}, {Says{}}}).status, 502);
  EXPECT_EQ(order(), "0 1");
}

TEST_F(GatewayRetry, ACallerMayHaveNone) {
  const Asks asks = saying_too(R"("fallback_config":{"retry":false})");
  EXPECT_EQ(play_one(config_text(1), {{failing(), Says{}}}, asks).status, 502);
  EXPECT_EQ(order(), "0");
}

TEST_F(GatewayRetry, NobodyIsAskedAgainBeyondTheTimeTheCallerHas) {
  const Asks asks{.headers = {{"x-request-timeout", "200ms"}}};
  EXPECT_EQ(play_one(config_text(1), {{failing(), Says{}}}, asks).status, 502);
  EXPECT_EQ(order(), "0");
  EXPECT_LT(took[0], milliseconds(200));
}

TEST_F(GatewayRetry, TheTimeTheCallerHasIsForAllAttemptsTogether) {
  const Asks asks{.headers = {{"x-request-timeout", "2"}}};
  const SeenAnswer seen =
      play_one(config_text(2), {{after(milliseconds(1'500), failing())}, {silent()}}, asks);
  EXPECT_EQ(seen.status, 504);
  EXPECT_EQ(order(), "0 1");
  EXPECT_GE(took[0], milliseconds(1'999));
  EXPECT_LE(took[0], milliseconds(2'050));
  EXPECT_TRUE(heard.at(1).left_at.has_value());
}

TEST_F(GatewayRetry, AnAnswerThatIsNoneWasPaidForAndIsNotAskedForAgain) {
  const Says garbage{.body = "not JSON"};
  const SeenAnswer seen = play_one(config_text(1), {{garbage, Says{}}});
  EXPECT_EQ(seen.status, 502);
  EXPECT_NE(seen.body.find(R"("code":"upstream_malformed")"), std::string::npos) << seen.body;
  EXPECT_EQ(order(), "0");
  // Of somebody else it is.
  EXPECT_EQ(play_one(config_text(2), {{garbage}, {Says{}}}).provider, "p1");
}

TEST_F(GatewayRetry, WhatIsTheRequestsOwnFaultIsTriedNowhereElse) {
  constexpr std::array<http::StatusCode, 4> statuses = {400, 404, 413, 422};
  for (const http::StatusCode status : statuses) {
    SCOPED_TRACE(status);
    EXPECT_EQ(play_one(config_text(2), {{failing(status)}, {Says{}}}).status, status);
    EXPECT_EQ(order(), "0");
  }
}

TEST_F(GatewayRetry, WhoUsedUpItsTimeIsNotAskedAgain) {
  const std::string config = config_text(1, "[timeouts]\nconnect_ms = 500\nfirst_byte_ms = 1000\n");
  EXPECT_EQ(play_one(config, {{silent(), Says{}}}).status, 504);
  EXPECT_EQ(order(), "0");
}

TEST_F(GatewayRetry, WhoAsksForTimeIsNotAskedAgainWithinIt) {
  const SeenAnswer seen = play_one(config_text(1), {{limited("2"), Says{}}});
  EXPECT_EQ(seen.status, 429);
  EXPECT_EQ(seen.header("retry-after"), "2");
  EXPECT_EQ(order(), "0");
}

// --- the budget ---

const std::string never_rests = "[health]\nfailures_to_open = 1000000\nejected_percent_max = 0\n";

TEST_F(GatewayRetry, RetriesAreAShareOfTheRequests) {
  const std::string config =
      config_text(1, never_rests + "[routing.retry]\nbudget = 0.2\nbudget_per_s_min = 0\n");
  (void)play(config, {{failing()}}, std::vector<Asks>(50));
  EXPECT_EQ(asked(0), 60U);
  EXPECT_EQ(retries, 10U);
}

TEST_F(GatewayRetry, WithoutABudgetNobodyIsAskedAgain) {
  const std::string config =
      config_text(1, never_rests + "[routing.retry]\nbudget = 0\nbudget_per_s_min = 0\n");
  (void)play(config, {{failing()}}, std::vector<Asks>(10));
  EXPECT_EQ(asked(0), 10U);
}

TEST_F(GatewayRetry, AProviderThatFailsUnderLoadIsNotAskedTwiceAsOften) {
  const auto seen =
      play_together(config_text(1, never_rests), {{failing()}}, std::vector<Asks>(200));
  for (const SeenAnswer& each : seen) EXPECT_EQ(each.status, 502);
  // A fifth of the requests, and 3 a second.
  EXPECT_GT(asked(0), 200U);
  EXPECT_LE(asked(0), 250U);
}

}  // namespace
}  // namespace sluice::gateway
