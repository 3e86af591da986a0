#include "sluice/policy/local_request.h"

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

TEST(LocalRequest, KnowsTheNamesAndAddressesOfThisMachine) {
  for (const char* host :
       {"localhost", "localhost:8080", "LocalHost", "app.localhost:1", "localhost.", "127.0.0.1",
        "127.0.0.1:8080", "127.8.9.10", "[::1]", "[::1]:8080", "localhost:"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
}

TEST(LocalRequest, TakesNoOtherNameForOne) {
  for (const char* host : {"",
                           "evil.example",
                           "evil.example:8080",
                           "localhost.evil.example",
                           "evillocalhost",
                           "127.0.0.1.evil.example",
                           "127.evil.example",
                           "127.0.0",
                           "127.0.0.1.1",
                           "127.0.0.1x",
                           "127..0.1",
                           "127.0.0.1:80:80",
                           "localhost:x",
                           "localhost@evil.example",
                           "localhost:1@evil.example",
                           "128.0.0.1",
                           "0.0.0.0",
                           "10.0.0.1",
                           "[::2]",
                           "[::1",
                           "::1",
                           "[::1]x",
                           "[::ffff:8.8.8.8]",
                           "localhos",
                           "evil.example/.localhost",
                           "a@b.localhost"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

TEST(LocalRequest, APagesOriginIsLocalOnlyWhenThisMachineServesThePage) {
  for (const char* origin : {"http://localhost:3000", "https://127.0.0.1", "http://[::1]:5173"}) {
    EXPECT_TRUE(is_loopback_origin(origin)) << origin;
  }
  for (const char* origin :
       {"null", "https://evil.example", "http://localhost.evil.example", "file://", "localhost",
        "chrome-extension://abcdef", "ftp://localhost", "http://", "http://localhost http://a"}) {
    EXPECT_FALSE(is_loopback_origin(origin)) << origin;
  }
}

TEST(LocalRequest, BothFieldsCountWhereTheyAre) {
  EXPECT_TRUE(is_local_request("127.0.0.1:8080", ""));
  EXPECT_TRUE(is_local_request("", ""));  // HTTP/1.0 without Host: no browser
  EXPECT_TRUE(is_local_request("localhost", "http://localhost:3000"));
  EXPECT_FALSE(is_local_request("127.0.0.1:8080", "https://evil.example"));
  EXPECT_FALSE(is_local_request("evil.example:8080", ""));
  EXPECT_FALSE(is_local_request("evil.example:8080", "http://localhost:3000"));
}

}  // namespace
}  // namespace sluice::policy
