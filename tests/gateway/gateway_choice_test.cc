// Who is asked first: by the strategy, by chance, or because the conversation was there before; and
// what the access log says of it.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "routed_gateway.h"

namespace sluice::gateway {
namespace {

using testing::Asks;
using testing::config_text;
using testing::failing;
using testing::of_deployment;
using testing::saying_too;
using testing::Says;
using testing::SaysInTurn;
using testing::SeenAnswer;

class GatewayChoice : public testing::RoutedGateway {};

const std::string weighted = "[routing]\nstrategy = \"weighted\"\n";
const std::string no_retries = "[routing.retry]\nretries = 0\n";

Asks of_session(std::string name) { return {.headers = {{"x-session-id", std::move(name)}}}; }

TEST_F(GatewayChoice, ByWeightRequestsAreSharedInProportion) {
  std::string config = config_text(2, weighted);
  of_deployment(config, 0, "weight = 3.0\n");
  (void)play(config, {{Says{}}, {Says{}}}, std::vector<Asks>(2'000));
  EXPECT_EQ(heard.size(), 2'000U);
  // Three quarters, and four standard deviations to either side.
  EXPECT_GT(asked(0), 1'420U);
  EXPECT_LT(asked(0), 1'580U);
}

TEST_F(GatewayChoice, ByPriceTheCheaperIsTheLikelier) {
  std::string config = config_text(2, "[routing]\nstrategy = \"price\"\n");
  of_deployment(config, 0, "price = { input = 3, output = 3 }\n");
  of_deployment(config, 1, "price = { input = 1, output = 1 }\n");
  (void)play(config, {{Says{}}, {Says{}}}, std::vector<Asks>(500));
  // One in ten: 1 / 3^2 to 1.
  EXPECT_GT(asked(0), 20U);
  EXPECT_LT(asked(0), 80U);
}

TEST_F(GatewayChoice, InOrderTheFirstIsAskedAlways) {
  (void)play(config_text(2), {{Says{}}, {Says{}}}, std::vector<Asks>(50));
  EXPECT_EQ(asked(0), 50U);
}

// --- affinity ---

TEST_F(GatewayChoice, AConversationStaysWhereItWas) {
  std::vector<Asks> asks(20, of_session("one"));
  (void)play(config_text(2, weighted), {{Says{}}, {Says{}}}, asks);
  EXPECT_EQ(heard.size(), 20U);
  EXPECT_EQ(asked(heard[0].provider), 20U);
  EXPECT_TRUE(logged(19, R"("chosen_by":"same_session")")) << log[19];

  for (int i = 0; i < 20; ++i) asks[static_cast<std::size_t>(i)] = of_session(std::to_string(i));
  (void)play(config_text(2, weighted), {{Says{}}, {Says{}}}, asks);
  EXPECT_GT(asked(0), 0U) << "others go where chance has it";
  EXPECT_GT(asked(1), 0U);
}

TEST_F(GatewayChoice, AConversationIsKnownByItsFirstMessages) {
  const auto turn = [](std::string_view more) {
    return Asks{.body = R"({"model":"m","messages":[{"role":"system","content":"s"},)"
                        R"({"role":"user","content":"hello"})" +
                        std::string(more) + "]}"};
  };
  std::vector<Asks> asks(10, turn(""));
  asks.resize(20, turn(R"(,{"role":"assistant","content":"a"},{"role":"user","content":"b"})"));
  (void)play(config_text(2, weighted), {{Says{}}, {Says{}}}, asks);
  EXPECT_EQ(heard.size(), 20U);
  EXPECT_EQ(asked(heard[0].provider), 20U);
}

TEST_F(GatewayChoice, AConversationMovesWithWhoAnsweredIt) {
  // Chance has it at p0. That fails once, so p1 has the conversation, until it fails as well.
  std::string config = config_text(2, weighted + no_retries);
  of_deployment(config, 0, "weight = 1000000\n");
  of_deployment(config, 1, "weight = 0.000001\n");
  const std::vector<Asks> asks(8, of_session("one"));
  const SaysInTurn fifth_fails = {Says{}, Says{}, Says{}, Says{}, failing(), Says{}};
  const auto seen = play(config, {{failing(), Says{}}, fifth_fails}, asks);
  for (const SeenAnswer& each : seen) EXPECT_EQ(each.status, 200);
  EXPECT_EQ(order(), "0 1 1 1 1 1 0 0 0 0");
}

TEST_F(GatewayChoice, WithoutAffinityChanceHasEachRequest) {
  const std::vector<Asks> asks(40, of_session("one"));
  (void)play(config_text(2, weighted + "[routing.affinity]\nenabled = false\n"),
             {{Says{}}, {Says{}}}, asks);
  EXPECT_GT(asked(0), 0U);
  EXPECT_GT(asked(1), 0U);
}

TEST_F(GatewayChoice, AConversationIsForgottenInTime) {
  std::string config =
      config_text(2, weighted + no_retries + "[routing.affinity]\nidle_s_max = 60\n");
  of_deployment(config, 0, "weight = 1000000\n");
  of_deployment(config, 1, "weight = 0.000001\n");
  std::vector<Asks> asks(3, of_session("one"));
  asks[1].pause = std::chrono::seconds(50);
  asks[2].pause = std::chrono::seconds(70);
  (void)play(config, {{failing(), Says{}}, {Says{}}}, asks);
  EXPECT_EQ(order(), "0 1 1 0");
}

TEST_F(GatewayChoice, InOrderAConversationGoesBackToTheFirst) {
  const std::vector<Asks> asks(3, of_session("one"));
  (void)play(config_text(2), {{failing(), Says{}}, {Says{}}}, asks);
  EXPECT_EQ(order(), "0 1 0 0");
}

// --- the log ---

TEST_F(GatewayChoice, TheLogSaysWhatWasThoughtOfEach) {
  (void)play_one(config_text(2), {{Says{}}, {Says{}}});
  EXPECT_TRUE(logged(0,
                     R"("routing":{"strategy":"order","chosen_by":"in_order","considered":[)"
                     R"({"provider":"p0","deployment":"m-up-0","obstacle":"none","score":null},)"
                     R"({"provider":"p1","deployment":"m-up-1","obstacle":"none","score":null}]})"))
      << log[0];
  (void)play_one(config_text(2), {{Says{}}, {Says{}}},
                 saying_too(R"("provider":{"ignore":["p0"]})"));
  EXPECT_TRUE(logged(0, R"("strategy":"order","chosen_by":"only_one")")) << log[0];
  EXPECT_TRUE(logged(0, R"("obstacle":"ignored_provider")")) << log[0];
  (void)play_one(config_text(2), {{Says{}}, {Says{}}},
                 saying_too(R"("provider":{"order":["p1"]})"));
  EXPECT_TRUE(logged(0, R"("chosen_by":"callers_order")")) << log[0];
  (void)play_one(config_text(2), {{Says{}}, {Says{}}}, saying_too(R"("routing":"price")"));
  EXPECT_TRUE(logged(0, R"("strategy":"price","chosen_by":"cheapest")")) << log[0];
}

TEST_F(GatewayChoice, TheLogTellsTheScoresWhereTheyDecide) {
  std::string config = config_text(2,
                                   "[routing]\nstrategy = \"score\"\n[routing.score]\n"
                                   "exploration = 0\n");
  of_deployment(config, 0, "price = { input = 3, output = 3 }\n");
  of_deployment(config, 1, "price = { input = 1, output = 1 }\n");
  EXPECT_EQ(play_one(config, {{Says{}}, {Says{}}}).provider, "p1");
  EXPECT_TRUE(logged(0, R"("routing":{"strategy":"score","chosen_by":"best_score")")) << log[0];
  EXPECT_FALSE(logged(0, R"("score":null)")) << log[0];
}

TEST_F(GatewayChoice, WhereThereWasNoChoiceTheLogSaysNothingOfOne) {
  (void)play_one(config_text(1), {{Says{}}});
  ASSERT_EQ(log.size(), 1U);
  EXPECT_FALSE(logged(0, "\"routing\"")) << log[0];
}

}  // namespace
}  // namespace sluice::gateway
