#include "sluice/catalog/deployment.h"

#include <gtest/gtest.h>

namespace sluice::catalog {
namespace {

std::string rendered(std::string format, std::string key) {
  Auth auth;
  auth.format = std::move(format);
  return std::string(render_auth(auth, Secret(std::move(key))).reveal());
}

TEST(Deployment, TheKeyTakesItsPlaceInTheHeader) {
  EXPECT_EQ(rendered("Bearer {key}", "abc"), "Bearer abc");
  EXPECT_EQ(rendered("{key}", "abc"), "abc");
  EXPECT_EQ(rendered("Key {key};v=1", "abc"), "Key abc;v=1");
}

TEST(Deployment, BracesInsideAKeyAreLeftAlone) {
  EXPECT_EQ(rendered("Bearer {key}", "{key}"), "Bearer {key}");
}

TEST(Deployment, AProviderWithoutKeysNeedsTheCallersUnlessItAsksForNone) {
  Provider provider;
  EXPECT_FALSE(provider.usable_without_byok());
  provider.auth.optional = true;
  EXPECT_TRUE(provider.usable_without_byok());
  provider.auth.optional = false;
  provider.credentials.emplace_back();
  EXPECT_TRUE(provider.usable_without_byok());
}

TEST(PoolLimits, TellWhichRuleIsBroken) {
  EXPECT_FALSE(PoolLimits{}.broken_rule());
  PoolLimits limits;
  limits.connections_max = 0;
  EXPECT_TRUE(limits.broken_rule()->starts_with("connections_max"));
  limits = {};
  limits.idle_ms = 0;
  EXPECT_TRUE(limits.broken_rule()->starts_with("idle_ms"));
  limits = {};
  limits.warm_connections = limits.connections_max + 1;
  EXPECT_TRUE(limits.broken_rule()->starts_with("warm_connections"));
}

}  // namespace
}  // namespace sluice::catalog
