#include <string>

#include "continued_mark.h"
#include "sluice/json/text.h"
#include "sluice/llm/anthropic_writer.h"

namespace sluice::llm {

void AnthropicStreamWriter::begin_event(std::string_view type) {
  out_.append("event: ").append(type).append("\ndata: {\"type\":\"").append(type).append("\"");
}

void AnthropicStreamWriter::begin_block_event(std::string_view type) {
  begin_event(type);
  out_.append(",\"index\":").append(std::to_string(index_));
}

void AnthropicStreamWriter::end_event() {
  out_ += "}\n\n";
  ++events_;
}

void AnthropicStreamWriter::begin_message() {
  begin_event("message_start");
  out_ += ",\"message\":{";
  append_identity(out_);
  out_ += R"(,"content":[],"stop_reason":null,"stop_sequence":null,"usage":)";
  append_usage(out_);
  out_ += '}';
  append_tags(out_);
  end_event();
}

void AnthropicStreamWriter::open_block(Block block, json::Text id, json::Text name) {
  begin_block_event("content_block_start");
  out_ += ",\"content_block\":";
  switch (block) {
    case Block::none: break;
    case Block::text: out_ += R"({"type":"text","text":""})"; break;
    case Block::thinking: out_ += R"({"type":"thinking","thinking":"","signature":""})"; break;
    case Block::tool_use:
      out_ += R"({"type":"tool_use","id":)";
      json::append_quoted(out_, id);
      out_ += ",\"name\":";
      json::append_quoted(out_, name);
      out_ += ",\"input\":{}}";
      break;
  }
  end_event();
}

void AnthropicStreamWriter::write_piece(Block block, json::Text text) {
  begin_block_event("content_block_delta");
  switch (block) {
    case Block::none: break;
    case Block::text: out_ += R"(,"delta":{"type":"text_delta","text":)"; break;
    case Block::thinking: out_ += R"(,"delta":{"type":"thinking_delta","thinking":)"; break;
    case Block::tool_use: out_ += R"(,"delta":{"type":"input_json_delta","partial_json":)"; break;
  }
  json::append_quoted(out_, text);
  out_ += '}';
  end_event();
}

void AnthropicStreamWriter::write_signature(std::string_view escaped) {
  begin_block_event("content_block_delta");
  out_.append(R"(,"delta":{"type":"signature_delta","signature":")").append(escaped).append("\"}");
  end_event();
}

void AnthropicStreamWriter::close_block(Block) {
  begin_block_event("content_block_stop");
  end_event();
  ++index_;
}

void AnthropicStreamWriter::write_mark(const Continued& mark) {
  begin_event("sluice.continued");
  out_ += ",\"continued\":";
  append_continued(out_, mark);
  end_event();
}

void AnthropicStreamWriter::write_block(std::string_view json) {
  begin_block_event("content_block_start");
  out_.append(",\"content_block\":").append(json);
  end_event();
  close_block(Block::none);
}

void AnthropicStreamWriter::end_message() {
  begin_event("message_delta");
  out_ += ",\"delta\":{";
  append_end(out_);
  out_ += "},\"usage\":";
  append_usage(out_);
  end_event();
  begin_event("message_stop");
  end_event();
}

}  // namespace sluice::llm
