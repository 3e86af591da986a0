#include "responses_members.h"

#include <string_view>

#include "sluice/json/writer.h"

namespace sluice::llm {

using json::Kind;
using json::Value;

ResponsesEvent::ResponsesEvent(Value event) : top(event) {
  std::string scratch;
  const auto text_of = [](Value value) -> std::optional<json::Text> {
    if (!value.is(Kind::string)) return std::nullopt;
    return json::raw_text(value);
  };
  for (const json::Member member : event.members()) {
    if (member.value.is_null()) continue;
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "type") {
      type = member.value;
    } else if (name == "delta") {
      delta = text_of(member.value);
    } else if (name == "text" || name == "refusal" || name == "arguments" || name == "input") {
      whole = text_of(member.value);
    } else if (name == "item_id") {
      item_id = json::raw_text(member.value);
    } else if (name == "output_index") {
      output_index = member.value.integer().value_or(-1);
    } else if (name == "content_index" || name == "summary_index") {
      const std::int64_t index = member.value.integer().value_or(0);
      part_index = index < 0 ? 0 : static_cast<std::size_t>(index);
    } else if (name == "item") {
      item = member.value;
    } else if (name == "part") {
      part = member.value;
    } else if (name == "annotation") {
      annotation = member.value;
    } else if (name == "response") {
      response = member.value;
    } else if (name == "error") {
      error = member.value;
    }
  }
}

// {"type":"url_citation","start_index":..,"url":..} -> {"type":"url_citation","url_citation":{..}}
bool append_chat_citation(std::string& out, Value annotation) {
  const auto type = annotation.find("type");
  if (!type || !type->string_equals("url_citation")) return false;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("type").string("url_citation");
  writer.key("url_citation").begin_object();
  for (const std::string_view name : {"start_index", "end_index", "title", "url"}) {
    const auto value = annotation.find(name);
    const bool is_scalar = value && !value->is(json::Kind::object) && !value->is(json::Kind::array);
    if (is_scalar) writer.key(name).raw(value->raw());
  }
  writer.end_object();
  writer.end_object();
  return true;
}

bool append_responses_citation(std::string& out, Value citation) {
  const auto type = citation.find("type");
  const auto source = citation.find("url_citation");
  if (!type || !type->string_equals("url_citation") || !source) return false;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("type").string("url_citation");
  for (const std::string_view name : {"start_index", "end_index"}) {
    const auto value = source->find(name);
    writer.key(name).raw(value ? value->raw() : "0");
  }
  for (const std::string_view name : {"title", "url"}) {
    const auto value = source->find(name);
    writer.key(name).raw(value ? value->raw() : "\"\"");
  }
  writer.end_object();
  return true;
}

}  // namespace sluice::llm
