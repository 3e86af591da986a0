#include "openai_chat_messages.h"

#include <optional>
#include <utility>

#include "openai_media.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Text;
using json::Value;

// OpenRouter's names of whose thoughts they are: "anthropic-claude-v1", "google-gemini-v1",
// "openai-responses-v1", "azure-openai-responses-v1".
ReasoningOrigin origin_of(std::optional<Value> format) {
  if (!format) return ReasoningOrigin::unknown;
  std::string scratch;
  const std::string_view name = format->unescaped(scratch);
  if (name.starts_with("anthropic")) return ReasoningOrigin::anthropic;
  if (name.starts_with("google")) return ReasoningOrigin::google;
  if (name.find("openai") != name.npos) return ReasoningOrigin::openai;
  return ReasoningOrigin::unknown;
}

Text text_or_empty(std::optional<Value> value) { return value ? json::raw_text(*value) : Text{}; }

}  // namespace

bool OpenaiMessages::read(Value messages) {
  if (!reading_.array(messages, "messages")) return false;
  for (const Value message : messages.elements()) {
    if (!read_message(message)) return false;
    ++index_;
  }
  return true;
}

void OpenaiMessages::begin(Role role) noexcept {
  request_.messages.push_back(
      {.role = role, .first_part = static_cast<std::uint32_t>(request_.parts.size())});
}

void OpenaiMessages::end() noexcept {
  Message& message = request_.messages.back();
  message.part_count = static_cast<std::uint32_t>(request_.parts.size()) - message.first_part;
}

bool OpenaiMessages::read_message(Value message) {
  if (!reading_.object(message, here({}))) return false;
  const auto role = given(message, "role");
  if (!role) {
    return reading_.missing(here("role"), "Say who speaks: system, user, assistant or tool.");
  }
  bool good = true;
  if (role->string_equals("assistant")) {
    begin(Role::assistant);
    good = read_assistant(message);
  } else if (role->string_equals("tool")) {
    begin(Role::user);
    good = read_result(message, "tool_call_id");
  } else if (role->string_equals("function")) {
    begin(Role::user);
    good = read_result(message, "name");
  } else {
    const bool is_system = role->string_equals("system") || role->string_equals("developer");
    if (!is_system && !role->string_equals("user")) {
      return reading_.invalid(here("role"), "must be system, developer, user, assistant or tool.");
    }
    begin(is_system ? Role::system : Role::user);
    const auto content = given(message, "content");
    if (!content) return reading_.missing(here("content"), "Give a text or an array of parts.");
    good = read_content(*content, request_.parts);
  }
  if (!good) return false;
  end();
  const auto name = given(message, "name");
  if (name && !reading_.text(*name, here("name"), request_.messages.back().name)) return false;
  const auto cache = given(message, "cache_control");
  if (!cache || request_.messages.back().part_count == 0) return true;
  return reading_.cache_mark(*cache, here("cache_control"), request_.parts.back().cache);
}

bool OpenaiMessages::read_assistant(Value message) {
  if (!read_thoughts(message)) return false;
  if (const auto content = given(message, "content")) {
    if (!read_content(*content, request_.parts)) return false;
  }
  if (const auto refusal = given(message, "refusal")) {
    Part part{.body = RefusalPart{}};
    if (!reading_.text(*refusal, here("refusal"), std::get<RefusalPart>(part.body).text)) {
      return false;
    }
    request_.parts.push_back(std::move(part));
  }
  const auto calls = given(message, "tool_calls");
  if (calls && !read_tool_calls(*calls)) return false;
  const auto call = given(message, "function_call");
  return !call || read_function_call(*call);
}

bool OpenaiMessages::read_result(Value message, std::string_view id_member) {
  ToolResult result;
  const auto id = given(message, id_member);
  if (!id) return reading_.missing(here(id_member), "Name the call that this is the result of.");
  if (!reading_.text(*id, here(id_member), result.call_id)) return false;
  if (const auto name = given(message, "name")) result.name = json::raw_text(*name);
  result.first_child = static_cast<std::uint32_t>(request_.result_parts.size());
  const auto content = given(message, "content");
  if (content && !read_content(*content, request_.result_parts)) return false;
  result.child_count =
      static_cast<std::uint32_t>(request_.result_parts.size()) - result.first_child;
  request_.parts.push_back({.body = result});
  return true;
}

// --- content ---

bool OpenaiMessages::read_content(Value content, std::vector<Part>& out) {
  if (content.is(Kind::string)) {
    out.push_back({.body = TextPart{.text = json::raw_text(content)}});
    return true;
  }
  if (!content.is(Kind::array)) {
    return reading_.wrong_type(here("content"), "a string or an array", content);
  }
  std::size_t position = 0;
  for (const Value part : content.elements()) {
    if (!read_part(part, here("content").element(position++), out)) return false;
  }
  return true;
}

