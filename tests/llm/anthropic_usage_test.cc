#include "sluice/llm/anthropic_usage.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

Usage read(std::initializer_list<std::string_view> objects) {
  json::Index index;
  AnthropicUsage usage;
  for (const std::string_view object : objects) {
    EXPECT_TRUE(index.build(object).has_value());
    usage.update(json::root(index));
  }
  return usage.usage();
}

TEST(AnthropicUsage, CountsTheCachesTokensAsInput) {
  const Usage usage = read(
      {R"({"input_tokens":12,"cache_creation_input_tokens":30,"cache_read_input_tokens":100,"output_tokens":5,"output_tokens_details":{"thinking_tokens":2},"service_tier":"standard"})"});
  EXPECT_EQ(usage.input, 142U);
  EXPECT_EQ(usage.cached_input, 100U);
  EXPECT_EQ(usage.cache_write_input, 30U);
  EXPECT_EQ(usage.output, 5U);
  EXPECT_EQ(usage.reasoning_output, 2U);
  EXPECT_FALSE(usage.total.has_value());
}

TEST(AnthropicUsage, TakesWhatALaterObjectRepeats) {
  const Usage usage = read({R"({"input_tokens":0,"output_tokens":1})", R"({"output_tokens":7})",
                            R"({"input_tokens":9,"cache_read_input_tokens":4})"});
  EXPECT_EQ(usage.input, 13U);
  EXPECT_EQ(usage.cached_input, 4U);
  EXPECT_EQ(usage.output, 7U);
  EXPECT_FALSE(usage.cache_write_input.has_value());
}

TEST(AnthropicUsage, BelievesNoGarbage) {
  EXPECT_FALSE(read({"null"}).known());
  EXPECT_FALSE(read({"[]"}).known());
  EXPECT_FALSE(read({R"({"input_tokens":-1,"output_tokens":1.5})"}).known());
  EXPECT_FALSE(read({R"({"input_tokens":99999999999999999,"output_tokens":null})"}).known());
  EXPECT_EQ(read({R"({"input_tokens":3})", R"({"input_tokens":null})"}).input, 3U);
}

}  // namespace
}  // namespace sluice::llm
