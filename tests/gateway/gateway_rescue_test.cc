// Streams that break off after their first word, and go on elsewhere where that is asked for.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "routed_gateway.h"

namespace sluice::gateway {
namespace {

using std::chrono::milliseconds;
using testing::a_model_each;
using testing::after;
using testing::Asks;
using testing::config_text;
using testing::failing;
using testing::of_keys;
using testing::of_provider;
using testing::refusing;
using testing::Says;
using testing::SeenAnswer;

const std::string no_pause = "[routing.retry]\nbackoff_ms = 1\n";

std::string event(std::string_view delta, std::string_view finish = "null") {
  return R"(data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"up",)"
         R"("choices":[{"index":0,"delta":)" +
         std::string(delta) + R"(,"finish_reason":)" + std::string(finish) + "}]}\n\n";
}
std::string word(std::string_view text) {
  return event(R"({"content":")" + std::string(text) + "\"}");
}
Says stream(std::string body) { return {.body = std::move(body), .type = "text/event-stream"}; }

// "one, two," and the connection is done, or says no more.
Says cut() {
  return stream(event(R"({"role":"assistant","content":""})") + word("one, ") + word("two, "));
}
Says stalled() {
  Says says = cut();
  says.stalls = true;
  return says;
}
Says rest(std::string_view first_word = "three.") {
  return stream(event(R"({"role":"assistant","content":""})") + word(first_word) +
                event("{}", R"("stop")") + "data: [DONE]\n\n");
}

Asks asking(std::string_view members = R"(,"stream_rescue":true)") {
  return {.body = R"({"model":"m","messages":[{"role":"user","content":"Count."}],"stream":true)" +
                  std::string(members) + "}"};
}

class GatewayRescue : public testing::RoutedGateway {
 protected:
  // Of `providers` all go on with the assistant's words.
  static std::string going_on(std::size_t providers, std::string_view more = {}) {
    std::string config = config_text(providers, no_pause + std::string(more));
    for (std::size_t i = 0; i < providers; ++i) {
      of_provider(config, i, "quirks = { prefill = \"plain\" }\n");
    }
    return config;
  }
  // The words that the client has seen, and "!" for an error event.
  static std::string words(const SeenAnswer& seen) {
    std::string all;
    constexpr std::string_view member = R"("content":")";
    for (std::size_t at = seen.body.find(member); at != std::string::npos;
         at = seen.body.find(member, at + 1)) {
      const std::size_t begin = at + member.size();
      all += seen.body.substr(begin, seen.body.find('"', begin) - begin);
    }
    if (has(seen.body, R"("error":)")) all += '!';
    return all;
  }
  static bool has(std::string_view body, std::string_view text) {
    return body.find(text) != std::string_view::npos;
  }
};

TEST_F(GatewayRescue, AStreamThatIsCutGoesOnElsewhere) {
  const SeenAnswer seen = play_one(going_on(2), {{cut()}, {rest()}}, asking());
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(words(seen), "one, two, three.") << seen.body;
  EXPECT_TRUE(seen.body.ends_with("data: [DONE]\n\n")) << seen.body;
  EXPECT_TRUE(has(seen.body, R"("sluice":{"continued":{"provider":"p1")")) << seen.body;
  ASSERT_EQ(order(), "0 1");
  EXPECT_TRUE(has(heard[1].body, R"({"role":"assistant","content":"one, two,"})")) << heard[1].body;
  EXPECT_FALSE(has(heard[1].body, "stream_rescue")) << heard[1].body;
  EXPECT_EQ(attempts_logged(0), 2U) << log[0];
  EXPECT_TRUE(logged(0, R"("reason":"complete")")) << log[0];
}

TEST_F(GatewayRescue, NobodyAsksForItByDefault) {
  const SeenAnswer seen = play_one(going_on(2), {{cut()}, {rest()}}, asking(""));
  EXPECT_EQ(words(seen), "one, two, !") << seen.body;
  EXPECT_EQ(order(), "0");
}

TEST_F(GatewayRescue, TheFileMayAskForAll) {
  const std::string config = going_on(2, "[routing]\nstream_rescue = true\n");
  EXPECT_EQ(words(play_one(config, {{cut()}, {rest()}}, asking(""))), "one, two, three.");
  EXPECT_EQ(words(play_one(config, {{cut()}, {rest()}}, asking(R"(,"stream_rescue":false)"))),
            "one, two, !");
}

