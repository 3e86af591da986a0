// A Converse request's settings: those all models share, and those of a model's maker.
#include <algorithm>
#include <array>

#include "bedrock_writing.h"

namespace sluice::llm {
namespace {

constexpr std::uint64_t budget_min = 1024;  // Anthropic's
constexpr std::array<std::uint64_t, 7> budgets = {0, 1024, 2048, 8192, 16384, 32768, 32768};

std::uint64_t budget_of(const ReasoningWanted& wanted) {
  if (wanted.tokens_max) return std::max(*wanted.tokens_max, budget_min);
  return std::max(budgets[static_cast<std::size_t>(wanted.effort.value_or(Effort::medium))],
                  budget_min);
}

// Where only a budget was named.
Effort effort_of(const ReasoningWanted& wanted) {
  if (wanted.effort) return *wanted.effort;
  if (!wanted.tokens_max) return Effort::medium;
  if (*wanted.tokens_max < 2048) return Effort::low;
  return *wanted.tokens_max < 12'288 ? Effort::medium : Effort::high;
}

// The effort in the words low, medium and high.
std::string_view common_word(Effort effort) {
  switch (effort) {
    case Effort::none:
    case Effort::minimal:
    case Effort::low: return "low";
    case Effort::medium: return "medium";
    case Effort::high:
    case Effort::xhigh:
    case Effort::max: return "high";
  }
  __builtin_unreachable();
}

// Anthropic's models know a word above high.
std::string_view anthropic_word(Effort effort) {
  return effort > Effort::high ? "max" : common_word(effort);
}

bool is_replayed(const BedrockWriting& writing, const Part* part) {
  const auto* reasoning = std::get_if<ReasoningPart>(&part->body);
  return reasoning != nullptr && replays_reasoning(writing, *reasoning);
}

// A loop of tools goes on whose begin was not thought about, or not in words that may be shown
// again: Anthropic's models with a budget then refuse to think (400, "Expected thinking").
bool goes_on_without_thought(const BedrockWriting& writing, const Turns& turns) {
  const std::vector<Turn>& all = turns.turns;
  if (all.size() < 2) return false;
  const auto is_result = [](const Part* part) {
    return std::holds_alternative<ToolResult>(part->body);
  };
  return std::ranges::any_of(all.back().parts, is_result) &&
         std::ranges::none_of(all[all.size() - 2].parts,
                              [&writing](const Part* part) { return is_replayed(writing, part); });
}

// The budget must stay below what may be written in all.
void fit_budget(BedrockThinking& thinking) {
  if (!thinking.output_tokens_max || *thinking.output_tokens_max > *thinking.budget) return;
  const std::uint64_t half = *thinking.output_tokens_max / 2;
  if (half >= budget_min) {
    thinking.budget = half;
  } else {
    thinking.budget = budget_min;
    *thinking.output_tokens_max += budget_min;
  }
}

void plan_anthropic(BedrockWriting& writing, const Turns& turns, const BedrockOutput& output,
                    BedrockThinking& thinking) {
  const ReasoningWanted& wanted = writing.request.reasoning;
  const bool by_budget = writing.target.traits.thinking == ThinkingControl::budget;
  // Who must call a tool may not think first.
  if (forces_tool(writing.request, output) ||
      (by_budget && goes_on_without_thought(writing, turns))) {
    return writing.drop("reasoning_effort");
  }
  thinking.on = true;
  if (by_budget) {
    thinking.budget = budget_of(wanted);
    fit_budget(thinking);
  } else if (wanted.effort || wanted.tokens_max) {
    thinking.effort = anthropic_word(effort_of(wanted));
  }
}

void write_number(std::string_view name, const std::optional<Number>& number, json::Writer& out) {
  if (number) out.key(name).raw(number->raw);
}

// Converse takes temperatures up to 1.
void write_temperature(const Number& temperature, json::Writer& out) {
  out.key("temperature");
  if (temperature.value > 1) {
    out.integer(1);
  } else {
    out.raw(temperature.raw);
  }
}

bool is_blank(json::Text text) {
  std::string scratch;
  return text.plain(scratch).find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

void write_stop(BedrockWriting& writing, json::Writer& out) {
  const auto is_taken = [&writing](json::Text text) {
    return !text.empty() && (writing.maker != BedrockMaker::anthropic || !is_blank(text));
  };
  const auto& stop = writing.request.stop;
  if (!std::ranges::all_of(stop, is_taken)) writing.drop("stop");
  if (std::ranges::none_of(stop, is_taken)) return;
  out.key("stopSequences").begin_array();
  for (const json::Text text : stop) {
    if (is_taken(text)) out.text(text);
  }
  out.end_array();
}

struct Sampling {
  bool temperature = false;
  bool top_p = false;
  bool top_k = false;
};

Sampling plan_sampling(BedrockWriting& writing, const BedrockThinking& thinking) {
  const ChatRequest& request = writing.request;
  const ModelTraits& traits = writing.target.traits;
  const bool claude_thinks = thinking.on && writing.maker == BedrockMaker::anthropic;
  // Nova at its highest effort takes no settings at all.
  const bool nova_thinks_hard =
      thinking.on && writing.maker == BedrockMaker::amazon && thinking.effort == "high";
  const bool free = traits.takes_sampling && !nova_thinks_hard;
  Sampling taken{
      .temperature = request.temperature && free && !claude_thinks,
      .top_p = request.top_p && free && (!claude_thinks || request.top_p->value >= 0.95),
      .top_k = request.top_k && free && !claude_thinks &&
               (writing.maker == BedrockMaker::anthropic || writing.maker == BedrockMaker::amazon ||
                writing.maker == BedrockMaker::mistral)};
  if (taken.temperature && !traits.takes_temperature_and_top_p) taken.top_p = false;
  return taken;
}

// Thinking, in the words of each maker.
void write_thinking(const BedrockWriting& writing, const BedrockThinking& thinking,
                    json::Writer& out) {
  const bool off = writing.request.reasoning.off();
  switch (writing.maker) {
    case BedrockMaker::anthropic:
      if (thinking.on) {
        out.key("thinking").begin_object().key("type");
        out.string(thinking.budget ? "enabled" : "adaptive");
        if (thinking.budget) out.key("budget_tokens").unsigned_integer(*thinking.budget);
        out.end_object();
      } else if (off) {
        out.key("thinking").begin_object().key("type").string("disabled").end_object();
      }
      if (!thinking.effort.empty()) {
        out.key("output_config").begin_object();
        out.key("effort").string(thinking.effort).end_object();
      }
      return;
    case BedrockMaker::amazon:
      out.key("reasoningConfig").begin_object().key("type");
      out.string(thinking.on ? "enabled" : "disabled");
      if (thinking.on) out.key("maxReasoningEffort").string(thinking.effort);
      out.end_object();
      return;
    case BedrockMaker::openai: out.key("reasoning_effort").string(thinking.effort); return;
    case BedrockMaker::qwen:
      out.key("reasoning_config").string(thinking.effort == "low" ? "low" : "high");
      return;
    case BedrockMaker::mistral:
    case BedrockMaker::other: return;
  }
}

bool says_thinking(const BedrockWriting& writing, const BedrockThinking& thinking) {
  if (thinking.on) return true;
  const ModelTraits& traits = writing.target.traits;
  return writing.request.reasoning.off() && traits.thinking != ThinkingControl::none &&
         traits.thinking_can_be_off &&
         (writing.maker == BedrockMaker::anthropic || writing.maker == BedrockMaker::amazon);
}

std::optional<json::Value> own_fields(BedrockWriting& writing) {
  for (const OtherMember& other : writing.request.others) {
    if (!other.name.equals("additionalModelRequestFields")) continue;
    if (!writing.scratch.build(other.value)) return std::nullopt;
    const json::Value value = json::root(writing.scratch);
    if (value.is(json::Kind::object)) return value;
  }
  return std::nullopt;
}

}  // namespace

BedrockThinking plan_bedrock_thinking(BedrockWriting& writing, const Turns& turns,
                                      const BedrockOutput& output) {
  const ReasoningWanted& wanted = writing.request.reasoning;
  BedrockThinking thinking{.output_tokens_max = writing.request.output_tokens_max};
  if (!wanted.said()) return thinking;
  const ModelTraits& traits = writing.target.traits;
  const bool can_think = traits.thinking != ThinkingControl::none;
  if (wanted.off()) {
    if (can_think && !traits.thinking_can_be_off) writing.drop("reasoning_effort");
    return thinking;
  }
  if (!can_think) {
    writing.drop("reasoning_effort");
    return thinking;
  }
  switch (writing.maker) {
    case BedrockMaker::anthropic: plan_anthropic(writing, turns, output, thinking); break;
    case BedrockMaker::amazon:
    case BedrockMaker::openai:
    case BedrockMaker::qwen:
      thinking.on = true;
      thinking.effort = common_word(effort_of(wanted));
      break;
    case BedrockMaker::mistral:
    case BedrockMaker::other: writing.drop("reasoning_effort"); break;
  }
  return thinking;
}

void write_inference_config(BedrockWriting& writing, const BedrockThinking& thinking,
                            json::Writer& out) {
  const ChatRequest& request = writing.request;
  const Sampling taken = plan_sampling(writing, thinking);
  if (request.temperature && !taken.temperature) writing.drop("temperature");
  if (request.top_p && !taken.top_p) writing.drop("top_p");
  if (request.top_k && !taken.top_k) writing.drop("top_k");
  out.key("inferenceConfig").begin_object();
  const bool nova_thinks_hard = writing.maker == BedrockMaker::amazon && thinking.effort == "high";
  if (thinking.output_tokens_max && nova_thinks_hard) {
    writing.drop("max_completion_tokens");
  } else if (thinking.output_tokens_max) {
    out.key("maxTokens").unsigned_integer(*thinking.output_tokens_max);
  }
  if (taken.temperature) write_temperature(*request.temperature, out);
  if (taken.top_p) write_number("topP", request.top_p, out);
  write_stop(writing, out);
  out.end_object();
}

void write_model_fields(BedrockWriting& writing, const BedrockThinking& thinking,
                        const BedrockOutput& output, json::Writer& out) {
  const bool takes_top_k = plan_sampling(writing, thinking).top_k;
  const bool thinks = says_thinking(writing, thinking);
  const bool chooses = chooses_in_model_fields(writing, output);
  const auto own = own_fields(writing);
  if (!takes_top_k && !thinks && !chooses && !own) return;
  const auto is_own = [&own](std::string_view name) { return own && own->find(name); };
  out.key("additionalModelRequestFields").begin_object();
  if (thinks && !is_own("thinking") && !is_own("reasoningConfig") && !is_own("reasoning_effort") &&
      !is_own("reasoning_config") && !is_own("output_config")) {
    write_thinking(writing, thinking, out);
  }
  if (takes_top_k && writing.maker == BedrockMaker::amazon) {
    if (!is_own("inferenceConfig")) {
      out.key("inferenceConfig").begin_object();
      write_number("topK", writing.request.top_k, out);
      out.end_object();
    }
  } else if (takes_top_k && !is_own("top_k")) {
    write_number("top_k", writing.request.top_k, out);
  }
  if (chooses && !is_own("tool_choice")) write_model_tool_choice(writing.request, output, out);
  if (own) {
    std::string scratch;
    for (const json::Member member : own->members()) {
      out.key(member.key.unescaped(scratch)).raw(member.value.raw());
    }
  }
  out.end_object();
}

}  // namespace sluice::llm
