// Providers that want an access token in place of a key: fetched beside the requests, and sent with
// them. The token server is at port 9100, the providers at 9000 and up.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "gateway_cases.h"

namespace sluice::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ask;
using testing::Asked;
using testing::completion;
using testing::GatewayWorld;
using testing::SeenAnswer;

constexpr std::size_t token_server = 100;

const std::string listener = "[[listener]]\naddress = \"127.0.0.1:8080\"\nanonymous = true\n";
const std::string machine = "keys = [{ metadata = \"default\" }]\n";

std::string vertex(std::string_view name, std::size_t index, std::string_view keys = machine) {
  return "[[provider]]\nname = \"" + std::string(name) +
         "\"\ndialect = \"vertex\"\nbase_url = \"http://127.0.0.1:" + std::to_string(9000 + index) +
         "/v1/projects/p/locations/global\"\n" + std::string(keys);
}

std::string model(std::string_view name,
                  const std::vector<std::pair<std::string, std::string>>& at) {
  std::string text = "[[model]]\nname = \"" + std::string(name) + "\"\n";
  for (const auto& [provider, upstream] : at) {
    text += "[[model.deployment]]\nprovider = \"" + provider + "\"\nmodel = \"" + upstream +
            "\"\nprice = { input = 1.0, output = 1.0 }\n";
  }
  return text;
}

struct Heard {
  std::string target, authorization, api_key, google_key, beta, body;
};

struct Said {
  int status = 200;
  std::string body = {};
};

Task<void> answer(http::ServerExchange& exchange, std::vector<Heard>* heard, Said said) {
  const http::RequestHead& head = exchange.head();
  Heard& one = heard->emplace_back();
  one.target = head.target;
  one.authorization = head.headers.value("authorization").value_or("");
  one.api_key = head.headers.value("api-key").value_or("");
  one.google_key = head.headers.value("x-goog-api-key").value_or("");
  one.beta = head.headers.value("anthropic-beta").value_or("");
  const std::size_t index = heard->size() - 1;
  const Result<Slice> body = co_await exchange.read_whole_body(1 << 20, {});
  if (body) (*heard)[index].body = body->view();
  const std::array own = {http::Header{"Content-Type", "application/json"}};
  const http::OutgoingResponse response{.status = static_cast<http::StatusCode>(said.status),
                                        .fields = {.own = own}};
  SliceChain chain;
  chain.push(Slice::take(std::move(said.body)));
  (void)co_await exchange.respond(response, std::move(chain), {});
}

constexpr std::string_view gemini_answer =
    R"({"candidates":[{"content":{"role":"model","parts":[{"text":"hello"}]},)"
    R"("finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1}})";
constexpr std::string_view claude_answer =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"c","content":[{"type":"text",)"
    R"("text":"hello"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}})";
constexpr std::string_view asking = R"({"model":"m","messages":[{"role":"user","content":"hi"}]})";

// The token of each account is its name.
struct Account {
  std::string name;
  seconds takes;
  int status = 200;
};

// Lifetime: of the test, which outlives the world.
Task<void> give_late(ring::Loop& loop, http::ServerExchange& exchange,
                     const std::vector<Account>& accounts) {
  std::vector<Heard> heard;
  for (const Account& account : accounts) {
    if (!exchange.head().target.ends_with("/" + account.name + "/token")) continue;
    (void)co_await ring::sleep_until(loop, loop.now() + account.takes, {});
    Said said;
    said.status = account.status;
    said.body = "{\"access_token\":\"" + account.name + "\",\"expires_in\":3600}";
    co_await answer(exchange, &heard, std::move(said));
    co_return;
  }
}

Task<void> run_timed(GatewayWorld& gateway, SeenAnswer& seen, MonotonicTime& answered_at) {
  gateway.start();
  std::string body(asking);
  seen = co_await ask(gateway, "POST", std::string(testing::chat), std::move(body));
  answered_at = gateway.loop().now();
  co_await gateway.stop();
}

class AccessTokens : public testing::GatewayCases {
 protected:
  /// Every provider says the same; the token server gives t1, t2, ... of an hour.
  void play(GatewayWorld& gateway, std::size_t providers, const Said& said,
            const Said& tokens = {}) {
    for (std::size_t i = 0; i < providers; ++i) {
      gateway.add_provider(i, [this, said](http::ServerExchange& exchange) {
        return answer(exchange, &heard, said);
      });
    }
    gateway.add_provider(token_server, [this, tokens](http::ServerExchange& exchange) {
      Said next = tokens;
      if (next.body.empty()) {
        next.body =
            "{\"access_token\":\"t" + std::to_string(asked.size() + 1) + "\",\"expires_in\":3600}";
      }
      return answer(exchange, &asked, next);
    });
  }
  SeenAnswer see_one(const std::string& config, std::size_t providers, const Said& said,
                     const Asked& request, const Said& tokens = {}) {
    GatewayWorld gateway(world, config);
    play(gateway, providers, said, tokens);
    SeenAnswer seen;
    EXPECT_EQ(world.run(run(gateway, request, seen), std::chrono::hours(1)), "");
    log = gateway.log_lines();
    for (const auto& provider : gateway.metrics().providers) {
      fetched += provider.token_fetches[0].value();
      failed += provider.token_fetches[1].value();
    }
    return seen;
  }
  std::vector<Heard> heard;  // by the providers
  std::vector<Heard> asked;  // of the token server
  std::uint64_t fetched = 0;
  std::uint64_t failed = 0;
};

TEST_F(AccessTokens, GoAlongToGeminiOnVertex) {
  const SeenAnswer seen =
      see_one(listener + vertex("v", 0) + model("m", {{"v", "google/gemini-2.5-flash"}}), 1,
              {200, std::string(gemini_answer)}, {.body = std::string(asking)});
  EXPECT_EQ(seen.status, 200) << seen.body;
  EXPECT_NE(seen.body.find("\"hello\""), std::string::npos) << seen.body;
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].target,
            "/v1/projects/p/locations/global/publishers/google/models/"
            "gemini-2.5-flash:generateContent");
  EXPECT_EQ(heard[0].authorization, "Bearer t1");
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].target, "/computeMetadata/v1/instance/service-accounts/default/token");
  EXPECT_EQ(fetched, 1U);
}

