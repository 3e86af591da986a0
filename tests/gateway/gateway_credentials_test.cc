// Providers with several keys: which one goes along, and what follows from its being refused.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "routed_gateway.h"

namespace sluice::gateway {
namespace {

using std::chrono::milliseconds;
using telemetry::CredentialRefusal;
using testing::after;
using testing::Asks;
using testing::config_text;
using testing::failing;
using testing::limited;
using testing::new_model_at;
using testing::of_keys;
using testing::of_provider;
using testing::refusing;
using testing::saying_too;
using testing::Says;
using testing::SeenAnswer;

const std::string no_retries = "[routing.retry]\nretries = 0\n";
// The first one goes along whenever it may.
constexpr std::string_view first_a =
    R"({ env = "KEY_a", weight = 1000000 }, { env = "KEY_b", weight = 0.000001 })";
constexpr std::string_view one_at_a_time =
    R"({ env = "KEY_a", weight = 1000000, concurrency_max = 1 }, )"
    R"({ env = "KEY_b", weight = 0.000001, concurrency_max = 1 })";

Asks later(int ms) { return {.pause = milliseconds(ms)}; }

/// The first provider has these keys, the others need none.
std::string with_keys(std::string_view keys, std::size_t providers = 1,
                      std::string_view more = no_retries) {
  std::string config = config_text(providers, more);
  of_keys(config, 0, keys);
  return config;
}

class GatewayCredentials : public testing::RoutedGateway {
 protected:
  [[nodiscard]] std::uint64_t refused_for(CredentialRefusal reason) const {
    return refusals[static_cast<std::size_t>(reason)];
  }
};

struct RefusalCase {
  std::string_view name;
  Says says;
  CredentialRefusal reason;
  std::string_view then;  // the keys of two requests, the second a moment later
};
const RefusalCase refusal_cases[] = {
    {"a bad key", failing(401), CredentialRefusal::key, "a b b"},
    {"a bad key by another status", refusing(403, "invalid_api_key"), CredentialRefusal::key,
     "a b b"},
    {"not to this account, or not to this request", failing(403), CredentialRefusal::permission,
     "a b a b"},
    {"no money", failing(402), CredentialRefusal::quota, "a b b"},
    {"no money by another status", refusing(429, "insufficient_quota"), CredentialRefusal::quota,
     "a b b"},
    {"too often", failing(429), CredentialRefusal::rate, "a b b"},
};

TEST_F(GatewayCredentials, WhatOneIsRefusedTheNextIsAskedFor) {
  for (const RefusalCase& c : refusal_cases) {
    SCOPED_TRACE(c.name);
    says_to_key = {{"a", {c.says}}, {"b", {Says{}}}};
    const auto seen = play(with_keys(first_a), {{}}, {{}, {}});
    EXPECT_EQ(seen[0].status, 200) << seen[0].body;
    EXPECT_EQ(seen[1].status, 200);
    EXPECT_EQ(keys(), c.then);
    EXPECT_EQ(attempts_logged(0), 2U) << log[0];
    EXPECT_EQ(refused_for(c.reason), asked_with("a"));
    EXPECT_EQ(retries, asked_with("a")) << "a further try at the same deployment";
  }
}

TEST_F(GatewayCredentials, WhoMayBeHedgedIsAskedWithTheNextKeyAllTheSame) {
  says_to_key = {{"a", {failing(429)}}, {"b", {Says{}}}};
  const auto seen = play(
      with_keys(first_a, 2, "[routing.hedge]\nenabled = true\ndelay_ms = 1000\n"), {{}, {}}, {{}});
  EXPECT_EQ(seen[0].status, 200) << seen[0].body;
  EXPECT_EQ(keys(), "a b");
  EXPECT_EQ(order(), "0 0") << "the other deployment need not be asked";
}

TEST_F(GatewayCredentials, WhatIsTheRequestsOwnFaultIsNoCredentials) {
  says_to_key = {{"a", {failing(400)}}, {"b", {Says{}}}};
  EXPECT_EQ(play_one(with_keys(first_a), {{}}).status, 400);
  EXPECT_EQ(keys(), "a");
  says_to_key = {{"a", {failing(500)}}, {"b", {Says{}}}};
  EXPECT_EQ(play_one(with_keys(first_a), {{}}).status, 502);
  EXPECT_EQ(keys(), "a");
}

TEST_F(GatewayCredentials, ABadKeyIsOutUntilTheConfigurationIsLoadedAnew) {
  const std::string config = with_keys(first_a);
  says_to_key = {{"a", {failing(401), Says{}}}, {"b", {Says{}}}};
  const Asks hours_later = later(5 * 3'600'000);
  Asks reloaded;
  reloaded.reload = config;
  const auto seen = play(config, {{}}, {{}, {}, hours_later, reloaded});
  EXPECT_EQ(keys(), "a b b b a");
  for (const SeenAnswer& each : seen) EXPECT_EQ(each.status, 200);
}

// A caller can have its words quoted in a provider's 400.
TEST_F(GatewayCredentials, OnACallersWordNoKeyIsThrownAway) {
  Says quoting = failing(400);
  quoting.body = R"({"error":{"message":"Invalid value: 'incorrect api key'","type":"t"}})";
  says_to_key = {{"a", {quoting, quoting, Says{}}}, {"b", {quoting, quoting, Says{}}}};
  const auto seen = play(with_keys(first_a), {{}}, {{}, {}, {}});
  EXPECT_EQ(seen[2].status, 200);
  EXPECT_EQ(keys(), "a b a b a");
}

TEST_F(GatewayCredentials, WhoAskedForTwoSecondsHasThem) {
  says_to_key = {{"a", {limited("2"), Says{}}}, {"b", {Says{}}}};
  (void)play(with_keys(first_a), {{}}, {{}, later(1'500), later(700)});
  EXPECT_EQ(keys(), "a b b a");
}

TEST_F(GatewayCredentials, ADeploymentCoolsDownWhenAllOfItsDo) {
  says_to_key = {{"a", {limited("9"), Says{}}}, {"b", {limited("2"), Says{}}}};
  const auto seen = play(with_keys(first_a, 2), {{}, {Says{}}}, {{}, {}, later(2'100)});
  EXPECT_EQ(seen[0].provider, "p1");
  EXPECT_EQ(seen[1].provider, "p1");
  EXPECT_EQ(seen[2].provider, "p0");
  EXPECT_EQ(keys(), "a b   b") << "p1 needs none";
  EXPECT_TRUE(logged(1, R"("provider":"p0","deployment":"m-up-0","obstacle":"cooling_down")"))
      << log[1];
}

TEST_F(GatewayCredentials, WhenAllCoolTheClientIsToldWhenTheFirstWillDo) {
  says_to_key = {{"a", {limited("9")}}, {"b", {limited("2"), Says{}}}};
  const auto seen = play(with_keys(first_a), {{}}, {{}, {}, later(2'100)});
  EXPECT_EQ(seen[0].status, 429);
  EXPECT_EQ(seen[1].status, 503);
  EXPECT_EQ(seen[1].header("retry-after"), "2");
  EXPECT_EQ(seen[2].status, 200);
}

// Providers count by key and model.
TEST_F(GatewayCredentials, WhatIsAskedTooOftenOfOneModelMayBeAskedOfAnother) {
  for (const std::string_view keys_of_both : {first_a, first_a.substr(0, first_a.find(", {"))}) {
    std::string config = with_keys(keys_of_both, 2);
    new_model_at(config, 1);
    const std::string elsewhere = "provider = \"p1\"";
    config.replace(config.rfind(elsewhere), elsewhere.size(), "provider = \"p0\"");
    says_to_key = {{"a", {limited("9"), Says{}}}, {"b", {limited("9"), Says{}}}};
    const auto seen = play(config, {{}, {}}, {{}, {}, {.body = R"({"model":"m1","messages":[]})"}});
    EXPECT_EQ(seen[0].status, 429);
    EXPECT_EQ(seen[1].status, 503);
    EXPECT_EQ(seen[2].status, 200) << seen[2].body;
    EXPECT_EQ(heard.back().key, "a");
  }
}

TEST_F(GatewayCredentials, WhenAllAreRefusedItIsTheOperatorsTurn) {
  says_to_key = {{"a", {failing(401)}}, {"b", {failing(401)}}};
  const auto seen = play(with_keys(first_a), {{}}, {{}, {}});
  EXPECT_EQ(seen[0].status, 502) << "a provider's 401 is never the client's";
  EXPECT_NE(seen[0].body.find("upstream_auth_failed"), std::string::npos) << seen[0].body;
  EXPECT_EQ(seen[1].status, 503);
  EXPECT_NE(seen[1].body.find(R"("code":"upstream_credentials_refused")"), std::string::npos)
      << seen[1].body;
  EXPECT_NE(seen[1].body.find("operator"), std::string::npos);
  EXPECT_EQ(seen[1].header("retry-after"), "60");
  EXPECT_EQ(keys(), "a b");
  EXPECT_EQ(refused_for(CredentialRefusal::key), 2U);
}

TEST_F(GatewayCredentials, WhenAllAreRefusedOthersServe) {
  says_to_key = {{"a", {failing(401)}}};
  const auto seen = play(with_keys(R"({ env = "KEY_a" })", 2), {{}, {Says{}}}, {{}, {}});
  EXPECT_EQ(order(), "0 1 1");
  EXPECT_EQ(seen[1].provider, "p1");
  EXPECT_TRUE(logged(1, R"("provider":"p0","deployment":"m-up-0","obstacle":"no_credential")"))
      << log[1];
}

TEST_F(GatewayCredentials, EachIsTriedOnceAndNoneOfThemForAFallbacksSake) {
  const std::string config = with_keys(R"({ env = "KEY_a" }, { env = "KEY_b" }, { env = "KEY_c" })",
                                       3, "[routing.retry]\nretries = 0\nfallbacks = 2\n");
  says_to_key = {{"a", {failing(403)}}, {"b", {failing(403)}}, {"c", {failing(403)}}};
  const auto seen = play_one(config, {{}, {failing(500)}, {Says{}}});
  EXPECT_EQ(seen.provider, "p2");
  EXPECT_EQ(order(), "0 0 0 1 2");
  EXPECT_EQ(asked_with("a"), 1U);
  EXPECT_EQ(asked_with("b"), 1U);
  EXPECT_EQ(asked_with("c"), 1U);
}

TEST_F(GatewayCredentials, WhoWantsNoFallbackIsServedWithAnyKey) {
  says_to_key = {{"a", {failing(429)}}, {"b", {Says{}}}};
  const Asks strict{.headers = {{"X-No-Fallback", "true"}}};
  EXPECT_EQ(play_one(with_keys(first_a, 2), {{}, {Says{}}}, strict).provider, "p0");
  EXPECT_EQ(keys(), "a b");
}

TEST_F(GatewayCredentials, ARetryRoundMayUseThemAllAgain) {
  says_to_key = {{"a", {failing(503), Says{}}}, {"b", {failing(503)}}};
  const std::string config =
      with_keys(first_a, 1, "[routing.retry]\nretries = 1\nbackoff_ms = 20\n");
  EXPECT_EQ(play_one(config, {{}}).status, 200);
  EXPECT_EQ(keys(), "a a");
}

TEST_F(GatewayCredentials, BearTheirSharesByWeight) {
  const std::string config =
      with_keys(R"({ env = "KEY_a", weight = 3 }, { env = "KEY_b", weight = 1 })");
  (void)play(config, {{Says{}}}, std::vector<Asks>(400));
  EXPECT_NEAR(static_cast<double>(asked_with("a")), 300, 45);
  EXPECT_EQ(asked_with("a") + asked_with("b"), 400U);
}

TEST_F(GatewayCredentials, NoMoreRequestsAtOnceThanAllowed) {
  says_to_key = {{"a", {after(milliseconds(500))}}, {"b", {after(milliseconds(500))}}};
  const auto seen = play_together(with_keys(one_at_a_time), {{}},
                                  {{}, later(100), later(200), later(600), later(700)});
  EXPECT_EQ(keys(), "a b a b");
  EXPECT_EQ(seen[2].status, 503);
  EXPECT_NE(seen[2].body.find(R"("code":"overloaded")"), std::string::npos) << seen[2].body;
  EXPECT_NE(seen[2].header("retry-after"), "");
  EXPECT_EQ(seen[4].status, 200);
}

TEST_F(GatewayCredentials, WhereNoneIsFreeOthersServe) {
  says_to_key = {{"a", {after(milliseconds(500))}}};
  const std::string config = with_keys(R"({ env = "KEY_a", concurrency_max = 1 })", 2);
  const auto seen = play_together(config, {{}, {Says{}}}, {{}, later(100)});
  EXPECT_EQ(seen[0].provider, "p0");
  EXPECT_EQ(seen[1].provider, "p1");
  EXPECT_EQ(attempts_logged(0), 2U) << "the one that nobody was asked for is told of, too";
}

// Both hear of it in one turn of the loop, and only one may go on.
TEST_F(GatewayCredentials, OfTwoThatAreRefusedTogetherOneHasTheOnlyPlaceLeft) {
  const std::string config =
      with_keys(R"({ env = "KEY_a", weight = 1000000 }, )"
                R"({ env = "KEY_b", weight = 0.000001, concurrency_max = 1 })");
  says_to_key = {{"a", {failing(429), failing(429)}}, {"b", {after(milliseconds(500))}}};
  auto seen = play_together(config, {{}}, {{}, {}});
  if (seen[0].status != 200) std::swap(seen[0], seen[1]);
  EXPECT_EQ(seen[0].status, 200) << seen[0].body;
  EXPECT_EQ(seen[1].status, 429) << "as its provider put it: " << seen[1].body;
  EXPECT_EQ(attempts_logged(0) + attempts_logged(1), 3U) << "nobody is sent where no place is";
}

// With one at a time a place that is not given back is missed at once.
TEST_F(GatewayCredentials, GiveTheirPlaceBackHoweverAnAttemptEnds) {
  const std::string hedged =
      "[routing.retry]\nretries = 0\n[routing.hedge]\nenabled = true\ndelay_ms = 50\nbudget = "
      "1.0\n";
  std::string config = with_keys(R"({ env = "KEY_a", concurrency_max = 1 })", 2, hedged);
  says_to_key = {{"a", {after(milliseconds(500)), Says{}}}};
  auto seen = play(config, {{}, {Says{}}}, {{}, {}});
  EXPECT_EQ(seen[0].provider, "p1") << "the hedge won";
  EXPECT_EQ(seen[1].provider, "p0");

  config = with_keys(R"({ env = "KEY_a", concurrency_max = 1 })");
  const Asks hasty{.headers = {{"x-request-timeout", "50ms"}}};
  for (const Says& bad : {testing::silent(), failing(500), failing(429), failing(400)}) {
    says_to_key = {{"a", {bad, Says{}}}};
    seen = play(config, {{}}, {hasty, later(6'000)});
    EXPECT_NE(seen[0].status, 200);
    EXPECT_EQ(seen[1].status, 200) << "after " << bad.status << ": " << seen[1].body;
  }
}

TEST_F(GatewayCredentials, AreLeftAloneWhenTheirHeadersSayThatNothingIsLeft) {
  Says spent;
  spent.fields = {{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "60s"}};
  says_to_key = {{"a", {spent, Says{}}}, {"b", {Says{}}}};
  (void)play(with_keys(first_a), {{}}, {{}, {}, later(30'000), later(31'000)});
  EXPECT_EQ(keys(), "a b b a");
}

TEST_F(GatewayCredentials, ALimitsResetIsAsGoodAsARetryAfter) {
  Says limit = failing(429);
  limit.fields = {{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "7s"}};
  says_to_key = {{"a", {limit, Says{}}}};
  const auto seen = play(with_keys(R"({ env = "KEY_a" })"), {{}}, {{}, later(6'000), later(1'100)});
  EXPECT_EQ(seen[0].status, 429);
  EXPECT_EQ(seen[0].header("retry-after"), "7");
  EXPECT_EQ(seen[1].status, 503);
  EXPECT_EQ(seen[2].status, 200);
}

TEST_F(GatewayCredentials, OfCallersAreNoneOfOurs) {
  std::string config = with_keys(R"({ env = "KEY_a" })");
  of_provider(config, 0, "byok = true\n");
  const Asks own{.headers = {{"x-sluice-provider-key", "p0=theirs"}}};
  says_to_key = {{"a", {Says{}}}, {"theirs", {failing(401)}}};
  auto seen = play(config, {{}}, {own, own, {}});
  EXPECT_EQ(seen[0].status, 401);
  EXPECT_EQ(seen[2].status, 200) << "ours is as good as before";
  EXPECT_EQ(refusals, decltype(refusals){});

  says_to_key = {{"a", {failing(401)}}, {"theirs", {Says{}}}};
  seen = play(config, {{}}, {{}, {}, own});
  EXPECT_EQ(seen[1].status, 503);
  EXPECT_EQ(seen[2].status, 200) << "and theirs whatever became of ours: " << seen[2].body;
  EXPECT_EQ(keys(), "a theirs");
}

}  // namespace
}  // namespace sluice::gateway
