#include "thinking_switch.h"

#include <optional>

#include <fmt/format.h>

namespace sluice::llm {
namespace {

constexpr std::string_view reasoning_effort = "reasoning_effort";

std::string quoted(std::string_view word) { return fmt::format("\"{}\"", word); }

// What is asked for as one of OpenAI's efforts; nothing where the model is left to itself.
std::optional<Effort> effort_of(const ReasoningWanted& wanted) {
  constexpr std::uint64_t low_tokens_end = 2'000;
  constexpr std::uint64_t medium_tokens_end = 12'000;
  if (wanted.off()) return Effort::none;
  if (wanted.effort) return wanted.effort;
  if (!wanted.tokens_max) return std::nullopt;
  if (*wanted.tokens_max < low_tokens_end) return Effort::low;
  return *wanted.tokens_max < medium_tokens_end ? Effort::medium : Effort::high;
}

void say_effort(const ReasoningWanted& wanted, SaidThinking& said) {
  if (const auto effort = effort_of(wanted)) {
    said.members.push_back({.name = reasoning_effort, .value = quoted(to_string(*effort))});
  }
}

// The router knows what each model takes.
void say_to_router(const ReasoningWanted& wanted, SaidThinking& said) {
  std::string value;
  if (wanted.off()) {
    value = R"({"effort":"none")";
  } else if (wanted.effort) {
    value = fmt::format(R"({{"effort":"{}")", to_string(*wanted.effort));
  } else if (wanted.tokens_max) {
    value = fmt::format(R"({{"max_tokens":{})", *wanted.tokens_max);
  } else {
    value = R"({"enabled":true)";
  }
  if (wanted.hidden) value += R"(,"exclude":true)";
  said.members.push_back({.name = "reasoning", .value = value + "}"});
}

SaidThinking::Member switch_member(bool on, const ModelTraits& traits) {
  const std::string_view flag = on ? "true" : "false";
  switch (traits.thinking_switch) {
    case ThinkingSwitch::none_or_default:
      return {.name = reasoning_effort, .value = quoted(on ? "default" : "none")};
    case ThinkingSwitch::thinking:
      return {.name = "thinking",
              .value = fmt::format(R"({{"type":"{}"}})", on ? "enabled" : "disabled")};
    case ThinkingSwitch::enable_thinking:
      return {.name = "enable_thinking", .value = std::string(flag)};
    case ThinkingSwitch::chat_template_kwargs:
      return {.name = "chat_template_kwargs",
              .value = fmt::format(R"({{"{}":{}}})", traits.thinking_variable, flag)};
    case ThinkingSwitch::reasoning_effort:
    case ThinkingSwitch::reasoning: break;
  }
  __builtin_unreachable();
}

void say_by_switch(const ReasoningWanted& wanted, const ModelTraits& traits, SaidThinking& said) {
  const bool on = !wanted.off();
  if (traits.thinking_can_be_off) said.members.push_back(switch_member(on, traits));
  if (!on) return;
  const bool has_budget = traits.thinking_switch == ThinkingSwitch::enable_thinking;
  if (wanted.tokens_max && has_budget) {
    said.members.push_back(
        {.name = "thinking_budget", .value = std::to_string(*wanted.tokens_max)});
  } else if (traits.thinking == ThinkingControl::effort) {
    say_effort(wanted, said);
  } else {
    said.tokens_dropped = wanted.tokens_max.has_value();
  }
}

}  // namespace

bool has_own_words(const ModelTraits& traits) noexcept {
  switch (traits.thinking_switch) {
    case ThinkingSwitch::reasoning_effort: return false;
    case ThinkingSwitch::none_or_default: return traits.thinking == ThinkingControl::toggle;
    case ThinkingSwitch::chat_template_kwargs: return !traits.thinking_variable.empty();
    case ThinkingSwitch::thinking:
    case ThinkingSwitch::enable_thinking:
    case ThinkingSwitch::reasoning: return true;
  }
  __builtin_unreachable();
}

bool is_own_switch(ThinkingSwitch spelling, std::string_view name) noexcept {
  switch (spelling) {
    case ThinkingSwitch::reasoning_effort:
    case ThinkingSwitch::none_or_default: return false;
    case ThinkingSwitch::thinking: return name == "thinking";
    case ThinkingSwitch::enable_thinking:
      return name == "enable_thinking" || name == "thinking_budget";
    case ThinkingSwitch::chat_template_kwargs: return name == "chat_template_kwargs";
    case ThinkingSwitch::reasoning: return name == "reasoning";
  }
  __builtin_unreachable();
}

SaidThinking say_thinking(const ReasoningWanted& wanted, const ModelTraits& traits) {
  SaidThinking said;
  const bool by_own_words = has_own_words(traits);
  const bool by_router = traits.thinking_switch == ThinkingSwitch::reasoning;
  const bool cannot_think = traits.thinking == ThinkingControl::none && !by_router;
  if (wanted.off() ? !traits.thinking_can_be_off : cannot_think) {
    said.dropped = true;
  } else if (by_router) {
    say_to_router(wanted, said);
  } else if (by_own_words) {
    say_by_switch(wanted, traits, said);
  } else if (!cannot_think) {
    say_effort(wanted, said);
  }
  return said;
}

}  // namespace sluice::llm
