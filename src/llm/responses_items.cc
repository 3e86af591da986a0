#include "responses_items.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "openai_media.h"
#include "sealed_reasoning.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Text;
using json::Value;

// What tools that run at OpenAI did on the way to the answer that follows.
constexpr std::array<std::string_view, 6> steps_left_out = {
    "web_search_call", "file_search_call", "code_interpreter_call",
    "mcp_call",        "mcp_list_tools",   "tool_search_call"};

Text text_or_empty(std::optional<Value> value) { return value ? json::raw_text(*value) : Text{}; }

bool is_one_of(Value type, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names,
                             [&](std::string_view name) { return type.string_equals(name); });
}

}  // namespace

bool ResponsesItems::read_instructions(Value instructions) {
  Part part{.body = TextPart{}};
  if (!reading_.text(instructions, "instructions", std::get<TextPart>(part.body).text)) {
    return false;
  }
  if (std::get<TextPart>(part.body).text.empty()) return true;  // some clients always send it
  begin(Role::system);
  request_.parts.push_back(std::move(part));
  end();
  return true;
}

bool ResponsesItems::read(Value input) {
  if (input.is(Kind::string)) {
    begin(Role::user);
    request_.parts.push_back({.body = TextPart{.text = json::raw_text(input)}});
    end();
    return true;
  }
  if (!input.is(Kind::array)) return reading_.wrong_type("input", "a string or an array", input);
  for (const Value item : input.elements()) {
    if (!read_item(item)) return false;
    ++index_;
  }
  return true;
}

void ResponsesItems::begin(Role role) {
  is_assistants_run_ = role == Role::assistant;
  call_signature_ = {};
  request_.messages.push_back(
      {.role = role, .first_part = static_cast<std::uint32_t>(request_.parts.size())});
}

void ResponsesItems::go_on_as_assistant() {
  if (!is_assistants_run_) begin(Role::assistant);
}

void ResponsesItems::end() noexcept {
  Message& message = request_.messages.back();
  message.part_count = static_cast<std::uint32_t>(request_.parts.size()) - message.first_part;
}

bool ResponsesItems::read_item(Value item) {
  if (!reading_.object(item, here({}))) return false;
  const auto type = given(item, "type");
  if (!type || type->string_equals("message")) return read_message(item);
  if (type->string_equals("function_call")) return read_call(item, false);
  if (type->string_equals("custom_tool_call")) return read_call(item, true);
  if (is_one_of(*type, {"function_call_output", "custom_tool_call_output"})) {
    return read_result(item);
  }
  if (type->string_equals("reasoning")) return read_reasoning(item);
  if (is_one_of(*type, {"additional_tools", "tool_search_output"})) {
    const auto tools = given(item, "tools");
    return !tools || tools_.read_more(*tools, here("tools"));
  }
  if (type->string_equals("item_reference")) {
    return reading_.invalid(here("type"),
                            "cannot be item_reference: this model's provider keeps no responses. "
                            "Send the item itself.");
  }
  const bool is_left_out = std::ranges::any_of(
      steps_left_out, [&](std::string_view name) { return type->string_equals(name); });
  if (is_left_out) return leave_out(item);
  return reading_.invalid(here("type"),
                          "must be message, reasoning, function_call, function_call_output, "
                          "custom_tool_call or custom_tool_call_output: other items are of tools "
                          "that this model's provider does not have.");
}

bool ResponsesItems::leave_out(Value item) {
  const std::string& name = request_.owned.emplace_back(here({}).text());
  request_.others.push_back({.name = {.bytes = name}, .value = item.raw()});
  return true;
}

// --- messages ---

bool ResponsesItems::read_message(Value item) {
  const auto role = given(item, "role");
  if (!role) return reading_.missing(here("role"), "Say who speaks: system, user or assistant.");
  if (role->string_equals("assistant")) {
    go_on_as_assistant();
  } else if (role->string_equals("user")) {
    begin(Role::user);
  } else if (is_one_of(*role, {"system", "developer"})) {
    begin(Role::system);
  } else {
    return reading_.invalid(here("role"), "must be system, developer, user or assistant.");
  }
  const auto content = given(item, "content");
  if (!content) return reading_.missing(here("content"), "Give a text or an array of parts.");
  if (!read_content(*content, here("content"), request_.parts)) return false;
  end();
  return true;
}

bool ResponsesItems::read_content(Value content, const Place& place, std::vector<Part>& out) {
  if (content.is(Kind::string)) {
    out.push_back({.body = TextPart{.text = json::raw_text(content)}});
    return true;
  }
  if (!content.is(Kind::array)) {
    return reading_.wrong_type(place, "a string or an array", content);
  }
  std::size_t position = 0;
  for (const Value value : content.elements()) {
    Part part;
    if (!read_part(value, place.element(position++), part)) return false;
    out.push_back(std::move(part));
  }
  return true;
}

bool ResponsesItems::read_part(Value value, const Place& place, Part& part) {
  if (!reading_.object(value, place)) return false;
  const auto type = given(value, "type");
  if (!type) return reading_.missing(place.at("type"), "Say what the part is: input_text ...");
  if (is_one_of(*type, {"input_text", "output_text", "text"})) {
    return read_text(value, place, "text", part.body.emplace<TextPart>().text);
  }
  if (type->string_equals("refusal")) {
    return read_text(value, place, "refusal", part.body.emplace<RefusalPart>().text);
  }
  auto& media = part.body.emplace<MediaPart>();
  if (type->string_equals("input_image")) return read_image(value, place, media);
  if (type->string_equals("input_file")) return read_file(value, place, media);
  if (type->string_equals("input_audio")) return read_media_audio(reading_, value, place, media);
  return reading_.invalid(place.at("type"),
                          "must be input_text, input_image, input_file, output_text or refusal.");
}

