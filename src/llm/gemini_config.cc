// How the model is to answer, in a Gemini call.
#include <array>
#include <limits>
#include <string>

#include "gemini_draft.h"
#include "sluice/llm/openapi_schema.h"

namespace sluice::llm {
namespace {

// What an effort is worth, as Google's own OpenAI dialect has it: tokens for models that take a
// budget, a word for those that take a level.
struct EffortRule {
  std::uint64_t budget;
  std::string_view level;
};
constexpr std::array<EffortRule, 7> effort_rules = {{{0, "minimal"},
                                                     {1'024, "minimal"},
                                                     {1'024, "low"},
                                                     {8'192, "medium"},
                                                     {24'576, "high"},
                                                     {24'576, "high"},
                                                     {24'576, "high"}}};
static_assert(static_cast<std::size_t>(Effort::max) + 1 == effort_rules.size());
constexpr std::uint64_t budget_min = 128;  // of models that cannot but think

const EffortRule& rule_of(Effort effort) { return effort_rules[static_cast<std::size_t>(effort)]; }

std::string_view level_of_budget(std::uint64_t tokens) {
  if (tokens == 0) return "minimal";
  if (tokens <= 1'024) return "low";
  return tokens <= 8'192 ? "medium" : "high";
}

class Config {
 public:
  Config(GeminiDraft& draft, json::Writer& writer)
      : draft_(draft), request_(draft.request), writer_(writer) {}

  Refusal write() {
    write_sampling();
    write_bounds();
    if (auto refusal = write_output()) return refusal;
    write_modalities();
    write_thinking();
    return std::nullopt;
  }

 private:
  void write_number(std::string_view name, std::string_view field,
                    const std::optional<Number>& number, bool taken = true) {
    if (!number) return;
    if (taken) {
      writer_.key(name).raw(number->raw);
    } else {
      draft_.drop(field);
    }
  }

  void write_sampling() {
    const ModelTraits& traits = draft_.traits;
    const bool both = traits.takes_temperature_and_top_p || !request_.temperature;
    write_number("temperature", "temperature", request_.temperature, traits.takes_sampling);
    write_number("topP", "top_p", request_.top_p, traits.takes_sampling && both);
    write_number("topK", "top_k", request_.top_k, traits.takes_sampling);
    write_number("presencePenalty", "presence_penalty", request_.presence_penalty);
    write_number("frequencyPenalty", "frequency_penalty", request_.frequency_penalty);
    // Google's seed has 32 bits.
    using Limits = std::numeric_limits<std::int32_t>;
    const bool fits = request_.seed && request_.seed->value >= Limits::min() &&
                      request_.seed->value <= Limits::max();
    write_number("seed", "seed", request_.seed, fits);
  }

  void write_bounds() {
    if (request_.output_tokens_max) {
      writer_.key("maxOutputTokens").unsigned_integer(*request_.output_tokens_max);
    }
    if (request_.choices > 1) writer_.key("candidateCount").unsigned_integer(request_.choices);
    write_stop();
    if (request_.logprobs) {
      writer_.key("responseLogprobs").boolean(true);
      if (request_.top_logprobs) writer_.key("logprobs").unsigned_integer(*request_.top_logprobs);
    }
  }

  // The first five, for more are a 400.
  void write_stop() {
    constexpr std::size_t stops_max = 5;
    std::size_t count = 0;
    for (const json::Text stop : request_.stop) {
      if (stop.empty()) continue;
      if (count == stops_max) {
        draft_.drop("stop");
        break;
      }
      if (count++ == 0) writer_.key("stopSequences").begin_array();
      writer_.text(stop);
    }
    if (count > 0) writer_.end_array();
  }

  Refusal write_output() {
    const OutputFormat& output = request_.output;
    if (output.kind == OutputKind::text || !draft_.call.asked.output_tool.empty()) {
      return std::nullopt;
    }
    const bool has_schema = output.kind == OutputKind::json_schema && !output.schema.empty();
    if (!has_schema && calls_tools() && !draft_.traits.takes_schema_with_tools) {
      draft_.drop("response_format");
      return std::nullopt;
    }
    writer_.key("responseMimeType").string("application/json");
    if (!has_schema) return std::nullopt;
    if (draft_.traits.takes_json_schema_parameters) {
      writer_.key("responseJsonSchema").raw(output.schema);
      return std::nullopt;
    }
    const auto cleaned = openapi_schema(output.schema, "response_format", draft_.index);
    if (!cleaned) return cleaned.error();
    writer_.key("responseSchema").raw(*cleaned);
    return std::nullopt;
  }

  [[nodiscard]] bool calls_tools() const {
    return !request_.tools.empty() && request_.tool_choice.mode != ToolChoiceMode::none;
  }

  void write_modalities() {
    if (draft_.extras.modalities.empty()) return;
    writer_.key("responseModalities").begin_array();
    for (const std::string_view modality : draft_.extras.modalities) writer_.string(modality);
    writer_.end_array();
  }

  // Thoughts are shown to who asks for thinking.
  void write_thinking() {
    if (!draft_.extras.thinking_config.empty()) {
      writer_.key("thinkingConfig").raw(draft_.extras.thinking_config);
      return;
    }
    const ReasoningWanted& wanted = request_.reasoning;
    if (!wanted.said()) return;
    if (draft_.traits.thinking == ThinkingControl::none) {
      if (!wanted.off()) draft_.drop("reasoning_effort");
      return;
    }
    writer_.key("thinkingConfig").begin_object();
    if (draft_.traits.thinking == ThinkingControl::budget) {
      write_budget(wanted);
    } else {
      write_level(wanted);
    }
    if (!wanted.off() && !wanted.hidden) writer_.key("includeThoughts").boolean(true);
    writer_.end_object();
  }

  void write_budget(const ReasoningWanted& wanted) {
    writer_.key("thinkingBudget");
    const std::uint64_t least = draft_.traits.thinking_can_be_off ? 0 : budget_min;
    if (wanted.off()) {
      writer_.unsigned_integer(least);
    } else if (wanted.tokens_max) {
      writer_.unsigned_integer(std::max(*wanted.tokens_max, least));
    } else if (wanted.effort) {
      writer_.unsigned_integer(std::max(rule_of(*wanted.effort).budget, least));
    } else {
      writer_.integer(-1);  // as much as it likes
    }
  }

  void write_level(const ReasoningWanted& wanted) {
    if (wanted.off()) {
      writer_.key("thinkingLevel").string("minimal");
    } else if (wanted.effort) {
      writer_.key("thinkingLevel").string(rule_of(*wanted.effort).level);
    } else if (wanted.tokens_max) {
      writer_.key("thinkingLevel").string(level_of_budget(*wanted.tokens_max));
    }
  }

  GeminiDraft& draft_;
  const ChatRequest& request_;
  json::Writer& writer_;
};

}  // namespace

Refusal write_gemini_config(GeminiDraft& draft, json::Writer& writer) {
  std::string config;
  json::Writer inner(config);
  inner.begin_object();
  if (auto refusal = Config(draft, inner).write()) return refusal;
  inner.end_object();
  if (config != "{}") writer.key("generationConfig").raw(config);
  return std::nullopt;
}

}  // namespace sluice::llm
