// Items, parts and response objects of the Responses API, written: responses_writer.h.
#include "openai_chat_parts.h"
#include "responses_writing.h"
#include "sluice/json/writer.h"
#include "sluice/llm/responses_writer.h"

namespace sluice::llm {
namespace {

// One that is longer is none: it would be said again with every delta.
constexpr std::size_t item_id_bytes_max = 256;

using json::Text;

}  // namespace

void ResponsesWriter::begin_event(std::string_view type) {
  out_ += "event: ";
  out_ += type;
  out_ += "\ndata: {\"type\":\"";
  out_ += type;
  out_ += "\",\"sequence_number\":";
  out_ += std::to_string(sequence_++);
}

void ResponsesWriter::end_event() {
  out_ += "}\n\n";
  ++events_;
}

// --- items ---

void ResponsesWriter::open_item(ItemKind kind, std::string_view prefix, Text id) {
  if (item_ != ItemKind::none) close_item();
  item_ = kind;
  item_id_.clear();
  if (id.empty() || id.bytes.size() > item_id_bytes_max) {
    item_id_ += prefix;
    item_id_ += id_;
    item_id_ += '_';
    item_id_ += std::to_string(item_index_);
  } else {
    json::append_escaped(item_id_, id);
  }
  if (!streaming_) return;
  std::string item;
  write_item(item, "in_progress");
  write_item_event("response.output_item.added", item);
}

void ResponsesWriter::close_item() {
  if (item_ == ItemKind::call) {
    // A call that ended without arguments has none: {} is what clients can parse.
    if (text_.empty() && !is_custom_ && !cut_short_) take_arguments({.bytes = "{}"});
    if (streaming_) {
      begin_event(is_custom_ ? "response.custom_tool_call_input.done"
                             : "response.function_call_arguments.done");
      append_member(out_, "item_id", escaped_text(item_id_));
      append_raw_member(out_, "output_index", std::to_string(item_index_));
      append_member(out_, is_custom_ ? "input" : "arguments", escaped_text(text_));
      end_event();
    }
  } else if (part_ != PartKind::none) {
    close_part();
  }
  std::string item;
  write_item(item, cut_short_ ? "incomplete" : "completed");
  if (streaming_) write_item_event("response.output_item.done", item);
  if (!output_.empty()) output_ += ',';
  output_ += item;
  item_ = ItemKind::none;
  ++item_index_;
  part_index_ = 0;
  parts_.clear();
  sealed_.clear();
  text_.clear();
}

void ResponsesWriter::write_item_event(std::string_view type, std::string_view item) {
  begin_event(type);
  append_raw_member(out_, "output_index", std::to_string(item_index_));
  append_raw_member(out_, "item", item);
  end_event();
}

void ResponsesWriter::write_item(std::string& out, std::string_view status) const {
  out += "{\"id\":\"";
  out += item_id_;
  out += "\",\"type\":";
  const auto write_status = [&] {
    out += ",\"status\":\"";
    out += status;
    out += '"';
  };
  switch (item_) {
    case ItemKind::none: break;
    case ItemKind::message:
      out += "\"message\"";
      write_status();
      out += R"(,"role":"assistant","content":[)";
      out += parts_;
      out += ']';
      break;
    case ItemKind::reasoning:
      out += "\"reasoning\",\"summary\":[";
      out += parts_;
      out += ']';
      if (!sealed_.empty()) append_member(out, "encrypted_content", escaped_text(sealed_));
      break;
    case ItemKind::call:
      out += is_custom_ ? "\"custom_tool_call\"" : "\"function_call\"";
      write_status();
      out += call_;
      append_member(out, is_custom_ ? "input" : "arguments", escaped_text(text_));
      break;
  }
  out += '}';
}

// --- parts ---

void ResponsesWriter::open_part(PartKind kind) {
  if (part_ != PartKind::none) close_part();
  part_ = kind;
  annotations_.clear();
  annotations_count_ = 0;
  if (!streaming_) return;
  begin_event(kind == PartKind::summary ? "response.reasoning_summary_part.added"
                                        : "response.content_part.added");
  write_part_place();
  out_ += ",\"part\":";
  write_part(out_, {});
  end_event();
}

void ResponsesWriter::close_part() {
  std::string part;
  write_part(part, text_);
  if (streaming_) {
    const bool is_summary = part_ == PartKind::summary;
    const bool is_refusal = part_ == PartKind::refusal;
    begin_event(is_summary   ? "response.reasoning_summary_text.done"
                : is_refusal ? "response.refusal.done"
                             : "response.output_text.done");
    write_part_place();
    append_member(out_, is_refusal ? "refusal" : "text", escaped_text(text_));
    if (part_ == PartKind::text) append_raw_member(out_, "logprobs", "[]");
    end_event();
    begin_event(is_summary ? "response.reasoning_summary_part.done" : "response.content_part.done");
    write_part_place();
    append_raw_member(out_, "part", part);
    end_event();
  }
  if (!parts_.empty()) parts_ += ',';
  parts_ += part;
  part_ = PartKind::none;
  ++part_index_;
  text_.clear();
}

void ResponsesWriter::write_part(std::string& out, std::string_view text) const {
  const Text said{.bytes = text, .escaped = true};
  switch (part_) {
    case PartKind::none: break;
    case PartKind::text:
      out += R"({"type":"output_text","annotations":[)";
      out += annotations_;
      out += R"(],"logprobs":[])";
      append_member(out, "text", said);
      break;
    case PartKind::refusal:
      out += R"({"type":"refusal")";
      append_member(out, "refusal", said);
      break;
    case PartKind::summary:
      out += R"({"type":"summary_text")";
      append_member(out, "text", said);
      break;
  }
  out += '}';
}

void ResponsesWriter::write_part_place() {
  append_member(out_, "item_id", escaped_text(item_id_));
  append_raw_member(out_, "output_index", std::to_string(item_index_));
  append_raw_member(out_, part_ == PartKind::summary ? "summary_index" : "content_index",
                    std::to_string(part_index_));
}

// --- the response ---

// What clients' types insist on is there, though it is not known here what was asked for.
void ResponsesWriter::write_response(std::string_view status) {
  out_ += R"({"id":"resp_)" + id_ + R"(","object":"response","created_at":)";
  out_ += std::to_string(frame_.created);
  out_ += ",\"status\":\"";
  out_ += status;
  out_ += R"(","background":false,"error":null,"incomplete_details":)";
  out_ += incomplete_.empty() ? "null" : R"({"reason":")" + incomplete_ + "\"}";
  out_ += R"(,"instructions":null,"max_output_tokens":null)";
  append_member(out_, "model", {.bytes = frame_.model});
  out_ += ",\"output\":[";
  out_ += output_;
  out_ += R"(],"parallel_tool_calls":true,"previous_response_id":null,)"
          R"("reasoning":{"effort":null,"summary":null},"store":false,"temperature":null,)"
          R"("text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"top_p":null,)"
          R"("truncation":"disabled","usage":)";
  if (status != "in_progress" && usage_.known()) {
    append_usage();
  } else {
    out_ += "null";
  }
  out_ += R"(,"user":null,"metadata":{})";
  append_tags(out_, frame_);
  out_ += '}';
}

