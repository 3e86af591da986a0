#include "sluice/net/resolver.h"

#include <gtest/gtest.h>

#include "net/tls_fixture.h"

namespace sluice::net {
namespace {

using sluice::testing::ManualExecutor;
using testing::run_on;

TEST(StaticResolver, AnswersFromItsTableWithTheAskedPort) {
  ManualExecutor executor;
  StaticResolver resolver;
  resolver.add("API.example.test", ring::SocketAddress::ipv4({192, 0, 2, 1}, 1));
  resolver.add("api.example.test", ring::SocketAddress::ipv4({192, 0, 2, 2}, 2));
  const auto found = run_on(executor, resolver.resolve("api.EXAMPLE.test", 443, {}));
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->addresses.size(), 2U);
  EXPECT_EQ(found->addresses[0].to_string(), "192.0.2.1:443");
  EXPECT_EQ(found->addresses[1].to_string(), "192.0.2.2:443");
  EXPECT_FALSE(found->stale);

  resolver.remove("api.example.test");
  const auto gone = run_on(executor, resolver.resolve("api.example.test", 443, {}));
  ASSERT_FALSE(gone.has_value());
  EXPECT_EQ(gone.error().kind, ErrorKind::resolve_failed);
  EXPECT_EQ(gone.error().retry, Retry::safe);
}

TEST(StaticResolver, TakesAnAddressForItself) {
  ManualExecutor executor;
  StaticResolver resolver;
  const auto found = run_on(executor, resolver.resolve("::1", 80, {}));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->addresses.front().to_string(), "[::1]:80");
}

TEST(StaticResolver, LeavesWhenStopped) {
  ManualExecutor executor;
  StaticResolver resolver;
  StopSource stop;
  stop.request_stop();
  const auto stopped = run_on(executor, resolver.resolve("a", 80, stop.token()));
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace sluice::net
