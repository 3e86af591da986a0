#include "sluice/http/host.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

struct HostCase {
  std::string_view authority;
  std::optional<std::string_view> host;
};
const HostCase host_cases[] = {
    {"eu.example.com", "eu.example.com"},
    {"eu.example.com:8080", "eu.example.com"},
    {"eu.example.com:", "eu.example.com"},
    {"eu.example.com.", "eu.example.com"},
    {"eu.example.com.:443", "eu.example.com"},
    {"EU.example.com", "EU.example.com"},
    {"127.0.0.1:80", "127.0.0.1"},
    {"[::1]", "[::1]"},
    {"[::1]:8080", "[::1]"},
    {"", ""},
    {".", ""},
    {":80", ""},
    {"[::1", std::nullopt},
    {"eu.example.com:80a", std::nullopt},
    {"eu.example.com:80:80", std::nullopt},
    {"a:b@c", std::nullopt},
};

TEST(Host, IsTheAuthorityWithoutItsPort) {
  for (const HostCase& c : host_cases) EXPECT_EQ(host_of(c.authority), c.host) << c.authority;
}

}  // namespace
}  // namespace sluice::http
