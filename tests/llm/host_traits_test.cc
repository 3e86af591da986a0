#include "sluice/llm/host_traits.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

TEST(HostTraits, OpenAisOwnWaysArePlainAndAnyOtherIsNot) {
  EXPECT_TRUE(HostTraits{}.is_plain());
  EXPECT_FALSE(HostTraits{.takes_stream_options = false}.is_plain());
  EXPECT_FALSE(HostTraits{.takes_developer_role = false}.is_plain());
  EXPECT_TRUE(HostTraits{.takes_developer_role = false}.is_mostly_plain());
  EXPECT_FALSE(HostTraits{.seed_name = "s"}.is_mostly_plain());
  EXPECT_FALSE(HostTraits{.takes_json_schema = false}.is_plain());
  EXPECT_TRUE(HostTraits{.takes_json_schema = false}.is_mostly_plain());
  EXPECT_FALSE(HostTraits{.thinking_switch = ThinkingSwitch::thinking}.is_plain());
  EXPECT_TRUE(HostTraits{.thinking_switch = ThinkingSwitch::thinking}.is_mostly_plain());
  EXPECT_FALSE(HostTraits{.spells_required_any = true}.is_plain());
  EXPECT_FALSE(HostTraits{.output_tokens_name = "max_tokens"}.is_plain());
  EXPECT_FALSE(HostTraits{.seed_name = "random_seed"}.is_plain());
  EXPECT_FALSE(HostTraits{.call_id_letters = 9}.is_plain());
  EXPECT_FALSE(HostTraits{.reasoning_name = "reasoning"}.is_plain());
  EXPECT_FALSE(HostTraits{.refused = {"user"}}.is_plain());
}

TEST(HostTraits, NarrowAModelAndWidenNone) {
  ModelTraits model;
  model.takes_output_schema = true;
  narrow(model, {.takes_json_schema = false, .takes_media_in_results = true});
  EXPECT_FALSE(model.takes_output_schema);
  EXPECT_TRUE(model.takes_media_in_results);
  narrow(model, {.takes_media_in_results = false});
  EXPECT_FALSE(model.takes_output_schema);
  EXPECT_FALSE(model.takes_media_in_results);
  EXPECT_TRUE(model.takes_media_urls);
  narrow(model, {.takes_media_urls = false});
  EXPECT_FALSE(model.takes_media_urls);
  narrow(model, {.takes_media_urls = true});
  EXPECT_FALSE(model.takes_media_urls);
}

TEST(HostTraits, TellAModelHowItIsSpokenTo) {
  ModelTraits model;
  EXPECT_FALSE(model.wants_thoughts);
  narrow(model, {.takes_custom_tools = false,
                 .reasoning_name = "reasoning",
                 .thinking_switch = ThinkingSwitch::enable_thinking,
                 .prefill = Prefill::partial});
  EXPECT_EQ(model.prefill, Prefill::partial);
  EXPECT_EQ(model.thinking_switch, ThinkingSwitch::enable_thinking);
  EXPECT_TRUE(model.wants_thoughts);
  EXPECT_FALSE(model.takes_custom_tools);
}

}  // namespace
}  // namespace sluice::llm
