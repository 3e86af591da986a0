#include <string>

#include "sluice/json/text.h"
#include "sluice/json/value.h"
#include "sluice/llm/anthropic_writer.h"

namespace sluice::llm {

void AnthropicWholeWriter::separate() {
  if (!content_.empty()) content_ += ',';
}

void AnthropicWholeWriter::open_block(Block block, json::Text id, json::Text name) {
  separate();
  switch (block) {
    case Block::none: break;
    case Block::text: content_ += R"({"type":"text","text":")"; break;
    case Block::thinking:
      signature_.clear();
      content_ += R"({"type":"thinking","thinking":")";
      break;
    case Block::tool_use:
      arguments_.clear();
      content_ += R"({"type":"tool_use","id":)";
      json::append_quoted(content_, id);
      content_ += ",\"name\":";
      json::append_quoted(content_, name);
      content_ += ",\"input\":";
      break;
  }
}

void AnthropicWholeWriter::write_piece(Block block, json::Text text) {
  json::append_escaped(block == Block::tool_use ? arguments_ : content_, text);
}

void AnthropicWholeWriter::write_signature(std::string_view escaped) { signature_ = escaped; }

void AnthropicWholeWriter::close_block(Block block) {
  switch (block) {
    case Block::none: return;
    case Block::text: content_ += "\"}"; return;
    case Block::thinking:
      content_.append("\",\"signature\":\"").append(signature_).append("\"}");
      return;
    case Block::tool_use: break;
  }
  std::string plain;
  json::append_plain(plain, {.bytes = arguments_, .escaped = true});
  const bool is_json = index_.build(plain).has_value();
  if (is_json && json::root(index_).is(json::Kind::object)) {
    content_.append(json::root(index_).raw()).append("}");
  } else if (plain.find_first_not_of(" \t\r\n") == plain.npos ||
             (is_json && json::root(index_).is_null())) {
    content_ += "{}}";
  } else {
    content_.append("{\"_raw\":\"").append(arguments_).append("\"}}");
  }
  index_.clear();
}

void AnthropicWholeWriter::write_block(std::string_view json) {
  separate();
  content_ += json;
}

void AnthropicWholeWriter::end_message() {
  out_ = "{";
  append_identity(out_);
  out_.append(",\"content\":[").append(content_).append("],");
  append_end(out_);
  out_ += ",\"usage\":";
  append_usage(out_);
  append_tags(out_);
  out_ += '}';
}

}  // namespace sluice::llm