bool OpenaiMessages::read_part(Value value, const Place& place, std::vector<Part>& out) {
  if (!reading_.object(value, place)) return false;
  const auto type = given(value, "type");
  if (!type) return reading_.missing(place.at("type"), "Say what the part is: text, image_url ...");
  Part part;
  bool good = true;
  if (type->string_equals("text")) {
    const auto text = given(value, "text");
    if (!text) return reading_.missing(place.at("text"), "Give the text.");
    good = reading_.text(*text, place.at("text"), part.body.emplace<TextPart>().text);
  } else if (type->string_equals("refusal")) {
    const auto text = given(value, "refusal");
    if (!text) return reading_.missing(place.at("refusal"), "Give the text.");
    good = reading_.text(*text, place.at("refusal"), part.body.emplace<RefusalPart>().text);
  } else if (type->string_equals("image_url")) {
    good = read_image(value, place, part);
  } else if (type->string_equals("input_audio")) {
    good = read_media_audio(reading_, value, place, part.body.emplace<MediaPart>());
  } else if (type->string_equals("file")) {
    good = read_file(value, place, part);
  } else if (type->string_equals("thinking")) {
    return read_thinking_part(value, place, out);
  } else {
    return reading_.invalid(place.at("type"),
                            "must be text, image_url, input_audio, file or refusal.");
  }
  if (!good) return false;
  const auto cache = given(value, "cache_control");
  if (cache && !reading_.cache_mark(*cache, place.at("cache_control"), part.cache)) return false;
  out.push_back(std::move(part));
  return true;
}

// Mistral's form of thoughts: {"type":"thinking","thinking":[{"type":"text","text":".."}]}.
bool OpenaiMessages::read_thinking_part(Value value, const Place& place, std::vector<Part>& out) {
  const auto thoughts = given(value, "thinking");
  if (!thoughts || !reading_.array(*thoughts, place.at("thinking"))) {
    return reading_.missing(place.at("thinking"), "Give the thought as an array of texts.");
  }
  for (const Value thought : thoughts->elements()) {
    const auto text = given(thought, "text");
    if (text) out.push_back({.body = ReasoningPart{.text = json::raw_text(*text)}});
  }
  return true;
}

bool OpenaiMessages::read_image(Value part, const Place& place, Part& out) {
  const Place at = place.at("image_url");
  auto& media = out.body.emplace<MediaPart>();
  const auto image = given(part, "image_url");
  if (!image) return reading_.missing(at, "Give the image as {\"url\": ...}.");
  if (image->is(Kind::string))
    return read_media_location(reading_, *image, at, media);  // some clients do
  if (!reading_.object(*image, at)) return false;
  const auto url = given(*image, "url");
  if (!url) return reading_.missing(place.at("image_url.url"), "Give an https or data URL.");
  const auto detail = given(*image, "detail");
  if (detail && !reading_.text(*detail, place.at("image_url.detail"), media.detail)) return false;
  return read_media_location(reading_, *url, place.at("image_url.url"), media);
}

bool OpenaiMessages::read_file(Value part, const Place& place, Part& out) {
  auto& media = out.body.emplace<MediaPart>();
  media.kind = MediaKind::document;
  const auto file = given(part, "file");
  if (!file) return reading_.missing(place.at("file"), "Give file_data or file_id.");
  if (const auto name = given(*file, "filename")) media.name = json::raw_text(*name);
  if (const auto data = given(*file, "file_data")) {
    if (!read_media_location(reading_, *data, place.at("file.file_data"), media)) return false;
    std::string scratch;
    if (media.media_type.plain(scratch).starts_with("image/")) media.kind = MediaKind::image;
    return true;
  }
  media.source = MediaSource::file_id;
  const auto id = given(*file, "file_id");
  if (!id) return reading_.missing(place.at("file"), "Give file_data or file_id.");
  return reading_.text(*id, place.at("file.file_id"), media.data);
}

// --- reasoning ---

