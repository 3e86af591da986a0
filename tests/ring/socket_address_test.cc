#include "sluice/ring/socket_address.h"

#include <gtest/gtest.h>

namespace sluice::ring {
namespace {

TEST(SocketAddress, WritesItselfAsPeopleDo) {
  EXPECT_EQ(SocketAddress::ipv4({127, 0, 0, 1}, 8080).to_string(), "127.0.0.1:8080");
  EXPECT_EQ(SocketAddress::ipv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 443).to_string(),
            "[::1]:443");
  EXPECT_EQ(SocketAddress::unix_path("/run/x.sock").to_string(), "unix:/run/x.sock");
}

TEST(SocketAddress, KnowsLoopback) {
  EXPECT_TRUE(SocketAddress::ipv4({127, 9, 9, 9}, 1).is_loopback());
  EXPECT_FALSE(SocketAddress::ipv4({10, 0, 0, 1}, 1).is_loopback());
  EXPECT_TRUE(
      SocketAddress::ipv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 1).is_loopback());
  EXPECT_TRUE(SocketAddress::unix_path("/x").is_loopback());
}

TEST(SocketAddress, ChangesItsPort) {
  SocketAddress address = SocketAddress::ipv4({127, 0, 0, 1}, 0);
  address.set_port(65'535);
  EXPECT_EQ(address.port(), 65'535);
  EXPECT_FALSE(address == SocketAddress::ipv4({127, 0, 0, 1}, 1));
}

TEST(SocketAddress, SurvivesAnAnonymousUnixPeer) {
  sockaddr_un peer{};
  peer.sun_family = AF_UNIX;
  const auto address =
      SocketAddress::from(reinterpret_cast<const sockaddr*>(&peer), sizeof peer.sun_family);
  EXPECT_EQ(address.to_string(), "unix:");
}

}  // namespace
}  // namespace sluice::ring
