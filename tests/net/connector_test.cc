#include "sluice/net/connector.h"

#include <gtest/gtest.h>

#include <string>

#include "net/tls_fixture.h"
#include "net/world.h"
#include "sluice/net/listener.h"
#include "sluice/ring/sleep.h"

namespace sluice::net {
namespace {

using testing::chain_of;

// A function, since GCC 12 copies an aggregate's temporary in a co_await byte by byte.
Endpoint endpoint_of(Scheme scheme, std::string host, std::uint16_t port,
                     std::string tls_name = {}) {
  return {.scheme = scheme, .host = std::move(host), .port = port, .tls_name = std::move(tls_name)};
}

// A listener, a resolver and a connector to it.
struct Site {
  Site(ring::Loop& given, const TlsClientContext* tls, const TlsServerContext* server_tls = nullptr)
      : loop(given), connector(loop, resolver, tls, {}) {
    auto opened =
        Listener::open(loop, {.address = ring::testing::loopback_any_port(), .tls = server_tls});
    SLUICE_ASSERT(opened.has_value());
    listener.emplace(std::move(*opened));
    port = listener->local_address()->port();
    resolver.add("localhost", ring::SocketAddress::ipv4({127, 0, 0, 1}, 0));
  }
  ring::Loop& loop;
  StaticResolver resolver;
  Connector connector;
  std::optional<Listener> listener;
  std::uint16_t port = 0;
};

Task<void> accept_one(Site& site, std::optional<Result<std::unique_ptr<Stream>>>& out,
                      StopToken stop) {
  const Result<int> socket = co_await site.listener->accept(stop);
  if (socket) out.emplace(co_await site.listener->establish(*socket, stop));
}

// Connects to the site while it accepts; what the site saw is in `accepted`.
Task<Result<Connected>> connect_to(Site& site, Endpoint endpoint,
                                   std::optional<Result<std::unique_ptr<Stream>>>& accepted) {
  StopSource stop;
  Scope scope;
  scope.spawn(accept_one(site, accepted, stop.token()));
  Result<Connected> made = co_await site.connector.connect(std::move(endpoint), {});
  // The accepting side ends a moment later, or never.
  for (int i = 0; i < 100 && scope.running() > 0; ++i) {
    static_cast<void>(
        co_await ring::sleep_until(site.loop, site.loop.now() + std::chrono::milliseconds(1), {}));
  }
  stop.request_stop();
  co_await scope.join();
  co_return made;
}

Task<void> connect_plain(ring::Loop& loop) {
  Site site(loop, nullptr);
  std::optional<Result<std::unique_ptr<Stream>>> accepted;
  Result<Connected> made =
      co_await connect_to(site, endpoint_of(Scheme::http, "localhost", site.port), accepted);
  EXPECT_TRUE(made.has_value());
  EXPECT_TRUE(made && !made->stream->is_tls());
  EXPECT_TRUE(accepted.has_value() && accepted->has_value());
}

TEST(Connector, ConnectsByNameInBothWorlds) {
  testing::KernelWorld kernel;
  kernel.run(connect_plain(kernel.loop()));
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    testing::SimulatedWorld simulated(seed);
    simulated.run(connect_plain(simulated.loop()));
  }
}

Task<void> connect_tls(ring::Loop& loop, const TlsServerContext& server,
                       const TlsClientContext& client) {
  Site site(loop, &client, &server);
  std::optional<Result<std::unique_ptr<Stream>>> accepted;
  Result<Connected> made =
      co_await connect_to(site, endpoint_of(Scheme::https, "localhost", site.port), accepted);
  EXPECT_TRUE(made && made->stream->is_tls());
  EXPECT_TRUE(made && made->stream->alpn() == "http/1.1");

  made = co_await connect_to(
      site, endpoint_of(Scheme::https, "localhost", site.port, "elsewhere.test"), accepted);
  EXPECT_TRUE(!made && made.error().kind == ErrorKind::certificate_invalid);
  EXPECT_TRUE(!made && made.error().retry == Retry::safe);

  made = co_await connect_to(
      site, endpoint_of(Scheme::https, "127.0.0.1", site.port, "a.example.test"), accepted);
  EXPECT_TRUE(made.has_value());
}

TEST(Connector, VerifiesAnHttpsEndpoint) {
  const auto server = testing::server_context({"localhost"});
  const auto client = testing::client_context();
  testing::KernelWorld kernel;
  kernel.run(connect_tls(kernel.loop(), *server, *client));
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    testing::SimulatedWorld simulated(seed);
    simulated.run(connect_tls(simulated.loop(), *server, *client));
  }
}

