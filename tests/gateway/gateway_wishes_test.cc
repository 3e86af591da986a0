// What callers say about who is to serve them: members, headers and names, and what the operator
// has said before.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "routed_gateway.h"
#include "sluice/policy/gateway_key.h"

namespace sluice::gateway {
namespace {

using testing::a_model_each;
using testing::Asks;
using testing::config_text;
using testing::failing;
using testing::of_deployment;
using testing::of_listener;
using testing::of_provider;
using testing::saying_too;
using testing::Says;
using testing::SeenAnswer;

const std::string no_retries = "[routing.retry]\nretries = 0\n";

// What differs: who is cheap, where it is, what it does with the data, how its numbers are kept.
void make_unlike(std::string& config) {
  of_provider(config, 0, "region = \"us\"\ndata_policy = { trains = true, retains = true }\n");
  of_provider(config, 1,
              "region = \"eu\"\nquantization = \"fp8\"\n"
              "data_policy = { trains = false, retains = true }\n");
  of_provider(config, 2, "region = \"eu\"\ndata_policy = { trains = false, zdr = true }\n");
  of_deployment(config, 0, "price = { input = 4, output = 8 }\n");
  of_deployment(config, 1, "price = { input = 1, output = 2 }\n");
  of_deployment(config, 2, "price = { input = 2, output = 4 }\n");
}

std::string three_unlike(std::string_view more = no_retries) {
  std::string config = config_text(3, more);
  make_unlike(config);
  return config;
}

Asks named(std::string_view model, std::string_view members = {}) {
  return {.body = R"({"model":")" + std::string(model) + R"(","messages":[])" +
                  (members.empty() ? "" : "," + std::string(members)) + "}"};
}

Asks with_header(std::string name, std::string value, Asks asks = {}) {
  asks.headers.emplace_back(std::move(name), std::move(value));
  return asks;
}

class GatewayWishes : public testing::RoutedGateway {
 protected:
  // All fail, so that everybody is asked whom the plan holds.
  std::string planned(const std::string& config, const Asks& asks) {
    (void)play_one(config, {{failing()}, {failing()}, {failing()}}, asks);
    return order();
  }
  SeenAnswer answered(const std::string& config, const Asks& asks) {
    return play_one(config, {{Says{}}, {Says{}}, {Says{}}}, asks);
  }
};

TEST_F(GatewayWishes, AreWhoIsAskedAndInWhatOrder) {
  const struct {
    const char* members;
    const char* order;
  } cases[] = {
      {"", "0 1 2"},
      {R"("provider":{})", "0 1 2"},
      {R"("provider":{"only":["p1"]})", "1"},
      {R"("provider":{"only":["P2","p1"]})", "1 2"},
      {R"("provider":{"only":["p0/us","p1/us"]})", "0"},
      {R"("provider":{"ignore":["p0"]})", "1 2"},
      {R"("provider":{"order":["p2","p0"]})", "2 0 1"},
      {R"("provider":{"order":["p2","p0"],"allow_fallbacks":false})", "2 0"},
      {R"("provider":{"allow_fallbacks":false})", "0"},
      {R"("provider":{"sort":"price"})", "1 2 0"},
      {R"("provider":{"sort":{"by":"price"}})", "1 2 0"},
      {R"("provider":{"sort":"price","order":["p0"]})", "0 1 2"},
      {R"("provider":{"sort":"price","allow_fallbacks":false})", "1"},
      {R"("routing":"price")", "1 2 0"},
      {R"("routing":"auto")", "0 1 2"},
      {R"("provider":{"max_price":{"prompt":2}})", "1 2"},
      {R"("provider":{"max_price":{"prompt":2,"completion":"2"}})", "1"},
      {R"("provider":{"data_collection":"deny"})", "1 2"},
      {R"("provider":{"data_collection":"allow"})", "0 1 2"},
      {R"("provider":{"zdr":true})", "2"},
      {R"("provider":{"quantizations":["fp8","int4"]})", "1"},
      {R"("model_region":"eu")", "1 2"},
      {R"("model_region":"EU","provider":{"ignore":["p1"]})", "2"},
  };
  for (const auto& [members, order] : cases) {
    SCOPED_TRACE(members);
    EXPECT_EQ(planned(three_unlike(), saying_too(members)), order);
  }
}

TEST_F(GatewayWishes, NamesOfModelsSayTheSame) {
  const struct {
    const char* name;
    const char* order;
  } cases[] = {
      {"m:floor", "1 2 0"}, {"p1/m", "1"}, {"m:eu", "1 2"}, {"p2/m:eu", "2"}, {"p0/m:us", "0"}};
  for (const auto& [name, order] : cases) {
    SCOPED_TRACE(name);
    EXPECT_EQ(planned(three_unlike(), named(name)), order);
  }
}

TEST_F(GatewayWishes, HeadersSayTheSame) {
  const std::string config = three_unlike();
  EXPECT_EQ(planned(config, with_header("x-sluice-region", "eu")), "1 2");
  EXPECT_EQ(planned(config, with_header("X-LLMGateway-Data-Residency", "EU")), "1 2");
  EXPECT_EQ(planned(config, with_header("X-No-Fallback", "true")), "0");
  EXPECT_EQ(planned(config, with_header("x-no-fallback", "false")), "0 1 2");
}

TEST_F(GatewayWishes, WhatNobodyFulfilsIsSaidWithItsReasons) {
  const SeenAnswer dear =
      answered(three_unlike(), saying_too(R"("provider":{"max_price":{"prompt":0.5}})"));
  EXPECT_EQ(dear.status, 404);
  EXPECT_NE(dear.body.find("p0: price, p1: price, p2: price"), std::string::npos) << dear.body;
  EXPECT_EQ(order(), "");

  const SeenAnswer mixed =
      answered(three_unlike(), saying_too(R"("provider":{"ignore":["p2"],"zdr":true})"));
  EXPECT_EQ(mixed.status, 404);
  EXPECT_NE(mixed.body.find("p0: data_policy, p1: data_policy, p2: ignored_provider"),
            std::string::npos)
      << mixed.body;
  EXPECT_TRUE(logged(0, R"("obstacle":"ignored_provider")")) << log[0];
}

TEST_F(GatewayWishes, WhatNobodyVouchesForIsNotFulfilled) {
  for (const char* members :
       {R"("provider":{"zdr":true})", R"("provider":{"data_collection":"deny"})",
        R"("provider":{"max_price":{"prompt":1000}})", R"("provider":{"quantizations":["fp8"]})"}) {
    SCOPED_TRACE(members);
    EXPECT_EQ(answered(config_text(3), saying_too(members)).status, 404);
    EXPECT_EQ(order(), "");
  }
}

TEST_F(GatewayWishes, WhatContradictsItselfIsRefused) {
  const Asks cases[] = {
      saying_too(R"("provider":{"only":["p1"],"ignore":["p1"]})"),
      saying_too(R"("routing":"latency","provider":{"sort":"price"})"),
      saying_too(R"("provider":{"sort":"best"})"),
      saying_too(R"("provider":{"only":"p1"})"),
      saying_too(R"("provider":{"max_price":{"prompt":-1}})"),
      named("p1/m", R"("provider":{"sort":"price"})"),
      named("m:floor", R"("routing":"latency")"),
      named("m:eu", R"("model_region":"us")"),
      with_header("x-sluice-region", "us", saying_too(R"("model_region":"eu")")),
      with_header("x-request-timeout", "soon"),
      with_header("x-sluice-hedge", "maybe"),
  };
  for (const Asks& asks : cases) {
    SCOPED_TRACE(asks.body);
    EXPECT_EQ(answered(three_unlike(), asks).status, 400);
    EXPECT_EQ(order(), "");
  }
}

TEST_F(GatewayWishes, NothingOfThemReachesAProvider) {
  const SeenAnswer seen = answered(
      three_unlike(),
      with_header("x-sluice-region", "eu",
                  with_header("x-session-id", "s",
                              saying_too(R"("provider":{"sort":"price"},"model_region":"eu",)"
                                         R"("routing":"price","session_id":"s")"))));
  EXPECT_EQ(seen.provider, "p1");
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].body, R"({"model":"m-up-1","messages":[]})");
}

