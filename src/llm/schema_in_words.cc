#include "schema_in_words.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "sluice/json/writer.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

bool speaks_of_json(json::Text text) noexcept {
  constexpr std::string_view word = "json";
  const auto same = [](char c, char lower) { return (c | 0x20) == lower; };
  return !std::ranges::search(text.bytes, word, same).empty();
}

std::optional<Value> system_content(Value messages) {
  for (const Value first : messages.elements()) {
    const auto role = first.find("role");
    const bool is_system =
        role && (role->string_equals("system") || role->string_equals("developer"));
    return is_system ? first.find("content") : std::nullopt;
  }
  return std::nullopt;
}

// In front of the bracket or the quote that ends a value.
std::size_t end_inside(Value value) noexcept {
  return value.span().offset + value.span().size_bytes - 1;
}

}  // namespace

std::string schema_in_words(std::string_view schema) {
  std::string out = "Answer with one JSON object that fits this JSON Schema, and nothing else:\n";
  out += schema;
  return out;
}

std::string_view json_in_words(const ChatRequest& request) noexcept {
  for (const Part& part : request.parts) {
    const auto* text = std::get_if<TextPart>(&part.body);
    if (text != nullptr && speaks_of_json(text->text)) return {};
  }
  return "Answer with one JSON object and nothing else: no words around it, no Markdown.";
}

void instruct(Value messages, std::string_view instruction, json::Splice& edits) {
  const std::optional<Value> content = system_content(messages);
  const std::string quoted = json::quote(instruction);
  if (content && content->is(Kind::string)) {
    const std::string_view blank = content->raw() == "\"\"" ? "" : R"(\n\n)";
    std::string text(blank);
    text += std::string_view(quoted).substr(1, quoted.size() - 2);
    edits.insert(end_inside(*content), Slice::take(std::move(text)));
  } else if (content && content->is(Kind::array)) {
    const std::string_view comma = content->is_empty() ? "" : ",";
    edits.insert(end_inside(*content),
                 Slice::take(std::string(comma) + R"({"type":"text","text":)" + quoted + "}"));
  } else {
    const std::string_view comma = messages.is_empty() ? "" : ",";
    edits.insert(messages.span().offset + 1,
                 Slice::take(R"({"role":"system","content":)" + quoted + "}" + std::string(comma)));
  }
}

}  // namespace sluice::llm
