#include "sluice/net/ip_range.h"

#include <gtest/gtest.h>

#include "sluice/net/address.h"

namespace sluice::net {
namespace {

bool in(const char* range, const char* address) {
  const auto parsed = parse_ip_range(range);
  EXPECT_TRUE(parsed.has_value()) << range;
  return parsed->contains(*parse_ip(address, 443));
}

TEST(IpRange, HoldsTheAddressesThatShareItsPrefix) {
  EXPECT_TRUE(in("10.1.0.0/16", "10.1.255.255"));
  EXPECT_FALSE(in("10.1.0.0/16", "10.2.0.0"));
  EXPECT_TRUE(in("100.64.0.0/10", "100.127.255.255"));
  EXPECT_FALSE(in("100.64.0.0/10", "100.128.0.0"));
  EXPECT_FALSE(in("100.64.0.0/10", "100.63.255.255"));
  EXPECT_TRUE(in("127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(in("127.0.0.1", "127.0.0.2"));
  EXPECT_TRUE(in("0.0.0.0/0", "255.255.255.255"));
  EXPECT_TRUE(in("fd00::/8", "fdff::1"));
  EXPECT_FALSE(in("fd00::/8", "fe00::1"));
  EXPECT_TRUE(in("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(in("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(in("::1", "::1"));
}

TEST(IpRange, NeverReachesIntoTheOtherFamilyButTakesMappedForWhatTheyAre) {
  EXPECT_FALSE(in("0.0.0.0/0", "::1"));
  EXPECT_FALSE(in("::/0", "127.0.0.1"));
  EXPECT_TRUE(in("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_FALSE(in("::/0", "::ffff:10.1.2.3"));
  EXPECT_FALSE(parse_ip_range("0.0.0.0/0")->contains(ring::SocketAddress::unix_path("/run/x")));
  EXPECT_FALSE(parse_ip_range("0.0.0.0/0")->contains(ring::SocketAddress()));
}

TEST(IpRange, IsRefusedWithWhatWouldBeRight) {
  const struct {
    const char* text;
    const char* says;
  } cases[] = {
      {"", "is written"},
      {"localhost", "is written"},
      {"10.1/16", "is written"},
      {"[::1]", "is written"},
      {"10.1.0.0/", "0 to 32"},
      {"10.1.0.0/33", "0 to 32"},
      {"10.1.0.0/-1", "0 to 32"},
      {"10.1.0.0/8x", "0 to 32"},
      {"fd00::/129", "0 to 128"},
      {"10.1.0.0/8", "bits behind"},
      {"fd00::1/64", "bits behind"},
      {"::ffff:10.0.0.0/104", "IPv4 range"},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_ip_range(c.text);
    ASSERT_FALSE(parsed.has_value()) << c.text;
    EXPECT_NE(parsed.error().find(c.says), std::string::npos) << c.text << ": " << parsed.error();
  }
}

}  // namespace
}  // namespace sluice::net
