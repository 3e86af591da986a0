#include "sluice/gateway/generation.h"

#include <gtest/gtest.h>

#include <chrono>

#include "gateway_world.h"

namespace sluice::gateway {
namespace {

using ring::sim::SimConfig;
using ring::sim::SimWorld;
using std::chrono::milliseconds;
using testing::config_text;
using testing::GatewayWorld;

constexpr milliseconds connect_timeout(3'000);

Task<void> stays_silent(net::Stream& stream, StopToken stop) {
  while (true) {
    const Result<SliceChain> part = co_await stream.read(stop);
    if (!part || part->empty()) co_return;
  }
}

class GenerationTest : public ::testing::Test {
 protected:
  using Scenario = Task<void> (*)(GatewayWorld&);
  void run(const std::string& toml, std::size_t providers, Scenario scenario) {
    GatewayWorld gateway(world, toml);
    for (std::size_t i = 0; i < providers; ++i) gateway.add_raw_provider(i, stays_silent);
    EXPECT_EQ(world.run(run_and_stop(gateway, scenario), std::chrono::hours(1)), "");
  }
  static Task<void> run_and_stop(GatewayWorld& gateway, Scenario scenario) {
    co_await scenario(gateway);
    co_await gateway.stop();
  }
  SimWorld world{1, SimConfig::calm()};
};

Task<void> nap(GatewayWorld& gateway, milliseconds length) {
  (void)co_await ring::sleep_until(gateway.loop(), gateway.loop().now() + length, {});
}

route::Passage passage_to(const Generation& generation, std::size_t deployment) {
  const catalog::Model& model = generation.snapshot().models.models().front();
  return *route::RegionPin{}.passage(model.deployments[deployment]);
}

TEST_F(GenerationTest, HasAPoolPerProviderAndAddsThemUp) {
  run(config_text(2), 2, [](GatewayWorld& gateway) -> Task<void> {
    Generation& generation = gateway.gateway().generation();
    const route::Passage first = passage_to(generation, 0);
    const route::Passage second = passage_to(generation, 1);
    EXPECT_NE(&generation.pool(first), &generation.pool(second));
    {
      auto one = co_await generation.pool(first).acquire(upstream::ConnectionPool::Use::any,
                                                         connect_timeout, {});
      auto two = co_await generation.pool(second).acquire(upstream::ConnectionPool::Use::any,
                                                          connect_timeout, {});
      EXPECT_TRUE(one && two);
      EXPECT_EQ(generation.stats().open, 2U);
      EXPECT_EQ(generation.stats().idle, 0U);
    }
    EXPECT_EQ(generation.stats().idle, 2U);
    EXPECT_EQ(generation.stats().opened, 2U);
    generation.retire();
    EXPECT_EQ(generation.stats().open, 0U);
  });
}

TEST_F(GenerationTest, KeepsWarmWhatProvidersAskFor) {
  run(config_text(2, "[pool]\nwarm_connections = 2\n"), 2, [](GatewayWorld& gateway) -> Task<void> {
    Generation& generation = gateway.gateway().generation();
    StopSource stop;
    Scope scope;
    scope.spawn(generation.keep_warm(stop.token(), gateway.metrics()));
    co_await nap(gateway, milliseconds(10));
    EXPECT_EQ(generation.stats().idle, 4U);
    stop.request_stop();
    co_await scope.join();
  });
}

constexpr std::string_view with_tokens =
    "[[listener]]\naddress = \"127.0.0.1:8080\"\nanonymous = true\n"
    "[[provider]]\nname = \"v\"\ndialect = \"vertex\"\n"
    "base_url = \"http://127.0.0.1:9000/v1/projects/p/locations/global\"\n"
    "keys = [{ env = \"ENTRA_SECRET\" }, { metadata = \"default\" }]\n"
    "[[model]]\nname = \"m\"\n[[model.deployment]]\nprovider = \"v\"\nmodel = \"gemini-2.5-pro\"\n";

// The first three times it has none.
Task<void> give_token(http::ServerExchange& exchange, int* asked) {
  const bool has_one = ++*asked > 3;
  const std::array own = {http::Header{"Content-Type", "application/json"}};
  const http::OutgoingResponse response{
      .status = has_one ? http::status::ok : http::status::forbidden, .fields = {.own = own}};
  SliceChain chain;
  chain.push(Slice::of_static(has_one ? R"({"access_token":"t","expires_in":3600})"
                                      : R"({"error":"forbidden"})"));
  (void)co_await exchange.respond(response, std::move(chain), {});
}

Task<void> hear_token_news(GatewayWorld* gateway, std::vector<std::string>* heard) {
  StopSource stop;
  Scope scope;
  Generation::NewsTold told = [heard](const CredentialNews& news) {
    const bool is_back = news.kind == CredentialNews::Kind::token_back;
    EXPECT_EQ(is_back, news.problem.empty());
    heard->push_back(std::string(news.provider) + " " + std::to_string(news.credential) + " " +
                     std::string(news.problem));
  };
  Generation& generation = gateway->gateway().generation();
  scope.spawn(generation.keep_warm(stop.token(), gateway->metrics(), std::move(told)));
  co_await nap(*gateway, std::chrono::seconds(60));
  stop.request_stop();
  co_await scope.join();
  co_await gateway->stop();
}

TEST_F(GenerationTest, TellsOnceThatTokensFailAndOnceThatTheyComeAgain) {
  GatewayWorld gateway(world, std::string(with_tokens));
  int asked = 0;
  gateway.add_provider(
      100, [&asked](http::ServerExchange& exchange) { return give_token(exchange, &asked); });
  std::vector<std::string> heard;
  EXPECT_EQ(world.run(hear_token_news(&gateway, &heard), std::chrono::hours(1)), "");
  EXPECT_EQ(asked, 4);
  EXPECT_EQ(heard,
            (std::vector<std::string>{"v 1 its token server answered 403 (forbidden)", "v 1 "}));
}

TEST_F(GenerationTest, TheNextGenerationTakesOverWithPoolsOfItsOwn) {
  run(config_text(1), 1, [](GatewayWorld& gateway) -> Task<void> {
    Generation& before = gateway.gateway().generation();
    {
      auto lease = co_await before.pool(passage_to(before, 0))
                       .acquire(upstream::ConnectionPool::Use::any, connect_timeout, {});
    }
    EXPECT_EQ(before.stats().idle, 1U);
    gateway.use(config_text(1));
    EXPECT_EQ(gateway.gateway().generation().stats().open, 0U);
  });
}

std::string with_a_key() {
  std::string config = config_text(1);
  config.replace(config.find("keys = []"), 9, "keys = [{ env = \"KEY_a\" }]");
  return config;
}

// What a worker passes on to the operator.
TEST_F(GenerationTest, TellsOnceOfACredentialThatWasRefused) {
  run(with_a_key(), 1, [](GatewayWorld& gateway) -> Task<void> {
    Generation& generation = gateway.gateway().generation();
    const catalog::Deployment& deployment = passage_to(generation, 0).deployment();
    std::vector<std::string> told;
    Generation::NewsTold tell = [&told](const CredentialNews& news) {
      EXPECT_EQ(news.kind, CredentialNews::Kind::refused);
      told.push_back(std::string(news.provider) + std::to_string(news.credential));
    };
    StopSource stop;
    {
      Scope scope;
      scope.spawn(generation.keep_warm(stop.token(), gateway.metrics(), std::move(tell)));
      const MonotonicTime now = gateway.loop().now();
      auto ticket = generation.health().begin(deployment, now);
      EXPECT_TRUE(generation.health().take_credential(*ticket, deployment, {}, 0, now));
      const Health::Says says{.is_key_bad = true};
      generation.health().end(*ticket, {.verdict = upstream::Verdict::auth_refused}, says, now);
      co_await nap(gateway, milliseconds(3'500));
      stop.request_stop();
      co_await scope.join();
    }
    EXPECT_EQ(told, std::vector<std::string>{"p00"});
  });
}

}  // namespace
}  // namespace sluice::gateway
