#include "sluice/config/limits.h"

#include <gtest/gtest.h>

namespace sluice::config {
namespace {

// A struct with one field changed breaks a rule whose text begins with that field's name.
template <typename Config, typename Field, typename Value>
void breaks(Field Config::* field, Value value, std::string_view name) {
  Config config;
  config.*field = static_cast<Field>(value);
  const auto rule = config.broken_rule();
  ASSERT_TRUE(rule) << name;
  EXPECT_TRUE(rule->starts_with(name)) << *rule;
}

TEST(Limits, TheDefaultsBreakNoRule) {
  EXPECT_FALSE(ServerConfig{}.broken_rule());
  EXPECT_FALSE(LimitsConfig{}.broken_rule());
  EXPECT_FALSE(StreamingConfig{}.broken_rule());
}

TEST(Limits, EveryRuleNamesItsFieldFirst) {
  breaks(&ServerConfig::workers, 1025, "workers");
  breaks(&ServerConfig::body_bytes_max, 1023, "body_bytes_max");
  breaks(&ServerConfig::body_bytes_max, 1ULL << 32, "body_bytes_max");
  breaks(&ServerConfig::connections_max, 0, "connections_max");
  breaks(&ServerConfig::listen_backlog, 0, "listen_backlog");
  breaks(&LimitsConfig::head_bytes_max, 1023, "head_bytes_max");
  breaks(&LimitsConfig::head_bytes_max, 1'048'577, "head_bytes_max");
  breaks(&LimitsConfig::head_fields_max, 7, "head_fields_max");
  breaks(&LimitsConfig::head_fields_max, 4097, "head_fields_max");
  breaks(&LimitsConfig::head_ms_max, 0, "head_ms_max");
  breaks(&LimitsConfig::tls_hello_ms_max, 0, "tls_hello_ms_max");
  breaks(&LimitsConfig::keep_alive_ms_max, 0, "keep_alive_ms_max");
  breaks(&LimitsConfig::json_depth_max, 7, "json_depth_max");
  breaks(&LimitsConfig::json_depth_max, 1025, "json_depth_max");
  breaks(&LimitsConfig::json_tokens_max, 1023, "json_tokens_max");
  breaks(&LimitsConfig::write_stall_ms_max, 0, "write_stall_ms_max");
  breaks(&LimitsConfig::response_head_bytes_max, 1, "response_head_bytes_max");
  breaks(&LimitsConfig::response_head_bytes_max, 1'048'577, "response_head_bytes_max");
  breaks(&LimitsConfig::response_head_fields_max, 7, "response_head_fields_max");
  breaks(&LimitsConfig::response_head_fields_max, 4097, "response_head_fields_max");
  breaks(&StreamingConfig::relay_buffer_bytes, 4095, "relay_buffer_bytes");
  breaks(&StreamingConfig::event_bytes_max, 65'535, "event_bytes_max");
  breaks(&StreamingConfig::held_bytes_max, 17 * 1024 * 1024, "held_bytes_max");
  breaks(&StreamingConfig::held_events_max, 0, "held_events_max");
}

TEST(Limits, TheTimesThatHoldAttacksOffAreThePromisedOnes) {
  EXPECT_EQ(LimitsConfig{}.head_ms_max, 10'000U);
  EXPECT_EQ(LimitsConfig{}.tls_hello_ms_max, 15'000U);
  EXPECT_EQ(ServerConfig{}.body_bytes_max, 67'108'864U);
  EXPECT_EQ(ServerConfig{}.drain_ms_max, 600'000U);
}

}  // namespace
}  // namespace sluice::config