TEST_F(AccessTokens, GoAlongToClaudeOnVertexWithTheCallersOwnBody) {
  const Asked request{.target = "/v1/messages?beta=true",
                      .body = R"({"model":"m","max_tokens":5,"unknown":[1.50],"messages":[]})",
                      .headers = {{"anthropic-beta", "context-1m-2025-08-07"},
                                  {"anthropic-version", "2023-06-01"}}};
  const SeenAnswer seen = see_one(listener + vertex("v", 0) + model("m", {{"v", "claude-x@1"}}), 1,
                                  {200, std::string(claude_answer)}, request);
  EXPECT_EQ(seen.status, 200) << seen.body;
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].target,
            "/v1/projects/p/locations/global/publishers/anthropic/models/claude-x@1:rawPredict");
  EXPECT_EQ(heard[0].body,
            R"({"anthropic_version":"vertex-2023-10-16","max_tokens":5,"unknown":[1.50],)"
            R"("messages":[]})");
  EXPECT_EQ(heard[0].beta, "context-1m-2025-08-07");
}

TEST_F(AccessTokens, GoAlongWithAChatWrittenForClaudeOnVertex) {
  const SeenAnswer seen = see_one(listener + vertex("v", 0) + model("m", {{"v", "claude-x@1"}}), 1,
                                  {200, std::string(claude_answer)}, {.body = std::string(asking)});
  EXPECT_EQ(seen.status, 200) << seen.body;
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_TRUE(heard[0].target.ends_with("/publishers/anthropic/models/claude-x@1:rawPredict"));
  EXPECT_TRUE(heard[0].body.starts_with(R"({"anthropic_version":"vertex-2023-10-16",)"))
      << heard[0].body;
  EXPECT_EQ(heard[0].body.find("\"model\""), std::string::npos);
}

TEST_F(AccessTokens, GoAlongWithCountingClaudesTokens) {
  const Asked request{.target = "/v1/messages/count_tokens",
                      .body = R"({"model":"m","messages":[]})"};
  const SeenAnswer seen = see_one(listener + vertex("v", 0) + model("m", {{"v", "claude-x@1"}}), 1,
                                  {200, R"({"input_tokens":7})"}, request);
  EXPECT_TRUE(seen.body.starts_with(R"({"input_tokens":7,)")) << seen.body;
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_TRUE(heard[0].target.ends_with("/publishers/anthropic/models/count-tokens:rawPredict"));
  EXPECT_EQ(heard[0].body,
            R"({"anthropic_version":"vertex-2023-10-16","model":"claude-x@1","messages":[]})");
}

TEST_F(AccessTokens, GoAlongToOpenModelsOnVertex) {
  const SeenAnswer seen =
      see_one(listener + vertex("v", 0) + model("m", {{"v", "meta/llama-4-maas"}}), 1,
              {200, std::string(completion)}, {.body = R"({"model":"m","x":1,"messages":[]})"});
  EXPECT_EQ(seen.status, 200) << seen.body;
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].target, "/v1/projects/p/locations/global/endpoints/openapi/chat/completions");
  EXPECT_EQ(heard[0].body, R"({"model":"meta/llama-4-maas","x":1,"messages":[]})");
}

