// Whose account pays, through the whole gateway: what a provider sees of the keys that callers
// bring.
#include <gtest/gtest.h>

#include <chrono>

#include "gateway_world.h"

namespace sluice::gateway {
namespace {

using ring::sim::SimConfig;
using ring::sim::SimWorld;
using testing::ask;
using testing::config_text;
using testing::GatewayWorld;
using testing::SeenAnswer;

constexpr std::string_view completion =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 57\r\n\r\n"
    R"({"choices":[{"index":0,"message":{"content":"a"}}],"x":1})";

Task<void> hear_and_answer(net::Stream& stream, std::vector<std::string>& heard, StopToken stop) {
  const Result<SliceChain> request = co_await stream.read(stop);
  if (!request || request->empty()) co_return;
  std::string text;
  for (const Slice& slice : *request) text += slice.view();
  heard.push_back(std::move(text));
  SliceChain answer;
  answer.push(Slice::of_static(completion));
  (void)co_await stream.write(std::move(answer), stop);
  (void)co_await stream.read(stop);
}

class OwnKeysThroughTheGateway : public ::testing::Test {
 protected:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  SeenAnswer see(const std::string& config, const Headers& headers) {
    GatewayWorld gateway(world, config);
    heard.clear();
    for (std::size_t i = 0; i < 3; ++i) {
      gateway.add_raw_provider(i, [this](net::Stream& stream, StopToken stop) {
        return hear_and_answer(stream, heard, stop);
      });
    }
    SeenAnswer seen;
    EXPECT_EQ(world.run(run(gateway, headers, seen), std::chrono::hours(1)), "");
    return seen;
  }
  static Task<void> run(GatewayWorld& gateway, const Headers& headers, SeenAnswer& seen) {
    gateway.start();
    std::string body = R"({"model":"m","messages":[]})";
    seen = co_await ask(gateway, "POST", "/v1/chat/completions", std::move(body), headers);
    co_await gateway.stop();
  }
  // Provider `index` takes callers' keys.
  static void let_take(std::string& config, std::size_t index) {
    const std::string name = "name = \"p" + std::to_string(index) + "\"\n";
    config.insert(config.find(name) + name.size(), "byok = true\n");
  }
  [[nodiscard]] bool heard_once(std::string_view text) const {
    return heard.size() == 1 && heard[0].find(text) != std::string::npos;
  }
  SimWorld world{1, SimConfig::calm()};
  std::vector<std::string> heard;
};

const std::pair<std::string, std::string> own_key = {"Authorization", "Bearer sk-callers-own"};

TEST_F(OwnKeysThroughTheGateway, AProviderInTwoRegionsTakesAPresentedKeyAsOne) {
  std::string config = config_text(1);
  let_take(config, 0);
  config += "[[model.deployment]]\nprovider = \"p0\"\nmodel = \"m-eu\"\nregion = \"eu\"\n";
  EXPECT_EQ(see(config, {own_key}).status, 200);
  EXPECT_TRUE(heard_once("Bearer sk-callers-own"));
}

TEST_F(OwnKeysThroughTheGateway, AKeyThatCouldBeForTwoProvidersIsServedOnNobodysAccount) {
  std::string config = config_text(3);
  let_take(config, 0);
  let_take(config, 1);  // p2 would serve it on the gateway's account
  const SeenAnswer refused = see(config, {own_key});
  EXPECT_EQ(refused.status, 401);
  EXPECT_NE(refused.body.find("x-sluice-provider-key"), std::string::npos) << refused.body;
  EXPECT_EQ(refused.body.find("sk-callers-own"), std::string::npos);
  EXPECT_TRUE(heard.empty());

  EXPECT_EQ(see(config, {own_key, {"x-sluice-provider-key", "p1=sk-named"}}).status, 200);
  EXPECT_TRUE(heard_once("Bearer sk-named"));
}

TEST_F(OwnKeysThroughTheGateway, AKeyForAnotherModelsProviderIsNotServedOnTheGatewaysAccount) {
  std::string config = config_text(2);
  let_take(config, 1);
  const std::string second = "[[model.deployment]]\nprovider = \"p1\"";
  config.insert(config.find(second), "[[model]]\nname = \"other\"\n");
  EXPECT_EQ(see(config, {own_key}).status, 401);
  EXPECT_TRUE(heard.empty());
}

// Official clients send a key whether one is wanted or not.
TEST_F(OwnKeysThroughTheGateway, WhereNobodyTakesKeysWhatIsPresentedDoesNotMatter) {
  EXPECT_EQ(see(config_text(1), {{"Authorization", "Bearer none"}}).status, 200);
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].find("none"), std::string::npos);
}

}  // namespace
}  // namespace sluice::gateway
