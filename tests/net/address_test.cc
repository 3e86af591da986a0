#include "sluice/net/address.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::net {
namespace {

TEST(ListenAddress, IsReadInEveryFormAndWrittenBack) {
  const struct {
    const char* text;
    bool loopback;
  } cases[] = {
      {"127.0.0.1:8080", true}, {"127.9.9.9:1", true},          {"0.0.0.0:80", false},
      {"0.0.0.0:65535", false}, {"10.0.0.1:0", false},          {"[::1]:8080", true},
      {"[::]:443", false},      {"[2001:db8::1]:65535", false}, {"unix:/run/x.sock", true}};
  for (const auto& c : cases) {
    const auto address = parse_listen_address(c.text);
    ASSERT_TRUE(address.has_value()) << c.text << ": " << address.error();
    EXPECT_EQ(address->to_string(), c.text);
    EXPECT_EQ(address->is_loopback(), c.loopback) << c.text;
  }
  EXPECT_EQ(parse_listen_address("[0:0:0:0:0:0:0:1]:80")->to_string(), "[::1]:80");
}

TEST(ListenAddress, IsRefusedWithWhatWouldBeRight) {
  const struct {
    std::string text;
    const char* says;
  } cases[] = {
      {"", "port is missing"},
      {"8080", "port is missing"},
      {"127.0.0.1", "127.0.0.1:8080"},
      {"127.0.0.1:", "port must be a number"},
      {"127.0.0.1:65536", "port must be a number"},
      {"127.0.0.1:080", "port must be a number"},
      {"127.0.0.1:+80", "port must be a number"},
      {"127.0.0.1:-1", "port must be a number"},
      {"127.0.0.1:80x", "port must be a number"},
      {"127.0.0.1:80 ", "port must be a number"},
      {"127.0.0.1:123456789", "port must be a number"},
      {":8080", "0.0.0.0:8080"},
      {"*:8080", "0.0.0.0:8080"},
      {"::1:8080", "brackets"},
      {"[::1]", "brackets"},
      {"[::1]8080", "brackets"},
      {"[::1", "127.0.0.1:8080"},
      {"[127.0.0.1]:80", "no IP address"},
      {"[::1%lo]:80", "no IP address"},
      {"127.1:80", "no IP address"},
      {"example.com:80", "no IP address"},
      {"localhost:80", "127.0.0.1"},
      {" 127.0.0.1:80", "no IP address"},
      {"unix:run/x.sock", "begin with /"},
      {"unix:", "begin with /"},
      {"unix:/run/", "folder"},
      {std::string("unix:/a\0b", 9), "zero byte"},
      {"unix:/" + std::string(107, 'x'), "107"},
  };
  for (const auto& c : cases) {
    const auto address = parse_listen_address(c.text);
    ASSERT_FALSE(address.has_value()) << c.text;
    EXPECT_NE(address.error().find(c.says), std::string::npos) << address.error();
  }
  EXPECT_TRUE(parse_listen_address("unix:/" + std::string(106, 'x')).has_value());
}

// What stands where an address should may be anything, a key in the wrong line too.
TEST(ListenAddress, ARefusalDoesNotRepeatWhatWasWritten) {
  for (const char* text : {"sk-canary", "sk-canary:80", "unix:sk-canary", "127.0.0.1:sk-canary"}) {
    EXPECT_EQ(parse_listen_address(text).error().find("sk-canary"), std::string::npos) << text;
  }
}

TEST(ListenAddress, ThePathOfAUnixSocketAndOfNothingElse) {
  EXPECT_EQ(unix_path_of(*parse_listen_address("unix:/run/x.sock")), "/run/x.sock");
  EXPECT_EQ(unix_path_of(*parse_listen_address("127.0.0.1:80")), "");
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
