#include "sluice/catalog/trait_rules.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "sluice/catalog/catalog.h"

namespace sluice::catalog {
namespace {

using llm::ModelTraits;
using llm::ThinkingControl;

const Catalog& builtin() {
  static const Catalog catalog = Catalog::parse(builtin_catalog_json()).value();
  return catalog;
}

ModelTraits traits_of(std::string_view name) {
  const auto traits = builtin().traits_of(name);
  EXPECT_TRUE(traits) << name;
  return traits.value_or(ModelTraits{});
}

TEST(TraitRules, AModelsOwnNameStandsBehindWhatEachProviderPutsInFront) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"claude-opus-5", "claude-opus-5"},
      {"anthropic/Claude-Opus-4.8", "claude-opus-4.8"},
      {"us.anthropic.claude-opus-5-5", "claude-opus-5-5"},
      {"anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku-20240307-v1:0"},
      {"us-gov.anthropic.claude-3-haiku", "claude-3-haiku"},
      {"arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-opus-5", "claude-opus-5"},
      {"models/gemini-3.8-flash", "gemini-3.8-flash"},
      {"gpt-5.6-sol", "gpt-5.6-sol"},
      {"openai.gpt-oss-120b-1:0", "gpt-oss-120b-1:0"},
      {"claude-opus-4-8@default", "claude-opus-4-8@default"},
      {"", ""},
      {"us.", "us."},
  };
  for (const auto& [id, plain] : cases) EXPECT_EQ(plain_model_id(id), plain) << id;
}

TEST(TraitRules, ARuleNamesWholeNamesOrBeginnings) {
  const TraitRule rule{.models = {"o1", "gpt-5*"}, .traits = {}};
  EXPECT_TRUE(rule.applies_to("o1"));
  EXPECT_FALSE(rule.applies_to("o1-pro"));
  EXPECT_TRUE(rule.applies_to("gpt-5"));
  EXPECT_TRUE(rule.applies_to("gpt-5.2"));
  EXPECT_FALSE(rule.applies_to("gpt-4.1"));
}

TEST(TraitRules, ALaterRuleSaysMoreOrOtherwise) {
  const TraitRule rules[] = {
      {.models = {"a*"},
       .traits = {.flags = {{&ModelTraits::takes_prefill, false}}, .publisher = "p"}},
      {.models = {"ab*"}, .traits = {.flags = {{&ModelTraits::takes_prefill, true}}}},
  };
  ModelTraits traits;
  EXPECT_TRUE(apply_rules(rules, "abc", traits));
  EXPECT_TRUE(traits.takes_prefill);
  EXPECT_EQ(traits.publisher, "p");
  EXPECT_FALSE(apply_rules(rules, "b", traits));
}

