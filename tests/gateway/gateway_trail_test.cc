// The routing trail in the bodies of answers, through the whole gateway.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "routed_gateway.h"

namespace sluice::gateway {
namespace {

using testing::Asks;
using testing::config_text;
using testing::failing;
using testing::of_deployment;
using testing::of_provider;
using testing::Says;
using testing::SaysInTurn;
using testing::SeenAnswer;

constexpr std::string_view no_retries = "[routing.retry]\nretries = 0\n";

Asks curious(Asks asks = {}) {
  asks.headers.emplace_back("x-sluice-metadata", "routing");
  return asks;
}
Asks streamed() { return {.body = R"({"model":"m","messages":[],"stream":true})"}; }
Says events(std::string_view body) {
  return {.body = std::string(body), .type = "text/event-stream"};
}

class GatewayTrail : public testing::RoutedGateway {
 protected:
  static void expect_in(std::string_view text, std::string_view part) {
    EXPECT_NE(text.find(part), std::string_view::npos) << part << "\nis not in\n" << text;
  }
  static bool has_trail(std::string_view body) {
    return body.find("\"sluice\"") != std::string_view::npos;
  }
};

constexpr std::string_view priced_answer =
    R"({"choices":[{"index":0,"message":{"role":"assistant","content":"a"}}],)"
    R"("usage":{"prompt_tokens":1000000,"completion_tokens":0,"total_tokens":1000000}} )";

TEST_F(GatewayTrail, AnAnswerSaysWhoWasAskedAndWhyAndWhatItCost) {
  std::string config = config_text(3, no_retries);
  of_deployment(config, 1, "price = { input = 2.0, output = 1.0 }\n");
  Says says;
  says.body = priced_answer;
  const SeenAnswer seen = play_one(config, {{failing(503)}, {says}, {Says{}}}, curious());
  EXPECT_EQ(seen.status, 200);
  expect_in(seen.body,
            R"("sluice":{"routing":{"strategy":"order","chosen":{"provider":"p0",)"
            R"("deployment":"m-up-0","region":"global"},"chosen_by":"in_order","considered":[)");
  expect_in(seen.body,
            R"({"provider":"p0","deployment":"m-up-0","outcome":"failed","status":503,)");
  expect_in(seen.body,
            R"({"provider":"p1","deployment":"m-up-1","outcome":"success","status":200,)");
  expect_in(seen.body, R"("cost_usd":2}]}})");
  EXPECT_TRUE(seen.body.ends_with("} ")) << seen.body;
  EXPECT_TRUE(seen.complete);
  EXPECT_TRUE(logged(0, R"("cost_usd":2)")) << log[0];
}

TEST_F(GatewayTrail, NobodyIsToldUnasked) {
  EXPECT_FALSE(has_trail(play_one(config_text(2), {{Says{}}, {Says{}}}).body));
  Asks none;
  none.headers.emplace_back("x-sluice-metadata", "none");
  EXPECT_FALSE(has_trail(play_one(config_text(2), {{Says{}}, {Says{}}}, none).body));
}

TEST_F(GatewayTrail, AScoreIsToldWithItsTerms) {
  const SeenAnswer seen = play_one(config_text(2, "[routing]\nstrategy = \"score\"\n"),
                                   {{Says{}}, {Says{}}}, curious());
  expect_in(seen.body, R"("strategy":"score")");
  expect_in(seen.body, R"("score":{"total":0,"uptime":0,"throughput":0,"price":0,)");
}

TEST_F(GatewayTrail, AnErrorOfTheGatewayCarriesIt) {
  const SeenAnswer seen =
      play_one(config_text(2, no_retries), {{failing(500)}, {failing(502)}}, curious());
  EXPECT_GE(seen.status, 500);
  expect_in(seen.body, R"({"error":{)");
  expect_in(seen.body, R"("status":500,)");
  expect_in(seen.body, R"("status":502,)");
  expect_in(seen.body, R"("sluice":{"routing":{)");
}

TEST_F(GatewayTrail, ARefusalInTheProvidersWordsCarriesItOnce) {
  const SeenAnswer seen = play_one(config_text(1), {{failing(400)}}, curious());
  EXPECT_EQ(seen.status, 400);
  expect_in(seen.body, R"("message":"no")");
  expect_in(seen.body,
            R"("attempts":[{"provider":"p0","deployment":"m-up-0","outcome":"refused",)");
  EXPECT_EQ(seen.body.find("\"outcome\""), seen.body.rfind("\"outcome\"")) << seen.body;
}

TEST_F(GatewayTrail, NothingIsToldOfARequestThatWasNotPlanned) {
  Asks asks = curious();
  asks.body = R"({"model":"none","messages":[]})";
  const SeenAnswer seen = play_one(config_text(1), {{Says{}}}, asks);
  EXPECT_EQ(seen.status, 404);
  EXPECT_FALSE(has_trail(seen.body)) << seen.body;
}

TEST_F(GatewayTrail, AStreamOfChunksHasOneMoreBeforeItsEnd) {
  constexpr std::string_view chunk =
      "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"up\","
      "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n"
      "data: "
      "{\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
      "data: [DONE]\n\n";
  const SeenAnswer seen =
      play_one(config_text(2), {{failing(500)}, {events(chunk)}}, curious(streamed()));
  EXPECT_EQ(seen.status, 200);
  expect_in(seen.body,
            "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":7,"
            "\"model\":\"up\",\"choices\":[],\"sluice\":{\"routing\":{");
  EXPECT_TRUE(seen.body.ends_with("}\n\ndata: [DONE]\n\n")) << seen.body;
  expect_in(seen.body, R"("outcome":"success")");
  EXPECT_TRUE(logged(0, R"("reason":"complete")")) << log[0];
}

TEST_F(GatewayTrail, AStreamThatBreaksOffCarriesItInItsError) {
  constexpr std::string_view broken =
      "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
  const SeenAnswer seen = play_one(config_text(1), {{events(broken)}}, curious(streamed()));
  expect_in(seen.body, R"(data: {"error":{)");
  expect_in(seen.body.substr(seen.body.find("\"error\"")), R"("sluice":{"routing":{)");
  expect_in(seen.body, R"("outcome":"reset")");
}

TEST_F(GatewayTrail, ATypedStreamCarriesItInItsLastEvent) {
  std::string config = config_text(1);
  config.replace(config.find("\"openai\""), 8, "\"anthropic\"");
  constexpr std::string_view message =
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\","
      "\"type\":\"message\",\"role\":\"assistant\",\"model\":\"up\",\"content\":[],"
      "\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n"
      "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
      "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
      "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
      "\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}\n\n"
      "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
      "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
      "\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\n"
      "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
  Asks asks = curious({.body = R"({"model":"m","max_tokens":9,"messages":[],"stream":true})"});
  asks.target = "/v1/messages";
  const SeenAnswer relayed = play_one(config, {{events(message)}}, asks);
  expect_in(relayed.body,
            "event: message_stop\ndata: {\"type\":\"message_stop\",\"sluice\":{\"routing\":{");
  EXPECT_TRUE(relayed.body.ends_with("}}}\n\n")) << relayed.body;

  asks = curious({.body = R"({"model":"m","messages":[{"role":"user","content":"a"}],)"
                          R"("stream":true})"});
  const SeenAnswer translated = play_one(config, {{events(message)}}, asks);
  expect_in(translated.body, R"("choices":[],"sluice":{"routing":{)");
  EXPECT_TRUE(translated.body.ends_with("data: [DONE]\n\n")) << translated.body;
}

TEST_F(GatewayTrail, AnOpaqueBodyStaysAsItIs) {
  const SeenAnswer seen = play_one(
      config_text(1), {{Says{.body = "{\"mp3\":1}", .type = "audio/mpeg"}}},
      curious({.body = R"({"model":"m","input":"a","voice":"b"})", .target = "/v1/audio/speech"}));
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.body, "{\"mp3\":1}");
}

}  // namespace
}  // namespace sluice::gateway
