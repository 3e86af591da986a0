#include "sluice/server/admin_handler.h"

#include <gtest/gtest.h>

#include "sluice/server/plain_server.h"
#include "support.h"

namespace sluice::server {
namespace {

using testing::ask;
using testing::get;

Task<void> serve_admin(AdminHandler& handler, ring::Loop& loop, net::Listener& listener,
                       StopToken stop) {
  PlainServer server(loop, std::move(listener), handler, 8);
  co_await server.run(stop);
}

struct Admin {
  Admin()
      : handler(ready, [] { return std::string("sluice_up 1\n"); }),
        thread([this](ring::Loop& loop, net::Listener& listener, StopToken stop) {
          return serve_admin(handler, loop, listener, stop);
        }) {
    const std::uint8_t loopback[4] = {127, 0, 0, 1};
    port = thread.start(ring::SocketAddress::ipv4(loopback, 0)).value().port();
  }
  std::atomic<bool> ready{false};
  AdminHandler handler;
  ServerThread thread;
  std::uint16_t port = 0;
};

TEST(AdminHandler, ReadinessFollowsTheFlagAndHealthDoesNot) {
  Admin admin;
  EXPECT_TRUE(get(admin.port, "/readyz").starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(get(admin.port, "/healthz").starts_with("HTTP/1.1 200 "));
  admin.ready = true;
  EXPECT_TRUE(get(admin.port, "/readyz").starts_with("HTTP/1.1 200 "));
}

TEST(AdminHandler, MetricsCarryPrometheusContentType) {
  Admin admin;
  const std::string answer = get(admin.port, "/metrics");
  EXPECT_NE(answer.find("text/plain; version=0.0.4"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("sluice_up 1\n")) << answer;
}

TEST(AdminHandler, ListsItsPagesAndRefusesTheRest) {
  Admin admin;
  EXPECT_NE(get(admin.port, "/").find("/metrics"), std::string::npos);
  EXPECT_TRUE(get(admin.port, "/nothing").starts_with("HTTP/1.1 404 "));
  const std::string post =
      ask(admin.port,
          "POST /metrics HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(post.starts_with("HTTP/1.1 405 ")) << post;
  EXPECT_NE(post.find("Allow: GET, HEAD"), std::string::npos) << post;
  EXPECT_TRUE(ask(admin.port, "no http\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

}  // namespace
}  // namespace sluice::server
