// tools and tool_choice of Anthropic's Messages API.
#include <fmt/format.h>

#include <array>
#include <set>

#include "simulator/anthropic_messages.h"
#include "simulator/anthropic_words.h"
#include "simulator/shape.h"

namespace sluice::simulator {
namespace {

using Complaint = std::optional<std::string>;

constexpr int strict_optionals_max = 24;  // recorded

constexpr auto tool_fields = std::to_array<Field>({
    {"type", Want::string},
    {"name", Want::string, true},
    {"description", Want::string},
    {"input_schema", Want::object, true},
    {"strict", Want::boolean},
    {"cache_control", Want::object},
    {"input_examples", Want::array},
    {"defer_loading", Want::boolean},
    {"eager_input_streaming", Want::boolean},
    {"allowed_callers", Want::array},
});
constexpr auto choice_fields =
    std::to_array<Field>({{"type"}, {"disable_parallel_tool_use", Want::boolean}});
constexpr auto named_fields = std::to_array<Field>(
    {{"type"}, {"name", Want::string, true}, {"disable_parallel_tool_use", Want::boolean}});
constexpr auto none_fields = std::to_array<Field>({{"type"}});

int optionals_of(json::Value schema, int depth) {
  if (depth > 32) return 0;
  int count = 0;
  if (const auto properties = schema.find("properties")) {
    for ([[maybe_unused]] const json::Member property : properties->members()) ++count;
    if (const auto required = schema.find("required")) {
      for ([[maybe_unused]] const json::Value name : required->elements()) --count;
    }
  }
  for (const json::Member member : schema.members()) count += optionals_of(member.value, depth + 1);
  return count;
}

bool refers_to(json::Value schema, std::string_view reference, int depth) {
  if (depth > 32) return false;
  if (text_member(schema, "$ref") == reference) return true;
  for (const json::Member member : schema.members()) {
    if (refers_to(member.value, reference, depth + 1)) return true;
  }
  for (const json::Value element : schema.elements()) {
    if (refers_to(element, reference, depth + 1)) return true;
  }
  return false;
}

/// A definition that refers to itself.
std::string circle_of(json::Value schema) {
  const auto definitions = schema.find("$defs");
  if (!definitions) return {};
  for (const json::Member member : definitions->members()) {
    const std::string name = member.key.string().value_or("");
    if (refers_to(member.value, "#/$defs/" + name, 0)) return name;
  }
  return {};
}

Complaint check_schema(json::Value schema, const std::string& path, bool strict) {
  const auto type = schema.find("type");
  if (!type) return path + ".type: Field required";
  if (!type->string_equals("object")) return path + ".type: Input should be 'object'";
  if (const std::string name = circle_of(schema); strict && !name.empty()) {
    return fmt::format(
        "{}: Invalid schema: Circular reference detected in schema definitions: {} -> {}. "
        "Self-referencing or mutually-referencing definitions are not supported.",
        path.substr(0, path.rfind('.')), name, name);
  }
  const int optionals = strict ? optionals_of(schema, 0) : 0;
  if (optionals <= strict_optionals_max) return std::nullopt;
  return fmt::format(
      "Schemas contains too many optional parameters ({}), which would make grammar compilation "
      "inefficient. Reduce the number of optional parameters in your tool schemas (limit: {}).",
      optionals, strict_optionals_max);
}

Complaint check_tool(json::Value tool, std::size_t index) {
  const std::string path = fmt::format("tools.{}.custom", index);
  if (!tool.is(json::Kind::object))
    return fmt::format("tools.{}: Input should be a valid dictionary", index);
  const std::string type = text_member(tool, "type");
  if (!type.empty() && type != "custom") {
    const bool dated = type.find_last_of("0123456789") == type.size() - 1 || type == "mcp_toolset";
    if (dated) return std::nullopt;  // one of Anthropic's own
    return unknown_tag(fmt::format("tools.{}", index), type, "'bash_20250124', 'custom', ...");
  }
  const auto schema = tool.find("input_schema");
  if (schema && !schema->is(json::Kind::object))
    return path + ".input_schema: Input does not match the expected shape.";
  if (auto wrong = told(path, find_defect(tool, tool_fields))) return wrong;
  if (!is_name(text_member(tool, "name"), 1, 128))
    return path + ".name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'";
  if (auto wrong = check_cache_control(tool, path)) return wrong;
  const auto strict = member(tool, "strict");
  return check_schema(*schema, path + ".input_schema", strict && strict->boolean() == true);
}

Complaint check_choice(json::Value choice, const std::set<std::string>& names) {
  const std::string type = text_member(choice, "type");
  if (!is_one_of(type, {"auto", "any", "tool", "none"}))
    return unknown_tag("tool_choice", type, "'any', 'auto', 'none', 'tool'");
  const std::string path = "tool_choice." + type;
  if (type == "none") return told(path, find_defect(choice, none_fields));
  if (type != "tool") return told(path, find_defect(choice, choice_fields));
  if (auto wrong = told(path, find_defect(choice, named_fields))) return wrong;
  const std::string name = text_member(choice, "name");
  if (names.contains(name)) return std::nullopt;
  return fmt::format("Tool '{}' not found in provided tools", name);
}

}  // namespace

Complaint check_anthropic_tools(json::Value root) {
  std::set<std::string> names;
  if (const auto tools = member(root, "tools")) {
    std::size_t i = 0;
    for (const json::Value tool : tools->elements()) {
      if (auto wrong = check_tool(tool, i++)) return wrong;
      const std::string name = text_member(tool, "name");
      if (!name.empty() && !names.insert(name).second) return "tools: Tool names must be unique.";
    }
  }
  const auto choice = member(root, "tool_choice");
  if (!choice) return std::nullopt;
  if (names.empty()) return "tool_choice: tool_choice may only be specified while providing tools";
  return check_choice(*choice, names);
}

}  // namespace sluice::simulator
