#include "sluice/net/address.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::net {
namespace {

TEST(ListenAddress, IsReadInEveryForm) {
  const struct {
    const char* text;
    const char* canonical;
  } cases[] = {{"127.0.0.1:8080", "127.0.0.1:8080"},
               {"0.0.0.0:80", "0.0.0.0:80"},
               {"[::1]:8080", "[::1]:8080"},
               {"[2001:db8::1]:65535", "[2001:db8::1]:65535"},
               {":8080", "[::]:8080"},
               {"*:0", "[::]:0"},
               {"unix:/run/x.sock", "unix:/run/x.sock"}};
  for (const auto& c : cases) {
    const auto address = parse_listen_address(c.text);
    ASSERT_TRUE(address.has_value()) << c.text << ": " << address.error();
    EXPECT_EQ(address->to_string(), c.canonical);
  }
}

TEST(ListenAddress, IsRefusedWithAReasonThatNamesIt) {
  const struct {
    std::string text;
    const char* reason;
  } cases[] = {
      {"", "no port"},
      {"8080", "no port"},
      {"127.0.0.1", "no port"},
      {"127.0.0.1:", "no number"},
      {"127.0.0.1:65536", "no number"},
      {"127.0.0.1:080", "no number"},
      {"127.0.0.1:+80", "no number"},
      {"127.0.0.1:80 ", "no number"},
      {"127.0.0.1:123456789", "no number"},
      {"::1:8080", "brackets"},
      {"[::1]", "brackets"},
      {"[127.0.0.1]:80", "no IP address"},
      {"[::1%lo]:80", "no IP address"},
      {"127.1:80", "no IP address"},
      {"localhost:80", "no IP address"},
      {" 127.0.0.1:80", "no IP address"},
      {"unix:run/x.sock", "absolute"},
      {"unix:", "absolute"},
      {"unix:/run/", "folder"},
      {std::string("unix:/a\0b", 9), "NUL"},
      {"unix:/" + std::string(107, 'x'), "107"},
  };
  for (const auto& c : cases) {
    const auto address = parse_listen_address(c.text);
    ASSERT_FALSE(address.has_value()) << c.text;
    EXPECT_NE(address.error().find(c.reason), std::string::npos) << address.error();
    EXPECT_NE(address.error().find(c.text), std::string::npos) << address.error();
  }
  EXPECT_TRUE(parse_listen_address("unix:/" + std::string(106, 'x')).has_value());
}

TEST(IpLiteral, IsNothingButALiteral) {
  EXPECT_EQ(parse_ip("192.0.2.1", 443)->to_string(), "192.0.2.1:443");
  EXPECT_EQ(parse_ip("2001:db8::1", 1)->to_string(), "[2001:db8::1]:1");
  EXPECT_EQ(parse_ip("[2001:db8::1]", 1)->to_string(), "[2001:db8::1]:1");
  for (const char* text : {"", "example.com", "1.2.3", "1.2.3.4.5", "01.2.3.4", "[1.2.3.4]", "::g",
                           "fe80::1%eth0", "1.2.3.4 "}) {
    EXPECT_FALSE(parse_ip(text, 1).has_value()) << text;
  }
}

TEST(HostName, HasLabelsOfTheRightKind) {
  for (const char* name : {"a", "api.example.com", "api.example.com.", "x_y.z", "1password.com"}) {
    EXPECT_TRUE(is_host_name(name)) << name;
  }
  const std::string label(63, 'a');
  EXPECT_TRUE(is_host_name(label + "." + label + "." + label + "." + std::string(61, 'a')));
  for (const std::string& name :
       {std::string(), std::string("."), std::string("a..b"), std::string("-a.b"),
        std::string("a-.b"), std::string("a b"), std::string("a/b"), std::string("a:b"),
        std::string("\xc3\xa9.fr"), std::string("a\0b", 3), label + "a",
        label + "." + label + "." + label + "." + std::string(62, 'a')}) {
    EXPECT_FALSE(is_host_name(name)) << name;
  }
}

}  // namespace
}  // namespace sluice::net