TEST_F(GatewayRescue, WhoWouldAnswerTheWordsIsNotAsked) {
  std::string config = config_text(3, no_pause);
  of_provider(config, 2, "quirks = { prefill = \"partial\" }\n");
  const SeenAnswer seen = play_one(config, {{cut()}, {rest("no")}, {rest()}}, asking());
  EXPECT_EQ(words(seen), "one, two, three.") << seen.body;
  ASSERT_EQ(order(), "0 2");
  EXPECT_TRUE(has(heard[1].body, R"("content":"one, two,","partial":true)")) << heard[1].body;
}

TEST_F(GatewayRescue, WithoutAnybodyItEndsInAnErrorAsEver) {
  const SeenAnswer seen = play_one(config_text(2, no_pause), {{cut()}, {rest()}}, asking());
  EXPECT_EQ(words(seen), "one, two, !") << seen.body;
  EXPECT_EQ(order(), "0");
  EXPECT_EQ(attempts_logged(0), 1U) << log[0];
}

TEST_F(GatewayRescue, WhoRefusesToGoOnIsPassedOver) {
  const SeenAnswer seen =
      play_one(going_on(2), {{cut(), rest()}, {refusing(400, "prefill_unsupported")}}, asking());
  EXPECT_EQ(words(seen), "one, two, three.") << seen.body;
  EXPECT_EQ(order(), "0 1 0") << "the one that broke is asked last";
  EXPECT_EQ(attempts_logged(0), 3U) << log[0];
}

TEST_F(GatewayRescue, WhoGoesOnMayBreakOffToo) {
  const Says second =
      stream(event(R"({"role":"assistant","content":""})") + word(" three, ") + word("four, "));
  const SeenAnswer seen = play_one(going_on(3), {{cut()}, {second}, {rest("five.")}}, asking());
  EXPECT_EQ(words(seen), "one, two, three, four, five.") << seen.body;
  ASSERT_EQ(order(), "0 1 2");
  EXPECT_TRUE(has(heard[2].body, R"("content":"one, two, three, four,")")) << heard[2].body;
}

TEST_F(GatewayRescue, AnAnswerThatIsNoStreamCannotGoOn) {
  const SeenAnswer seen = play_one(going_on(3), {{cut()}, {Says{}}, {rest()}}, asking());
  EXPECT_EQ(words(seen), "one, two, three.") << seen.body;
  EXPECT_EQ(order(), "0 1 2");
}

