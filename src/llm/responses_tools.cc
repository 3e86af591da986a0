#include "responses_tools.h"

#include <utility>

#include "custom_format.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

std::string plain(json::Text text) {
  std::string out;
  json::append_plain(out, text);
  return out;
}

}  // namespace

bool ResponsesTools::read(Value tools) {
  if (!reading_.array(tools, "tools")) return false;
  std::size_t position = 0;
  for (const Value value : tools.elements()) {
    Tool tool;
    if (!read_tool(value, Place("tools", position++), tool)) return false;
    request_.tools.push_back(std::move(tool));
  }
  return true;
}

bool ResponsesTools::read_more(Value tools, const Place& place) {
  if (!reading_.array(tools, place)) return false;
  if (!names_) {
    names_.emplace();
    for (const Tool& tool : request_.tools) names_->insert(plain(tool.name));
  }
  std::size_t position = 0;
  for (const Value value : tools.elements()) {
    Tool tool;
    if (!read_tool(value, place.element(position++), tool)) return false;
    if (names_->insert(plain(tool.name)).second) request_.tools.push_back(std::move(tool));
  }
  return true;
}

bool ResponsesTools::read_tool(Value value, const Place& place, Tool& tool) {
  if (!reading_.object(value, place)) return false;
  tool.raw = value.raw();
  const auto type = given(value, "type");
  if (!type) return reading_.missing(place.at("type"), "Say what the tool is: function, custom.");
  if (type->string_equals("custom")) tool.kind = ToolKind::custom;
  if (tool.kind == ToolKind::custom || type->string_equals("function")) {
    return read_definition(value, place, tool);
  }
  tool.kind = ToolKind::hosted;
  return reading_.text(*type, place.at("type"), tool.name);
}

bool ResponsesTools::read_definition(Value value, const Place& place, Tool& tool) {
  const auto name = given(value, "name");
  if (!name) return reading_.missing(place.at("name"), "Give the tool a name.");
  if (!reading_.text(*name, place.at("name"), tool.name)) return false;
  const auto described = given(value, "description");
  if (described && !reading_.text(*described, place.at("description"), tool.description)) {
    return false;
  }
  const std::string_view shape = tool.kind == ToolKind::custom ? "format" : "parameters";
  if (const auto parameters = given(value, shape)) {
    if (!reading_.object(*parameters, place.at(shape))) return false;
    tool.parameters = parameters->raw();
    if (parameters->find("definition") && tool.kind == ToolKind::custom) {
      append_chat_format(request_.owned.emplace_back(), *parameters);
      tool.parameters = request_.owned.back();
    }
  }
  const auto strict = given(value, "strict");
  return !strict || reading_.boolean(*strict, place.at("strict"), tool.strict);
}

// "auto", {"type":"function","name":".."}, {"type":"allowed_tools",..}, {"type":"web_search"}
bool ResponsesTools::read_choice(Value choice) {
  if (choice.is(Kind::string)) return read_mode(choice, "tool_choice");
  if (!reading_.object(choice, "tool_choice")) return false;
  const auto type = given(choice, "type");
  if (!type) return reading_.missing("tool_choice.type", "Say what is chosen: function, custom.");
  if (type->string_equals("allowed_tools")) return read_allowed(choice);
  const bool has_name = type->string_equals("function") || type->string_equals("custom");
  const auto name = has_name ? given(choice, "name") : type;
  if (!name) return reading_.missing("tool_choice.name", "Name the tool to call.");
  request_.tool_choice.mode = ToolChoiceMode::named;
  return reading_.text(*name, "tool_choice.name", request_.tool_choice.name);
}

bool ResponsesTools::read_mode(Value value, const Place& place) {
  ToolChoiceMode& mode = request_.tool_choice.mode;
  if (value.string_equals("auto")) {
    mode = ToolChoiceMode::automatic;
  } else if (value.string_equals("none")) {
    mode = ToolChoiceMode::none;
  } else if (value.string_equals("required")) {
    mode = ToolChoiceMode::required;
  } else {
    return reading_.invalid(place, "must be auto, none, required or an object that names a tool.");
  }
  return true;
}

bool ResponsesTools::read_allowed(Value value) {
  const auto mode = given(value, "mode");
  const auto list = given(value, "tools");
  if (!mode || !list) return reading_.missing("tool_choice.tools", "Give mode and tools.");
  if (!read_mode(*mode, "tool_choice.mode")) return false;
  if (!reading_.array(*list, "tool_choice.tools")) return false;
  std::size_t position = 0;
  for (const Value tool : list->elements()) {
    const Place place("tool_choice.tools", position++);
    if (!reading_.object(tool, place)) return false;
    const auto named = given(tool, "name");
    const auto name = named ? named : given(tool, "type");  // hosted tools have no other name
    if (!name) return reading_.missing(place.at("name"), "Name each tool.");
    if (!reading_.text(*name, place.at("name"), request_.tool_choice.allowed.emplace_back())) {
      return false;
    }
  }
  return !list->is_empty() || reading_.invalid("tool_choice.tools", "must name at least one tool.");
}

}  // namespace sluice::llm
