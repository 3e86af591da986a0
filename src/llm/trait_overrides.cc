#include "sluice/llm/trait_overrides.h"

#include <algorithm>
#include <array>

namespace sluice::llm {
namespace {

using ModelFlag = TraitFlag<ModelTraits>;
using HostFlag = TraitFlag<HostTraits>;

constexpr std::array model_flag_names = {
    ModelFlag{"thinking_can_be_off", &ModelTraits::thinking_can_be_off},
    ModelFlag{"takes_sampling", &ModelTraits::takes_sampling},
    ModelFlag{"takes_temperature_and_top_p", &ModelTraits::takes_temperature_and_top_p},
    ModelFlag{"takes_chat_completions", &ModelTraits::takes_chat_completions},
    ModelFlag{"takes_prefill", &ModelTraits::takes_prefill},
    ModelFlag{"takes_system_inside", &ModelTraits::takes_system_inside},
    ModelFlag{"takes_output_schema", &ModelTraits::takes_output_schema},
    ModelFlag{"takes_schema_with_tools", &ModelTraits::takes_schema_with_tools},
    ModelFlag{"takes_json_schema_parameters", &ModelTraits::takes_json_schema_parameters},
    ModelFlag{"takes_forced_tool", &ModelTraits::takes_forced_tool},
    ModelFlag{"takes_media_in_results", &ModelTraits::takes_media_in_results},
    ModelFlag{"takes_media_urls", &ModelTraits::takes_media_urls},
    ModelFlag{"takes_custom_tools", &ModelTraits::takes_custom_tools},
    ModelFlag{"signs_calls", &ModelTraits::signs_calls},
    ModelFlag{"takes_call_ids", &ModelTraits::takes_call_ids},
    ModelFlag{"embeds_in_batches", &ModelTraits::embeds_in_batches},
    ModelFlag{"automatic_cache_breakpoints", &ModelTraits::automatic_cache_breakpoints},
};

constexpr std::array host_flag_names = {
    HostFlag{"takes_stream_options", &HostTraits::takes_stream_options},
    HostFlag{"takes_developer_role", &HostTraits::takes_developer_role},
    HostFlag{"takes_json_schema", &HostTraits::takes_json_schema},
    HostFlag{"takes_custom_tools", &HostTraits::takes_custom_tools},
    HostFlag{"takes_media_in_results", &HostTraits::takes_media_in_results},
    HostFlag{"takes_media_urls", &HostTraits::takes_media_urls},
    HostFlag{"spells_required_any", &HostTraits::spells_required_any},
    HostFlag{"counts_input_tokens", &HostTraits::counts_input_tokens},
};

constexpr std::array thinking_controls = {ThinkingControl::none,     ThinkingControl::budget,
                                          ThinkingControl::adaptive, ThinkingControl::level,
                                          ThinkingControl::effort,   ThinkingControl::toggle};

constexpr std::array thinking_switches = {ThinkingSwitch::reasoning_effort,
                                          ThinkingSwitch::none_or_default,
                                          ThinkingSwitch::thinking,
                                          ThinkingSwitch::enable_thinking,
                                          ThinkingSwitch::chat_template_kwargs,
                                          ThinkingSwitch::reasoning};

constexpr std::array prefills = {Prefill::none, Prefill::plain, Prefill::prefix, Prefill::partial,
                                 Prefill::continue_final_message};

constexpr std::string_view name_of(ThinkingControl control) noexcept {
  switch (control) {
    case ThinkingControl::none: return "none";
    case ThinkingControl::budget: return "budget";
    case ThinkingControl::adaptive: return "adaptive";
    case ThinkingControl::level: return "level";
    case ThinkingControl::effort: return "effort";
    case ThinkingControl::toggle: return "toggle";
  }
  __builtin_unreachable();
}

constexpr std::string_view name_of(ThinkingSwitch spelling) noexcept {
  switch (spelling) {
    case ThinkingSwitch::reasoning_effort: return "reasoning_effort";
    case ThinkingSwitch::none_or_default: return "none_or_default";
    case ThinkingSwitch::thinking: return "thinking";
    case ThinkingSwitch::enable_thinking: return "enable_thinking";
    case ThinkingSwitch::chat_template_kwargs: return "chat_template_kwargs";
    case ThinkingSwitch::reasoning: return "reasoning";
  }
  __builtin_unreachable();
}

constexpr std::string_view name_of(Prefill prefill) noexcept {
  switch (prefill) {
    case Prefill::none: return "none";
    case Prefill::plain: return "plain";
    case Prefill::prefix: return "prefix";
    case Prefill::partial: return "partial";
    case Prefill::continue_final_message: return "continue_final_message";
  }
  __builtin_unreachable();
}

template <typename Enum, std::size_t count>
constexpr std::array<std::string_view, count> names_of(const std::array<Enum, count>& all) {
  std::array<std::string_view, count> names;
  for (std::size_t i = 0; i < count; ++i) names[i] = name_of(all[i]);
  return names;
}

constexpr auto control_names = names_of(thinking_controls);
constexpr auto switch_names = names_of(thinking_switches);
constexpr auto prefill_name_list = names_of(prefills);

template <typename Enum, std::size_t count>
std::optional<Enum> named(const std::array<Enum, count>& all, std::string_view name) noexcept {
  for (const Enum each : all) {
    if (name_of(each) == name) return each;
  }
  return std::nullopt;
}

// What a body cannot do without, or what is changed elsewhere and not taken out.
bool is_indispensable(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 4> names = {"model", "messages", "stream", "tools"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A member's name that needs no escapes: it is written into the body as it stands.
bool is_plain_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

template <typename Value>
void take(const std::optional<Value>& said, Value& value) {
  if (said) value = *said;
}

}  // namespace

std::span<const ModelFlag> model_flags() noexcept { return model_flag_names; }
std::span<const HostFlag> host_flags() noexcept { return host_flag_names; }

std::string_view to_string(ThinkingControl control) noexcept { return name_of(control); }
std::string_view to_string(ThinkingSwitch spelling) noexcept { return name_of(spelling); }
std::string_view to_string(Prefill prefill) noexcept { return name_of(prefill); }
std::span<const std::string_view> thinking_names() noexcept { return control_names; }
std::span<const std::string_view> thinking_switch_names() noexcept { return switch_names; }
std::span<const std::string_view> prefill_names() noexcept { return prefill_name_list; }

std::optional<ThinkingControl> parse_thinking(std::string_view name) noexcept {
  return named(thinking_controls, name);
}

std::optional<ThinkingSwitch> parse_thinking_switch(std::string_view name) noexcept {
  return named(thinking_switches, name);
}

std::optional<Prefill> parse_prefill(std::string_view name) noexcept {
  return named(prefills, name);
}

void ModelTraitOverrides::apply_to(ModelTraits& traits) const {
  for (const auto& [member, value] : flags) traits.*member = value;
  if (output_tokens_max) traits.output_tokens_max = output_tokens_max;
  take(thinking, traits.thinking);
  take(publisher, traits.publisher);
  take(thinking_variable, traits.thinking_variable);
}

std::optional<std::string_view> ModelTraitOverrides::broken_rule() const noexcept {
  if (thinking_variable && !is_plain_name(*thinking_variable)) {
    return "thinking_variable must be the name of a template's variable, such as "
           "\"enable_thinking\"";
  }
  return std::nullopt;
}

void HostTraitOverrides::apply_to(HostTraits& traits) const {
  for (const auto& [member, value] : flags) traits.*member = value;
  take(output_tokens_name, traits.output_tokens_name);
  take(seed_name, traits.seed_name);
  take(call_id_letters, traits.call_id_letters);
  take(reasoning_name, traits.reasoning_name);
  take(thinking_switch, traits.thinking_switch);
  take(prefill, traits.prefill);
  take(refused, traits.refused);
}

std::optional<std::string_view> HostTraitOverrides::broken_rule() const noexcept {
  if (output_tokens_name && *output_tokens_name != "max_tokens" &&
      *output_tokens_name != "max_completion_tokens") {
    return "output_tokens_name must be \"max_tokens\" or \"max_completion_tokens\"";
  }
  if (reasoning_name && *reasoning_name != "reasoning_content" && *reasoning_name != "reasoning") {
    return "reasoning_name must be \"reasoning_content\" or \"reasoning\"";
  }
  if (seed_name && !is_plain_name(*seed_name)) {
    return "seed_name must be the name of a member, such as \"random_seed\"";
  }
  if (call_id_letters && *call_id_letters != 0 &&
      (*call_id_letters < call_id_letters_min || *call_id_letters > call_id_letters_max)) {
    return "call_id_letters must be 0 or from 6 to 64";
  }
  if (refused && !std::all_of(refused->begin(), refused->end(), is_plain_name)) {
    return "refused must hold names of members, such as \"logit_bias\"";
  }
  if (refused && std::any_of(refused->begin(), refused->end(), is_indispensable)) {
    return "refused must not hold model, messages, stream or tools: without them there is no "
           "request";
  }
  return std::nullopt;
}

void narrow(ModelTraits& model, const HostTraits& host) noexcept {
  model.takes_output_schema = model.takes_output_schema && host.takes_json_schema;
  model.takes_custom_tools = model.takes_custom_tools && host.takes_custom_tools;
  model.thinking_switch = host.thinking_switch;
  model.prefill = host.prefill;
  model.wants_thoughts = !host.reasoning_name.empty();
  model.takes_media_in_results = model.takes_media_in_results && host.takes_media_in_results;
  model.takes_media_urls = model.takes_media_urls && host.takes_media_urls;
}

}  // namespace sluice::llm