TEST_F(AccessTokens, ThatCannotBeHadLetTheNextDeploymentServe) {
  const std::string other =
      "[[provider]]\nname = \"o\"\ndialect = \"openai\"\nbase_url = \"http://127.0.0.1:9001/v1\"\n"
      "keys = []\n";
  const std::string config =
      listener + vertex("v", 0) + other + model("m", {{"v", "gemini-2.5-flash"}, {"o", "m-up"}});
  const SeenAnswer seen = see_one(config, 2, {200, std::string(completion)},
                                  {.body = std::string(asking)}, {403, R"({"error":"forbidden"})"});
  EXPECT_EQ(seen.status, 200) << seen.body;
  EXPECT_EQ(seen.provider, "o");
  ASSERT_EQ(heard.size(), 1U) << "nothing went out without a token";
  EXPECT_GE(failed, 1U);
}

TEST_F(AccessTokens, ThatCannotBeHadAreSaidToBeTheGatewaysTrouble) {
  const SeenAnswer seen =
      see_one(listener + vertex("v", 0) + model("m", {{"v", "gemini-2.5-flash"}}), 1,
              {200, std::string(gemini_answer)}, {.body = std::string(asking)},
              {401, R"({"error":"invalid_client","error_description":"s3cret"})"});
  EXPECT_EQ(seen.status, 503);
  EXPECT_NE(seen.body.find("upstream_token_missing"), std::string::npos) << seen.body;
  EXPECT_NE(seen.body.find("its token server answered 401 (invalid_client)"), std::string::npos);
  EXPECT_EQ(seen.body.find("s3cret"), std::string::npos);
  EXPECT_TRUE(heard.empty());
}

TEST_F(AccessTokens, OfASlowServerAreWaitedForWithinTheRequestsOwnTime) {
  GatewayWorld gateway(world, listener + "[timeouts]\nfirst_byte_ms = 2000\nconnect_ms = 1000\n" +
                                  vertex("v", 0) + model("m", {{"v", "gemini-2.5-flash"}}));
  gateway.add_raw_provider(token_server, [](net::Stream& stream, StopToken stop) -> Task<void> {
    (void)co_await stream.read(stop);
    (void)co_await stream.read(stop);
  });
  SeenAnswer seen;
  const MonotonicTime before = world.loop().now();
  EXPECT_EQ(world.run(run(gateway, {.body = std::string(asking)}, seen), std::chrono::hours(1)),
            "");
  EXPECT_EQ(seen.status, 504) << seen.body;
  EXPECT_LE(world.loop().now() - before, seconds(3)) << "and the end waits for no token server";
}

TEST_F(AccessTokens, OfSeveralCredentialsWhicheverComesFirstWillDo) {
  struct Case {
    std::vector<Account> accounts;
    seconds at_least, at_most;
    std::string_view sent;
  };
  const Case cases[] = {
      {{{"a", seconds(9)}, {"b", seconds(1)}}, seconds(1), seconds(2), "Bearer b"},
      {{{"a", seconds(1)}, {"b", seconds(9)}}, seconds(1), seconds(2), "Bearer a"},
      {{{"a", seconds(1), 403}, {"b", seconds(3)}}, seconds(3), seconds(4), "Bearer b"},
      {{{"a", seconds(1), 403}, {"b", seconds(3), 403}}, seconds(3), seconds(4), ""},
  };
  for (const Case& c : cases) {
    heard.clear();
    ring::sim::SimWorld own(1, ring::sim::SimConfig::calm());
    std::string keys = "keys = [";
    for (const Account& account : c.accounts) keys += "{ metadata = \"" + account.name + "\" }, ";
    GatewayWorld gateway(
        own, listener + vertex("v", 0, keys + "]\n") + model("m", {{"v", "gemini-2.5-flash"}}));
    gateway.add_provider(0, [this](http::ServerExchange& exchange) {
      return answer(exchange, &heard, {200, std::string(gemini_answer)});
    });
    gateway.add_provider(token_server, [&](http::ServerExchange& exchange) {
      return give_late(own.loop(), exchange, c.accounts);
    });
    SeenAnswer seen;
    const MonotonicTime before = own.loop().now();
    MonotonicTime answered_at{};
    EXPECT_EQ(own.run(run_timed(gateway, seen, answered_at), std::chrono::hours(1)), "");
    EXPECT_GE(answered_at - before, c.at_least);
    EXPECT_LE(answered_at - before, c.at_most);
    if (c.sent.empty()) {
      EXPECT_EQ(seen.status, 503) << seen.body;
      EXPECT_TRUE(heard.empty());
    } else {
      EXPECT_EQ(seen.status, 200) << seen.body;
      ASSERT_EQ(heard.size(), 1U);
      EXPECT_EQ(heard[0].authorization, c.sent);
    }
  }
}

