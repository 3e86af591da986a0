// Probes: what the gateway asks providers of its own accord.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "routed_gateway.h"

namespace sluice::gateway {
namespace {

using std::chrono::milliseconds;
using testing::Asks;
using testing::config_text;
using testing::failing;
using testing::of_keys;
using testing::of_provider;
using testing::Says;
using testing::SeenAnswer;

constexpr std::string_view model_list = "/v1/models";

std::string probing(std::string_view health) {
  return "[routing.retry]\nretries = 0\n[health]\nprobe_interval_s = 30\n" + std::string(health);
}
Asks at_s(int s) { return {.pause = std::chrono::seconds(s)}; }

class GatewayProbes : public testing::RoutedGateway {
 protected:
  [[nodiscard]] std::size_t probed(std::size_t provider) const {
    return static_cast<std::size_t>(std::ranges::count_if(heard, [&](const auto& each) {
      return each.provider == provider && each.target == model_list;
    }));
  }
  [[nodiscard]] std::size_t asked_to_answer(std::size_t provider) const {
    return asked(provider) - probed(provider);
  }
};

TEST_F(GatewayProbes, AreMadeOnlyWhereTheFileSaysHowOften) {
  const auto seen = play(config_text(1), {{Says{}}}, {at_s(600)});
  EXPECT_EQ(seen[0].status, 200);
  EXPECT_EQ(asked(0), 1U);
}

TEST_F(GatewayProbes, FindAnIdleProviderDeadBeforeAClientDoes) {
  for (const Says& dead : {failing(500), testing::silent()}) {
    const auto seen = play(config_text(2, probing("failures_to_open = 2\nrest_ms = 600000\n")),
                           {{dead}, {Says{}}}, {at_s(120)});
    EXPECT_EQ(seen[0].provider, "p1");
    EXPECT_EQ(asked_to_answer(0), 0U);
    EXPECT_GE(probed(0), 2U);
    EXPECT_GE(probed(1), 3U);
    EXPECT_EQ(probes[0], probed(1));
    EXPECT_GE(probes[1], 2U);
    EXPECT_TRUE(logged(0, R"("provider":"p0","deployment":"m-up-0","obstacle":"resting")"))
        << log[0];
  }
}

TEST_F(GatewayProbes, EndTheRestOfWhoIsWellAgain) {
  const auto seen = play(config_text(2, probing("failures_to_open = 1\nrest_ms = 600000\n")),
                         {{failing(), Says{}}, {Says{}}}, {{}, at_s(61)});
  EXPECT_EQ(seen[0].provider, "p1");
  EXPECT_EQ(seen[1].provider, "p0");
  EXPECT_GE(probed(0), 1U);
}

// A list of models is no answer: who fails all the same rests as long as ever.
TEST_F(GatewayProbes, EndOneRestAndNoMore) {
  const std::string config = config_text(2, probing("failures_to_open = 1\nrest_ms = 600000\n"));
  says_to_target = {{std::string(model_list), {Says{}}}};
  const auto seen = play(config, {{failing()}, {Says{}}}, {{}, at_s(61), at_s(61), at_s(120)});
  for (const SeenAnswer& each : seen) EXPECT_EQ(each.provider, "p1");
  EXPECT_EQ(asked_to_answer(0), 2U);
}

TEST_F(GatewayProbes, AreNotMadeWhileRequestsTellMore) {
  std::vector<Asks> often(30, at_s(10));
  often.front() = {};
  (void)play(config_text(1, probing("")), {{Says{}}}, often);
  EXPECT_EQ(probed(0), 0U);
}

TEST_F(GatewayProbes, TakeBackWhatTheySaid) {
  const std::string config = config_text(1, probing("failures_to_open = 3\nrest_ms = 600000\n"));
  testing::SaysInTurn now_and_then;
  for (int i = 0; i < 40; ++i) now_and_then.push_back(i % 3 == 2 ? Says{} : failing(500));
  says_to_target = {{std::string(model_list), now_and_then}};
  const auto seen = play(config, {{Says{}}}, {at_s(900)});
  EXPECT_EQ(seen[0].status, 200) << "it never failed three times in a row";
}

TEST_F(GatewayProbes, LearnNothingFromAnAnswerToAnotherQuestion) {
  const std::string config = config_text(1, probing("failures_to_open = 1\n"));
  says_to_target = {{std::string(model_list), {failing(404)}}};
  const auto seen = play(config, {{Says{}}}, {at_s(120)});
  EXPECT_EQ(seen[0].status, 200);
  EXPECT_EQ(probes[1], probed(0)) << "but they are counted, for somebody to mend the path";
}

TEST_F(GatewayProbes, CarryTheGatewaysOwnKeyAndThrowNoneAway) {
  std::string config = config_text(1, probing("failures_to_open = 2\nrest_ms = 1000\n"));
  of_keys(config, 0, R"({ env = "KEY_a" })");
  of_provider(config, 0, "probe_path = \"/health?deep=0\"\n");
  says_to_target = {{"/v1/health?deep=0", {failing(401), failing(401), Says{}}}};
  const auto seen = play(config, {{Says{}}}, {at_s(150)});
  EXPECT_EQ(seen[0].status, 200) << seen[0].body;
  EXPECT_EQ(asked_with("a"), heard.size());
  EXPECT_EQ(heard.front().target, "/v1/health?deep=0");
  EXPECT_EQ(heard.front().body, "");
  EXPECT_EQ(refusals, decltype(refusals){});
}

}  // namespace
}  // namespace sluice::gateway
