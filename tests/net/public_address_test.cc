#include "sluice/net/public_address.h"

#include <gtest/gtest.h>

#include "sluice/net/address.h"

namespace sluice::net {
namespace {

bool is_public_ip(const char* text) {
  const auto address = parse_ip(text, 443);
  EXPECT_TRUE(address.has_value()) << text;
  return is_public(*address);
}

TEST(PublicAddress, IsOneOfTheInternetsHosts) {
  for (const char* text : {"1.1.1.1",
                           "8.8.8.8",
                           "9.255.255.255",
                           "11.0.0.0",
                           "100.63.255.255",
                           "100.128.0.0",
                           "126.255.255.255",
                           "128.0.0.0",
                           "168.63.129.15",
                           "168.63.129.17",
                           "169.253.255.255",
                           "169.255.0.0",
                           "172.15.255.255",
                           "172.32.0.0",
                           "192.0.1.0",
                           "192.0.3.0",
                           "192.88.98.255",
                           "192.167.255.255",
                           "192.169.0.0",
                           "198.17.255.255",
                           "198.20.0.0",
                           "198.51.99.255",
                           "203.0.112.255",
                           "223.255.255.255",
                           "2001:200::1",
                           "2001:db7:ffff::1",
                           "2001:db9::1",
                           "2003::1",
                           "2606:4700:4700::1111",
                           "3ffe::1",
                           "3fff:1000::1",
                           "::ffff:8.8.8.8",
                           "64:ff9b::8.8.8.8",
                           "2606::5efe:8.8.8.8"}) {
    EXPECT_TRUE(is_public_ip(text)) << text;
  }
}

TEST(PublicAddress, IsNothingThatLeadsInside) {
  for (const char* text : {"0.0.0.0",
                           "0.255.255.255",
                           "10.0.0.0",
                           "10.255.255.255",  // this network, private
                           "100.64.0.0",
                           "100.100.100.200",
                           "100.127.255.255",  // behind a carrier's NAT
                           "127.0.0.1",
                           "127.255.255.255",  // loopback
                           "168.63.129.16",    // a cloud's platform
                           "169.254.0.0",
                           "169.254.169.254",
                           "169.254.170.2",  // link-local
                           "172.16.0.0",
                           "172.31.255.255",
                           "192.168.0.0",
                           "192.168.255.255",
                           "192.0.0.1",
                           "192.0.0.192",
                           "192.0.2.1",
                           "192.88.99.1",
                           "198.18.0.0",
                           "198.19.255.255",
                           "198.51.100.1",
                           "203.0.113.1",
                           "224.0.0.1",
                           "239.255.255.255",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::2",
                           "::127.0.0.1",
                           "::8.8.8.8",  // IPv4-compatible
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "::ffff:169.254.169.254",
                           "::ffff:0:8.8.8.8",  // RFC 2765
                           "64:ff9b::127.0.0.1",
                           "64:ff9b::169.254.169.254",
                           "64:ff9b::10.1.2.3",
                           "64:ff9b:1::8.8.8.8",
                           "64:ff9b:0:1::8.8.8.8",  // local NAT64
                           "100::1",
                           "fc00::1",
                           "fd00:ec2::254",
                           "fdff:ffff::1",  // unique local
                           "fe80::1",
                           "febf::1",
                           "fec0::1",
                           "ff02::1",
                           "ff0e::1",  // link, site, multicast
                           "2001::1",
                           "2001:0:4136:e378::1",
                           "2001:2::1",
                           "2001:10::1",
                           "2001:20::1",
                           "2001:db8::1",
                           "2002:7f00:1::1",
                           "2002:808:808::1",
                           "3fff::1",
                           "3fff:fff::1",
                           "4000::1",
                           "5f00::1",
                           "8000::1",
                           "2606::5efe:10.0.0.1",
                           "2606::200:5efe:127.0.0.1"}) {
    EXPECT_FALSE(is_public_ip(text)) << text;
  }
  EXPECT_FALSE(is_public(ring::SocketAddress::unix_path("/run/x.sock")));
  EXPECT_FALSE(is_public(ring::SocketAddress()));
}

TEST(PublicAddress, FiltersByTheRangesThatAreAllowedBesides) {
  const AddressFilter filter({*parse_ip_range("10.1.0.0/16"), *parse_ip_range("::1")});
  const auto admits = [&](const char* text) { return filter.admits(*parse_ip(text, 80)); };
  EXPECT_TRUE(admits("8.8.8.8"));
  EXPECT_TRUE(admits("10.1.2.3"));
  EXPECT_TRUE(admits("::ffff:10.1.2.3"));
  EXPECT_TRUE(admits("::1"));
  EXPECT_FALSE(admits("10.2.0.0"));
  EXPECT_FALSE(admits("127.0.0.1"));
  EXPECT_FALSE(filter.admits(ring::SocketAddress::unix_path("/run/x.sock")));
  EXPECT_FALSE(AddressFilter().admits(*parse_ip("10.1.2.3", 80)));
}

}  // namespace
}  // namespace sluice::net
