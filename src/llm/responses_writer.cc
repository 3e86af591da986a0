#include "sluice/llm/responses_writer.h"

#include "continued_mark.h"
#include "openai_chat_parts.h"
#include "responses_members.h"
#include "responses_writing.h"
#include "sealed_reasoning.h"
#include "sluice/json/writer.h"

namespace sluice::llm {
namespace {

using json::Text;

void begin_element(std::string& list) {
  if (!list.empty()) list += ',';
}

}  // namespace

ResponsesWriter::ResponsesWriter(const AnswerFrame& frame, bool streaming)
    : frame_(frame), streaming_(streaming) {
  std::string_view id = frame.request_id;
  if (id.starts_with("req_")) id.remove_prefix(4);
  json::append_escaped(id_, id);
}

void ResponsesWriter::take(const ChatEvent& event) {
  if (event.kind == ChatEventKind::usage) return usage_.update(event.usage);
  if (event.choice != 0) return;
  if (!started_) start();
  const bool shown = frame_.reasoning_shown;
  switch (event.kind) {
    case ChatEventKind::text: return take_text(event, PartKind::text);
    case ChatEventKind::refusal: return take_text(event, PartKind::refusal);
    case ChatEventKind::reasoning: return shown ? take_reasoning(event) : void();
    case ChatEventKind::reasoning_signed:
    case ChatEventKind::reasoning_sealed: return shown ? take_seal(event) : void();
    case ChatEventKind::tool_call: return take_call(event);
    case ChatEventKind::tool_arguments: return take_arguments(event.text);
    case ChatEventKind::image: return take_image(event);
    case ChatEventKind::citation: return take_citation(event);
    case ChatEventKind::finished: return take_finished(event);
    case ChatEventKind::logprobs:
    case ChatEventKind::started:
    case ChatEventKind::usage: return;
  }
}

void ResponsesWriter::start() {
  started_ = true;
  if (!streaming_) return;
  for (const std::string_view type : {"response.created", "response.in_progress"}) {
    begin_event(type);
    out_ += ",\"response\":";
    write_response("in_progress");
    end_event();
  }
}

void ResponsesWriter::mark_continued(const Continued& mark) {
  frame_.cost = mark.cost;
  if (!started_ || !streaming_) return;
  begin_event("sluice.continued");
  out_ += ",\"continued\":";
  append_continued(out_, mark);
  end_event();
}

void ResponsesWriter::end() {
  if (!started_) start();
  if (item_ != ItemKind::none) close_item();
  const std::string_view status = incomplete_.empty() ? "completed" : "incomplete";
  if (!streaming_) return write_response(status);
  begin_event(incomplete_.empty() ? "response.completed" : "response.incomplete");
  out_ += ",\"response\":";
  write_response(status);
  end_event();
}

bool ResponsesWriter::is_overfull() const noexcept {
  const std::size_t of_item = parts_.size() + sealed_.size() + call_.size() + text_.size() +
                              annotations_.size() + item_id_.size();
  return output_.size() + of_item > held_bytes_max;
}

// --- what the model says ---

void ResponsesWriter::take_text(const ChatEvent& event, PartKind kind) {
  if (event.text.empty()) return;
  if (item_ != ItemKind::message) open_item(ItemKind::message, "msg_");
  if (part_ != kind) open_part(kind);
  json::append_escaped(text_, event.text);
  if (!streaming_) return;
  begin_event(kind == PartKind::text ? "response.output_text.delta" : "response.refusal.delta");
  write_part_place();
  append_member(out_, "delta", event.text);
  if (kind == PartKind::text) append_raw_member(out_, "logprobs", "[]");
  end_event();
}

void ResponsesWriter::take_reasoning(const ChatEvent& event) {
  if (event.text.empty()) return;
  const bool goes_on = item_ == ItemKind::reasoning && sealed_.empty();
  if (!goes_on) {
    const bool is_openais = event.origin == ReasoningOrigin::openai;
    open_item(ItemKind::reasoning, "rs_", is_openais ? event.id : Text{});
  }
  if (part_ == PartKind::none) open_part(PartKind::summary);
  json::append_escaped(text_, event.text);
  if (!streaming_) return;
  begin_event("response.reasoning_summary_text.delta");
  write_part_place();
  append_member(out_, "delta", event.text);
  end_event();
}

// A signature is of the thought that stands open; what is sealed belongs to it when it is of one
// id with it, as OpenAI's are.
void ResponsesWriter::take_seal(const ChatEvent& event) {
  const bool is_signature = event.kind == ChatEventKind::reasoning_signed;
  std::string id;
  json::append_escaped(id, event.id);
  const bool is_of_open = item_ == ItemKind::reasoning && (is_signature || id == item_id_);
  const bool is_openais = event.origin == ReasoningOrigin::openai;
  if (!is_of_open) open_item(ItemKind::reasoning, "rs_", is_openais ? event.id : Text{});
  append_sealed_reasoning(sealed_, {.origin = event.origin,
                                    .kind = is_signature ? SealKind::signature : SealKind::sealed,
                                    .rest = event.text});
  close_item();
}

void ResponsesWriter::take_call(const ChatEvent& event) {
  if (!event.text.empty()) {
    open_item(ItemKind::reasoning, "rs_");
    append_sealed_reasoning(
        sealed_, {.origin = ReasoningOrigin::google, .kind = SealKind::call, .rest = event.text});
  }
  if (item_ != ItemKind::none) close_item();
  is_custom_ = event.is_custom;
  call_.clear();
  append_member(call_, "call_id", event.id);
  append_member(call_, "name", event.name);
  open_item(ItemKind::call, event.is_custom ? "ct_" : "fc_");
}

void ResponsesWriter::take_arguments(Text text) {
  if (item_ != ItemKind::call || text.empty()) return;
  json::append_escaped(text_, text);
  if (!streaming_) return;
  begin_event(is_custom_ ? "response.custom_tool_call_input.delta"
                         : "response.function_call_arguments.delta");
  append_member(out_, "item_id", escaped_text(item_id_));
  append_raw_member(out_, "output_index", std::to_string(item_index_));
  append_member(out_, "delta", text);
  end_event();
}

void ResponsesWriter::take_image(const ChatEvent& event) {
  if (item_ != ItemKind::none) close_item();
  const std::string id = "ig_" + id_ + "_" + std::to_string(item_index_);
  const auto item = [&](std::string_view status) {
    std::string out = R"({"id":")" + id + R"(","type":"image_generation_call","status":")";
    out += status;
    out += '"';
    return out;
  };
  std::string whole = item("completed");
  std::string media_type;
  json::append_escaped(media_type, event.name);
  const std::string format = media_type.substr(media_type.find('/') + 1);
  append_member(whole, "output_format", escaped_text(format));
  append_member(whole, "result", event.text);
  whole += '}';
  if (streaming_) {
    write_item_event("response.output_item.added", item("in_progress") + ",\"result\":null}");
    begin_event("response.image_generation_call.completed");
    append_raw_member(out_, "output_index", std::to_string(item_index_));
    append_member(out_, "item_id", escaped_text(id));
    end_event();
    write_item_event("response.output_item.done", whole);
  }
  begin_element(output_);
  output_ += whole;
  ++item_index_;
}

