#include "simulator/anthropic_check.h"

#include <fmt/format.h>

#include <array>

#include "simulator/anthropic_messages.h"
#include "simulator/anthropic_words.h"
#include "simulator/shape.h"

namespace sluice::simulator {
namespace {

using Complaint = std::optional<std::string>;

constexpr std::int64_t budget_tokens_min = 1024;

constexpr auto root_fields = std::to_array<Field>({
    {"model", Want::string, true},
    {"messages", Want::array, true},
    {"max_tokens", Want::integer, true},
    {"system"},
    {"temperature", Want::number},
    {"top_p", Want::number},
    {"top_k", Want::integer},
    {"stop_sequences", Want::array},
    {"stream", Want::boolean},
    {"tools", Want::array},
    {"tool_choice", Want::object},
    {"thinking", Want::object},
    {"output_config", Want::object},
    {"output_format", Want::object},
    {"cache_control", Want::object},
    {"metadata", Want::object},
    {"service_tier", Want::string},
    {"inference_geo", Want::string},
    {"container"},
    {"mcp_servers", Want::array},
    {"context_management", Want::object},
    {"speed", Want::string},
    {"diagnostics", Want::object},  // these three since version 2026-10-21
    {"user_profile_id", Want::string},
    {"workspace_id", Want::string},
});
constexpr auto count_fields = std::to_array<Field>({
    {"model", Want::string, true},
    {"messages", Want::array, true},
    {"system"},
    {"tools", Want::array},
    {"tool_choice", Want::object},
    {"thinking", Want::object},
    {"output_config", Want::object},
    {"output_format", Want::object},
    {"cache_control", Want::object},
    {"mcp_servers", Want::array},
    {"context_management", Want::object},
    {"speed", Want::string},
});
constexpr auto vertex_count_fields = std::to_array<Field>({
    {"anthropic_version", Want::string, true},
    {"model", Want::string, true},
    {"messages", Want::array, true},
    {"system"},
    {"tools", Want::array},
    {"tool_choice", Want::object},
    {"thinking", Want::object},
});
constexpr auto vertex_fields = std::to_array<Field>({
    {"anthropic_version", Want::string, true},
    {"anthropic_beta", Want::array},
    {"messages", Want::array, true},
    {"max_tokens", Want::integer, true},
    {"system"},
    {"temperature", Want::number},
    {"top_p", Want::number},
    {"top_k", Want::integer},
    {"stop_sequences", Want::array},
    {"stream", Want::boolean},
    {"tools", Want::array},
    {"tool_choice", Want::object},
    {"thinking", Want::object},
    {"output_config", Want::object},
    {"cache_control", Want::object},
    {"metadata", Want::object},
});
constexpr auto metadata_fields = std::to_array<Field>({{"user_id", Want::string}});
constexpr auto budgeted_fields =
    std::to_array<Field>({{"type"}, {"budget_tokens", Want::integer, true}, {"display"}});
constexpr auto adaptive_fields = std::to_array<Field>({{"type"}, {"display", Want::string}});
constexpr auto bare_fields = std::to_array<Field>({{"type"}});
constexpr auto output_fields = std::to_array<Field>(
    {{"effort", Want::string}, {"format", Want::object}, {"task_budget", Want::object}});
constexpr auto format_fields =
    std::to_array<Field>({{"type", Want::string, true}, {"schema", Want::object, true}});

Complaint range(json::Value root, std::string_view name, double min, double max) {
  const auto value = member(root, name);
  if (!value || (value->number() >= min && value->number() <= max)) return std::nullopt;
  return fmt::format("{}: range: {}..{}", name, min, max);
}

Complaint check_sampling(json::Value root, const AnthropicRules& rules) {
  if (auto wrong = range(root, "temperature", 0, 1)) return wrong;
  if (auto wrong = range(root, "top_p", 0, 1)) return wrong;
  const auto limit = member(root, "max_tokens");
  if (limit && *limit->integer() < 1)
    return "max_tokens: Input should be greater than or equal to 1";
  const auto top_k = member(root, "top_k");
  if (top_k && *top_k->integer() < 0) return "top_k: Input should be greater than or equal to 0";
  const bool newest =
      (rules.model.find("opus") != rules.model.npos && claude_version(rules.model) >= 407) ||
      claude_version(rules.model) >= 500;
  for (const std::string_view name : {"temperature", "top_p", "top_k"}) {
    if (newest && member(root, name))
      return fmt::format("`{}` is deprecated for this model.", name);
  }
  const auto stops = member(root, "stop_sequences");
  if (!stops) return std::nullopt;
  std::size_t i = 0;
  for (const json::Value stop : stops->elements()) {
    const auto text = stop.string();
    if (!text) return fmt::format("stop_sequences.{}: Input should be a valid string", i);
    if (is_blank(*text)) return "stop_sequences: each stop sequence must contain non-whitespace";
    ++i;
  }
  return std::nullopt;
}

bool forces_a_tool(json::Value root) {
  const auto choice = member(root, "tool_choice");
  return choice && is_one_of(text_member(*choice, "type"), {"any", "tool"});
}

Complaint check_budget(json::Value root, json::Value thinking) {
  const std::int64_t budget = *member(thinking, "budget_tokens")->integer();
  if (budget < budget_tokens_min) {
    return fmt::format(
        "thinking.enabled.budget_tokens: Input should be greater than or equal to {}",
        budget_tokens_min);
  }
  const auto limit = member(root, "max_tokens");
  if (limit && *limit->integer() <= budget)
    return "`max_tokens` must be greater than `thinking.budget_tokens`.";
  return std::nullopt;
}

Complaint check_thinking(json::Value root) {
  const auto thinking = member(root, "thinking");
  if (!thinking) return std::nullopt;
  const std::string type = text_member(*thinking, "type");
  if (!is_one_of(type, {"enabled", "disabled", "adaptive"}))
    return unknown_tag("thinking", type, "'adaptive', 'disabled', 'enabled'");
  const std::string path = "thinking." + type;
  if (type == "disabled") return told(path, find_defect(*thinking, bare_fields));
  const bool enabled = type == "enabled";
  // Recorded: one that adapts may be forced.
  if (enabled && forces_a_tool(root))
    return "Thinking may not be enabled when tool_choice forces tool use.";
  if (auto wrong = enabled ? told(path, find_defect(*thinking, budgeted_fields))
                           : told(path, find_defect(*thinking, adaptive_fields)))
    return wrong;
  if (enabled) {
    if (auto wrong = check_budget(root, *thinking)) return wrong;
  }
  const std::string display = text_member(*thinking, "display");
  if (!display.empty() && !is_one_of(display, {"summarized", "omitted"}))
    return path + ".display: Input should be 'summarized' or 'omitted'";
  const auto temperature = member(root, "temperature");
  if (temperature && temperature->number() != 1)
    return "`temperature` may only be set to 1 when thinking is enabled.";
  if (member(root, "top_k")) return "`top_k` must be unset when thinking is enabled.";
  const auto top_p = member(root, "top_p");
  if (top_p && *top_p->number() < 0.95) {
    return "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.";
  }
  return std::nullopt;
}

/// Structured output wants every object closed.
Complaint check_closed(json::Value schema, const std::string& path, int depth) {
  if (depth > 32) return path + ": Schema is too complex.";
  const auto more = schema.find("additionalProperties");
  if (text_member(schema, "type") == "object" && (!more || more->boolean() != false)) {
    return path + ": For 'object' type, 'additionalProperties' must be explicitly set to false";
  }
  for (const json::Member member : schema.members()) {
    const bool data = member.key.string_equals("enum") || member.key.string_equals("const") ||
                      member.key.string_equals("default") || member.key.string_equals("examples");
    if (data) continue;
    if (auto wrong = check_closed(member.value, path, depth + 1)) return wrong;
  }
  for (const json::Value element : schema.elements()) {
    if (auto wrong = check_closed(element, path, depth + 1)) return wrong;
  }
  return std::nullopt;
}

Complaint check_format(json::Value format, const std::string& path) {
  if (auto wrong = told(path, find_defect(format, format_fields))) return wrong;
  if (text_member(format, "type") != "json_schema")
    return unknown_tag(path, text_member(format, "type"), "'json_schema'");
  return check_closed(*format.find("schema"), path + ".schema", 0);
}

Complaint check_output(json::Value root, const AnthropicRules& rules) {
  if (const auto format = member(root, "output_format")) {
    if (rules.beta.find("structured-outputs") == rules.beta.npos)
      return "output_format: Extra inputs are not permitted";
    if (auto wrong = check_format(*format, "output_format")) return wrong;
  }
  const auto output = member(root, "output_config");
  if (!output) return std::nullopt;
  if (auto wrong = told("output_config", find_defect(*output, output_fields))) return wrong;
  const std::string effort = text_member(*output, "effort");
  if (!effort.empty() && !is_one_of(effort, {"low", "medium", "high", "xhigh", "max"}))
    return "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'";
  const auto format = member(*output, "format");
  return format ? check_format(*format, "output_config.format") : std::nullopt;
}

Complaint check_betas(json::Value root, const AnthropicRules& rules) {
  for (const std::string_view name : {"mcp_servers", "context_management", "container", "speed"}) {
    if (rules.beta.empty() && member(root, name))
      return fmt::format("{}: Extra inputs are not permitted", name);
  }
  const std::string tier = text_member(root, "service_tier");
  if (!tier.empty() && !is_one_of(tier, {"auto", "standard_only"}))
    return "service_tier: Input should be 'auto' or 'standard_only'";
  const auto metadata = member(root, "metadata");
  return metadata ? told("metadata", find_defect(*metadata, metadata_fields)) : std::nullopt;
}

Complaint check_root(json::Value root, const AnthropicRules& rules) {
  if (rules.model_is_in_path) {
    if (rules.counts_tokens) return told("", find_defect(root, vertex_count_fields));
    if (auto wrong = told("", find_defect(root, vertex_fields))) return wrong;
    if (text_member(root, "anthropic_version") != "vertex-2023-10-16")
      return "anthropic_version: Input should be 'vertex-2023-10-16'";
    return std::nullopt;
  }
  if (rules.counts_tokens) return told("", find_defect(root, count_fields));
  return told("", find_defect(root, root_fields));
}

}  // namespace

Complaint anthropic_complaint(json::Value root, const AnthropicRules& rules) {
  if (auto wrong = check_root(root, rules)) return wrong;
  if (auto wrong = check_betas(root, rules)) return wrong;
  if (auto wrong = check_sampling(root, rules)) return wrong;
  if (auto wrong = check_anthropic_tools(root)) return wrong;
  if (auto wrong = check_anthropic_messages(root, rules)) return wrong;
  if (auto wrong = check_thinking(root)) return wrong;
  return check_output(root, rules);
}

int claude_version(std::string_view model) {
  const std::size_t at = model.find("claude-");
  if (at == model.npos) return 0;
  int major = 0;
  int minor = 0;
  int numbers = 0;
  std::string_view rest = model.substr(at + 7);
  while (!rest.empty() && numbers < 2) {
    const std::size_t end = rest.find_first_of("-@.:");
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    const bool number = !word.empty() && word.size() <= 2 && word[0] >= '0' && word[0] <= '9';
    if (!number && numbers > 0) break;
    if (!number) continue;
    int value = 0;
    for (const char c : word) value = value * 10 + (c >= '0' && c <= '9' ? c - '0' : 0);
    (numbers == 0 ? major : minor) = value;
    ++numbers;
  }
  return major * 100 + minor;
}

bool claude_refuses_prefill(std::string_view model) { return claude_version(model) >= 406; }

}  // namespace sluice::simulator
