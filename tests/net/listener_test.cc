#include "sluice/net/listener.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "net/tls_fixture.h"
#include "net/world.h"
#include "sluice/net/plain_stream.h"
#include "sluice/ring/connect.h"
#include "sluice/ring/sleep.h"

namespace sluice::net {
namespace {

using testing::chain_of;

struct Established {
  std::optional<Result<std::unique_ptr<Stream>>> server;
  std::optional<UnproxiedPeer> unproxied;
  std::unique_ptr<Stream> client;
};

// Connects, writes `parts` one after another, and establishes the server's end.
Task<Established> connect_with(ring::Loop& loop, ListenerConfig config,
                               std::vector<std::string> parts) {
  config.address = ring::testing::loopback_any_port();
  Result<Listener> listener = Listener::open(loop, config);
  SLUICE_ASSERT(listener.has_value());
  const Result<ring::SocketAddress> address = listener->local_address();
  SLUICE_ASSERT(address.has_value());
  Result<ring::Connection> connection = co_await ring::connect(loop, *address, {}, {});
  SLUICE_ASSERT(connection.has_value());
  Established out;
  out.client = std::make_unique<PlainStream>(std::move(*connection));
  const Result<int> socket = co_await listener->accept({});
  SLUICE_ASSERT(socket.has_value());
  Scope scope;
  scope.spawn(testing::store(listener->establish(*socket, {}, &out.unproxied), out.server));
  for (std::string& part : parts) {
    EXPECT_TRUE((co_await out.client->write(chain_of(std::move(part)), {})).has_value());
    static_cast<void>(
        co_await ring::sleep_until(loop, loop.now() + std::chrono::milliseconds(1), {}));
  }
  co_await out.client->finish({});
  co_await scope.join();
  co_return out;
}

Task<void> take_proxy_header(ring::Loop& loop, std::vector<std::string> parts) {
  ListenerConfig config{.address = {}, .proxy_protocol = true};
  Established made = co_await connect_with(loop, config, std::move(parts));
  EXPECT_TRUE(made.server->has_value());
  EXPECT_FALSE(made.unproxied);
  if (!made.server->has_value()) co_return;
  Stream& stream = *made.server->value();
  EXPECT_EQ(stream.peer().to_string(), "192.0.2.1:5555");
  const Result<std::string> rest = co_await testing::read_to_end(stream);
  EXPECT_TRUE(rest && *rest == "GET / HTTP/1.1");
}

TEST(Listener, TakesTheProxyHeaderAndNothingMore) {
  const std::vector<std::string> parts = {"PROXY TCP4 192.0.2.1", " 192.0.2.2 5555 443\r",
                                          "\nGET / HT", "TP/1.1"};
  testing::KernelWorld kernel;
  kernel.run(take_proxy_header(kernel.loop(), parts));
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    testing::SimulatedWorld simulated(seed);
    simulated.run(take_proxy_header(simulated.loop(), parts));
  }
}

// `why`: what is told of the peer; null for nothing.
Task<void> refuse(ring::Loop& loop, std::vector<std::string> parts, ErrorKind kind,
                  const char* why) {
  ListenerConfig config{.address = {}, .proxy_protocol = true};
  Established made = co_await connect_with(loop, config, std::move(parts));
  EXPECT_TRUE(!made.server->has_value() && made.server->error().kind == kind &&
              made.server->error().fault == Fault::client);
  EXPECT_EQ(made.unproxied.has_value(), why != nullptr);
  if (!made.unproxied || why == nullptr) co_return;
  EXPECT_STREQ(made.unproxied->why, why);
  EXPECT_EQ(made.unproxied->address.host(), "127.0.0.1");
}

TEST(Listener, RefusesAConnectionWithoutItsProxyHeader) {
  testing::KernelWorld world;
  world.run(refuse(world.loop(), {"GET / HTTP/1.1\r\n"}, ErrorKind::malformed,
                   "the connection begins without PROXY header"));
  world.run(refuse(world.loop(), {"PROXY TCP4"}, ErrorKind::connection_closed,
                   "closed before the PROXY header was complete"));
  world.run(refuse(world.loop(), {}, ErrorKind::connection_closed, nullptr));
}

Task<void> serve_tls(ring::Loop& loop, const TlsServerContext& server) {
  Result<Listener> listener = Listener::open(
      loop,
      {.address = ring::testing::loopback_any_port(), .proxy_protocol = true, .tls = &server});
  SLUICE_ASSERT(listener.has_value());
  Result<ring::Connection> connection =
      co_await ring::connect(loop, *listener->local_address(), {}, {});
  SLUICE_ASSERT(connection.has_value());
  auto plain = std::make_unique<PlainStream>(std::move(*connection));
  EXPECT_TRUE((co_await plain->write(chain_of("PROXY TCP4 192.0.2.1 192.0.2.2 5555 443\r\n"), {})));
  const auto client_side = testing::client_context();
  std::optional<testing::TlsResult> client;
  std::optional<Result<std::unique_ptr<Stream>>> accepted;
  const Result<int> socket = co_await listener->accept({});
  Scope scope;
  scope.spawn(testing::store(listener->establish(*socket, {}), accepted));
  scope.spawn(testing::store_connect(std::move(plain), *client_side, "localhost", client));
  co_await scope.join();
  EXPECT_TRUE(client->has_value() && accepted->has_value());
  if (!accepted->has_value()) co_return;
  EXPECT_TRUE(accepted->value()->is_tls());
  EXPECT_EQ(accepted->value()->alpn(), "http/1.1");
  EXPECT_EQ(accepted->value()->peer().to_string(), "192.0.2.1:5555");
}

TEST(Listener, SpeaksTlsBehindTheProxyHeader) {
  const auto server = testing::server_context({"localhost"});
  testing::KernelWorld world;
  world.run(serve_tls(world.loop(), *server));
}

TEST(UnixPath, IsFreedOfAStaleSocketAndOfNothingElse) {
  const std::string path = ::testing::TempDir() + "sluice_listener_test.sock";
  ::unlink(path.c_str());
  EXPECT_TRUE(clear_stale_unix_path(path).has_value()) << "nothing is there";

  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = ring::SocketAddress::unix_path(path);
  ASSERT_EQ(::bind(listener, address.data(), address.size()), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  const auto live = clear_stale_unix_path(path);
  ASSERT_FALSE(live.has_value());
  EXPECT_NE(live.error().find("another process listens"), std::string::npos);

  ::close(listener);
  EXPECT_EQ(::access(path.c_str(), F_OK), 0) << "the socket stays when its process is gone";
  EXPECT_TRUE(clear_stale_unix_path(path).has_value());
  EXPECT_NE(::access(path.c_str(), F_OK), 0);

  std::ofstream(path) << "precious";
  const auto file = clear_stale_unix_path(path);
  ASSERT_FALSE(file.has_value());
  EXPECT_NE(file.error().find("no socket"), std::string::npos);
  EXPECT_EQ(::access(path.c_str(), F_OK), 0);
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace sluice::net