Task<void> https_to_plain(ring::Loop& loop, const TlsClientContext& client) {
  Site site(loop, &client);  // the listener speaks no TLS
  std::optional<Result<std::unique_ptr<Stream>>> accepted;
  StopSource stop;
  Scope scope;
  scope.spawn(accept_one(site, accepted, {}));
  std::optional<Result<Connected>> made;
  scope.spawn(testing::store(
      site.connector.connect(endpoint_of(Scheme::https, "localhost", site.port), stop.token()),
      made));
  while (!accepted) {
    static_cast<void>(
        co_await ring::sleep_until(loop, loop.now() + std::chrono::milliseconds(1), {}));
  }
  Stream& stream = *accepted->value();
  const Result<SliceChain> first = co_await stream.read({});
  // The one thing a plain peer ever gets to see is a ClientHello.
  EXPECT_TRUE(first && first->to_string().starts_with("\x16\x03\x01"));
  EXPECT_TRUE((co_await stream.write(chain_of("HTTP/1.1 400 Bad Request\r\n\r\n"), {})));
  co_await scope.join();
  EXPECT_TRUE(!*made && made->error().kind == ErrorKind::tls_failed);

  // And without authorities there is no https at all.
  Connector bare(loop, site.resolver, nullptr, {});
  const auto refused =
      co_await bare.connect(endpoint_of(Scheme::https, "localhost", site.port), {});
  EXPECT_TRUE(!refused && refused.error().kind == ErrorKind::unsupported);
}

TEST(Connector, NeverTalksPlainlyToAnHttpsEndpoint) {
  const auto client = testing::client_context();
  testing::KernelWorld world;
  world.run(https_to_plain(world.loop(), *client));
}

Task<void> skip_dead_addresses(ring::Loop& loop) {
  Site site(loop, nullptr);
  // Nobody listens there; the port is the same everywhere.
  StaticResolver resolver;
  resolver.add("many", ring::SocketAddress::ipv4({127, 0, 0, 7}, 0));
  resolver.add("many", ring::SocketAddress::ipv4({127, 0, 0, 8}, 0));
  resolver.add("many", ring::SocketAddress::ipv4({127, 0, 0, 1}, 0));
  Connector connector(loop, resolver, nullptr, {});
  Result<Connected> made =
      co_await connector.connect(endpoint_of(Scheme::http, "many", site.port), {});
  EXPECT_TRUE(made && made->stream->peer().host() == "127.0.0.1");

  resolver.remove("many");
  resolver.add("many", ring::SocketAddress::ipv4({127, 0, 0, 7}, 0));
  made = co_await connector.connect(endpoint_of(Scheme::http, "many", site.port), {});
  EXPECT_TRUE(!made && made.error().kind == ErrorKind::connect_failed);
  EXPECT_TRUE(!made && made.error().retry == Retry::safe);
  EXPECT_TRUE(!made && made.error().fault == Fault::provider);

  made = co_await connector.connect(endpoint_of(Scheme::http, "none", 1), {});
  EXPECT_TRUE(!made && made.error().kind == ErrorKind::resolve_failed);
}

TEST(Connector, TriesTheNextAddressWhenOneRefuses) {
  testing::KernelWorld kernel;
  kernel.run(skip_dead_addresses(kernel.loop()));
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    testing::SimulatedWorld simulated(seed);
    simulated.run(skip_dead_addresses(simulated.loop()));
  }
}

