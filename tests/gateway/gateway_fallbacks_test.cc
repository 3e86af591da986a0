// The fallbacks that a request names itself: which errors lead to the next one, and what it is
// asked with.
#include <gtest/gtest.h>

#include <chrono>

#include "routed_gateway.h"
#include "sluice/policy/gateway_key.h"

namespace sluice::gateway {
namespace {

using std::chrono::milliseconds;
using testing::a_model_each;
using testing::after;
using testing::Asks;
using testing::config_text;
using testing::failing;
using testing::new_model_at;
using testing::refusing;
using testing::saying_too;
using testing::Says;
using testing::SeenAnswer;
using testing::silent;

const std::string no_retries = "[routing.retry]\nretries = 0\n";

class GatewayFallbacks : public testing::RoutedGateway {
 protected:
  // What provider 1 is asked with, as the fallback of a request that has `members` too.
  std::string fallback_body(std::string_view members) {
    const SeenAnswer seen =
        play_one(a_model_each(2, no_retries), {{failing()}, {Says{}}},
                 {.body = R"({"model":"m","messages":[{"role":"user",)"
                          R"("content":"hello"}],"temperature":1,"top_p":0.5,)" +
                          std::string(members) + "}"});
    EXPECT_EQ(seen.status, 200) << seen.body;
    EXPECT_EQ(order(), "0 1");
    return heard.size() == 2 ? heard[1].body : std::string();
  }
  static bool has(std::string_view body, std::string_view text) {
    return body.find(text) != std::string_view::npos;
  }
};

TEST_F(GatewayFallbacks, ANameIsAskedTheSame) {
  const std::string body = fallback_body(R"("fallbacks":["m1"])");
  EXPECT_TRUE(has(body, R"("model":"m-up-1")")) << body;
  EXPECT_TRUE(has(body, R"("content":"hello")")) << body;
  EXPECT_TRUE(has(body, R"("temperature":1)")) << body;
  EXPECT_FALSE(has(body, "fallback")) << body;
}

TEST_F(GatewayFallbacks, AnObjectIsLaidOverTheRequest) {
  const std::string body =
      fallback_body(R"("fallbacks":[{"model":"m1","temperature":0.25,)"
                    R"("messages":[{"role":"user","content":"again"}],"top_p":null,"seed":7}])");
  EXPECT_TRUE(has(body, R"("model":"m-up-1")")) << body;
  EXPECT_TRUE(has(body, R"("temperature":0.25)")) << body;
  EXPECT_TRUE(has(body, R"("content":"again")")) << body;
  EXPECT_TRUE(has(body, R"("seed":7)")) << body;
  EXPECT_FALSE(has(body, R"("temperature":1)")) << body;
  EXPECT_FALSE(has(body, "hello")) << body;
  EXPECT_FALSE(has(body, "top_p")) << body;
  EXPECT_FALSE(has(body, "fallback")) << body;
}

TEST_F(GatewayFallbacks, APromptTakesTheMessagesPlace) {
  const std::string body = fallback_body(R"("fallbacks":[{"model":"m1","prompt":"again"}])");
  EXPECT_TRUE(has(body, R"("messages":[{"role":"user","content":"again"}])")) << body;
  EXPECT_FALSE(has(body, "hello")) << body;
  EXPECT_FALSE(has(body, "prompt")) << body;
}

TEST_F(GatewayFallbacks, TheGatewaysOwnMembersReachNobody) {
  const std::string body = fallback_body(
      R"("fallbacks":["m1"],"fallback_config":{"depth":1},"provider":{"ignore":["p9"]},)"
      R"("routing":"order","session_id":"s")");
  for (const std::string_view sent : {std::string_view(heard.at(0).body), std::string_view(body)}) {
    for (const char* member :
         {"fallbacks", "fallback_config", "provider", "routing", "session_id"}) {
      EXPECT_FALSE(has(sent, member)) << member << ": " << sent;
    }
  }
}

TEST_F(GatewayFallbacks, AFallbackIsAskedBeforeAnybodyIsAskedAgain) {
  const SeenAnswer seen = play_one(a_model_each(2), {{failing()}, {failing(), Says{}}},
                                   saying_too(R"("fallbacks":["m1"])"));
  EXPECT_EQ(seen.provider, "p1");
  ASSERT_EQ(order(), "0 1 0 1");
  EXPECT_LT(gap(0), milliseconds(20));
  EXPECT_GE(gap(1), milliseconds(250));
}

TEST_F(GatewayFallbacks, TheyAreAskedInTheirOrderAndTheLastErrorIsTheAnswer) {
  const SeenAnswer seen =
      play_one(a_model_each(3, no_retries), {{failing()}, {failing(503)}, {failing()}},
               saying_too(R"("fallbacks":["m2","m1"])"));
  EXPECT_EQ(seen.status, 503);
  EXPECT_EQ(order(), "0 2 1");
  EXPECT_EQ(attempts_logged(0), 3U) << log[0];
}

TEST_F(GatewayFallbacks, WhatNobodyKnowsIsSaidBeforeAnybodyIsAsked) {
  const SeenAnswer seen =
      play_one(a_model_each(2), {{Says{}}, {Says{}}}, saying_too(R"("fallbacks":["m1","nobody"])"));
  EXPECT_EQ(seen.status, 404);
  EXPECT_TRUE(has(seen.body, "'nobody'")) << seen.body;
  EXPECT_EQ(order(), "");
}

TEST_F(GatewayFallbacks, OnlySoManyAreAskedAsTheCallerSays) {
  const Asks asks = saying_too(R"("fallbacks":["m1","m2"],"fallback_config":{"depth":1})");
  EXPECT_EQ(
      play_one(a_model_each(3, no_retries), {{failing()}, {failing()}, {Says{}}}, asks).status,
      502);
  EXPECT_EQ(order(), "0 1");
}

TEST_F(GatewayFallbacks, OnlySoManyAreTakenAsTheFileSays) {
  const SeenAnswer seen =
      play_one(a_model_each(3, "[routing]\nfallback_depth_max = 1\n"),
               {{Says{}}, {Says{}}, {Says{}}}, saying_too(R"("fallbacks":["m1","m2"])"));
  EXPECT_EQ(seen.status, 400);
  EXPECT_TRUE(has(seen.body, R"("param":"fallbacks")")) << seen.body;
  EXPECT_EQ(order(), "");
}

TEST_F(GatewayFallbacks, APromptThatIsTooLongForAModelMayFitAnotherOne) {
  std::string config = config_text(3, no_retries);
  new_model_at(config, 2);
  const Says too_long = refusing(400, "context_length_exceeded");
  const SeenAnswer seen =
      play_one(config, {{too_long}, {Says{}}, {Says{}}}, saying_too(R"("fallbacks":["m2"])"));
  EXPECT_EQ(seen.provider, "p2");
  EXPECT_EQ(order(), "0 2") << "the same model elsewhere is as small";
  // Without one it is the answer.
  EXPECT_EQ(play_one(config, {{too_long}, {Says{}}, {Says{}}}).status, 400);
  EXPECT_EQ(order(), "0");
}

TEST_F(GatewayFallbacks, APromptThatIsTooLongForAModelIsSoForTheSameOne) {
  const SeenAnswer seen = play_one(a_model_each(2, no_retries),
                                   {{refusing(400, "context_length_exceeded"), Says{}}, {Says{}}},
                                   saying_too(R"("fallbacks":[{"temperature":0}])"));
  EXPECT_EQ(seen.status, 400);
  EXPECT_EQ(order(), "0");
}

TEST_F(GatewayFallbacks, WhereNobodyServesTheFirstModelTheNextOneIsAsked) {
  const SeenAnswer seen = play_one(a_model_each(2, no_retries), {{Says{}}, {Says{}}},
                                   saying_too(R"("models":["m","m1"],"provider":{"only":["p1"]})"));
  EXPECT_EQ(seen.status, 200) << seen.body;
  EXPECT_EQ(order(), "1");
  // And where nobody serves that one either, the first is what the client hears of.
  const SeenAnswer none = play_one(a_model_each(3, no_retries), {{Says{}}, {Says{}}, {Says{}}},
                                   saying_too(R"("models":["m","m1"],"provider":{"only":["p2"]})"));
  EXPECT_EQ(none.status, 404) << none.body;
  EXPECT_EQ(order(), "");
}

TEST_F(GatewayFallbacks, ADeploymentWithoutTheModelIsNoAnswerWhileThereIsAnother) {
  const SeenAnswer seen =
      play_one(config_text(2, no_retries), {{refusing(404, "model_not_found")}, {Says{}}});
  EXPECT_EQ(seen.provider, "p1");
  EXPECT_EQ(order(), "0 1");
}

TEST_F(GatewayFallbacks, AContentFilterIsNotGotAround) {
  const SeenAnswer seen =
      play_one(a_model_each(2, no_retries), {{refusing(400, "content_filter")}, {Says{}}},
               saying_too(R"("fallbacks":["m1"])"));
  EXPECT_EQ(seen.status, 400);
  EXPECT_EQ(order(), "0");
}

TEST_F(GatewayFallbacks, ModelsAreForAnyError) {
  for (const Says& refusal :
       {refusing(400, "content_filter"), refusing(400, "context_length_exceeded"), failing(400),
        failing(404), failing(429), failing(500)}) {
    SCOPED_TRACE(refusal.body);
    const SeenAnswer seen = play_one(a_model_each(2, no_retries), {{refusal}, {Says{}}},
                                     saying_too(R"("models":["m","m1"])"));
    EXPECT_EQ(seen.provider, "p1");
    EXPECT_EQ(order(), "0 1");
  }
}

TEST_F(GatewayFallbacks, WithoutAModelTheFirstOfModelsIsAsked) {
  const SeenAnswer seen = play_one(a_model_each(2, no_retries), {{Says{}}, {failing()}},
                                   {.body = R"({"messages":[],"models":["m1","m"]})"});
  EXPECT_EQ(seen.provider, "p0");
  ASSERT_EQ(order(), "1 0");
  EXPECT_TRUE(has(heard[0].body, R"("model":"m-up-1")")) << heard[0].body;
  EXPECT_TRUE(has(heard[1].body, R"("model":"m-up-0")")) << heard[1].body;
}

TEST_F(GatewayFallbacks, WhatIsNoFaultOfTheRequestLeadsToTheNext) {
  for (const Says& failure : {failing(401), failing(402), failing(429), failing(500), failing(503),
                              Says{.body = "not JSON"}}) {
    SCOPED_TRACE(failure.status);
    EXPECT_EQ(play_one(a_model_each(2, no_retries), {{failure}, {Says{}}},
                       saying_too(R"("fallbacks":["m1"])"))
                  .provider,
              "p1");
  }
}

TEST_F(GatewayFallbacks, WhatContradictsItselfIsRefusedBeforeAnybodyIsAsked) {
  const struct {
    const char* name;
    Asks asks;
  } cases[] = {
      {"another stream", saying_too(R"("fallbacks":[{"model":"m1","stream":true}])")},
      {"fallbacks of a fallback", saying_too(R"("fallbacks":[{"model":"m1","fallbacks":["m"]}])")},
      {"two lists", saying_too(R"("fallbacks":["m1"],"models":["m","m1"])")},
      {"allow_fallbacks", saying_too(R"("fallbacks":["m1"],"provider":{"allow_fallbacks":false})")},
      {"an empty fallback", saying_too(R"("fallbacks":[{}])")},
      {"a number", saying_too(R"("fallbacks":[1])")},
      {"too deep", saying_too(R"("fallbacks":["m1"],"fallback_config":{"depth":9})")},
      {"X-No-Fallback",
       {.body = saying_too(R"("fallbacks":["m1"])").body, .headers = {{"X-No-Fallback", "true"}}}},
  };
  for (const auto& [name, asks] : cases) {
    SCOPED_TRACE(name);
    EXPECT_EQ(play_one(a_model_each(2), {{Says{}}, {Says{}}}, asks).status, 400);
    EXPECT_EQ(order(), "");
  }
}

TEST_F(GatewayFallbacks, WithXNoFallbackNobodyElseIsAsked) {
  const Asks asks{.headers = {{"X-No-Fallback", "true"}}};
  EXPECT_EQ(play_one(config_text(2, no_retries), {{failing()}, {Says{}}}, asks).status, 502);
  EXPECT_EQ(order(), "0");
}

// A pause after which the plan is made anew is no way around it.
TEST_F(GatewayFallbacks, WithXNoFallbackNobodyElseIsAskedLaterEither) {
  Asks asks = saying_too(R"("provider":{"allow_fallbacks":false})");
  EXPECT_EQ(play_one(config_text(2), {{testing::limited("9")}, {Says{}}}, asks).status, 429);
  EXPECT_EQ(order(), "0");
  asks = {.headers = {{"X-No-Fallback", "true"}}};
  EXPECT_EQ(play_one(config_text(2), {{testing::limited("9")}, {Says{}}}, asks).status, 429);
  EXPECT_EQ(order(), "0");
  const std::string opens = "[health]\nfailures_to_open = 1\n";
  EXPECT_EQ(play_one(config_text(2, opens), {{failing()}, {Says{}}}, asks).status, 502);
  EXPECT_EQ(order(), "0");
}

TEST_F(GatewayFallbacks, WhatTheRequestDemandsHoldsForItsFallbacks) {
  std::string config = a_model_each(2, no_retries);
  testing::of_provider(config, 0, "region = \"eu\"\n");
  testing::of_provider(config, 1, "region = \"us\"\n");
  for (const char* demand : {R"("provider":{"only":["p0"]})", R"("model_region":"eu")"}) {
    SCOPED_TRACE(demand);
    const SeenAnswer seen = play_one(config, {{failing()}, {Says{}}},
                                     saying_too(std::string(demand) + R"(,"fallbacks":["m1"])"));
    EXPECT_EQ(seen.status, 502);
    EXPECT_EQ(order(), "0");
  }
}

TEST_F(GatewayFallbacks, AFallbackMayDemandSomethingElse) {
  const SeenAnswer seen =
      play_one(a_model_each(2, no_retries), {{failing()}, {Says{}}},
               saying_too(R"("provider":{"only":["p0"]},)"
                          R"("fallbacks":[{"model":"m1","provider":{"only":["p1"]}}])"));
  EXPECT_EQ(seen.provider, "p1");
  EXPECT_EQ(order(), "0 1");
}

TEST_F(GatewayFallbacks, AKeysModelsHoldForFallbacksToo) {
  const policy::NewKey key = *policy::generate_key();
  const std::string config =
      a_model_each(2) + "[[key]]\nname = \"k\"\nhash = \"" + key.hash + "\"\nmodels = [\"m\"]\n";
  Asks asks = saying_too(R"("fallbacks":["m1"])");
  asks.headers = {{"Authorization", "Bearer " + std::string(key.key.reveal())}};
  EXPECT_EQ(play_one(config, {{failing()}, {Says{}}}, asks).status, 403);
  EXPECT_EQ(order(), "");
}

// --- latency_threshold_ms ---

TEST_F(GatewayFallbacks, WhoIsSilentForTooLongIsGivenUpForTheNext) {
  const Asks asks = saying_too(R"("fallback_config":{"latency_threshold_ms":500})");
  EXPECT_EQ(play_one(config_text(2), {{silent()}, {Says{}}}, asks).provider, "p1");
  ASSERT_EQ(order(), "0 1");
  EXPECT_GE(gap(0), milliseconds(499));
  EXPECT_LE(gap(0), milliseconds(520));
  EXPECT_TRUE(heard[0].left_at.has_value());
  EXPECT_TRUE(logged(0, R"("outcome":"timed_out")")) << log[0];
  // A fallback of its own is as good.
  const Asks next =
      saying_too(R"("fallbacks":["m1"],"fallback_config":{"latency_threshold_ms":500})");
  EXPECT_EQ(play_one(a_model_each(2), {{silent()}, {Says{}}}, next).provider, "p1");
}

TEST_F(GatewayFallbacks, WhoAnswersWithinTheThresholdIsNotGivenUp) {
  const Asks asks = saying_too(R"("fallback_config":{"latency_threshold_ms":500})");
  EXPECT_EQ(play_one(config_text(2), {{after(milliseconds(400))}, {Says{}}}, asks).provider, "p0");
  EXPECT_EQ(order(), "0");
}

}  // namespace
}  // namespace sluice::gateway
