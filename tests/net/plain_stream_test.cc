// What only PlainStream has; stream_test.cc holds what every Stream promises.
#include "sluice/net/plain_stream.h"

#include <gtest/gtest.h>

#include "net/memory_stream.h"
#include "net/world.h"

namespace sluice::net {
namespace {

Task<void> unread_and_read(ring::Loop& loop) {
  ring::testing::Pair pair = co_await ring::testing::connected_pair(loop);
  PlainStream client(std::move(pair.client));
  PlainStream server(std::move(pair.server));
  EXPECT_TRUE((co_await client.write(testing::chain_of("later"), {})).has_value());
  server.unread(testing::chain_of("middle "));
  server.unread(testing::chain_of("first "));
  EXPECT_TRUE(server.has_input());
  Block block(14);
  EXPECT_TRUE((co_await server.read_exactly(block, 3, {})).has_value());
  EXPECT_TRUE((co_await server.read_exactly(block, 11, {})).has_value());
  EXPECT_EQ(block.view(), "first middle l");
  const Result<SliceChain> rest = co_await server.read({});
  EXPECT_TRUE(rest && rest->to_string() == "ater");
}

TEST(PlainStream, ReadsFirstWhatWasPutBack) {
  testing::KernelWorld world;
  world.run(unread_and_read(world.loop()));
}

Task<void> look_at_peer(ring::Loop& loop) {
  ring::testing::Pair pair = co_await ring::testing::connected_pair(loop);
  PlainStream server(std::move(pair.server));
  EXPECT_EQ(server.peer().host(), "127.0.0.1");
  EXPECT_FALSE(server.is_tls());
  EXPECT_EQ(server.alpn(), "");
  server.set_peer(ring::SocketAddress::ipv4({192, 0, 2, 1}, 5));
  EXPECT_EQ(server.peer().to_string(), "192.0.2.1:5");
}

TEST(PlainStream, KnowsItsPeerAndBelievesAProxyHeader) {
  testing::KernelWorld world;
  world.run(look_at_peer(world.loop()));
}

}  // namespace
}  // namespace sluice::net
