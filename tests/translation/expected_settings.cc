#include "expected_settings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sense.h"

namespace sluice::llm::testing {
namespace {

class Settings {
 public:
  Settings(const ChatRequest& asked, const ChatRequest& read, const ChatCall& call,
           const Target& target)
      : asked_(asked), read_(read), call_(call), target_(target) {}

  void compare() {
    number("temperature", asked_.temperature, read_.temperature);
    number("top_p", asked_.top_p, read_.top_p);
    number("top_k", asked_.top_k, read_.top_k);
    number("presence_penalty", asked_.presence_penalty, read_.presence_penalty);
    number("frequency_penalty", asked_.frequency_penalty, read_.frequency_penalty);
    number("seed", asked_.seed, read_.seed);
    compare_length();
    compare_stop();
    compare_labels();
    compare_thinking();
    compare_tools();
    compare_choice();
    compare_output();
    EXPECT_EQ(read_.stream, asked_.stream);
    EXPECT_EQ(read_.choices, asked_.choices);
    if (asked_.logprobs && !dropped("logprobs")) {
      EXPECT_TRUE(read_.logprobs);
      EXPECT_EQ(read_.top_logprobs, asked_.top_logprobs);
    }
  }

 private:
  [[nodiscard]] bool dropped(std::string_view name) const {
    return std::ranges::find(call_.dropped, name) != call_.dropped.end();
  }
  [[nodiscard]] bool to_anthropic() const { return target_.dialect == ChatDialect::anthropic; }

  // Anthropic's temperature ends at 1, and what says what is so anyway need not be said.
  void number(std::string_view name, const std::optional<Number>& asked,
              const std::optional<Number>& read) const {
    if (!asked || dropped(name)) {
      if (!asked) {
        EXPECT_FALSE(read.has_value()) << name << " was invented";
      }
      return;
    }
    const double neutral = name == "temperature" || name == "top_p" ? 1 : 0;
    if (!read && asked->value == neutral) return;
    ASSERT_TRUE(read.has_value()) << name << " is lost without a word";
    if (to_anthropic() && name == "temperature" && asked->value > 1) {
      EXPECT_EQ(read->raw, "1");
      return;
    }
    EXPECT_EQ(read->raw, asked->raw) << name;
  }

  // A budget for thinking is added to what may be written; OpenAI's least is 16.
  void compare_length() const {
    if (!asked_.output_tokens_max) {
      EXPECT_EQ(read_.output_tokens_max.has_value(), to_anthropic());
      return;
    }
    ASSERT_TRUE(read_.output_tokens_max.has_value());
    const std::uint64_t most = target_.traits.output_tokens_max.value_or(UINT64_MAX);
    std::uint64_t wanted = std::min(*asked_.output_tokens_max, most);
    if (target_.dialect == ChatDialect::responses) wanted = std::max<std::uint64_t>(wanted, 16);
    if (to_anthropic() && read_.reasoning.tokens_max) {
      EXPECT_GE(*read_.output_tokens_max, wanted);
      EXPECT_GT(*read_.output_tokens_max, *read_.reasoning.tokens_max);
    } else {
      EXPECT_EQ(*read_.output_tokens_max, wanted);
    }
  }

  void compare_stop() const {
    std::vector<std::string> wanted;
    std::vector<std::string> got;
    for (const json::Text text : asked_.stop) wanted.push_back(plain(text));
    for (const json::Text text : read_.stop) got.push_back(plain(text));
    if (dropped("stop") || dropped("stop_sequences")) {
      EXPECT_LT(got.size(), wanted.size()) << "dropped in name only";
      return;
    }
    EXPECT_EQ(got, wanted);
  }

  void compare_labels() const {
    if (!to_anthropic() || asked_.metadata.empty()) {
      EXPECT_EQ(plain(read_.user), plain(asked_.user));
    }
    if (!to_anthropic()) {
      EXPECT_EQ(plain_json(read_.metadata), plain_json(asked_.metadata));
    } else if (!dropped("metadata") && !asked_.metadata.empty()) {
      EXPECT_FALSE(read_.user.empty());
    }
    const auto tier = [](const std::string& word) {
      return word == "standard_only" ? "default" : word;  // Anthropic's word
    };
    if (!dropped("service_tier")) {
      EXPECT_EQ(tier(plain(read_.service_tier)), tier(plain(asked_.service_tier)));
    }
    if (!dropped("prompt_cache_key")) {
      EXPECT_EQ(plain(read_.prompt_cache_key), plain(asked_.prompt_cache_key));
    }
    for (const OtherMember& other : asked_.others) {
      const std::string name = plain(other.name);
      if (dropped(name)) continue;
      const auto same = std::ranges::find_if(
          read_.others, [&](const OtherMember& there) { return plain(there.name) == name; });
      ASSERT_NE(same, read_.others.end()) << name << " is lost without a word";
      EXPECT_EQ(plain_json(same->value), plain_json(other.value));
    }
  }

