// The output items of an answer of the Responses API, told as chat events: responses_reader.h.
#include <algorithm>
#include <string>
#include <utility>

#include "own_tools.h"
#include "responses_item.h"
#include "responses_members.h"
#include "responses_writing.h"
#include "sluice/llm/responses_reader.h"

namespace sluice::llm {
namespace {

using json::Text;
using json::Value;

}  // namespace

// --- items ---

ResponsesReader::Item* ResponsesReader::find_item(const ResponsesEvent& event) {
  Text id = event.item_id;
  if (id.empty() && event.item) id = member_text(*event.item, "id");
  const bool says_which = event.output_index >= 0 || !id.empty();
  if (!says_which && !items_.empty()) return &items_.back();
  for (auto item = items_.rbegin(); item != items_.rend(); ++item) {
    const bool same = event.output_index >= 0 && item->position >= 0
                          ? item->position == event.output_index
                          : !id.empty() && id.bytes == item->id;
    if (same) return &*item;
  }
  return new_item(event.output_index, id);
}

ResponsesReader::Item* ResponsesReader::new_item(std::int64_t position, Text id) {
  if (items_.size() >= items_max) {
    odd_ = true;
    return nullptr;
  }
  Item& item = items_.emplace_back();
  item.position = position;
  json::append_escaped(item.id, id);
  return &item;
}

void ResponsesReader::take_item(Item& item, Value value, ChatSink& sink) {
  std::string scratch;
  const auto type_value = value.find("type");
  const std::string_view type = type_value ? type_value->unescaped(scratch) : "";
  if (item.id.empty()) json::append_escaped(item.id, member_text(value, "id"));
  if (type == "message") {
    if (const auto content = value.find("content")) take_content(item, *content, sink);
  } else if (type == "reasoning") {
    take_reasoning(item, value, sink);
  } else if (type == "function_call" || type == "custom_tool_call") {
    take_call(item, value, sink);
  } else if (type == "image_generation_call" && !item.image) {
    const Text image = member_text(value, "result");
    if (image.empty()) return;
    item.image = true;
    std::string media_type = "image/";
    const Text format = member_text(value, "output_format");
    json::append_plain(media_type, format.empty() ? Text{.bytes = "png"} : format);
    tell({.kind = ChatEventKind::image, .text = image, .name = {.bytes = media_type}}, sink);
  }
}

// Where pieces came they were all of it, whatever they called their parts: Mantle counts the parts
// of a message on from those of the thought before it (recorded 2026).
void ResponsesReader::take_content(Item& item, Value content, ChatSink& sink) {
  const bool was_told = !item.content.empty();
  std::size_t position = 0;
  for (const Value part : content.elements()) {
    const auto type = part.find("type");
    const bool is_refusal = type && type->string_equals("refusal");
    const bool is_text = type && type->string_equals("output_text");
    const Text text = member_text(part, is_refusal ? "refusal" : "text");
    if ((is_refusal || is_text) && !was_told) {
      tell_part(item, position, is_refusal ? Told::refusal : Told::text, text, sink);
    }
    ++position;
    const auto sources = part.find("annotations");
    if (!sources || item.sources) continue;
    for (const Value source : sources->elements()) tell_source(source, sink);
  }
  item.sources = true;
}

void ResponsesReader::take_reasoning(Item& item, Value value, ChatSink& sink) {
  for (const Told told : {Told::summary, Told::thought}) {
    const auto list = value.find(told == Told::summary ? "summary" : "content");
    if (!list || !item.parts_of(told).empty()) continue;
    std::size_t position = 0;
    for (const Value part : list->elements()) {
      tell_part(item, position++, told, member_text(part, "text"), sink);
    }
  }
  const Text sealed = member_text(value, "encrypted_content");
  if (sealed.empty() || item.sealed) return;
  item.sealed = true;
  tell({.kind = ChatEventKind::reasoning_sealed,
        .text = sealed,
        .id = escaped_text(item.id),
        .origin = ReasoningOrigin::openai},
       sink);
}

void ResponsesReader::take_call(Item& item, Value value, ChatSink& sink) {
  begin_call(item, value, sink);
  if (!item.begun || item.over) return;
  const auto arguments = value.find(item.is_custom ? "input" : "arguments");
  if (arguments && !item.arguments) tell_arguments(item, json::raw_text(*arguments), sink);
  end_call(item, sink);
}

// --- what is told ---

void ResponsesReader::tell_started(Value response, ChatSink& sink) {
  if (started_) return;
  started_ = true;
  sink.take({.kind = ChatEventKind::started,
             .id = member_text(response, "id"),
             .model = member_text(response, "model")});
}

// Whatever is told by this ends the calls before it.
void ResponsesReader::tell(const ChatEvent& event, ChatSink& sink) {
  if (!started_) {
    started_ = true;
    sink.take({.kind = ChatEventKind::started});
  }
  if (open_ != nullptr) end_calls(sink);
  sink.take(event);
}

void ResponsesReader::tell_part(Item& item, std::size_t position, Told told, Text text,
                                ChatSink& sink) {
  if (text.empty()) return;
  PartSet& parts = item.parts_of(told);
  const bool is_new = !parts.has(position);
  parts.add(position);
  if (told == Told::text || told == Told::refusal) {
    tell({.kind = told == Told::text ? ChatEventKind::text : ChatEventKind::refusal, .text = text},
         sink);
    return;
  }
  ChatEvent event{.kind = ChatEventKind::reasoning,
                  .id = escaped_text(item.id),
                  .origin = ReasoningOrigin::openai};
  if (is_new && item.thought) {
    event.text = {.bytes = "\n\n"};
    tell(event, sink);
  }
  item.thought = true;
  event.text = text;
  tell(event, sink);
}

void ResponsesReader::tell_source(Value annotation, ChatSink& sink) {
  std::string citation;
  if (!append_chat_citation(citation, annotation)) return;
  tell({.kind = ChatEventKind::citation, .json = citation}, sink);
}

// --- calls, one after the other ---

void ResponsesReader::begin_call(Item& item, Value value, ChatSink& sink) {
  if (item.begun) return;
  json::append_escaped(item.name, member_text(value, "name"));
  if (item.name.empty()) return;
  json::append_escaped(item.call_id, member_text(value, "call_id"));
  if (item.call_id.empty()) item.call_id = item.id;
  const auto type = value.find("type");
  item.is_custom = type && type->string_equals("custom_tool_call");
  item.begun = true;
  item.number = calls_++;
  waiting_.push_back(&item);
  if (open_ == nullptr) announce_waiting(sink);
}

void ResponsesReader::tell_arguments(Item& item, Text text, ChatSink& sink) {
  if (text.empty()) return;
  item.arguments = true;
  if (&item == open_) {
    sink.take({.kind = ChatEventKind::tool_arguments, .call = item.number, .text = text});
    return;
  }
  if (item.announced) {
    odd_ = true;  // it was ended by something else that was said
    return;
  }
  json::append_escaped(item.held, text);
  held_bytes_ += text.bytes.size();
  if (held_bytes_ > held_bytes_max) end_calls(sink);
}

void ResponsesReader::end_call(Item& item, ChatSink& sink) {
  item.over = true;
  if (&item != open_) return;
  open_ = nullptr;
  announce_waiting(sink);
}

void ResponsesReader::end_calls(ChatSink& sink) {
  while (open_ != nullptr) end_call(*open_, sink);
}

// Up to the first that goes on.
void ResponsesReader::announce_waiting(ChatSink& sink) {
  while (open_ == nullptr && !waiting_.empty()) {
    Item& item = *waiting_.front();
    waiting_.pop_front();
    item.announced = true;
    std::string scratch;
    const json::Text name = escaped_text(item.name);
    tell({.kind = ChatEventKind::tool_call,
          .call = item.number,
          .is_custom = item.is_custom,
          .id = escaped_text(item.call_id),
          .name = callers_tool_name(asked_, name, name.plain(scratch))},
         sink);
    open_ = &item;
    const std::string held = std::exchange(item.held, {});
    held_bytes_ -= std::min(held_bytes_, held.size());
    if (!held.empty()) {
      sink.take(
          {.kind = ChatEventKind::tool_arguments, .call = item.number, .text = escaped_text(held)});
    }
    if (item.over) open_ = nullptr;
  }
}

}  // namespace sluice::llm