// --- regions ---

TEST_F(GatewayWishes, TheAnswerSaysWhereItIsFrom) {
  EXPECT_EQ(answered(three_unlike(), {}).header("x-sluice-region"), "us");
  EXPECT_EQ(answered(three_unlike(), named("m:eu")).header("x-sluice-region"), "eu");
  EXPECT_EQ(answered(config_text(3), {}).header("x-sluice-region"), "global") << "nothing is said";
}

TEST_F(GatewayWishes, ARegionWithoutADeploymentIsRefused) {
  const SeenAnswer seen = answered(three_unlike(), saying_too(R"("model_region":"mars")"));
  EXPECT_EQ(seen.status, 403);
  EXPECT_NE(seen.body.find("region_not_available"), std::string::npos) << seen.body;
  EXPECT_EQ(order(), "");
  EXPECT_EQ(answered(three_unlike(), named("m:mars")).status, 403);
  EXPECT_EQ(order(), "");
}

TEST_F(GatewayWishes, AListenersPinHoldsWhateverTheCallerSays) {
  std::string config = three_unlike();
  of_listener(config, "regions = [\"eu\"]\n");
  EXPECT_EQ(planned(config, {}), "1 2");
  EXPECT_EQ(planned(config, saying_too(R"("provider":{"order":["p0"]})")), "1 2");
  EXPECT_EQ(answered(config, saying_too(R"("model_region":"us")")).status, 403);
  EXPECT_EQ(order(), "");
  EXPECT_EQ(answered(config, named("p0/m")).status, 403);
  EXPECT_EQ(order(), "");
}