// A source belongs to the text in front of it; one of no text is left out.
void ResponsesWriter::take_citation(const ChatEvent& event) {
  if (part_ != PartKind::text) return;
  json::Index index;
  if (!index.build(event.json)) return;
  std::string annotation;
  if (!append_responses_citation(annotation, json::root(index))) return;
  begin_element(annotations_);
  annotations_ += annotation;
  const std::uint32_t position = annotations_count_++;
  if (!streaming_) return;
  begin_event("response.output_text.annotation.added");
  write_part_place();
  append_raw_member(out_, "annotation_index", std::to_string(position));
  append_raw_member(out_, "annotation", annotation);
  end_event();
}

void ResponsesWriter::take_finished(const ChatEvent& event) {
  if (event.reason == FinishReason::length) incomplete_ = "max_output_tokens";
  if (event.reason == FinishReason::content_filter) incomplete_ = "content_filter";
  cut_short_ = !incomplete_.empty();
  if (item_ != ItemKind::none) close_item();
}

void ResponsesStreamWriter::fail(const ApiError& error) {
  const auto text_or_null = [&](std::string_view name, std::string_view text) {
    if (text.empty()) {
      append_raw_member(out_, name, "null");
    } else {
      append_member(out_, name, {.bytes = text});
    }
  };
  begin_event("error");
  text_or_null("code", error.code);
  append_member(out_, "message", {.bytes = error.message});
  text_or_null("param", error.param);
  // Clients look for an error in either form.
  out_ += ",\"error\":{\"type\":";
  json::append_quoted(out_, error.type);
  text_or_null("code", error.code);
  append_member(out_, "message", {.bytes = error.message});
  text_or_null("param", error.param);
  out_ += '}';
  end_event();
}

}  // namespace sluice::llm
