// What a message or a delta of OpenAI's chat answers says, but for its tool calls.
#include <string>

#include "compact_json.h"
#include "sluice/llm/openai_chat_reader.h"

namespace sluice::llm {

using json::Kind;
using json::Value;

namespace {

json::Text text_member(Value object, std::string_view name) {
  const auto member = object.find(name);
  return member ? json::raw_text(*member) : json::Text{};
}

// OpenRouter's names for how a maker writes its thoughts: "anthropic-claude-v1".
ReasoningOrigin origin_of(Value detail) {
  const json::Text format = text_member(detail, "format");
  if (format.bytes.starts_with("anthropic")) return ReasoningOrigin::anthropic;
  if (format.bytes.starts_with("google")) return ReasoningOrigin::google;
  if (format.bytes.starts_with("openai")) return ReasoningOrigin::openai;
  return ReasoningOrigin::unknown;
}

json::Text thought_of(Value detail) {
  const json::Text text = text_member(detail, "text");
  return text.empty() ? text_member(detail, "summary") : text;
}

bool details_have_text(Value details) {
  for (const Value detail : details.elements()) {
    if (!thought_of(detail).empty()) return true;
  }
  return false;
}

}  // namespace

void OpenaiChatReader::read_message(Value message, Choice& choice, ChatSink& sink) {
  std::optional<Value> content;
  std::optional<Value> calls;
  std::optional<Value> old_call;
  std::optional<Value> images;
  std::optional<Value> annotations;
  std::optional<Value> details;
  json::Text refusal;
  json::Text reasoning;
  std::string scratch;
  for (const json::Member member : message.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "content") {
      content = member.value;
    } else if (name == "tool_calls") {
      calls = member.value;
    } else if (name == "function_call") {
      old_call = member.value;
    } else if (name == "refusal") {
      refusal = json::raw_text(member.value);
    } else if (name == "reasoning_content" || name == "reasoning") {
      if (reasoning.empty()) reasoning = json::raw_text(member.value);
    } else if (name == "reasoning_details") {
      details = member.value;
    } else if (name == "images") {
      images = member.value;
    } else if (name == "annotations") {
      annotations = member.value;
    }
  }
  // What the details say is the same as the plain text beside them, and says more.
  if (!details || !details_have_text(*details)) {
    tell_text(ChatEventKind::reasoning, reasoning, choice, sink);
  }
  if (details) read_details(*details, choice, sink);
  if (content) read_content(*content, choice, sink);
  tell_text(ChatEventKind::refusal, refusal, choice, sink);
  if (images) read_images(*images, choice, sink);
  if (annotations) {
    std::string compact;  // an event's data is one line
    for (const Value source : annotations->elements()) {
      tell({.kind = ChatEventKind::citation, .json = compact_json(source.raw(), compact)}, choice,
           sink);
    }
  }
  if (calls) read_calls(*calls, choice, sink);
  if (old_call && old_call->is(Kind::object)) read_call(*old_call, choice, sink);
}

void OpenaiChatReader::read_content(Value content, Choice& choice, ChatSink& sink) {
  if (content.is(Kind::string)) {
    tell_text(ChatEventKind::text, json::raw_text(content), choice, sink);
    return;
  }
  for (const Value part : content.elements()) read_content_part(part, choice, sink);
}

// Mistral's content: texts, and thoughts that are arrays of texts.
void OpenaiChatReader::read_content_part(Value part, Choice& choice, ChatSink& sink) {
  const auto thinking = part.find("thinking");
  if (thinking) {
    if (thinking->is(Kind::string)) {
      tell_text(ChatEventKind::reasoning, json::raw_text(*thinking), choice, sink);
    }
    for (const Value thought : thinking->elements()) {
      tell_text(ChatEventKind::reasoning, text_member(thought, "text"), choice, sink);
    }
    return;
  }
  if (part.find("image_url")) {
    read_image(part, choice, sink);
    return;
  }
  tell_text(ChatEventKind::text, text_member(part, "text"), choice, sink);
  tell_text(ChatEventKind::refusal, text_member(part, "refusal"), choice, sink);
}

void OpenaiChatReader::read_details(Value details, Choice& choice, ChatSink& sink) {
  for (const Value detail : details.elements()) {
    ChatEvent event{.kind = ChatEventKind::reasoning,
                    .text = thought_of(detail),
                    .id = text_member(detail, "id"),
                    .origin = origin_of(detail)};
    if (!event.text.empty()) tell(event, choice, sink);
    event.kind = ChatEventKind::reasoning_signed;
    event.text = text_member(detail, "signature");
    if (!event.text.empty()) tell(event, choice, sink);
    event.kind = ChatEventKind::reasoning_sealed;
    event.text = text_member(detail, "data");
    if (!event.text.empty()) tell(event, choice, sink);
  }
}

void OpenaiChatReader::read_images(Value images, Choice& choice, ChatSink& sink) {
  for (const Value image : images.elements()) read_image(image, choice, sink);
}

// {"type":"image_url","image_url":{"url":"data:image/png;base64,.."}}; a plain URL is none of ours.
void OpenaiChatReader::read_image(Value part, Choice& choice, ChatSink& sink) {
  const auto image_url = part.find("image_url");
  json::Text url;
  if (image_url) {
    url = image_url->is(Kind::string) ? json::raw_text(*image_url) : text_member(*image_url, "url");
  }
  // Escaped or not: what matters here is never escaped but for a slash.
  std::string_view bytes = url.bytes;
  constexpr std::string_view scheme = "data:";
  constexpr std::string_view base64 = ";base64,";
  const std::size_t comma = bytes.find(base64);
  if (!bytes.starts_with(scheme) || comma == bytes.npos) {
    odd_ = odd_ || !bytes.empty();
    return;
  }
  const std::string_view type = bytes.substr(scheme.size(), comma - scheme.size());
  tell({.kind = ChatEventKind::image,
        .text = {.bytes = bytes.substr(comma + base64.size()), .escaped = url.escaped},
        .name = {.bytes = type.substr(0, type.find(';')), .escaped = url.escaped}},
       choice, sink);
}

}  // namespace sluice::llm