// Claude from the first generation that a host still has to one that is not in the catalogue.
TEST(TraitRules, ClaudeIsWrittenToByItsGeneration) {
  struct Case {
    std::string_view name;
    ThinkingControl thinking;
    bool sampling, both, prefill, system_inside, schema, forced;
  };
  constexpr auto none = ThinkingControl::none;
  constexpr auto budget = ThinkingControl::budget;
  constexpr auto adaptive = ThinkingControl::adaptive;
  const Case cases[] = {
      {"claude-3-haiku-20240307", none, true, true, true, false, false, true},
      {"claude-3-7-sonnet", budget, true, true, true, false, false, true},
      {"claude-sonnet-4-20250514", budget, true, false, true, false, false, true},
      {"anthropic/claude-opus-4.1", budget, true, false, true, false, false, true},
      {"claude-haiku-4-5-20251001", budget, true, false, true, false, true, true},
      {"us.anthropic.claude-sonnet-4-5-20250929-v1:0", budget, true, false, true, false, true,
       true},
      {"anthropic/claude-sonnet-4.6", adaptive, true, false, false, false, true, true},
      {"claude-opus-4-7", adaptive, false, false, false, false, true, true},
      {"claude-opus-4-8@default", adaptive, false, false, false, true, true, true},
      {"claude-sonnet-5", adaptive, false, true, false, true, true, true},
      {"global.anthropic.claude-opus-5-5", adaptive, false, true, false, true, true, false},
      {"claude-poem-9", adaptive, false, true, false, true, true, true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const ModelTraits traits = traits_of(c.name);
    EXPECT_EQ(traits.thinking, c.thinking);
    EXPECT_EQ(traits.takes_sampling, c.sampling);
    EXPECT_EQ(traits.takes_temperature_and_top_p, c.both);
    EXPECT_EQ(traits.takes_prefill, c.prefill);
    EXPECT_EQ(traits.takes_system_inside, c.system_inside);
    EXPECT_EQ(traits.takes_output_schema, c.schema);
    EXPECT_EQ(traits.takes_forced_tool, c.forced);
    EXPECT_EQ(traits.thinking_can_be_off, c.forced) << "the same two models";
    EXPECT_EQ(traits.publisher, "anthropic");
  }
}

TEST(TraitRules, GeminiIsWrittenToByItsGeneration) {
  const ModelTraits two = traits_of("gemini-2.0-flash-001");
  EXPECT_FALSE(two.takes_media_urls);
  EXPECT_EQ(two.thinking, ThinkingControl::none);
  EXPECT_FALSE(two.takes_json_schema_parameters);
  EXPECT_FALSE(two.takes_schema_with_tools);
  EXPECT_FALSE(two.signs_calls);
  const ModelTraits flash = traits_of("models/gemini-2.5-flash");
  EXPECT_EQ(flash.thinking, ThinkingControl::budget);
  EXPECT_TRUE(flash.thinking_can_be_off);
  EXPECT_TRUE(flash.takes_json_schema_parameters);
  EXPECT_FALSE(flash.takes_media_in_results);
  EXPECT_FALSE(traits_of("gemini-2.5-pro").thinking_can_be_off);
  for (const std::string_view name :
       {"gemini-3.8-flash", "gemini-flash-latest", "gemini-4-ultra"}) {
    const ModelTraits newest = traits_of(name);
    EXPECT_EQ(newest.thinking, ThinkingControl::level) << name;
    EXPECT_FALSE(newest.thinking_can_be_off) << name;
    EXPECT_TRUE(newest.signs_calls && newest.takes_call_ids) << name;
    EXPECT_TRUE(newest.takes_schema_with_tools && newest.takes_media_in_results) << name;
    EXPECT_TRUE(newest.takes_media_urls) << name;
  }
}

TEST(TraitRules, GeminisEmbeddingsComeOneByOneButForTheFirstModels) {
  EXPECT_TRUE(traits_of("gemini-embedding-001").embeds_in_batches);
  EXPECT_TRUE(traits_of("text-embedding-005").embeds_in_batches);
  EXPECT_FALSE(traits_of("gemini-embedding-2").embeds_in_batches);
  EXPECT_FALSE(traits_of("models/gemini-embedding-3-preview").embeds_in_batches);
}

TEST(TraitRules, TheCataloguesFactsFillWhatNoRuleSays) {
  EXPECT_EQ(traits_of("claude-opus-4-1").output_tokens_max, 32'000U);
  EXPECT_EQ(traits_of("gpt-5").thinking, ThinkingControl::effort);
  EXPECT_FALSE(traits_of("gpt-5").thinking_can_be_off);
  EXPECT_TRUE(traits_of("gpt-5.1").thinking_can_be_off) << "it takes the effort none";
  EXPECT_FALSE(traits_of("gpt-5").takes_sampling);
  EXPECT_EQ(traits_of("gpt-4.1").thinking, ThinkingControl::none);
  EXPECT_TRUE(traits_of("gpt-4.1").takes_sampling);
  EXPECT_EQ(traits_of("grok-4.5").thinking, ThinkingControl::effort);
  EXPECT_FALSE(traits_of("glm-4.5").takes_output_schema);
  EXPECT_FALSE(builtin().traits_of("nobody-ever-heard-of-it"));
}

TEST(TraitRules, OpenModelsAreSwitchedAsTheirFamilyIs) {
  EXPECT_EQ(traits_of("qwen3-32b").thinking, ThinkingControl::toggle);
  EXPECT_EQ(traits_of("qwen3-32b").thinking_variable, "enable_thinking");
  EXPECT_EQ(traits_of("qwen3-coder-plus").thinking, ThinkingControl::none);
  EXPECT_FALSE(traits_of("qwen3-235b-a22b-thinking-2507").thinking_can_be_off);
  EXPECT_EQ(traits_of("deepseek-v4-pro").thinking, ThinkingControl::effort);
  EXPECT_TRUE(traits_of("deepseek-v4-pro").thinking_can_be_off);
  EXPECT_EQ(traits_of("deepseek-v3.1").thinking, ThinkingControl::toggle);
  EXPECT_EQ(traits_of("deepseek-v3.1").thinking_variable, "thinking");
  EXPECT_EQ(traits_of("deepseek-r1").thinking, ThinkingControl::none);
  EXPECT_EQ(traits_of("glm-4.7").thinking, ThinkingControl::toggle);
  EXPECT_EQ(traits_of("glm-5.3").thinking, ThinkingControl::effort);
  EXPECT_FALSE(traits_of("glm-5.3").thinking_can_be_off);
  EXPECT_EQ(traits_of("kimi-k2.6").thinking, ThinkingControl::toggle);
  EXPECT_TRUE(traits_of("kimi-k2.6").thinking_can_be_off);
  EXPECT_EQ(traits_of("kimi-k3").thinking, ThinkingControl::effort);
  EXPECT_FALSE(traits_of("kimi-k3").thinking_can_be_off);
}

TEST(TraitRules, HostsSwitchThinkingInWaysOfTheirOwn) {
  const auto switch_of = [](std::string_view provider) {
    llm::HostTraits host;
    builtin().find_provider(provider)->quirks.apply_to(host);
    return llm::to_string(host.thinking_switch);
  };
  EXPECT_EQ(switch_of("openai"), "reasoning_effort");
  for (const std::string_view name : {"deepseek", "moonshot", "zai"}) {
    EXPECT_EQ(switch_of(name), "thinking") << name;
  }
  EXPECT_EQ(switch_of("alibaba"), "enable_thinking");
  EXPECT_EQ(switch_of("groq"), "none_or_default");
  EXPECT_EQ(switch_of("vllm"), "chat_template_kwargs");
  EXPECT_EQ(switch_of("openrouter"), "reasoning");
}

TEST(TraitRules, HostsDifferFromOpenAisOwnApiByTheirQuirks) {
  const auto mistral = builtin().find_provider("mistral");
  ASSERT_NE(mistral, nullptr);
  llm::HostTraits host;
  mistral->quirks.apply_to(host);
  EXPECT_FALSE(host.takes_stream_options);
  EXPECT_TRUE(host.spells_required_any);
  EXPECT_EQ(host.seed_name, "random_seed");
  EXPECT_EQ(host.call_id_letters, 9U);
  EXPECT_EQ(host.output_tokens_name, "max_tokens");
  host = {};
  builtin().find_provider("openai")->quirks.apply_to(host);
  EXPECT_TRUE(host.is_plain());
}

}  // namespace
}  // namespace sluice::catalog
