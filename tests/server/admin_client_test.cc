#include "sluice/server/admin_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <utility>

#include "sluice/server/admin_handler.h"
#include "sluice/server/plain_server.h"
#include "support.h"

namespace sluice::server {
namespace {

constexpr std::uint8_t loopback[4] = {127, 0, 0, 1};

Task<ExplainDesk::Page> explain(std::string query) {
  ExplainDesk::Page page;
  page.answer = {.status = query == "model=none" ? 404 : 200, .body = "asked " + query};
  page.format = gateway::ExplainFormat::text;
  co_return page;
}

Task<void> serve(http::Handler& handler, ring::Loop& loop, net::Listener& listener,
                 StopToken stop) {
  PlainServer server(loop, std::move(listener), handler, 8);
  co_await server.run(stop);
}

// Whoever else listens at a port.
class Stranger final : public http::Handler {
 public:
  Task<void> handle(http::ServerExchange& exchange) override {
    SliceChain body;
    body.push(Slice::of_static("hello"));
    const http::OutgoingResponse response{.status = http::status::ok, .fields = {}};
    (void)co_await exchange.respond(response, std::move(body), exchange.departed());
  }
  http::RejectionBody rejected(const http::Rejection&, const ring::SocketAddress&) override {
    return {.content_type = "text/plain", .body = "no"};
  }
};

std::expected<AdminAnswer, std::string> ask_at(http::Handler& handler, const std::string& query) {
  ServerThread thread([&handler](ring::Loop& loop, net::Listener& listener, StopToken stop) {
    return serve(handler, loop, listener, stop);
  });
  const auto address = thread.start(ring::SocketAddress::ipv4(loopback, 0));
  return ask_explanation(*address, query);
}

TEST(AdminClient, BringsWhatTheServerSays) {
  const std::atomic<bool> ready{true};
  AdminHandler handler(
      ready, AdminHandler::Readers::local_programs,
      {.metrics = [] { return std::string(); },
       .explain = [](std::string query, StopToken) { return explain(std::move(query)); }});
  const auto answer = ask_at(handler, "model=m&stream=true");
  ASSERT_TRUE(answer.has_value()) << answer.error();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "asked model=m&stream=true");
  const auto unknown = ask_at(handler, "model=none");
  ASSERT_TRUE(unknown.has_value()) << unknown.error();
  EXPECT_EQ(unknown->status, 404);
}

TEST(AdminClient, AStrangersAnswerIsNone) {
  Stranger stranger;
  const auto answer = ask_at(stranger, "model=m");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error(), "what listens there gives no explanations");
}

TEST(AdminClient, WhereNobodyListensItSaysSo) {
  std::uint16_t port = 0;
  {
    Stranger stranger;
    ServerThread thread([&stranger](ring::Loop& loop, net::Listener& listener, StopToken stop) {
      return serve(stranger, loop, listener, stop);
    });
    port = thread.start(ring::SocketAddress::ipv4(loopback, 0))->port();
  }
  const auto answer = ask_explanation(ring::SocketAddress::ipv4(loopback, port), "model=m");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error(), "nobody listens there");
}

}  // namespace
}  // namespace sluice::server
