// Tools of a Messages request, and the form of the answer, which a tool may have to stand for.
#include <algorithm>
#include <array>
#include <unordered_set>

#include "anthropic_draft.h"
#include "custom_as_function.h"
#include "json_schema_subset.h"
#include "legal_name.h"
#include "object_schema.h"

namespace sluice::llm {
namespace {

using Names = std::unordered_set<std::string>;

std::string plain_name(json::Text name) {
  std::string out;
  json::append_plain(out, name);
  return out;
}

// Tools that run at Anthropic have a date in their type: web_search_20250305.
bool is_anthropics(std::string_view type) {
  constexpr std::size_t date_bytes = 9;
  if (type == "mcp_toolset") return true;
  if (type.size() <= date_bytes) return false;
  const std::string_view date = type.substr(type.size() - date_bytes);
  return date.starts_with("_20") &&
         date.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

void write_hosted(AnthropicDraft& draft, const Tool& tool, json::Writer& out) {
  if (draft.scratch.build(tool.raw)) {
    const json::Value definition = json::root(draft.scratch);
    const auto type = definition.find("type");
    if (type && is_anthropics(type->string().value_or(""))) {
      out.raw(definition.raw());
      return;
    }
  }
  draft.refuse("tools",
               "This tool runs at another provider than this model's: send functions, or a tool "
               "of Anthropic's (\"type\":\"web_search_20250305\"), or use another model.");
  out.null();
}

// False: it is no schema of an object.
bool write_object_schema(AnthropicDraft& draft, std::string_view schema, json::Writer& out) {
  std::string made;
  const auto object = object_schema(schema, draft.scratch, made);
  out.raw(object.value_or("null"));
  return object.has_value();
}

void write_parameters(AnthropicDraft& draft, const Tool& tool, json::Writer& out) {
  if (write_object_schema(draft, tool.parameters, out)) return;
  std::string name;
  draft.refuse("tools", "The parameters of the tool \"" + quotable(tool.name.plain(name), 64) +
                            "\" must be a JSON Schema of an object: {\"type\":\"object\", "
                            "\"properties\":{...}}.");
}

// What only Anthropic's callers say of a tool.
void write_own_members(AnthropicDraft& draft, const Tool& tool, json::Writer& out) {
  constexpr std::array<std::string_view, 4> names = {"defer_loading", "input_examples",
                                                     "eager_input_streaming", "allowed_callers"};
  const auto is_there = [&](std::string_view name) { return tool.raw.contains(name); };
  if (std::ranges::none_of(names, is_there) || !draft.scratch.build(tool.raw)) return;
  for (const std::string_view name : names) {
    const auto value = json::root(draft.scratch).find(name);
    if (value && !value->is_null()) out.key(name).raw(value->raw());
  }
}

void write_function(AnthropicDraft& draft, const Tool& tool, json::Writer& out) {
  if (!tool.description.empty()) out.key("description").text(tool.description);
  out.key("input_schema");
  // What a strict tool may not say is what a schema of the answer may not.
  if (tool.strict.value_or(false) && draft.traits().takes_output_schema) {
    std::string made;
    const auto object = object_schema(tool.parameters, draft.scratch, made);
    const auto subset = object ? json_schema_subset(*object, draft.scratch) : std::nullopt;
    if (subset) {
      out.raw(*subset).key("strict").boolean(true);
      return;
    }
    draft.drop("tools.strict");
  }
  write_parameters(draft, tool, out);
}

void write_tool(AnthropicDraft& draft, const Tool& tool, json::Writer& out) {
  if (tool.kind == ToolKind::hosted) return write_hosted(draft, tool, out);
  AskedFor& asked = draft.call.asked;
  std::string scratch;
  const std::string_view plain = tool.name.plain(scratch);
  const std::string name = legal_tool_name(tool.name, anthropic_tool_name_bytes_max);
  if (name != plain) asked.renamed_tools.push_back({.sent = name, .name = std::string(plain)});
  out.begin_object().key("name").string(name);
  if (tool.kind == ToolKind::custom) {
    asked.custom_tools.append(name).push_back('\n');
    const std::string description = custom_tool_description(tool);
    if (!description.empty()) out.key("description").string(description);
    out.key("input_schema").raw(custom_tool_parameters);
  } else {
    write_function(draft, tool, out);
    write_own_members(draft, tool, out);
  }
  write_cache_control(draft.marks.kept(&tool), out);
  out.end_object();
}

// The answer's form as a tool's parameters.
void write_output_tool(AnthropicDraft& draft, const std::string& name, json::Writer& out) {
  const OutputFormat& format = draft.request.output;
  out.begin_object().key("name").string(name);
  if (!format.description.empty()) out.key("description").text(format.description);
  out.key("input_schema");
  if (!write_object_schema(draft, format.schema, out)) {
    draft.refuse("response_format",
                 "This model answers in JSON objects alone: give a schema with "
                 "\"type\":\"object\".");
  }
  out.end_object();
}

std::string output_tool_name(const ChatRequest& request) {
  Names taken;
  for (const Tool& tool : request.tools) taken.insert(plain_name(tool.name));
  std::string name = request.output.name.empty()
                         ? "output"
                         : legal_tool_name(request.output.name, anthropic_tool_name_bytes_max - 8);
  if (!taken.contains(name)) return name;
  name += '_';
  for (int number = 1;; ++number) {
    const std::string numbered = name + std::to_string(number);
    if (!taken.contains(numbered)) return numbered;
  }
}

bool is_forced(const ToolChoice& choice) noexcept {
  return choice.mode == ToolChoiceMode::required || choice.mode == ToolChoiceMode::named;
}

struct Choice {
  std::string_view type;  // empty: left to the model without a word
  std::string name = {};
};

Choice choose(const AnthropicDraft& draft, const std::vector<const Tool*>& tools,
              const AnthropicOutput& output) {
  const ToolChoice& choice = draft.request.tool_choice;
  if (!output.tool.empty() && draft.traits().takes_forced_tool) {
    return tools.empty() ? Choice{"tool", output.tool} : Choice{"any"};
  }
  switch (choice.mode) {
    case ToolChoiceMode::unspecified: return {choice.parallel == false ? "auto" : ""};
    case ToolChoiceMode::automatic: return {"auto"};
    case ToolChoiceMode::none: return {output.tool.empty() ? "none" : "auto"};
    case ToolChoiceMode::required: return {"any"};
    case ToolChoiceMode::named:
      return {"tool", legal_tool_name(choice.name, anthropic_tool_name_bytes_max)};
  }
  __builtin_unreachable();
}

void write_choice(const AnthropicDraft& draft, const Choice& choice, json::Writer& out) {
  if (choice.type.empty()) return;
  out.key("tool_choice").begin_object().key("type").string(choice.type);
  if (!choice.name.empty()) out.key("name").string(choice.name);
  const bool one_call = draft.request.tool_choice.parallel == false ||
                        (choice.type == "tool" && !draft.call.asked.output_tool.empty());
  if (one_call && choice.type != "none") out.key("disable_parallel_tool_use").boolean(true);
  out.end_object();
}

std::optional<std::string> native_schema(AnthropicDraft& draft) {
  const ModelTraits& traits = draft.traits();
  const bool native =
      traits.takes_output_schema && (draft.request.tools.empty() || traits.takes_schema_with_tools);
  if (!native) return std::nullopt;
  return json_schema_subset(draft.request.output.schema, draft.scratch);
}

}  // namespace

AnthropicOutput plan_output(AnthropicDraft& draft) {
  AnthropicOutput output;
  switch (draft.request.output.kind) {
    case OutputKind::text: return output;
    case OutputKind::json_object:
      output.instruction =
          "Answer with one JSON object and nothing else: no words around it, no Markdown.";
      return output;
    case OutputKind::json_schema: break;
  }
  if (auto schema = native_schema(draft)) {
    output.schema = std::move(*schema);
    return output;
  }
  output.tool = output_tool_name(draft.request);
  if (!draft.traits().takes_forced_tool) {
    output.instruction = "Give your answer by calling the tool " + output.tool + ".";
  }
  draft.call.asked.output_tool = output.tool;
  return output;
}

std::vector<const Tool*> offered_tools(const AnthropicDraft& draft, const AnthropicOutput& output) {
  std::vector<const Tool*> tools;
  // "none" is said of all tools or of none, and the answer's own must be called.
  if (draft.request.tool_choice.mode == ToolChoiceMode::none && !output.tool.empty()) return tools;
  Names allowed;
  for (const json::Text name : draft.request.tool_choice.allowed) {
    allowed.insert(plain_name(name));
  }
  for (const Tool& tool : draft.request.tools) {
    if (allowed.empty() || allowed.contains(plain_name(tool.name))) tools.push_back(&tool);
  }
  return tools;
}

bool forces_tool(const AnthropicDraft& draft, const AnthropicOutput& output) noexcept {
  return (!output.tool.empty() && draft.traits().takes_forced_tool) ||
         is_forced(draft.request.tool_choice);
}

void write_tools(AnthropicDraft& draft, const std::vector<const Tool*>& tools,
                 const AnthropicOutput& output, json::Writer& out) {
  if (is_forced(draft.request.tool_choice) && !draft.traits().takes_forced_tool) {
    draft.refuse("tool_choice",
                 "This model cannot be made to call a tool: use \"auto\" and ask for the call in "
                 "words, or use another model.");
  }
  const OtherMember* search = find_other(draft.request, "web_search_options");
  if (tools.empty() && output.tool.empty() && search == nullptr) return;
  out.key("tools").begin_array();
  for (const Tool* tool : tools) write_tool(draft, *tool, out);
  if (!output.tool.empty()) write_output_tool(draft, output.tool, out);
  if (search != nullptr) write_web_search(draft, *search, out);
  out.end_array();
  if (tools.empty() && output.tool.empty()) return;
  write_choice(draft, choose(draft, tools, output), out);
}

}  // namespace sluice::llm