  void compare_thinking() const {
    const ReasoningWanted& asked = asked_.reasoning;
    const ReasoningWanted& read = read_.reasoning;
    for (const std::string_view name : {"thinking", "output_config.effort", "reasoning_effort"}) {
      if (dropped(name)) {
        EXPECT_FALSE(read.said());
        return;
      }
    }
    const bool thinks = target_.traits.thinking != ThinkingControl::none;
    if (asked.off()) {
      EXPECT_EQ(read.off(), thinks);
      return;
    }
    EXPECT_FALSE(read.off()) << "switched off unasked";
    const bool measured = asked.effort || asked.tokens_max;
    if (measured) {
      EXPECT_TRUE(read.said()) << "thinking is lost without a word";
    }
    if (!asked.said()) {
      EXPECT_FALSE(read.said());
    }
    if (!to_anthropic() && asked.effort) {
      const bool by_switch = target_.traits.thinking_switch != ThinkingSwitch::reasoning_effort;
      if (target_.traits.thinking == ThinkingControl::toggle && by_switch) {
        EXPECT_EQ(read.enabled, true);
      } else {
        EXPECT_EQ(read.effort, asked.effort);
      }
    }
  }

  // Anthropic and OpenAI's chats have no list of allowed tools: the others are not offered there.
  [[nodiscard]] std::vector<const Tool*> offered() const {
    std::set<std::string> allowed;
    for (const json::Text name : asked_.tool_choice.allowed) allowed.insert(plain(name));
    std::vector<const Tool*> tools;
    const bool by_list = target_.dialect == ChatDialect::responses;
    const bool answers_alone =
        asked_.tool_choice.mode == ToolChoiceMode::none && !call_.asked.output_tool.empty();
    if (answers_alone) return tools;
    for (const Tool& tool : asked_.tools) {
      if (by_list || allowed.empty() || allowed.contains(plain(tool.name))) tools.push_back(&tool);
    }
    return tools;
  }

  [[nodiscard]] std::string callers_name(const json::Text sent) const {
    for (const RenamedTool& tool : call_.asked.renamed_tools) {
      if (tool.sent == plain(sent)) return tool.name;
    }
    return plain(sent);
  }

  void compare_tools() const {
    const std::vector<const Tool*> wanted = offered();
    const bool has_output_tool = !call_.asked.output_tool.empty();
    ASSERT_EQ(read_.tools.size(), wanted.size() + (has_output_tool ? 1 : 0));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const Tool& asked = *wanted[i];
      const Tool& read = read_.tools[i];
      EXPECT_EQ(callers_name(read.name), plain(asked.name));
      if (asked.kind == ToolKind::custom) continue;
      EXPECT_EQ(plain(read.description), plain(asked.description));
      const bool restricted = to_anthropic() && asked.strict.value_or(false);
      if (asked.parameters.contains(R"("type":"object")") && !restricted) {
        EXPECT_EQ(plain_json(read.parameters), plain_json(asked.parameters));
      }
      if (asked.strict.value_or(false) && !dropped("tools.strict") &&
          target_.traits.takes_output_schema) {
        EXPECT_EQ(read.strict, true);
      }
    }
    if (has_output_tool) {
      EXPECT_EQ(plain(read_.tools.back().name), call_.asked.output_tool);
    }
  }

  void compare_choice() const {
    const ToolChoice& asked = asked_.tool_choice;
    const ToolChoice& read = read_.tool_choice;
    if (dropped("tool_choice") || !call_.asked.output_tool.empty()) return;
    if (asked_.tools.empty()) return;
    const bool list = target_.dialect == ChatDialect::responses && !asked.allowed.empty();
    const bool unsaid = asked.mode == ToolChoiceMode::unspecified;
    if (unsaid && (list || (to_anthropic() && asked.parallel == false))) {
      EXPECT_EQ(read.mode, ToolChoiceMode::automatic);
    } else {
      EXPECT_EQ(read.mode, asked.mode);
    }
    if (asked.mode == ToolChoiceMode::named) {
      EXPECT_EQ(callers_name(read.name), plain(asked.name));
    }
    if (list) {
      std::vector<std::string> names;
      for (const json::Text name : read.allowed) names.push_back(callers_name(name));
      std::vector<std::string> wanted;
      for (const json::Text name : asked.allowed) wanted.push_back(plain(name));
      EXPECT_EQ(names, wanted);
    }
    const bool is_no_call = asked.mode == ToolChoiceMode::none;
    if (asked.parallel == false && !is_no_call) {
      EXPECT_EQ(read.parallel, false);
    }
    if (asked.parallel != false) {
      EXPECT_NE(read.parallel, false) << "fewer calls than were asked for";
    }
  }

  void compare_output() const {
    const OutputFormat& asked = asked_.output;
    const OutputFormat& read = read_.output;
    if (asked.kind == OutputKind::text) {
      EXPECT_EQ(read.kind, OutputKind::text);
      return;
    }
    if (asked.kind != OutputKind::json_schema || !call_.asked.output_tool.empty()) return;
    if (to_anthropic() || !target_.traits.takes_output_schema) return;  // in words, or a subset
    EXPECT_EQ(plain_json(read.schema), plain_json(asked.schema));
    if (!asked.name.empty()) {
      EXPECT_EQ(plain(read.name), plain(asked.name));
    }
    EXPECT_EQ(plain(read.description), plain(asked.description));
    if (asked.strict) {
      EXPECT_EQ(read.strict, asked.strict);
    }
  }

  const ChatRequest& asked_;
  const ChatRequest& read_;
  const ChatCall& call_;
  const Target& target_;
};

}  // namespace

void expect_same_settings(const ChatRequest& asked, const ChatRequest& read, const ChatCall& call,
                          const Target& target) {
  Settings(asked, read, call, target).compare();
}

}  // namespace sluice::llm::testing
