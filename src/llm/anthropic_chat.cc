// Reads a whole request in the Anthropic dialect: its members at the top, and with them the tools.
// The messages: anthropic_request_blocks.cc.
#include <algorithm>
#include <array>
#include <string>

#include "anthropic_request_blocks.h"
#include "sluice/llm/anthropic_request.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

class AnthropicChat : public FieldReader {
 public:
  explicit AnthropicChat(OutputLimit limit) noexcept : limit_(limit) {}

  std::expected<ChatRequest, ApiError> read(Value top) {
    if (!read_top(top)) return std::unexpected(std::move(error()));
    return std::move(request_);
  }

 private:
  using Read = bool (AnthropicChat::*)(Value value, const FieldPath& path);
  struct Field {
    std::string_view name;
    Read read;
  };
  static const std::array<Field, 17> fields;

  bool read_top(Value top);
  bool read_conversation(Value top);
  bool read_max_tokens(Value value, const FieldPath& path);
  bool read_tools(Value value, const FieldPath& path);
  bool read_tool(Value value, const FieldPath& path);
  bool read_tool_choice(Value value, const FieldPath& path);
  bool read_thinking(Value value, const FieldPath& path);
  bool read_output_config(Value value, const FieldPath& path);
  bool read_output_format(Value value, const FieldPath& path);
  bool read_stop(Value value, const FieldPath& path);
  bool read_stream(Value value, const FieldPath& path);
  bool read_metadata(Value value, const FieldPath& path);
  bool read_temperature(Value value, const FieldPath& path) {
    return read_number(value, path, request_.temperature);
  }
  bool read_top_p(Value value, const FieldPath& path) {
    return read_number(value, path, request_.top_p);
  }
  bool read_top_k(Value value, const FieldPath& path) {
    return read_number(value, path, request_.top_k);
  }
  bool read_service_tier(Value value, const FieldPath& path) {
    return read_text(value, path, request_.service_tier);
  }
  bool read_elsewhere(Value, const FieldPath&) { return true; }

  void note_other(std::string name, Value value) {
    const std::string& kept = request_.owned.emplace_back(std::move(name));
    request_.others.push_back({.name = {.bytes = kept}, .value = value.raw()});
  }
  bool read_cache(Value holder, const FieldPath& path, CacheMark& mark) {
    AnthropicRequestBlocks blocks(request_);
    return blocks.read_cache_mark(holder, path, mark) || fail(std::move(blocks.error()));
  }

  OutputLimit limit_;
  ChatRequest request_;
};

const std::array<AnthropicChat::Field, 17> AnthropicChat::fields = {{
    {"model", &AnthropicChat::read_elsewhere},
    {"messages", &AnthropicChat::read_elsewhere},
    {"system", &AnthropicChat::read_elsewhere},
    {"cache_control", &AnthropicChat::read_elsewhere},
    {"max_tokens", &AnthropicChat::read_max_tokens},
    {"stream", &AnthropicChat::read_stream},
    {"tools", &AnthropicChat::read_tools},
    {"tool_choice", &AnthropicChat::read_tool_choice},
    {"thinking", &AnthropicChat::read_thinking},
    {"output_config", &AnthropicChat::read_output_config},
    {"output_format", &AnthropicChat::read_output_format},
    {"temperature", &AnthropicChat::read_temperature},
    {"top_p", &AnthropicChat::read_top_p},
    {"top_k", &AnthropicChat::read_top_k},
    {"stop_sequences", &AnthropicChat::read_stop},
    {"service_tier", &AnthropicChat::read_service_tier},
    {"metadata", &AnthropicChat::read_metadata},
}};

bool AnthropicChat::read_top(Value top) {
  const FieldPath here;
  request_.reasoning.hidden = true;  // until thinking is asked for
  if (!read_conversation(top) || !read_cache(top, here, request_.cache)) return false;
  std::string scratch;
  for (const json::Member member : top.members()) {
    if (member.value.is_null()) continue;
    const std::string_view name = member.key.unescaped(scratch);
    const FieldPath path(here, name);
    const auto* field = std::ranges::find(fields, name, &Field::name);
    if (field != fields.end()) {
      if (!(this->*field->read)(member.value, path)) return false;
    } else if (!is_anthropic_gateway_only(name, member.value)) {
      note_other(std::string(name), member.value);
    }
  }
  if (request_.output_tokens_max || limit_ == OutputLimit::optional) return true;
  return fail(
      errors::field_missing("max_tokens", "Say how many tokens the answer may have at most."));
}

// The system's words stand in front of the others wherever the members stand.
bool AnthropicChat::read_conversation(Value top) {
  const FieldPath here;
  AnthropicRequestBlocks blocks(request_);
  const std::optional<Value> system = top.find("system");
  if (system && !system->is_null() && !blocks.read_system(*system, FieldPath(here, "system"))) {
    return fail(std::move(blocks.error()));
  }
  const std::optional<Value> messages = top.find("messages");
  if (!messages) {
    return fail(errors::field_missing("messages",
                                      "Give the conversation as an array of messages, such as "
                                      "[{\"role\":\"user\",\"content\":\"Hello\"}]."));
  }
  return blocks.read_messages(*messages, FieldPath(here, "messages")) ||
         fail(std::move(blocks.error()));
}

