#include "sluice/server/http1_config.h"

#include <gtest/gtest.h>

namespace sluice::server {
namespace {

TEST(Http1Config, TakesEveryLimit) {
  config::LimitsConfig limits;
  limits.head_bytes_max = 20'000;
  limits.head_fields_max = 17;
  limits.head_ms_max = 1;
  limits.keep_alive_ms_max = 2;
  limits.body_grace_ms = 3;
  limits.body_bytes_per_second_min = 4;
  limits.trailer_bytes_max = 5;
  limits.chunk_extension_bytes_max = 6;
  limits.requests_per_connection_max = 7;
  limits.write_stall_ms_max = 8;
  const http::ServerHttp1Config config = http1_config(limits);
  EXPECT_EQ(config.head.head_bytes_max, 20'000U);
  EXPECT_EQ(config.head.header_count_max, 17U);
  EXPECT_EQ(config.head_timeout.count(), 1);
  EXPECT_EQ(config.idle_timeout.count(), 2);
  EXPECT_EQ(config.body_grace.count(), 3);
  EXPECT_EQ(config.body_bytes_per_second_min, 4U);
  EXPECT_EQ(config.chunked.trailer_bytes_max, 5U);
  EXPECT_EQ(config.chunked.extension_bytes_max, 6U);
  EXPECT_EQ(config.requests_per_connection_max, 7U);
  EXPECT_EQ(config.write_stall_timeout.count(), 8);
}

TEST(Http1Config, KeepsTheCodecsRulesAtEverySizeTheConfigurationAllows) {
  for (std::uint32_t bytes = 1'024; bytes <= 1'048'576; bytes += 512) {
    config::LimitsConfig limits;
    limits.head_bytes_max = bytes;
    ASSERT_FALSE(limits.broken_rule());
    const auto broken = http1_config(limits).head.broken_rule();
    ASSERT_FALSE(broken) << bytes << ": " << *broken;
  }
}

TEST(Http1Config, NoBoundOnRequestsLeavesTheCodecsOwn) {
  EXPECT_EQ(http1_config({}).requests_per_connection_max,
            http::ServerHttp1Config{}.requests_per_connection_max);
}

}  // namespace
}  // namespace sluice::server
