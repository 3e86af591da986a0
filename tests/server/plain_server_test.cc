#include "sluice/server/plain_server.h"

#include <gtest/gtest.h>

#include "sluice/server/admin_handler.h"
#include "support.h"

namespace sluice::server {
namespace {

Task<void> serve_one_connection(http::Handler& handler, ring::Loop& loop, net::Listener& listener,
                                StopToken stop) {
  PlainServer server(loop, std::move(listener), handler, 1);
  co_await server.run(stop);
}

const std::uint8_t loopback[4] = {127, 0, 0, 1};

TEST(PlainServer, BeyondItsBoundAConnectionIsClosedAtOnce) {
  const std::atomic<bool> ready{true};
  AdminHandler handler(ready, AdminHandler::Readers::anyone,
                       {.metrics = [] { return std::string(); }, .explain = {}});
  ServerThread thread([&handler](ring::Loop& loop, net::Listener& listener, StopToken stop) {
    return serve_one_connection(handler, loop, listener, stop);
  });
  const auto address = thread.start(ring::SocketAddress::ipv4(loopback, 0));
  ASSERT_TRUE(address.has_value());
  const int held = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(::connect(held, address->data(), address->size()), 0);
  EXPECT_EQ(testing::ask(address->port(), ""), "");
  ::close(held);
  while (!testing::get(address->port(), "/healthz").starts_with("HTTP/1.1 200 ")) ::usleep(1000);
}

TEST(ServerThread, EndsWhileAConnectionIsOpen) {
  const std::atomic<bool> ready{true};
  AdminHandler handler(ready, AdminHandler::Readers::anyone,
                       {.metrics = [] { return std::string(); }, .explain = {}});
  int held = -1;
  {
    ServerThread thread([&handler](ring::Loop& loop, net::Listener& listener, StopToken stop) {
      return serve_one_connection(handler, loop, listener, stop);
    });
    const auto address = thread.start(ring::SocketAddress::ipv4(loopback, 0));
    ASSERT_TRUE(address.has_value());
    held = ::socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_EQ(::connect(held, address->data(), address->size()), 0);
  }
  char byte = 0;
  EXPECT_LE(::read(held, &byte, 1), 0);
  ::close(held);
}

TEST(ServerThread, AnAddressThatIsTakenIsAnError) {
  const auto nothing = [](ring::Loop&, net::Listener&, StopToken) -> Task<void> { co_return; };
  ServerThread thread(nothing);
  const std::uint8_t elsewhere[4] = {192, 0, 2, 1};
  EXPECT_FALSE(thread.start(ring::SocketAddress::ipv4(elsewhere, 1)).has_value());
}

}  // namespace
}  // namespace sluice::server
