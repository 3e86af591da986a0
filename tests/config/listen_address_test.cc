#include "sluice/config/listen_address.h"

#include <gtest/gtest.h>

namespace sluice::config {
namespace {

using Kind = ListenAddress::Kind;

struct Good {
  std::string_view text;
  Kind kind;
  std::string_view host;
  std::uint16_t port;
  bool local;
};

TEST(ListenAddress, ReadsEveryKindAndWritesItBack) {
  const Good good[] = {
      {"127.0.0.1:8080", Kind::ipv4, "127.0.0.1", 8080, true},
      {"127.9.9.9:1", Kind::ipv4, "127.9.9.9", 1, true},
      {"0.0.0.0:65535", Kind::ipv4, "0.0.0.0", 65535, false},
      {"10.0.0.1:0", Kind::ipv4, "10.0.0.1", 0, false},
      {"[::1]:8080", Kind::ipv6, "::1", 8080, true},
      {"[::]:443", Kind::ipv6, "::", 443, false},
      {"[2001:db8::1]:443", Kind::ipv6, "2001:db8::1", 443, false},
  };
  for (const Good& c : good) {
    const auto address = parse_listen_address(c.text);
    ASSERT_TRUE(address) << c.text << ": " << address.error();
    EXPECT_EQ(address->kind, c.kind);
    EXPECT_EQ(address->host, c.host);
    EXPECT_EQ(address->port, c.port);
    EXPECT_EQ(address->local(), c.local) << c.text;
    EXPECT_EQ(address->text(), c.text);
  }
  const auto path = parse_listen_address("unix:/run/sluice.sock");
  ASSERT_TRUE(path);
  EXPECT_EQ(path->path, "/run/sluice.sock");
  EXPECT_TRUE(path->local());
  EXPECT_EQ(path->text(), "unix:/run/sluice.sock");
}

TEST(ListenAddress, SaysWhatWouldBeRight) {
  const std::pair<std::string_view, std::string_view> bad[] = {
      {"", "port is missing"},         {"8080", "port is missing"},
      {":8080", "0.0.0.0:8080"},       {"*:8080", "0.0.0.0:8080"},
      {"localhost:8080", "127.0.0.1"}, {"example.com:80", "no IP address"},
      {"::1:8080", "brackets"},        {"[::1]", "port"},
      {"[::1]8080", "port"},           {"[::1", "127.0.0.1:8080"},
      {"127.0.0.1:", "port"},          {"127.0.0.1:65536", "port"},
      {"127.0.0.1:-1", "port"},        {"127.0.0.1:80x", "port"},
      {"127.1:80", "no IP address"},   {"unix:", "begin with /"},
      {"unix:run/x", "begin with /"},
  };
  for (const auto& [text, says] : bad) {
    const auto address = parse_listen_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_NE(address.error().find(says), std::string::npos) << text << ": " << address.error();
  }
}

TEST(ListenAddress, AUnixPathFitsTheKernelsAddress) {
  EXPECT_TRUE(parse_listen_address("unix:/" + std::string(106, 'x')));
  EXPECT_FALSE(parse_listen_address("unix:/" + std::string(107, 'x')));
}

TEST(ListenAddress, TheDefaultIsTheOneThePagePromises) {
  EXPECT_EQ(ListenAddress{}.text(), "127.0.0.1:8080");
}

}  // namespace
}  // namespace sluice::config