Task<void> ask_thrice(GatewayWorld& gateway, Duration between, std::string reload,
                      std::vector<SeenAnswer>& seen) {
  gateway.start();
  for (int i = 0; i < 3; ++i) {
    std::string body(asking);
    seen.push_back(co_await ask(gateway, "POST", std::string(testing::chat), std::move(body)));
    (void)co_await ring::sleep_until(gateway.loop(), gateway.loop().now() + between, {});
    if (i == 0 && !reload.empty()) gateway.use(reload);
  }
  co_await gateway.stop();
}

TEST_F(AccessTokens, ThatAProviderRefusesAreFetchedAnew) {
  GatewayWorld gateway(world, listener + vertex("v", 0) + model("m", {{"v", "gemini-2.5-flash"}}));
  play(gateway, 1, {401, R"([{"error":{"code":401,"status":"UNAUTHENTICATED","message":"no"}}])"});
  std::vector<SeenAnswer> seen;
  // The first is refused young, which nothing follows from; the second when it is old enough.
  EXPECT_EQ(world.run(ask_thrice(gateway, seconds(90), "", seen), std::chrono::hours(1)), "");
  EXPECT_EQ(seen.at(0).status, 502) << "never the client's 401";
  EXPECT_EQ(seen.at(1).status, 502);
  EXPECT_EQ(heard.at(1).authorization, "Bearer t1");
  EXPECT_EQ(heard.at(2).authorization, "Bearer t2");
}

TEST_F(AccessTokens, AreKeptOverAReload) {
  const std::string config = listener + vertex("v", 0) + model("m", {{"v", "gemini-2.5-flash"}});
  GatewayWorld gateway(world, config);
  play(gateway, 1, {200, std::string(gemini_answer)});
  std::vector<SeenAnswer> seen;
  EXPECT_EQ(world.run(ask_thrice(gateway, seconds(5), config, seen), std::chrono::hours(1)), "");
  EXPECT_EQ(seen.at(1).status, 200);
  EXPECT_EQ(heard.at(2).authorization, "Bearer t1");
  EXPECT_EQ(asked.size(), 1U) << "the token server was not asked again";
}

TEST_F(AccessTokens, OfAnApplicationGoToAzure) {
  const std::string config =
      listener +
      "[[provider]]\nname = \"a\"\ndialect = \"azure\"\nbase_url = \"http://127.0.0.1:9000\"\n"
      "api_version = \"2024-10-21\"\nentra = { tenant = \"t-1\", client_id = \"app\", "
      "client_secret = { env = \"ENTRA_SECRET\" }, authority = \"http://127.0.0.1:9100\" }\n" +
      model("m", {{"a", "prod-1"}});
  const SeenAnswer seen = see_one(config, 1, {200, std::string(completion)},
                                  {.body = R"({"model":"m","messages":[]})"});
  EXPECT_EQ(seen.status, 200) << seen.body;
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].target, "/openai/deployments/prod-1/chat/completions?api-version=2024-10-21");
  EXPECT_EQ(heard[0].authorization, "Bearer t1");
  EXPECT_EQ(heard[0].api_key, "");
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].target, "/t-1/oauth2/v2.0/token");
  EXPECT_EQ(asked[0].body,
            "grant_type=client_credentials&client_id=app&client_secret=entra-secret"
            "&scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default");
}

TEST_F(AccessTokens, AreNotNeededWithACallersOwnApiKey) {
  const std::string config = listener + vertex("v", 0, "keys = []\nbyok = true\n") +
                             model("m", {{"v", "gemini-2.5-flash"}});
  const Asked request{.body = std::string(asking),
                      .headers = {{"x-sluice-provider-key", "v=AIzaCallersOwn"}}};
  const SeenAnswer seen = see_one(config, 1, {200, std::string(gemini_answer)}, request);
  EXPECT_EQ(seen.status, 200) << seen.body;
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].google_key, "AIzaCallersOwn");
  EXPECT_EQ(heard[0].authorization, "");
  EXPECT_TRUE(asked.empty());
}

}  // namespace
}  // namespace sluice::gateway