bool ResponsesItems::read_text(Value part, const Place& place, std::string_view member, Text& out) {
  const auto text = given(part, member);
  if (!text) return reading_.missing(place.at(member), "Give the text.");
  return reading_.text(*text, place.at(member), out);
}

bool ResponsesItems::read_image(Value part, const Place& place, MediaPart& media) {
  const auto detail = given(part, "detail");
  if (detail && !reading_.text(*detail, place.at("detail"), media.detail)) return false;
  if (const auto url = given(part, "image_url")) {
    return read_media_location(reading_, *url, place.at("image_url"), media);
  }
  const auto id = given(part, "file_id");
  if (!id) return reading_.missing(place.at("image_url"), "Give an https or data URL.");
  media.source = MediaSource::file_id;
  return reading_.text(*id, place.at("file_id"), media.data);
}

bool ResponsesItems::read_file(Value part, const Place& place, MediaPart& media) {
  media.kind = MediaKind::document;
  const auto name = given(part, "filename");
  if (name && !reading_.text(*name, place.at("filename"), media.name)) return false;
  for (const std::string_view member : {"file_data", "file_url"}) {
    const auto location = given(part, member);
    if (!location) continue;
    if (!read_media_location(reading_, *location, place.at(member), media)) return false;
    std::string scratch;
    if (media.media_type.plain(scratch).starts_with("image/")) media.kind = MediaKind::image;
    return true;
  }
  const auto id = given(part, "file_id");
  if (!id) return reading_.missing(place.at("file_data"), "Give file_data, file_url or file_id.");
  media.source = MediaSource::file_id;
  return reading_.text(*id, place.at("file_id"), media.data);
}

// --- tools ---

bool ResponsesItems::read_call(Value item, bool is_custom) {
  ToolCall call{.is_custom = is_custom};
  const auto id = given(item, "call_id");
  if (!id) return reading_.missing(here("call_id"), "Send the call's call_id as received.");
  if (!reading_.text(*id, here("call_id"), call.id)) return false;
  const auto name = given(item, "name");
  if (!name) return reading_.missing(here("name"), "Name the tool that was called.");
  if (!reading_.text(*name, here("name"), call.name)) return false;
  const std::string_view member = is_custom ? "input" : "arguments";
  const auto arguments = given(item, member);
  if (arguments && arguments->is(Kind::object)) {  // some clients send them parsed
    call.arguments = {.bytes = arguments->raw()};
  } else if (arguments && !reading_.text(*arguments, here(member), call.arguments)) {
    return false;
  }
  go_on_as_assistant();
  call.signature = std::exchange(call_signature_, {});
  request_.parts.push_back({.body = call});
  end();
  return true;
}

bool ResponsesItems::read_result(Value item) {
  ToolResult result;
  const auto id = given(item, "call_id");
  if (!id) return reading_.missing(here("call_id"), "Name the call that this is the output of.");
  if (!reading_.text(*id, here("call_id"), result.call_id)) return false;
  result.first_child = static_cast<std::uint32_t>(request_.result_parts.size());
  const auto output = given(item, "output");
  if (output && !read_content(*output, here("output"), request_.result_parts)) return false;
  result.child_count =
      static_cast<std::uint32_t>(request_.result_parts.size()) - result.first_child;
  begin(Role::user);
  request_.parts.push_back({.body = result});
  end();
  return true;
}

// --- reasoning ---

bool ResponsesItems::read_reasoning(Value item) {
  ReasoningPart part{.id = text_or_empty(given(item, "id"))};
  SealedReasoning sealed;
  if (const auto encrypted = given(item, "encrypted_content")) {
    Text text;
    if (!reading_.text(*encrypted, here("encrypted_content"), text)) return false;
    sealed = read_sealed_reasoning(text);
    if (!text.empty() && sealed.kind != SealKind::call) part.origin = sealed.origin;
  }
  go_on_as_assistant();
  const auto summary = given(item, "summary");
  if (summary && !read_thoughts(*summary, here("summary"), part)) return false;
  // Open models show all of it; where there is a summary as well, that will do.
  const auto content = given(item, "content");
  if (content && part.text.empty() && !read_thoughts(*content, here("content"), part)) return false;
  switch (sealed.kind) {
    case SealKind::signature: part.signature = sealed.rest; break;
    case SealKind::sealed: part.sealed = sealed.rest; break;
    case SealKind::call: call_signature_ = sealed.rest; break;
  }
  if (!part.text.empty() || !part.signature.empty() || !part.sealed.empty()) {
    request_.parts.push_back({.body = part});
  }
  end();
  return true;
}

// Of several texts each is a part of its own; `last` holds the last one.
bool ResponsesItems::read_thoughts(Value list, const Place& place, ReasoningPart& last) {
  if (!reading_.array(list, place)) return false;
  std::size_t position = 0;
  for (const Value thought : list.elements()) {
    const Place at = place.element(position++);
    Text text;
    if (!reading_.object(thought, at) || !read_text(thought, at, "text", text)) return false;
    if (text.empty()) continue;
    if (!last.text.empty()) request_.parts.push_back({.body = last});
    last.text = text;
  }
  return true;
}

}  // namespace sluice::llm