TEST_F(GatewayRescue, SilenceIsABreakAndTheClientIsKeptMeanwhile) {
  const std::string config =
      going_on(2, "[timeouts]\nidle_ms = 5000\n[streaming]\nkeep_alive_comment_ms = 1000\n");
  const SeenAnswer seen =
      play_one(config, {{stalled()}, {after(milliseconds(2'500), rest())}}, asking());
  EXPECT_EQ(words(seen), "one, two, three.") << seen.body;
  std::size_t comments = 0;
  for (std::size_t at = seen.body.find(": keep-alive"); at != std::string::npos;
       at = seen.body.find(": keep-alive", at + 1)) {
    ++comments;
  }
  EXPECT_GE(comments, 5U) << "four while it is silent, and two while another thinks";
}

TEST_F(GatewayRescue, TheDeadlineHoldsWhileOthersAreAsked) {
  const std::string config = going_on(2, "[timeouts]\nidle_ms = 60000\n");
  Asks asks = asking();
  asks.headers = {{"x-request-timeout", "3"}};
  const SeenAnswer seen = play_one(config, {{cut()}, {testing::silent()}}, asks);
  EXPECT_EQ(words(seen), "one, two, !") << seen.body;
  EXPECT_TRUE(has(seen.body, "timeout")) << seen.body;
  EXPECT_GE(took[0], milliseconds(3'000));
  EXPECT_LT(took[0], milliseconds(3'010));
}

TEST_F(GatewayRescue, ACallOfAToolIsNotGoneOnWith) {
  const Says calls =
      stream(event(R"({"role":"assistant","content":""})") +
             event(R"({"tool_calls":[{"index":0,"id":"c","type":"function","function":)"
                   R"({"name":"f","arguments":"{\"a"}}]})"));
  const SeenAnswer seen = play_one(
      going_on(2), {{calls}, {rest()}},
      asking(R"(,"stream_rescue":true,"tools":[{"type":"function","function":{"name":"f"}}])"));
  EXPECT_TRUE(has(seen.body, R"("error":)")) << seen.body;
  EXPECT_EQ(order(), "0");
}

TEST_F(GatewayRescue, ARequestsOwnFallbackGoesOnWithItsOwnWords) {
  std::string config = a_model_each(2, no_pause);
  of_provider(config, 1, "quirks = { prefill = \"prefix\" }\n");
  const SeenAnswer seen =
      play_one(config, {{cut()}, {rest()}},
               asking(R"(,"stream_rescue":true,"fallbacks":[{"model":"m1","temperature":0.5}])"));
  EXPECT_EQ(words(seen), "one, two, three.") << seen.body;
  ASSERT_EQ(order(), "0 1");
  EXPECT_TRUE(has(heard[1].body, R"("temperature":0.5)")) << heard[1].body;
  EXPECT_TRUE(has(heard[1].body, R"("content":"one, two,","prefix":true)")) << heard[1].body;
}

TEST_F(GatewayRescue, AnAnswerThatWasFinishedIsOnlyEnded) {
  Says says = rest("one.");
  says.body.erase(says.body.find("data: [DONE]"));
  says.stalls = true;  // the end never comes
  const SeenAnswer seen =
      play_one(going_on(2, "[timeouts]\nidle_ms = 5000\n"), {{says}, {rest("no")}}, asking());
  EXPECT_EQ(words(seen), "one.") << seen.body;
  EXPECT_TRUE(seen.body.ends_with("data: [DONE]\n\n")) << seen.body;
  EXPECT_EQ(order(), "0");
}

TEST_F(GatewayRescue, TheFirstChoiceOrAnErrorIsNotGoneOnWithElsewhere) {
  const SeenAnswer seen =
      play_one(going_on(2), {{cut()}, {rest()}},
               asking(R"(,"stream_rescue":true,"provider":{"allow_fallbacks":false})"));
  EXPECT_EQ(words(seen), "one, two, !") << seen.body;
  EXPECT_EQ(order(), "0");
}

TEST_F(GatewayRescue, WhoBrokeIsNotAskedAgainByACallerWhoWantsNoRetry) {
  const SeenAnswer seen = play_one(
      going_on(2), {{cut(), rest()}, {failing()}},
      asking(R"(,"stream_rescue":true,"fallbacks":["m"],"fallback_config":{"retry":false})"));
  EXPECT_EQ(words(seen), "one, two, !") << seen.body;
  EXPECT_EQ(asked(0), 1U) << order();
}

TEST_F(GatewayRescue, AFallbackThatBrokeIsAskedAgainAtLast) {
  std::string config = a_model_each(2, no_pause);
  of_provider(config, 1, "quirks = { prefill = \"plain\" }\n");
  const SeenAnswer seen = play_one(config, {{failing()}, {cut(), rest()}},
                                   asking(R"(,"stream_rescue":true,"fallbacks":["m1"])"));
  EXPECT_EQ(words(seen), "one, two, three.") << seen.body;
  EXPECT_TRUE(order().ends_with("1 1")) << order();
}

TEST_F(GatewayRescue, AKeyThatIsRefusedIsFollowedByTheNext) {
  std::string config = going_on(2);
  of_keys(config, 1, R"({ env = "KEY_a" }, { env = "KEY_b" })");
  says_to_key = {{"a", {failing(429)}}, {"b", {failing(429), rest()}}};
  const SeenAnswer first = play_one(config, {{cut()}, {failing(429)}}, asking());
  EXPECT_TRUE(keys().find('a') != std::string::npos && keys().find('b') != std::string::npos)
      << keys() << first.body;
}

TEST_F(GatewayRescue, TheUsageIsThatOfWhoWentOn) {
  const std::string counted =
      R"(data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"up","choices":[],)"
      R"("usage":{"prompt_tokens":7,"completion_tokens":9,"total_tokens":16}})"
      "\n\n";
  Says second = rest();
  second.body.insert(second.body.find("data: [DONE]"), counted);
  const SeenAnswer seen =
      play_one(going_on(2), {{cut()}, {second}},
               asking(R"(,"stream_rescue":true,"stream_options":{"include_usage":true})"));
  EXPECT_TRUE(has(seen.body, R"("prompt_tokens":7)")) << seen.body;
  EXPECT_TRUE(logged(0, R"("tokens":{"input":7)")) << log[0];
}

TEST_F(GatewayRescue, XNoFallbackMeansNobodyElse) {
  Asks asks = asking();
  asks.headers = {{"X-No-Fallback", "true"}};
  const SeenAnswer seen = play_one(going_on(2), {{cut()}, {rest()}}, asks);
  EXPECT_EQ(words(seen), "one, two, !") << seen.body;
  EXPECT_EQ(order(), "0");
}

TEST_F(GatewayRescue, OnlySoManyAreAsked) {
  std::string config = going_on(2);
  config.insert(config.find("backoff_ms"), "fallbacks = 1\n");
  const SeenAnswer seen = play_one(config, {{cut(), failing()}, {failing()}}, asking());
  EXPECT_EQ(words(seen), "one, two, !") << seen.body;
  EXPECT_EQ(order(), "0 1 0") << "fallbacks + 1 attempts to go on, and no more";
}

}  // namespace
}  // namespace sluice::gateway