Task<void> race_silent_address(ring::Loop& loop, bool stop_early) {
  Site site(loop, nullptr);
  const ring::SocketAddress address = *site.listener->local_address();
  // In a network where half of all connects get no answer, eight addresses find one, and soon.
  std::vector<ring::SocketAddress> addresses(8, address);
  const MonotonicTime started = loop.now();
  ring::Deadline deadline(
      loop, stop_early ? loop.now() + std::chrono::milliseconds(1) : MonotonicTime::max(), {});
  auto made = co_await connect_any(loop, addresses, {}, deadline.token());
  const Duration took = loop.now() - started;
  EXPECT_LT(took, std::chrono::seconds(10));
  EXPECT_TRUE(stop_early || made.has_value());
  EXPECT_TRUE(made.has_value() || made.error().kind == ErrorKind::cancelled);
}

TEST(Connector, StartsAnotherAttemptBesideASilentOne) {
  ring::sim::SimConfig config = testing::rough_network();
  config.connect_silence = 0.5;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    testing::SimulatedWorld world(seed, config);
    // Virtual time: a silent connect alone would take two minutes.
    world.run(race_silent_address(world.loop(), /*stop_early=*/false));
    testing::SimulatedWorld again(seed, config);
    again.run(race_silent_address(again.loop(), /*stop_early=*/true));
  }
}

// The addresses of a name are judged when it is resolved for the connection, so it matters only
// what they are then.
Task<void> connect_filtered(ring::Loop& loop) {
  Site site(loop, nullptr);
  const Endpoint endpoint = endpoint_of(Scheme::http, "localhost", site.port);
  const AddressFilter strict;
  Result<Connected> made = co_await site.connector.connect(endpoint, nullptr, strict, {});
  EXPECT_TRUE(!made && made.error().kind == ErrorKind::invalid);

  // One address inside and one outside: the one inside stays unasked.
  const auto outside = ring::SocketAddress::ipv4({192, 168, 7, 7}, 0);
  site.resolver.add("both", outside);
  site.resolver.add("both", ring::SocketAddress::ipv4({127, 0, 0, 1}, 0));
  std::vector<IpRange> ranges;
  ranges.push_back(*parse_ip_range("127.0.0.0/8"));
  const AddressFilter loopback(std::move(ranges));
  const Endpoint both = endpoint_of(Scheme::http, "both", site.port);
  made = co_await site.connector.connect(both, nullptr, loopback, {});
  EXPECT_TRUE(made && made->stream->peer().is_loopback());

  const Endpoint local = endpoint_of(Scheme::http, "unix:/run/x.sock", 80);
  made = co_await site.connector.connect(local, nullptr, loopback, {});
  EXPECT_TRUE(!made && made.error().kind == ErrorKind::invalid);
}

TEST(Connector, ConnectsToAddressesThatAFilterAdmitsAndToNoOthers) {
  testing::KernelWorld kernel;
  kernel.run(connect_filtered(kernel.loop()));
  testing::SimulatedWorld simulated(1);
  simulated.run(connect_filtered(simulated.loop()));
}

TEST(Connector, AlternatesTheFamilies) {
  const auto v4 = [](std::uint8_t last) { return ring::SocketAddress::ipv4({10, 0, 0, last}, 1); };
  const auto v6 = [](std::uint8_t last) {
    std::uint8_t octets[16] = {0x20, 1};
    octets[15] = last;
    return ring::SocketAddress::ipv6(octets, 1);
  };
  EXPECT_EQ(interleave_families({v6(1), v6(2), v6(3), v4(1)}),
            (std::vector{v6(1), v4(1), v6(2), v6(3)}));
  EXPECT_EQ(interleave_families({v4(1), v6(1), v4(2)}), (std::vector{v4(1), v6(1), v4(2)}));
  EXPECT_EQ(interleave_families({v4(1), v4(2)}), (std::vector{v4(1), v4(2)}));
  EXPECT_TRUE(interleave_families({}).empty());
}

}  // namespace
}  // namespace sluice::net
