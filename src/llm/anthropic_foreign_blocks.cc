#include "anthropic_foreign_blocks.h"

#include <string>
#include <vector>

#include "reasoning_tag.h"

namespace sluice::llm {
namespace {

using json::Value;

bool is_foreign(Value block) {
  const auto type = block.find("type");
  if (!type) return false;
  std::optional<Value> proof;
  if (type->string_equals("thinking")) proof = block.find("signature");
  if (type->string_equals("redacted_thinking")) proof = block.find("data");
  return proof && read_reasoning_tag(json::raw_text(*proof)).has_value();
}

// The elements that stay stand between brackets and commas of their own: each run of foreign ones
// goes with the comma behind it, or, at the end, with the one in front.
void take_out_of(Value content, json::Splice& edits) {
  struct Element {
    json::Span span;
    bool foreign;
  };
  std::vector<Element> elements;
  bool any = false;
  bool all = true;
  for (const Value block : content.elements()) {
    elements.push_back({.span = block.span(), .foreign = is_foreign(block)});
    (elements.back().foreign ? any : all) = elements.back().foreign;
  }
  if (!any) return;
  if (all) {  // a message must say something
    edits.replace(content.span(), Slice::of_static(R"([{"type":"text","text":"."}])"));
    return;
  }
  for (std::size_t begin = 0; begin < elements.size(); ++begin) {
    if (!elements[begin].foreign) continue;
    std::size_t end = begin;
    while (end < elements.size() && elements[end].foreign) ++end;
    const bool at_end = end == elements.size();
    const std::size_t from = at_end ? elements[begin - 1].span.end() : elements[begin].span.offset;
    const std::size_t to = at_end ? elements[end - 1].span.end() : elements[end].span.offset;
    edits.remove({from, to - from});
    begin = end;
  }
}

}  // namespace

void take_out_foreign_blocks(Value messages, json::Splice& edits) {
  // Nearly no conversation has any.
  std::string opening = "\"";
  opening += reasoning_tag;
  if (messages.raw().find(opening) == std::string_view::npos) return;
  for (const Value message : messages.elements()) {
    const auto content = message.find("content");
    if (content && content->is(json::Kind::array)) take_out_of(*content, edits);
  }
}

}  // namespace sluice::llm