TEST_F(GatewayWishes, AHostsPinHoldsForThoseWhoCallItByThatName) {
  std::string config = three_unlike();
  of_listener(config, "hosts = { \"gateway\" = [\"eu\"], \"other\" = [\"us\"] }\n");
  EXPECT_EQ(planned(config, {}), "1 2");  // tests call it "gateway"
  config = three_unlike();
  of_listener(config, "hosts = { \"other\" = [\"us\"] }\n");
  EXPECT_EQ(planned(config, {}), "0 1 2");
}

TEST_F(GatewayWishes, AKeysPinHoldsTogetherWithTheListeners) {
  const policy::NewKey key = *policy::generate_key();
  const std::string lines =
      "[[key]]\nname = \"k\"\nhash = \"" + key.hash + "\"\nregions = [\"us\"]\n";
  const Asks asks = with_header("Authorization", "Bearer " + std::string(key.key.reveal()));
  std::string config = three_unlike() + lines;
  EXPECT_EQ(planned(config, asks), "0");
  of_listener(config, "regions = [\"eu\"]\n");
  EXPECT_EQ(answered(config, asks).status, 403);
  EXPECT_EQ(order(), "");
}

// --- several models ---

TEST_F(GatewayWishes, AListStandsForItsMembers) {
  const std::string config =
      a_model_each(3, no_retries) + "[[model]]\nname = \"auto\"\nmembers = [\"m2\", \"m\"]\n";
  EXPECT_EQ(planned(config, named("auto")), "2 0");
  EXPECT_NE(heard.at(0).body.find(R"("model":"m-up-2")"), std::string::npos) << heard[0].body;
  EXPECT_NE(heard.at(1).body.find(R"("model":"m-up-0")"), std::string::npos) << heard[1].body;
}

TEST_F(GatewayWishes, AListHoldsForAKeyWhatTheKeyMayUse) {
  const policy::NewKey key = *policy::generate_key();
  const std::string config =
      a_model_each(3, no_retries) + "[[model]]\nname = \"auto\"\nmembers = [\"m2\", \"m\"]\n" +
      "[[key]]\nname = \"k\"\nhash = \"" + key.hash + "\"\nmodels = [\"auto\", \"m\"]\n";
  const Asks asks =
      with_header("Authorization", "Bearer " + std::string(key.key.reveal()), named("auto"));
  EXPECT_EQ(planned(config, asks), "0");
}

TEST_F(GatewayWishes, WithoutPartitionAllModelsArePutIntoOneOrder) {
  std::string config = a_model_each(3, no_retries);
  make_unlike(config);
  for (const char* members :
       {R"("models":["m","m1","m2"],"provider":{"sort":{"by":"price","partition":"none"}})",
        R"("models":["m","m1","m2"],"provider":{"sort":"price"},"route":"sort")"}) {
    SCOPED_TRACE(members);
    EXPECT_EQ(planned(config, saying_too(members)), "1 2 0");
    EXPECT_NE(heard.at(0).body.find(R"("model":"m-up-1")"), std::string::npos) << heard[0].body;
  }
  EXPECT_EQ(planned(config, saying_too(R"("models":["m","m1","m2"],"provider":{"sort":"price"})")),
            "0 1 2");
}

}  // namespace
}  // namespace sluice::gateway
