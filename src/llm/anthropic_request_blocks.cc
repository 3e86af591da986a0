#include "anthropic_request_blocks.h"

#include <array>
#include <string>

#include "reasoning_tag.h"

namespace sluice::llm {

using json::Kind;
using json::Value;

namespace {

constexpr std::array<std::pair<std::string_view, Role>, 3> roles = {
    {{"user", Role::user}, {"assistant", Role::assistant}, {"system", Role::system}}};

// Blocks of tools that run at Anthropic come in the assistant's messages, but for these.
bool is_hosted_of_user(std::string_view type) {
  return type == "container_upload" || type == "mcp_tool_result" || type.ends_with("_tool_result");
}

bool is_tool_change(std::string_view type) {
  return type == "tool_addition" || type == "tool_removal";
}

}  // namespace

bool AnthropicRequestBlocks::read_system(Value system, const FieldPath& path) {
  begin_message(Role::system);
  if (!read_content(system, path)) return false;
  end_message(false);
  return true;
}

bool AnthropicRequestBlocks::read_messages(Value messages, const FieldPath& path) {
  if (!be_array(messages, path)) return false;
  std::size_t index = 0;
  for (const Value message : messages.elements()) {
    if (!read_message(message, FieldPath(path, index++))) return false;
  }
  return true;
}

bool AnthropicRequestBlocks::read_message(Value message, const FieldPath& path) {
  if (!be_object(message, path)) return false;
  std::optional<Value> role;
  if (!need(message, "role", Kind::string, path, role)) return false;
  const std::optional<Value> content = message.find("content");
  const FieldPath content_path(path, "content");
  if (!content) {
    return fail(errors::field_missing(content_path.text(), "Give a string or an array of blocks."));
  }
  for (const auto& [name, known] : roles) {
    if (!role->string_equals(name)) continue;
    begin_message(known);
    if (!read_content(*content, content_path)) return false;
    end_message(true);
    return true;
  }
  return fail_value(FieldPath(path, "role"), "it is user, assistant or system.");
}

bool AnthropicRequestBlocks::read_content(Value content, const FieldPath& path) {
  if (content.is(Kind::string)) {
    request_.parts.push_back({.body = TextPart{.text = json::raw_text(content)}});
    return true;
  }
  if (!content.is(Kind::array)) return fail_type(path, "a string or an array", content);
  std::size_t index = 0;
  for (const Value block : content.elements()) {
    if (!read_block(block, FieldPath(path, index++))) return false;
  }
  return true;
}

bool AnthropicRequestBlocks::read_block(Value block, const FieldPath& path) {
  if (!be_object(block, path)) return false;
  std::optional<Value> type;
  if (!need(block, "type", Kind::string, path, type)) return false;
  std::string scratch;
  return read_block_of(type->unescaped(scratch), block, path);
}

bool AnthropicRequestBlocks::read_block_of(std::string_view type, Value block,
                                           const FieldPath& path) {
  const Role role = request_.messages.back().role;
  if (role == Role::system) {
    if (type == "text") return read_text_block(block, path, request_.parts);
    if (is_tool_change(type)) return leave_out(block, path);
    return fail_value(FieldPath(path, "type"), "the system's words are text blocks alone.");
  }
  if (const auto plain = read_plain(type, block, path, request_.parts)) return *plain;
  if (type == "tool_result") {
    return be_of_role(Role::user, type, path) && read_tool_result(block, path);
  }
  if (type == "tool_use") {
    return be_of_role(Role::assistant, type, path) && read_tool_use(block, path);
  }
  if (type == "thinking") {
    return be_of_role(Role::assistant, type, path) && read_thinking(block, path);
  }
  if (type == "redacted_thinking") {
    return be_of_role(Role::assistant, type, path) && read_redacted_thinking(block, path);
  }
  if (type == "mid_conv_system") return read_inner_system(block, path);
  if (role == Role::assistant || is_hosted_of_user(type)) return leave_out(block, path);
  return fail_value(FieldPath(path, "type"),
                    "no such block is known; use text, image, document or tool_result.");
}

std::optional<bool> AnthropicRequestBlocks::read_plain(std::string_view type, Value block,
                                                       const FieldPath& path, Parts& out) {
  if (type == "text") return read_text_block(block, path, out);
  if (type == "image") return read_image(block, path, out);
  if (type == "document") return read_document(block, path, out);
  if (type == "search_result") return read_search_result(block, path, out);
  if (type == "tool_reference") return read_tool_reference(block, path, out);
  return std::nullopt;
}

bool AnthropicRequestBlocks::be_of_role(Role role, std::string_view type, const FieldPath& path) {
  if (request_.messages.back().role == role) return true;
  return fail_value(FieldPath(path, "type"), std::string(type) +
                                                 " blocks belong into messages of the " +
                                                 (role == Role::user ? "user." : "assistant."));
}

bool AnthropicRequestBlocks::add(Value block, const FieldPath& path, Part part, Parts& out) {
  if (!read_cache_mark(block, path, part.cache)) return false;
  out.push_back(std::move(part));
  return true;
}

bool AnthropicRequestBlocks::read_text_block(Value block, const FieldPath& path, Parts& out) {
  TextPart part;
  return need_text(block, "text", path, part.text) && add(block, path, {.body = part}, out);
}

bool AnthropicRequestBlocks::read_tool_use(Value block, const FieldPath& path) {
  ToolCall call;
  std::optional<Value> input;
  if (!need_text(block, "id", path, call.id) || !need_text(block, "name", path, call.name) ||
      !need(block, "input", Kind::object, path, input)) {
    return false;
  }
  call.arguments = {.bytes = input->raw()};
  call.signature = std::exchange(call_signature_, {});
  return add(block, path, {.body = call}, request_.parts);
}

bool AnthropicRequestBlocks::read_tool_result(Value block, const FieldPath& path) {
  ToolResult result;
  std::optional<bool> is_error;
  if (!need_text(block, "tool_use_id", path, result.call_id) ||
      !take_boolean(block, "is_error", path, is_error)) {
    return false;
  }
  result.is_error = is_error.value_or(false);
  result.first_child = static_cast<std::uint32_t>(request_.result_parts.size());
  if (!read_nested(block, path, request_.result_parts)) return false;
  result.child_count =
      static_cast<std::uint32_t>(request_.result_parts.size()) - result.first_child;
  return add(block, path, {.body = result}, request_.parts);
}

// The `content` of a block: a string or an array of plain blocks; may be missing.
bool AnthropicRequestBlocks::read_nested(Value block, const FieldPath& path, Parts& out) {
  const std::optional<Value> content = block.find("content");
  if (!content || content->is_null()) return true;
  const FieldPath content_path(path, "content");
  if (content->is(Kind::string)) {
    out.push_back({.body = TextPart{.text = json::raw_text(*content)}});
    return true;
  }
  if (!content->is(Kind::array)) return fail_type(content_path, "a string or an array", *content);
  std::size_t index = 0;
  std::string scratch;
  for (const Value element : content->elements()) {
    const FieldPath element_path(content_path, index++);
    std::optional<Value> type;
    if (!be_object(element, element_path) ||
        !need(element, "type", Kind::string, element_path, type)) {
      return false;
    }
    const auto read = read_plain(type->unescaped(scratch), element, element_path, out);
    if (!read) {
      return fail_value(FieldPath(element_path, "type"),
                        "here stand text, image, document and search_result blocks.");
    }
    if (!*read) return false;
  }
  return true;
}

bool AnthropicRequestBlocks::read_thinking(Value block, const FieldPath& path) {
  ReasoningPart part;
  if (!need_text(block, "thinking", path, part.text) ||
      !take_text(block, "signature", path, part.signature)) {
    return false;
  }
  if (const auto tagged = read_reasoning_tag(part.signature)) {
    part.origin = tagged->origin;
    part.id = tagged->id;
    part.signature = tagged->rest;
  } else if (!part.signature.empty()) {
    part.origin = ReasoningOrigin::anthropic;
  }
  request_.parts.push_back({.body = part});
  return true;
}

bool AnthropicRequestBlocks::read_redacted_thinking(Value block, const FieldPath& path) {
  ReasoningPart part;
  if (!need_text(block, "data", path, part.sealed)) return false;
  const auto tagged = read_reasoning_tag(part.sealed);
  if (tagged && tagged->of_call) {
    call_signature_ = tagged->rest;
    return true;
  }
  part.origin = tagged ? tagged->origin : ReasoningOrigin::anthropic;
  if (tagged) {
    part.id = tagged->id;
    part.sealed = tagged->rest;
  }
  // A thought that has its summary in the block before it.
  const bool has_message_parts = request_.parts.size() > request_.messages.back().first_part;
  auto* before =
      has_message_parts ? std::get_if<ReasoningPart>(&request_.parts.back().body) : nullptr;
  const bool same = before != nullptr && !part.id.empty() && before->id.bytes == part.id.bytes &&
                    before->origin == part.origin && before->sealed.empty();
  if (same) {
    before->sealed = part.sealed;
  } else {
    request_.parts.push_back({.body = part});
  }
  return true;
}

bool AnthropicRequestBlocks::read_inner_system(Value block, const FieldPath& path) {
  const Role role = request_.messages.back().role;
  std::optional<Value> content;
  if (!need(block, "content", Kind::array, path, content)) return false;
  end_message(false);
  begin_message(Role::system);
  if (!read_content(*content, FieldPath(path, "content"))) return false;
  end_message(false);
  begin_message(role);
  return true;
}

bool AnthropicRequestBlocks::leave_out(Value block, const FieldPath& path) {
  const std::string& name = request_.owned.emplace_back(path.text());
  request_.others.push_back({.name = {.bytes = name}, .value = block.raw()});
  return true;
}

bool AnthropicRequestBlocks::read_cache_mark(Value holder, const FieldPath& path, CacheMark& out) {
  std::optional<Value> control;
  if (!take(holder, "cache_control", Kind::object, path, control)) return false;
  if (!control) return true;
  const FieldPath control_path(path, "cache_control");
  json::Text type;
  json::Text ttl;
  if (!need_text(*control, "type", control_path, type) ||
      !take_text(*control, "ttl", control_path, ttl)) {
    return false;
  }
  if (!type.equals("ephemeral")) {
    return fail_value(FieldPath(control_path, "type"), "the only one is ephemeral.");
  }
  if (ttl.empty() || ttl.equals("5m")) {
    out = CacheMark::five_minutes;
  } else if (ttl.equals("1h")) {
    out = CacheMark::one_hour;
  } else {
    return fail_value(FieldPath(control_path, "ttl"), "it is 5m or 1h.");
  }
  return true;
}

void AnthropicRequestBlocks::begin_message(Role role) {
  call_signature_ = {};
  request_.messages.push_back(
      {.role = role, .first_part = static_cast<std::uint32_t>(request_.parts.size())});
}

void AnthropicRequestBlocks::end_message(bool may_be_empty) {
  Message& message = request_.messages.back();
  message.part_count = static_cast<std::uint32_t>(request_.parts.size()) - message.first_part;
  if (message.part_count == 0 && !may_be_empty) request_.messages.pop_back();
}

}  // namespace sluice::llm
