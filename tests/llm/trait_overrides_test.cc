#include "sluice/llm/trait_overrides.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

TEST(TraitOverrides, ChangeWhatTheySayAndLeaveTheRest) {
  ModelTraits traits;
  traits.takes_prefill = false;
  traits.output_tokens_max = 5;
  const ModelTraitOverrides overrides{.flags = {{&ModelTraits::takes_sampling, false}},
                                      .thinking = ThinkingControl::level,
                                      .publisher = "anthropic"};
  overrides.apply_to(traits);
  EXPECT_FALSE(traits.takes_sampling);
  EXPECT_FALSE(traits.takes_prefill) << "not said, so as it was";
  EXPECT_EQ(traits.output_tokens_max, 5U);
  EXPECT_EQ(traits.thinking, ThinkingControl::level);
  EXPECT_EQ(traits.publisher, "anthropic");
}

TEST(TraitOverrides, OfAHostReplaceItsListsWhole) {
  HostTraits traits;
  traits.refused = {"a"};
  const HostTraitOverrides overrides{.flags = {{&HostTraits::takes_stream_options, false}},
                                     .seed_name = "random_seed",
                                     .refused = std::vector<std::string>{"b"}};
  overrides.apply_to(traits);
  EXPECT_EQ(traits.refused, std::vector<std::string>{"b"});
  EXPECT_EQ(traits.seed_name, "random_seed");
  EXPECT_FALSE(traits.takes_stream_options);
  EXPECT_TRUE(traits.takes_developer_role);
}

TEST(TraitOverrides, EveryFlagIsThereOnceByTheNameOfItsMember) {
  for (const auto& flag : model_flags()) {
    ModelTraits traits;
    const bool before = traits.*flag.member;
    for (const auto& other : model_flags()) {
      if (&other != &flag) {
        EXPECT_NE(other.name, flag.name);
        EXPECT_NE(other.member, flag.member) << flag.name << " and " << other.name;
      }
    }
    ModelTraitOverrides{.flags = {{flag.member, !before}}}.apply_to(traits);
    EXPECT_EQ(traits.*flag.member, !before) << flag.name;
  }
}

TEST(TraitOverrides, AWayOfThinkingIsReadByItsName) {
  for (const auto control :
       {ThinkingControl::none, ThinkingControl::budget, ThinkingControl::adaptive,
        ThinkingControl::level, ThinkingControl::effort, ThinkingControl::toggle}) {
    EXPECT_EQ(parse_thinking(to_string(control)), control);
  }
  for (const std::string_view name : thinking_names()) {
    EXPECT_EQ(to_string(parse_thinking(name).value()), name);
  }
  EXPECT_EQ(thinking_names().size(), 6U);
  EXPECT_EQ(parse_thinking("Budget"), std::nullopt);
}

TEST(TraitOverrides, ASwitchForThinkingIsReadByItsName) {
  for (const std::string_view name : thinking_switch_names()) {
    EXPECT_EQ(to_string(parse_thinking_switch(name).value()), name);
  }
  EXPECT_EQ(thinking_switch_names().size(), 6U);
  EXPECT_EQ(parse_thinking_switch(""), std::nullopt);
  HostTraits host;
  for (const std::string_view name : prefill_names()) {
    EXPECT_EQ(to_string(parse_prefill(name).value()), name);
  }
  EXPECT_EQ(prefill_names().size(), 5U);
  EXPECT_EQ(parse_prefill(""), std::nullopt);
  HostTraitOverrides{.thinking_switch = ThinkingSwitch::thinking}.apply_to(host);
  EXPECT_EQ(host.thinking_switch, ThinkingSwitch::thinking);
  ModelTraits model;
  ModelTraitOverrides{.thinking_variable = "enable_thinking"}.apply_to(model);
  EXPECT_EQ(model.thinking_variable, "enable_thinking");
}

TEST(TraitOverrides, WhatWouldSpoilEveryBodyIsABrokenRule) {
  const auto rule = [](HostTraitOverrides overrides) {
    return std::string(overrides.broken_rule().value_or("none"));
  };
  EXPECT_EQ(rule({}), "none");
  EXPECT_EQ(rule({.output_tokens_name = "max_tokens",
                  .seed_name = "random_seed",
                  .call_id_letters = 9,
                  .reasoning_name = "reasoning",
                  .refused = std::vector<std::string>{"logit_bias"}}),
            "none");
  EXPECT_TRUE(ModelTraitOverrides{.thinking_variable = "a\"b"}.broken_rule().has_value());
  EXPECT_FALSE(ModelTraitOverrides{.thinking_variable = "thinking"}.broken_rule().has_value());
  EXPECT_TRUE(rule({.output_tokens_name = "tokens"}).starts_with("output_tokens_name must be"));
  EXPECT_TRUE(rule({.seed_name = "a\"b"}).starts_with("seed_name must be"));
  EXPECT_TRUE(rule({.call_id_letters = 3}).starts_with("call_id_letters must be"));
  EXPECT_TRUE(rule({.reasoning_name = "thoughts"}).starts_with("reasoning_name must be"));
  EXPECT_TRUE(rule({.refused = std::vector<std::string>{""}}).starts_with("refused must hold"));
  EXPECT_TRUE(
      rule({.refused = std::vector<std::string>{"messages"}}).starts_with("refused must not hold"));
}

}  // namespace
}  // namespace sluice::llm
