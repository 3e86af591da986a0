// How a model of Anthropic's is told to think, and what that leaves of temperature and the like.
#include <algorithm>
#include <array>

#include "anthropic_draft.h"

namespace sluice::llm {
namespace {

using Kind = AnthropicThinking::Kind;

constexpr std::uint64_t output_tokens_default = 4096;  // of a model of which nothing is known
constexpr std::uint64_t budget_min = 1024;
constexpr std::array<std::uint64_t, 7> budgets = {0, 1024, 2048, 8192, 16384, 32768, 32768};

std::uint64_t budget_of(const ReasoningWanted& wanted) {
  if (wanted.tokens_max) return std::max(*wanted.tokens_max, budget_min);
  return std::max(budgets[static_cast<std::size_t>(wanted.effort.value_or(Effort::medium))],
                  budget_min);
}

// Where only a budget was named.
std::optional<Effort> effort_of(const ReasoningWanted& wanted) {
  if (wanted.effort || !wanted.tokens_max) return wanted.effort;
  if (*wanted.tokens_max < 4096) return Effort::low;
  return *wanted.tokens_max < 16'384 ? Effort::medium : Effort::high;
}

// "xhigh" came with the models that are no longer told a temperature.
std::string_view effort_word(Effort effort, const ModelTraits& traits) {
  switch (effort) {
    case Effort::none:
    case Effort::minimal:
    case Effort::low: return "low";
    case Effort::medium: return "medium";
    case Effort::high: return "high";
    case Effort::xhigh: return traits.takes_sampling ? "max" : "xhigh";
    case Effort::max: return "max";
  }
  __builtin_unreachable();
}

bool starts_with_thought(const Turn& turn) {
  for (const Part* part : turn.parts) {
    const auto* reasoning = std::get_if<ReasoningPart>(&part->body);
    if (reasoning == nullptr) return false;
    if (is_replayed(*reasoning)) return true;
  }
  return false;
}

// The assistant's last turn is still going on, waiting for its tools or to be gone on with, and
// began without a thought that may be shown again: models with a budget then refuse to think (400,
// "Expected `thinking`").
bool goes_on_without_thought(const Turns& turns) {
  const std::vector<Turn>& all = turns.turns;
  if (all.back().role == Role::assistant) return true;
  const auto is_result = [](const Part* part) {
    return std::holds_alternative<ToolResult>(part->body);
  };
  if (all.size() < 2 || std::ranges::none_of(all.back().parts, is_result)) return false;
  // A loop of tools is one turn to Anthropic: its first message is what must begin with a thought,
  // and the newest is the one that is looked at.
  return !starts_with_thought(all[all.size() - 2]);
}

std::uint64_t output_tokens_of(const AnthropicDraft& draft) {
  const auto& most = draft.traits().output_tokens_max;
  const auto& asked = draft.request.output_tokens_max;
  if (!asked) return most.value_or(output_tokens_default);
  return most ? std::min(*asked, *most) : *asked;
}

// The budget is a part of what may be written in all, and must be less.
void fit_budget(AnthropicThinking& thinking, const ModelTraits& traits) {
  if (thinking.output_tokens_max > thinking.budget) return;
  thinking.output_tokens_max += thinking.budget;
  if (traits.output_tokens_max && thinking.output_tokens_max > *traits.output_tokens_max) {
    thinking.output_tokens_max = std::max(*traits.output_tokens_max, budget_min + 1);
    thinking.budget =
        std::max(std::min(thinking.budget, thinking.output_tokens_max / 2), budget_min);
  }
}

void plan_on(AnthropicDraft& draft, const Turns& turns, const AnthropicOutput& output,
             AnthropicThinking& thinking) {
  const ReasoningWanted& wanted = draft.request.reasoning;
  const bool by_budget = draft.traits().thinking == ThinkingControl::budget;
  // Who must call a tool may not think first.
  if (forces_tool(draft, output) || (by_budget && goes_on_without_thought(turns))) {
    return draft.drop("reasoning_effort");
  }
  if (by_budget) {
    thinking.kind = Kind::budget;
    thinking.budget = budget_of(wanted);
    fit_budget(thinking, draft.traits());
    return;
  }
  thinking.kind = Kind::adaptive;
  if (const auto effort = effort_of(wanted)) {
    thinking.effort = effort_word(*effort, draft.traits());
  }
}

}  // namespace

AnthropicThinking plan_thinking(AnthropicDraft& draft, const Turns& turns,
                                const AnthropicOutput& output) {
  AnthropicThinking thinking{.output_tokens_max = output_tokens_of(draft)};
  const ReasoningWanted& wanted = draft.request.reasoning;
  const ModelTraits& traits = draft.traits();
  if (!wanted.said()) return thinking;
  switch (traits.thinking) {
    case ThinkingControl::none:
    case ThinkingControl::level:
    case ThinkingControl::effort:
    case ThinkingControl::toggle:
      if (!wanted.off()) draft.drop("reasoning_effort");
      return thinking;
    case ThinkingControl::budget:
    case ThinkingControl::adaptive: break;
  }
  if (!wanted.off()) {
    plan_on(draft, turns, output, thinking);
  } else if (traits.thinking_can_be_off) {
    thinking.kind = Kind::disabled;
  } else {
    draft.drop("reasoning_effort");
  }
  return thinking;
}

void write_thinking(const AnthropicDraft& draft, const AnthropicThinking& thinking,
                    json::Writer& out) {
  switch (thinking.kind) {
    case Kind::unsaid: return;
    case Kind::disabled:
      out.key("thinking").begin_object().key("type").string("disabled").end_object();
      return;
    case Kind::adaptive:
      // These models show nothing of it unless they are told to.
      out.key("thinking").begin_object().key("type").string("adaptive");
      out.key("display").string(draft.request.reasoning.hidden ? "omitted" : "summarized");
      out.end_object();
      return;
    case Kind::budget:
      out.key("thinking").begin_object().key("type").string("enabled");
      out.key("budget_tokens").unsigned_integer(thinking.budget).end_object();
      return;
  }
}

void write_sampling(AnthropicDraft& draft, const AnthropicThinking& thinking, json::Writer& out) {
  const ChatRequest& request = draft.request;
  const ModelTraits& traits = draft.traits();
  const auto& temperature = request.temperature;
  const auto& top_p = request.top_p;
  const bool may = traits.takes_sampling;
  if (temperature) {
    if (may && (!thinking.on() || temperature->value == 1)) {
      out.key("temperature").raw(temperature->value > 1 ? "1" : temperature->raw);
    } else if (temperature->value != 1) {  // which is the default
      draft.drop("temperature");
    }
  }
  if (top_p) {
    const bool beside = !temperature || traits.takes_temperature_and_top_p;
    const bool with_thought = !thinking.on() || top_p->value >= 0.95;
    if (may && beside && with_thought) {
      out.key("top_p").raw(top_p->raw);
    } else if (top_p->value != 1) {
      draft.drop("top_p");
    }
  }
  // Hosts say -1 and 0 for all of them.
  if (request.top_k && request.top_k->value >= 1) {
    if (may && !thinking.on()) {
      out.key("top_k").raw(request.top_k->raw);
    } else {
      draft.drop("top_k");
    }
  }
}

}  // namespace sluice::llm
