// Tools of a Converse request, and the form of the answer, which a tool may have to stand for.
#include <algorithm>
#include <set>

#include "bedrock_writing.h"
#include "custom_as_function.h"
#include "json_schema_subset.h"
#include "object_schema.h"

namespace sluice::llm {
namespace {

constexpr std::string_view any_object = R"({"type":"object","properties":{}})";

bool is_allowed(const ToolChoice& choice, json::Text name) {
  if (choice.allowed.empty()) return true;
  std::string scratch;
  const std::string_view plain = name.plain(scratch);
  return std::ranges::any_of(choice.allowed,
                             [plain](json::Text allowed) { return allowed.equals(plain); });
}

struct Spec {
  json::Text name;
  json::Text description = {};
  std::string_view schema = {};
  bool strict = false;
};

// What Converse refuses: "The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be
// one of the following: object."
void refuse_schema(BedrockWriting& writing, const Spec& spec) {
  std::string scratch;
  const std::string name = quotable(spec.name.plain(scratch), 64);
  const bool is_answers = name == writing.call.asked.output_tool;
  writing.fail(errors::field_invalid(
      is_answers ? "response_format" : "tools",
      is_answers ? "This model answers in JSON objects alone: give a schema with "
                   "\"type\":\"object\"."
                 : "The parameters of the tool \"" + name +
                       "\" must be a JSON Schema of an object: {\"type\":\"object\", "
                       "\"properties\":{...}}."));
}

void write_spec(BedrockWriting& writing, const Spec& spec, json::Writer& out) {
  std::string made;
  const auto schema = object_schema(spec.schema, writing.scratch, made);
  if (!schema) refuse_schema(writing, spec);
  out.begin_object().key("toolSpec").begin_object();
  out.key("name").text(spec.name);
  if (!spec.description.empty()) out.key("description").text(spec.description);
  out.key("inputSchema").begin_object().key("json");
  out.raw(schema.value_or("null")).end_object();
  if (spec.strict) out.key("strict").boolean(true);
  out.end_object().end_object();
}

// Models that take a schema for their answer take strict tools too, of the same part of JSON
// Schema; the others refuse the word.
void write_function(BedrockWriting& writing, const Tool& tool, json::Writer& out) {
  Spec spec{.name = tool.name, .description = tool.description, .schema = tool.parameters};
  std::string made;
  std::optional<std::string> subset;
  if (tool.strict.value_or(false)) {
    const auto object = object_schema(tool.parameters, writing.scratch, made);
    if (object && writing.target.traits.takes_output_schema) {
      subset = json_schema_subset(*object, writing.scratch);
    }
    if (!subset) writing.drop("tools.strict");
  }
  if (subset) {
    spec.schema = *subset;
    spec.strict = true;
  }
  write_spec(writing, spec, out);
}

void write_tool(BedrockWriting& writing, const Tool& tool, json::Writer& out) {
  std::string scratch;
  const std::string_view name = tool.name.plain(scratch);
  if (tool.kind == ToolKind::hosted) {
    return writing.fail(errors::field_invalid(
        "tools",
        "Tools that run at a provider do not exist at this model's, Amazon Bedrock: "
        "send functions, or use another model."));
  }
  if (!is_bedrock_tool_name(name)) {
    return writing.fail(errors::field_invalid(
        "tools", "The tool name \"" + quotable(name, 100) +
                     "\" is none for this model's provider: use up to 64 letters, digits, _ and "
                     "-."));
  }
  if (tool.kind == ToolKind::custom) {
    writing.call.asked.custom_tools.append(name).push_back('\n');
    const std::string description = custom_tool_description(tool);
    write_spec(writing,
               {.name = tool.name,
                .description = {.bytes = description},
                .schema = custom_tool_parameters},
               out);
  } else {
    write_function(writing, tool, out);
  }
  write_cache_point(writing, writing.marks.kept(&tool), out);
}

// Tools that the history speaks of: without them Converse refuses its calls and results.
std::set<std::string> names_in_history(const Turns& turns) {
  std::set<std::string> names;
  for (const Turn& turn : turns.turns) {
    for (const Part* part : turn.parts) {
      if (const auto* call = std::get_if<ToolCall>(&part->body)) {
        names.insert(bedrock_past_name(call->name));
      }
    }
  }
  return names;
}

// One that no tool of the request has.
std::string output_tool_name(const ChatRequest& request) {
  constexpr std::size_t stem_bytes_max = 50;  // leaves room for what tells it apart
  std::set<std::string> taken;
  for (const Tool& tool : request.tools) {
    std::string scratch;
    taken.emplace(tool.name.plain(scratch));
  }
  std::string name =
      request.output.name.empty() ? "output" : bedrock_past_name(request.output.name);
  if (!taken.contains(name)) return name;
  const std::string stem = name.substr(0, stem_bytes_max) + "_out";
  name = stem;
  for (int number = 2; taken.contains(name); ++number) name = stem + std::to_string(number);
  return name;
}

void write_tool_choice(BedrockWriting& writing, const BedrockOutput& output, json::Writer& out) {
  const ToolChoice& choice = writing.request.tool_choice;
  const auto write = [&out](std::string_view kind, json::Text name = {}) {
    out.key("toolChoice").begin_object().key(kind).begin_object();
    if (!name.empty()) out.key("name").text(name);
    out.end_object().end_object();
  };
  const bool tools_usable = !writing.request.tools.empty() && choice.mode != ToolChoiceMode::none;
  if (!output.tool.empty()) {
    if (!writing.target.traits.takes_forced_tool) return;  // told in words
    if (tools_usable) return write("any");
    return write("tool", {.bytes = output.tool});
  }
  switch (choice.mode) {
    case ToolChoiceMode::unspecified:
    case ToolChoiceMode::none: return;
    case ToolChoiceMode::automatic: return write("auto");
    case ToolChoiceMode::required: return write("any");
    case ToolChoiceMode::named: return write("tool", choice.name);
  }
}

}  // namespace

BedrockOutput plan_bedrock_output(BedrockWriting& writing) {
  const ModelTraits& traits = writing.target.traits;
  const ChatRequest& request = writing.request;
  switch (request.output.kind) {
    case OutputKind::text: return {};
    case OutputKind::json_object:
      return {.instruction =
                  "Answer with one JSON object and nothing else: no words around it, no "
                  "Markdown."};
    case OutputKind::json_schema: break;
  }
  const bool native =
      traits.takes_output_schema && (request.tools.empty() || traits.takes_schema_with_tools);
  if (native) return {.native = true};
  BedrockOutput output{.tool = output_tool_name(request)};
  if (!traits.takes_forced_tool) {
    output.instruction = "Give your answer by calling the tool " + output.tool + ".";
  }
  writing.call.asked.output_tool = output.tool;
  return output;
}

bool tells_calls_in_words(const ChatRequest& request) noexcept {
  return request.tool_choice.mode == ToolChoiceMode::none && !request.tools.empty();
}

bool forces_tool(const ChatRequest& request, const BedrockOutput& output) noexcept {
  return !output.tool.empty() || request.tool_choice.mode == ToolChoiceMode::required ||
         request.tool_choice.mode == ToolChoiceMode::named;
}

bool chooses_in_model_fields(const BedrockWriting& writing, const BedrockOutput& output) noexcept {
  const ToolChoice& choice = writing.request.tool_choice;
  return writing.maker == BedrockMaker::anthropic && choice.parallel == false &&
         choice.mode != ToolChoiceMode::none && !writing.request.tools.empty() &&
         output.tool.empty();
}

void write_model_tool_choice(const ChatRequest& request, const BedrockOutput& output,
                             json::Writer& out) {
  const ToolChoice& choice = request.tool_choice;
  const bool named = choice.mode == ToolChoiceMode::named;
  out.key("tool_choice").begin_object().key("type");
  out.string(named ? "tool" : forces_tool(request, output) ? "any" : "auto");
  if (named) out.key("name").text(choice.name);
  out.key("disable_parallel_tool_use").boolean(true).end_object();
}

void write_tool_config(BedrockWriting& writing, const Turns& turns, const BedrockOutput& output,
                       json::Writer& out) {
  const ChatRequest& request = writing.request;
  const ModelTraits& traits = writing.target.traits;
  const bool forced = request.tool_choice.mode == ToolChoiceMode::required ||
                      request.tool_choice.mode == ToolChoiceMode::named;
  if (forced && !traits.takes_forced_tool) {
    writing.fail(errors::field_invalid(
        "tool_choice",
        "This model cannot be made to call a tool: use \"auto\" and ask for the "
        "call in words, or use another model."));
  }
  // Calls that are told in words need no tools.
  const std::set<std::string> past =
      writing.tells_calls ? std::set<std::string>() : names_in_history(turns);
  const bool offered = !request.tools.empty() && request.tool_choice.mode != ToolChoiceMode::none;
  if (!offered && past.empty() && output.tool.empty()) return;
  out.key("toolConfig").begin_object().key("tools").begin_array();
  bool any = false;
  for (const Tool& tool : request.tools) {
    if (!offered || !is_allowed(request.tool_choice, tool.name)) continue;
    write_tool(writing, tool, out);
    any = true;
  }
  if (!output.tool.empty()) {
    write_spec(writing,
               {.name = {.bytes = output.tool},
                .description = request.output.description,
                .schema = request.output.schema},
               out);
    any = true;
  }
  if (!any) {
    for (const std::string& name : past) write_spec(writing, {.name = {.bytes = name}}, out);
  }
  out.end_array();
  if (any && !chooses_in_model_fields(writing, output)) write_tool_choice(writing, output, out);
  out.end_object();
}

void write_output_config(const OutputFormat& format, json::Writer& out) {
  out.key("outputConfig").begin_object().key("textFormat").begin_object();
  out.key("type").string("json_schema").key("structure").begin_object();
  out.key("jsonSchema").begin_object();
  out.key("schema").string(format.schema.empty() ? any_object : format.schema);
  if (!format.name.empty()) out.key("name").text(format.name);
  if (!format.description.empty()) out.key("description").text(format.description);
  out.end_object().end_object().end_object().end_object();
}

}  // namespace sluice::llm