bool AnthropicChat::read_max_tokens(Value value, const FieldPath& path) {
  return read_count(value, path, 1, request_.output_tokens_max);
}

bool AnthropicChat::read_stream(Value value, const FieldPath& path) {
  if (!value.is(Kind::boolean)) return fail_type(path, "a boolean", value);
  request_.stream = *value.boolean();
  return true;
}

bool AnthropicChat::read_tools(Value value, const FieldPath& path) {
  if (!be_array(value, path)) return false;
  std::size_t index = 0;
  for (const Value tool : value.elements()) {
    if (!read_tool(tool, FieldPath(path, index++))) return false;
  }
  return true;
}

bool AnthropicChat::read_tool(Value value, const FieldPath& path) {
  if (!be_object(value, path)) return false;
  Tool tool{.raw = value.raw()};
  json::Text type;
  if (!take_text(value, "type", path, type)) return false;
  if (!type.empty() && !type.equals("custom")) {
    tool.kind = ToolKind::hosted;
    if (!take_text(value, "name", path, tool.name)) return false;
  } else {
    std::optional<Value> schema;
    if (!need_text(value, "name", path, tool.name) ||
        !take_text(value, "description", path, tool.description) ||
        !need(value, "input_schema", Kind::object, path, schema) ||
        !take_boolean(value, "strict", path, tool.strict)) {
      return false;
    }
    tool.parameters = schema->raw();
  }
  if (!read_cache(value, path, tool.cache)) return false;
  request_.tools.push_back(tool);
  return true;
}

bool AnthropicChat::read_tool_choice(Value value, const FieldPath& path) {
  json::Text type;
  std::optional<bool> alone;
  ToolChoice& choice = request_.tool_choice;
  if (!be_object(value, path) || !need_text(value, "type", path, type) ||
      !take_boolean(value, "disable_parallel_tool_use", path, alone)) {
    return false;
  }
  if (alone) choice.parallel = !*alone;
  if (type.equals("auto")) {
    choice.mode = ToolChoiceMode::automatic;
  } else if (type.equals("any")) {
    choice.mode = ToolChoiceMode::required;
  } else if (type.equals("none")) {
    choice.mode = ToolChoiceMode::none;
  } else if (type.equals("tool")) {
    choice.mode = ToolChoiceMode::named;
    return need_text(value, "name", path, choice.name);
  } else {
    return fail_value(FieldPath(path, "type"), "it is auto, any, tool or none.");
  }
  return true;
}

bool AnthropicChat::read_thinking(Value value, const FieldPath& path) {
  json::Text type;
  json::Text display;
  ReasoningWanted& wanted = request_.reasoning;
  if (!be_object(value, path) || !need_text(value, "type", path, type) ||
      !take_text(value, "display", path, display)) {
    return false;
  }
  if (type.equals("disabled")) {
    wanted.enabled = false;
    return true;
  }
  if (type.equals("enabled")) {
    std::optional<Value> budget;
    if (!need(value, "budget_tokens", Kind::number, path, budget) ||
        !read_count(*budget, FieldPath(path, "budget_tokens"), 1, wanted.tokens_max)) {
      return false;
    }
  } else if (!type.equals("adaptive")) {
    return fail_value(FieldPath(path, "type"), "it is enabled, adaptive or disabled.");
  }
  wanted.enabled = true;
  wanted.hidden = display.equals("omitted");
  return true;
}

bool AnthropicChat::read_output_config(Value value, const FieldPath& path) {
  if (!be_object(value, path)) return false;
  std::string scratch;
  for (const json::Member member : value.members()) {
    if (member.value.is_null()) continue;
    const std::string_view name = member.key.unescaped(scratch);
    const FieldPath member_path(path, name);
    if (name == "format") {
      if (!read_output_format(member.value, member_path)) return false;
    } else if (name == "effort") {
      json::Text text;
      if (!read_text(member.value, member_path, text)) return false;
      request_.reasoning.effort = parse_effort(text);
      if (!request_.reasoning.effort) {
        return fail_value(member_path, "it is low, medium, high, xhigh or max.");
      }
    } else {
      note_other(member_path.text(), member.value);
    }
  }
  return true;
}

bool AnthropicChat::read_output_format(Value value, const FieldPath& path) {
  json::Text type;
  std::optional<Value> schema;
  if (!be_object(value, path) || !need_text(value, "type", path, type)) return false;
  if (!type.equals("json_schema")) {
    return fail_value(FieldPath(path, "type"), "the only one is json_schema.");
  }
  if (!need(value, "schema", Kind::object, path, schema)) return false;
  request_.output = {.kind = OutputKind::json_schema, .schema = schema->raw()};
  return true;
}

bool AnthropicChat::read_stop(Value value, const FieldPath& path) {
  if (!be_array(value, path)) return false;
  std::size_t index = 0;
  for (const Value element : value.elements()) {
    if (!read_text(element, FieldPath(path, index++), request_.stop.emplace_back())) return false;
  }
  return true;
}

bool AnthropicChat::read_metadata(Value value, const FieldPath& path) {
  return be_object(value, path) && take_text(value, "user_id", path, request_.user);
}

}  // namespace

std::expected<ChatRequest, ApiError> read_anthropic_chat(Value top, OutputLimit limit) {
  return AnthropicChat(limit).read(top);
}

}  // namespace sluice::llm