// The forms in which clients bring back what a model thought; the richest one counts.
bool OpenaiMessages::read_thoughts(Value message) {
  const auto read_each = [&](Value list, std::string_view name, auto read_one) {
    const Place place = here(name);
    if (!reading_.array(list, place)) return false;
    std::size_t position = 0;
    for (const Value element : list.elements()) {
      const Place at = place.element(position++);
      if (!reading_.object(element, at) || !(this->*read_one)(element, at)) return false;
    }
    return true;
  };
  if (const auto details = given(message, "reasoning_details")) {
    return read_each(*details, "reasoning_details", &OpenaiMessages::read_thought);
  }
  if (const auto blocks = given(message, "thinking_blocks")) {
    return read_each(*blocks, "thinking_blocks", &OpenaiMessages::read_thinking_block);
  }
  for (const std::string_view name : {"reasoning_content", "reasoning"}) {
    const auto thought = given(message, name);
    if (!thought) continue;
    ReasoningPart part;
    if (!reading_.text(*thought, here(name), part.text)) return false;
    if (!part.text.empty()) request_.parts.push_back({.body = part});
    return true;
  }
  return true;
}

bool OpenaiMessages::read_thought(Value detail, const Place& place) {
  ReasoningPart part;
  part.origin = origin_of(given(detail, "format"));
  part.id = text_or_empty(given(detail, "id"));
  part.signature = text_or_empty(given(detail, "signature"));
  const auto type = given(detail, "type");
  if (!type) return reading_.missing(place.at("type"), "Send reasoning_details as received.");
  if (type->string_equals("reasoning.encrypted")) {
    part.sealed = text_or_empty(given(detail, "data"));
  } else if (type->string_equals("reasoning.summary")) {
    part.text = text_or_empty(given(detail, "summary"));
  } else {
    part.text = text_or_empty(given(detail, "text"));
  }
  const bool says_something = !part.text.empty() || !part.sealed.empty() || !part.signature.empty();
  if (says_something) request_.parts.push_back({.body = part});
  return true;
}

bool OpenaiMessages::read_thinking_block(Value block, const Place& place) {
  ReasoningPart part;
  part.origin = ReasoningOrigin::anthropic;
  const auto type = given(block, "type");
  if (type && type->string_equals("redacted_thinking")) {
    part.sealed = text_or_empty(given(block, "data"));
  } else if (type && type->string_equals("thinking")) {
    part.text = text_or_empty(given(block, "thinking"));
    part.signature = text_or_empty(given(block, "signature"));
  } else {
    return reading_.invalid(place.at("type"), "must be thinking or redacted_thinking.");
  }
  request_.parts.push_back({.body = part});
  return true;
}

// --- tool calls ---

bool OpenaiMessages::read_tool_calls(Value calls) {
  if (!reading_.array(calls, here("tool_calls"))) return false;
  std::size_t position = 0;
  for (const Value call : calls.elements()) {
    if (!read_tool_call(call, here("tool_calls").element(position++))) return false;
  }
  return true;
}

bool OpenaiMessages::read_tool_call(Value value, const Place& place) {
  if (!reading_.object(value, place)) return false;
  ToolCall call;
  const auto id = given(value, "id");
  if (!id) return reading_.missing(place.at("id"), "Send the call's id as received.");
  if (!reading_.text(*id, place.at("id"), call.id)) return false;
  const auto custom = given(value, "custom");
  const auto function = given(value, "function");
  call.is_custom = custom && !function;
  const auto body = call.is_custom ? custom : function;
  if (!body) return reading_.missing(place.at("function"), "Give the tool's name and arguments.");
  const auto name = given(*body, "name");
  if (!name) return reading_.missing(place.at("function.name"), "Name the tool that was called.");
  if (!reading_.text(*name, place.at("function.name"), call.name)) return false;
  const auto arguments = given(*body, call.is_custom ? "input" : "arguments");
  if (arguments && !read_arguments(*arguments, place.at("function.arguments"), call.arguments)) {
    return false;
  }
  // Google's place for it in its own OpenAI dialect.
  const auto extra = given(value, "extra_content");
  const auto google = extra ? given(*extra, "google") : std::nullopt;
  if (google) call.signature = text_or_empty(given(*google, "thought_signature"));
  request_.parts.push_back({.body = call});
  return true;
}

// The form before tools: one call, named by its function.
bool OpenaiMessages::read_function_call(Value value) {
  const Place place = here("function_call");
  if (!reading_.object(value, place)) return false;
  ToolCall call;
  const auto name = given(value, "name");
  if (!name) return reading_.missing(here("function_call.name"), "Name the function.");
  if (!reading_.text(*name, here("function_call.name"), call.name)) return false;
  call.id = call.name;
  const auto arguments = given(value, "arguments");
  if (arguments && !read_arguments(*arguments, place, call.arguments)) return false;
  request_.parts.push_back({.body = call});
  return true;
}

// A string of JSON by rights; some clients send the object itself.
bool OpenaiMessages::read_arguments(Value value, const Place& place, Text& out) {
  if (value.is(Kind::object)) {
    out = {.bytes = value.raw()};
    return true;
  }
  return reading_.text(value, place, out);
}

}  // namespace sluice::llm
