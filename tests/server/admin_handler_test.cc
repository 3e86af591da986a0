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

Task<ExplainDesk::Page> explain(std::string query) {
  ExplainDesk::Page page;
  page.answer = {.status = query.empty() ? 400 : 200, .body = "asked " + query};
  if (query.ends_with("text")) page.format = gateway::ExplainFormat::text;
  co_return page;
}

struct Admin {
  explicit Admin(AdminHandler::Readers readers = AdminHandler::Readers::local_programs)
      : handler(
            ready, readers,
            {.metrics = [] { return std::string("sluice_up 1\n"); },
             .explain = [](std::string query, StopToken) { return explain(std::move(query)); }}),
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

TEST(AdminHandler, ExplanationsAreJsonUnlessTextIsAskedFor) {
  Admin admin;
  const std::string json = get(admin.port, "/explain?model=m");
  EXPECT_TRUE(json.starts_with("HTTP/1.1 200 ")) << json;
  EXPECT_NE(json.find("Content-Type: application/json\r\n"), std::string::npos) << json;
  EXPECT_NE(json.find("x-sluice-explanation: 1\r\n"), std::string::npos) << json;
  EXPECT_TRUE(json.ends_with("\r\n\r\nasked model=m")) << json;
  const std::string text = get(admin.port, "/explain?model=m&format=text");
  EXPECT_NE(text.find("Content-Type: text/plain; charset=utf-8\r\n"), std::string::npos) << text;
  EXPECT_TRUE(get(admin.port, "/explain").starts_with("HTTP/1.1 400 "));
}

TEST(AdminHandler, ListsItsPagesAndRefusesTheRest) {
  Admin admin;
  EXPECT_NE(get(admin.port, "/").find("/metrics"), std::string::npos);
  EXPECT_TRUE(get(admin.port, "/nothing").starts_with("HTTP/1.1 404 "));
  const std::string post = ask(admin.port,
                               "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                               "0\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(post.starts_with("HTTP/1.1 405 ")) << post;
  EXPECT_NE(post.find("Allow: GET, HEAD"), std::string::npos) << post;
  EXPECT_TRUE(ask(admin.port, "no http\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

std::string get_as(std::uint16_t port, const std::string& path, const std::string& fields) {
  return ask(port, "GET " + path + " HTTP/1.1\r\n" + fields + "Connection: close\r\n\r\n");
}

TEST(AdminHandler, AWebPageReadsNothingButHealth) {
  Admin admin;
  const std::string rebound = "Host: evil.example:9090\r\n";
  const std::string foreign = "Host: 127.0.0.1:9090\r\nOrigin: https://evil.example\r\n";
  for (const std::string& page : {rebound, foreign}) {
    for (const char* path : {"/metrics", "/", "/explain?model=m", "/nothing"}) {
      const std::string answer = get_as(admin.port, path, page);
      EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 ")) << path << "\n" << answer;
      EXPECT_NE(answer.find("anonymous = true under [admin]"), std::string::npos) << answer;
      EXPECT_EQ(answer.find("sluice_up"), std::string::npos) << answer;
    }
    EXPECT_TRUE(get_as(admin.port, "/healthz", page).starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(get_as(admin.port, "/readyz", page).starts_with("HTTP/1.1 503 "));
  }
  for (const char* fields : {"Host: localhost:9090\r\n", "Host: [::1]:9090\r\n",
                             "Host: 127.0.0.1:9090\r\nOrigin: http://localhost:3000\r\n"}) {
    EXPECT_TRUE(get_as(admin.port, "/metrics", fields).starts_with("HTTP/1.1 200 ")) << fields;
  }
}

TEST(AdminHandler, WhereItIsForAnyoneNoHostAndNoOriginMatters) {
  Admin admin(AdminHandler::Readers::anyone);
  const std::string fields = "Host: metrics.example\r\nOrigin: https://grafana.example\r\n";
  EXPECT_TRUE(get_as(admin.port, "/metrics", fields).ends_with("sluice_up 1\n"));
}

}  // namespace
}  // namespace sluice::server
