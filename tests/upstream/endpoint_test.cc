#include "sluice/upstream/endpoint.h"

#include <gtest/gtest.h>

namespace sluice::upstream {
namespace {

TEST(Endpoint, IsWhereTheUrlLeads) {
  const net::Endpoint secure = endpoint_of(*catalog::parse_url("https://api.example/v1"));
  EXPECT_EQ(secure.scheme, net::Scheme::https);
  EXPECT_EQ(secure.host, "api.example");
  EXPECT_EQ(secure.port, 443);
  const net::Endpoint plain = endpoint_of(*catalog::parse_url("http://127.0.0.1:8000"));
  EXPECT_EQ(plain.scheme, net::Scheme::http);
  EXPECT_EQ(plain.port, 8000);
}

}  // namespace
}  // namespace sluice::upstream
