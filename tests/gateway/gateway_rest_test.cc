// Deployments that rest: after failures in a row, and for as long as they asked for.
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
using testing::saying_too;
using testing::Says;
using testing::SeenAnswer;

class GatewayRest : public testing::RoutedGateway {};

const std::string no_retries = "[routing.retry]\nretries = 0\n";
const std::string rests_5_s = no_retries + "[health]\nfailures_to_open = 2\nrest_ms = 5000\n";

Asks later(int ms) { return {.pause = milliseconds(ms)}; }

TEST_F(GatewayRest, WhoFailsInARowIsLeftAloneAndTriedAgainOnce) {
  const auto seen = play(config_text(2, rests_5_s), {{failing(), failing(), Says{}}, {Says{}}},
                         {{}, {}, {}, later(4'000), later(1'500), {}});
  EXPECT_EQ(order(), "0 1 0 1 1 1 0 0");
  for (const SeenAnswer& each : seen) EXPECT_EQ(each.status, 200);
  EXPECT_EQ(seen[2].provider, "p1");
  EXPECT_EQ(seen[4].provider, "p0");
  EXPECT_TRUE(logged(2, R"("provider":"p0","deployment":"m-up-0","obstacle":"resting")")) << log[2];
}

// One caller with no patience must not make a provider rest for the others.
TEST_F(GatewayRest, ACallersImpatienceRestsNobody) {
  const Says slow = after(milliseconds(500));
  const Asks hasty{.headers = {{"x-request-timeout", "50ms"}}};
  const auto seen = play(config_text(1, rests_5_s), {{slow}}, {hasty, hasty, hasty, hasty, Asks{}});
  EXPECT_EQ(seen[3].status, 504);
  EXPECT_EQ(seen[4].status, 200);
  const Asks choosy =
      saying_too(R"("fallbacks":["m"],"fallback_config":{"latency_threshold_ms":20})");
  const auto chosen =
      play(config_text(1, rests_5_s), {{slow}}, {choosy, choosy, choosy, choosy, Asks{}});
  EXPECT_EQ(chosen[4].status, 200);
}

TEST_F(GatewayRest, WhenAllRestTheClientIsToldForHowLong) {
  const auto seen = play(config_text(1, rests_5_s), {{failing(), failing(), Says{}}},
                         {{}, {}, {}, later(3'000), later(2'500)});
  EXPECT_EQ(seen[1].status, 502);
  EXPECT_EQ(seen[2].status, 503);
  EXPECT_EQ(seen[2].header("retry-after"), "5");
  EXPECT_NE(seen[2].body.find(R"("code":"temporarily_unavailable")"), std::string::npos);
  EXPECT_LT(took[2], milliseconds(20));
  EXPECT_EQ(seen[3].status, 503);
  EXPECT_EQ(seen[3].header("retry-after"), "2");
  EXPECT_EQ(seen[4].status, 200);
  EXPECT_EQ(order(), "0 0 0");
}

TEST_F(GatewayRest, AProbeThatFailsMakesItRestTwiceAsLong) {
  const auto seen = play(config_text(1, rests_5_s), {{failing(), failing(), failing(), Says{}}},
                         {{}, {}, later(5'100), later(5'100), later(5'000)});
  EXPECT_EQ(seen[2].status, 502);
  EXPECT_EQ(seen[3].status, 503);
  EXPECT_EQ(seen[4].status, 200);
  EXPECT_EQ(asked(0), 4U);
}

TEST_F(GatewayRest, OneRequestAloneIsTheProbe) {
  const auto slow = after(milliseconds(1'000));
  const auto seen =
      play_together(config_text(2, rests_5_s), {{failing(), failing(), slow}, {Says{}}},
                    {{}, later(100), later(6'000), later(6'100), later(7'500)});
  EXPECT_EQ(seen[2].provider, "p0");
  EXPECT_EQ(seen[3].provider, "p1") << "the first one is still out";
  EXPECT_LT(took[3], milliseconds(20));
  EXPECT_EQ(seen[4].provider, "p0");
}

TEST_F(GatewayRest, ASuccessInBetweenIsNoFailureInARow) {
  const auto seen =
      play(config_text(1, rests_5_s), {{failing(), Says{}, failing(), Says{}}}, {{}, {}, {}, {}});
  EXPECT_EQ(seen[3].status, 200);
  EXPECT_EQ(asked(0), 4U);
}

TEST_F(GatewayRest, WhatTheClientDidWrongIsNoFailure) {
  const auto seen =
      play(config_text(1, rests_5_s), {{failing(400), failing(400), Says{}}}, {{}, {}, {}});
  EXPECT_EQ(seen[2].status, 200);
}

TEST_F(GatewayRest, WhoAskedForTwoSecondsHasThem) {
  const auto seen = play(config_text(2, no_retries), {{limited("2"), Says{}}, {Says{}}},
                         {{}, {}, later(1'500), later(700)});
  EXPECT_EQ(order(), "0 1 1 1 0");
  EXPECT_EQ(seen[0].provider, "p1");
  EXPECT_EQ(seen[3].provider, "p0");
  EXPECT_TRUE(logged(1, R"("provider":"p0","deployment":"m-up-0","obstacle":"cooling_down")"))
      << log[1];
}

// The first of the requests had its plan before the second one was refused.
TEST_F(GatewayRest, WhoAskedForTimeIsNotAskedByAPlanMadeBeforeEither) {
  Asks second = saying_too(R"("provider":{"only":["p1"]})");
  second.pause = milliseconds(100);
  const auto seen = play_together(config_text(2, no_retries),
                                  {{after(milliseconds(500), failing())}, {limited("2"), Says{}}},
                                  {{}, second, later(3'000)});
  EXPECT_EQ(order(), "0 1 0 1");
  EXPECT_EQ(seen[0].status, 502);
  EXPECT_EQ(seen[1].status, 429);
  EXPECT_EQ(seen[2].status, 200);
}

TEST_F(GatewayRest, WhoIsAloneAndAskedForTimeIsNotAskedMeanwhile) {
  const auto seen =
      play(config_text(1, no_retries), {{limited("2"), Says{}}}, {{}, {}, later(2'100)});
  EXPECT_EQ(seen[0].status, 429);
  EXPECT_EQ(seen[1].status, 503);
  EXPECT_EQ(seen[1].header("retry-after"), "2");
  EXPECT_EQ(seen[2].status, 200);
  EXPECT_EQ(order(), "0 0");
}

TEST_F(GatewayRest, ARequestMayWaitForWhoRests) {
  const std::string config = config_text(1, "[routing.retry]\nretries = 0\nqueue_ms_max = 3000\n");
  const auto seen = play(config, {{limited("2"), Says{}, limited("9")}}, {{}, {}, {}, {}});
  EXPECT_EQ(seen[1].status, 200);
  EXPECT_GE(took[1], milliseconds(1'900));
  EXPECT_LE(took[1], milliseconds(2'050));
  // Nine seconds are more than anybody waits.
  EXPECT_EQ(seen[3].status, 503);
  EXPECT_LT(took[3], milliseconds(20));
  EXPECT_EQ(order(), "0 0 0");
}

}  // namespace
}  // namespace sluice::gateway
