#include "sluice/llm/model_traits.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

TEST(ModelTraits, AModelOfWhichNothingIsKnownIsTrustedAndNotToldToThink) {
  const ModelTraits traits;
  EXPECT_EQ(traits.output_tokens_max, std::nullopt);
  EXPECT_EQ(traits.thinking, ThinkingControl::none);
  EXPECT_TRUE(traits.takes_sampling && traits.takes_temperature_and_top_p);
  EXPECT_TRUE(traits.takes_output_schema && traits.takes_forced_tool);
  EXPECT_FALSE(traits.takes_system_inside) << "a dialect's later addition must be known";
  EXPECT_FALSE(traits.signs_calls || traits.takes_call_ids);
  EXPECT_EQ(traits.thinking_switch, ThinkingSwitch::reasoning_effort);
  EXPECT_TRUE(traits.publisher.empty());
}

}  // namespace
}  // namespace sluice::llm
