#include "thinking_switch.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

ModelTraits switched_by(ThinkingSwitch spelling, ThinkingControl thinking, bool can_be_off = true) {
  ModelTraits traits;
  traits.thinking = thinking;
  traits.thinking_switch = spelling;
  traits.thinking_variable = "enable_thinking";
  traits.thinking_can_be_off = can_be_off;
  return traits;
}

std::string said(const ReasoningWanted& wanted, const ModelTraits& traits) {
  const SaidThinking thinking = say_thinking(wanted, traits);
  std::string out;
  for (const auto& [name, value] : thinking.members) {
    if (!out.empty()) out += ' ';
    out += std::string(name) + "=" + value;
  }
  if (thinking.dropped) out += "(dropped)";
  if (thinking.tokens_dropped) out += "(no tokens)";
  return out;
}

struct Case {
  ThinkingSwitch spelling;
  ThinkingControl thinking;
  std::string_view off, high, tokens, on;
};

const Case cases[] = {
    {ThinkingSwitch::reasoning_effort, ThinkingControl::effort, R"(reasoning_effort="none")",
     R"(reasoning_effort="high")", R"(reasoning_effort="medium")", ""},
    {ThinkingSwitch::reasoning_effort, ThinkingControl::toggle, R"(reasoning_effort="none")",
     R"(reasoning_effort="high")", R"(reasoning_effort="medium")", ""},
    {ThinkingSwitch::reasoning_effort, ThinkingControl::none, "", "(dropped)", "(dropped)",
     "(dropped)"},
    {ThinkingSwitch::none_or_default, ThinkingControl::toggle, R"(reasoning_effort="none")",
     R"(reasoning_effort="default")", R"(reasoning_effort="default"(no tokens))",
     R"(reasoning_effort="default")"},
    {ThinkingSwitch::none_or_default, ThinkingControl::effort, R"(reasoning_effort="none")",
     R"(reasoning_effort="high")", R"(reasoning_effort="medium")", ""},
    {ThinkingSwitch::thinking, ThinkingControl::toggle, R"(thinking={"type":"disabled"})",
     R"(thinking={"type":"enabled"})", R"(thinking={"type":"enabled"}(no tokens))",
     R"(thinking={"type":"enabled"})"},
    {ThinkingSwitch::thinking, ThinkingControl::effort, R"(thinking={"type":"disabled"})",
     R"(thinking={"type":"enabled"} reasoning_effort="high")",
     R"(thinking={"type":"enabled"} reasoning_effort="medium")", R"(thinking={"type":"enabled"})"},
    {ThinkingSwitch::thinking, ThinkingControl::none, R"(thinking={"type":"disabled"})",
     "(dropped)", "(dropped)", "(dropped)"},
    {ThinkingSwitch::enable_thinking, ThinkingControl::toggle, "enable_thinking=false",
     "enable_thinking=true", "enable_thinking=true thinking_budget=5000", "enable_thinking=true"},
    {ThinkingSwitch::enable_thinking, ThinkingControl::effort, "enable_thinking=false",
     R"(enable_thinking=true reasoning_effort="high")", "enable_thinking=true thinking_budget=5000",
     "enable_thinking=true"},
    {ThinkingSwitch::chat_template_kwargs, ThinkingControl::toggle,
     R"(chat_template_kwargs={"enable_thinking":false})",
     R"(chat_template_kwargs={"enable_thinking":true})",
     R"(chat_template_kwargs={"enable_thinking":true}(no tokens))",
     R"(chat_template_kwargs={"enable_thinking":true})"},
    {ThinkingSwitch::reasoning, ThinkingControl::none, R"(reasoning={"effort":"none"})",
     R"(reasoning={"effort":"high"})", R"(reasoning={"max_tokens":5000})",
     R"(reasoning={"enabled":true})"},
};

TEST(ThinkingSwitch, SaysInTheHostsWordsWhatIsWanted) {
  for (const Case& c : cases) {
    const ModelTraits traits = switched_by(c.spelling, c.thinking);
    SCOPED_TRACE(testing::Message()
                 << static_cast<int>(c.spelling) << " of a model " << static_cast<int>(c.thinking));
    EXPECT_EQ(said({.effort = Effort::none}, traits), c.off);
    EXPECT_EQ(said({.enabled = false}, traits), c.off);
    EXPECT_EQ(said({.effort = Effort::high}, traits), c.high);
    EXPECT_EQ(said({.tokens_max = 5'000}, traits), c.tokens);
    EXPECT_EQ(said({.enabled = true}, traits), c.on);
  }
}

TEST(ThinkingSwitch, WhatCannotBeOffIsNeitherSwitchedOffNorOn) {
  for (const Case& c : cases) {
    EXPECT_EQ(said({.effort = Effort::none}, switched_by(c.spelling, c.thinking, false)),
              "(dropped)");
  }
  EXPECT_EQ(said({.effort = Effort::high},
                 switched_by(ThinkingSwitch::thinking, ThinkingControl::effort, false)),
            R"(reasoning_effort="high")");
  EXPECT_EQ(said({.effort = Effort::high},
                 switched_by(ThinkingSwitch::thinking, ThinkingControl::toggle, false)),
            "");
}

TEST(ThinkingSwitch, ATemplateWithoutAKnownVariableLeavesOpenAisWords) {
  ModelTraits traits = switched_by(ThinkingSwitch::chat_template_kwargs, ThinkingControl::effort);
  EXPECT_TRUE(has_own_words(traits));
  traits.thinking_variable.clear();
  EXPECT_FALSE(has_own_words(traits));
  EXPECT_EQ(said({.effort = Effort::low}, traits), R"(reasoning_effort="low")");
}

TEST(ThinkingSwitch, ThoughtsThatAreNotToBeShownAreARoutersBusiness) {
  EXPECT_EQ(said({.effort = Effort::low, .hidden = true},
                 switched_by(ThinkingSwitch::reasoning, ThinkingControl::effort)),
            R"(reasoning={"effort":"low","exclude":true})");
}

TEST(ThinkingSwitch, EachHasMembersOfItsOwnByWhichACallerThatKnowsTheHostIsTold) {
  EXPECT_TRUE(is_own_switch(ThinkingSwitch::thinking, "thinking"));
  EXPECT_TRUE(is_own_switch(ThinkingSwitch::enable_thinking, "enable_thinking"));
  EXPECT_TRUE(is_own_switch(ThinkingSwitch::enable_thinking, "thinking_budget"));
  EXPECT_TRUE(is_own_switch(ThinkingSwitch::chat_template_kwargs, "chat_template_kwargs"));
  EXPECT_TRUE(is_own_switch(ThinkingSwitch::reasoning, "reasoning"));
  EXPECT_FALSE(is_own_switch(ThinkingSwitch::reasoning_effort, "reasoning_effort"));
  EXPECT_FALSE(is_own_switch(ThinkingSwitch::none_or_default, "reasoning"));
}

}  // namespace
}  // namespace sluice::llm
