#include "sluice/ring/socket_address.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace sluice::ring {
namespace {

TEST(SocketAddress, WritesItselfAsPeopleDo) {
  EXPECT_EQ(SocketAddress::ipv4({127, 0, 0, 1}, 8080).to_string(), "127.0.0.1:8080");
  EXPECT_EQ(SocketAddress::ipv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 443).to_string(),
            "[::1]:443");
  EXPECT_EQ(SocketAddress::unix_path("/run/x.sock").to_string(), "unix:/run/x.sock");
}

TEST(SocketAddress, WritesTheLongestOfEachKind) {
  const std::string ipv4 = "255.255.255.255:65535";
  EXPECT_EQ(SocketAddress::ipv4({255, 255, 255, 255}, 65'535).to_string(), ipv4);
  const auto ipv6 = SocketAddress::ipv6({0xfe, 0xdc, 0xba, 0x98, 0xfe, 0xdc, 0xba, 0x98, 0xfe, 0xdc,
                                         0xba, 0x98, 0xfe, 0xdc, 0xba, 0x98},
                                        65'535);
  EXPECT_EQ(ipv6.to_string(), "[fedc:ba98:fedc:ba98:fedc:ba98:fedc:ba98]:65535");
  EXPECT_EQ(ipv6.host(), "fedc:ba98:fedc:ba98:fedc:ba98:fedc:ba98");
  EXPECT_EQ(SocketAddress().to_string(), "unknown:0");
  // The kernel may fill the path's field to its last byte, without a 0 behind it.
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  std::memset(local.sun_path, 'x', sizeof local.sun_path);
  const auto full = SocketAddress::from(reinterpret_cast<const sockaddr*>(&local), sizeof local);
  EXPECT_EQ(full.to_string(), "unix:" + std::string(sizeof local.sun_path, 'x'));
  char memory[address_text_bytes_max];
  EXPECT_EQ(full.write_to(memory), full.to_string());
  EXPECT_EQ(full.write_to(memory).data(), memory);
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