void ResponsesWriter::append_usage() {
  json::Writer writer(out_);
  const auto count = [&](std::string_view name, const Usage::Count& value) {
    writer.key(name);
    if (value) {
      writer.unsigned_integer(*value);
    } else {
      writer.null();
    }
  };
  const auto detail = [&](std::string_view name, const Usage::Count& value) {
    if (value) writer.key(name).unsigned_integer(*value);
  };
  Usage::Count total = usage_.total;
  if (!total && usage_.input && usage_.output) total = *usage_.input + *usage_.output;
  writer.begin_object();
  count("input_tokens", usage_.input);
  writer.key("input_tokens_details").begin_object();
  writer.key("cached_tokens").unsigned_integer(usage_.cached_input.value_or(0));
  detail("cache_write_tokens", usage_.cache_write_input);
  writer.end_object();
  count("output_tokens", usage_.output);
  writer.key("output_tokens_details").begin_object();
  writer.key("reasoning_tokens").unsigned_integer(usage_.reasoning_output.value_or(0));
  writer.end_object();
  count("total_tokens", total);
  if (frame_.cost.of != nullptr) {
    const std::optional<double> usd = frame_.cost.of(frame_.cost.context, usage_);
    writer.key("cost");
    if (usd) {
      writer.number(*usd);
    } else {
      writer.null();
    }
  }
  writer.end_object();
}

}  // namespace sluice::llm
