#include "custom_format.h"

#include "sluice/json/writer.h"

namespace sluice::llm {
namespace {

void write_grammar(json::Writer& writer, json::Value holder) {
  for (const std::string_view name : {"syntax", "definition"}) {
    if (const auto value = holder.find(name)) writer.key(name).raw(value->raw());
  }
}

}  // namespace

void append_chat_format(std::string& out, json::Value format) {
  if (!format.find("definition")) {
    out += format.raw();
    return;
  }
  json::Writer writer(out);
  writer.begin_object();
  writer.key("type").string("grammar");
  writer.key("grammar").begin_object();
  write_grammar(writer, format);
  writer.end_object();
  writer.end_object();
}

void append_responses_format(std::string& out, json::Value format) {
  const auto grammar = format.find("grammar");
  if (!grammar) {
    out += format.raw();
    return;
  }
  json::Writer writer(out);
  writer.begin_object();
  writer.key("type").string("grammar");
  write_grammar(writer, *grammar);
  writer.end_object();
}

}  // namespace sluice::llm
