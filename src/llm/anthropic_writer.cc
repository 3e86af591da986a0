#include "sluice/llm/anthropic_writer.h"

#include "reasoning_tag.h"
#include "sluice/json/writer.h"

namespace sluice::llm {
namespace {

std::string escaped(json::Text text) {
  std::string out;
  json::append_escaped(out, text);
  return out;
}

std::uint64_t rest_of(Usage::Count all, Usage::Count part, Usage::Count other_part) noexcept {
  const std::uint64_t parts = part.value_or(0) + other_part.value_or(0);
  const std::uint64_t whole = all.value_or(0);
  return whole > parts ? whole - parts : 0;
}

}  // namespace

void AnthropicWriter::mark_continued(const Continued& mark) {
  frame_.cost = mark.cost;
  if (started_) write_mark(mark);
}

void AnthropicWriter::take_ordered(const ChatEvent& event) {
  if (event.choice != 0) return;
  switch (event.kind) {
    case ChatEventKind::started:
      if (event.id.bytes.starts_with("msg_")) id_ = escaped(event.id);
      if (frame_.model.empty()) model_ = escaped(event.model);
      start();
      return;
    case ChatEventKind::text: take_text(Block::text, event); return;
    case ChatEventKind::refusal:
      refused_ = true;
      take_text(Block::text, event);
      return;
    case ChatEventKind::reasoning:
      if (frame_.reasoning_shown) take_text(Block::thinking, event);
      return;
    case ChatEventKind::reasoning_signed:
      if (frame_.reasoning_shown) take_signature(event);
      return;
    case ChatEventKind::reasoning_sealed:
      if (frame_.reasoning_shown) take_sealed(event);
      return;
    case ChatEventKind::tool_call: take_call(event); return;
    case ChatEventKind::tool_arguments:
      if (open_ == Block::tool_use && !event.text.empty()) write_piece(open_, event.text);
      return;
    case ChatEventKind::image: take_image(event); return;
    case ChatEventKind::citation:
    case ChatEventKind::logprobs: return;
    case ChatEventKind::finished: take_end(event); return;
    case ChatEventKind::usage: usage_.update(event.usage); return;
  }
}

void AnthropicWriter::take_text(Block block, const ChatEvent& event) {
  if (event.text.empty()) return;
  if (block == Block::thinking && open_ == block) {
    const bool another = escaped(event.id) != thinking_id_ || event.origin != thinking_of_;
    if (another) close();
  }
  if (open_ != block) {
    open(block);
    if (block == Block::thinking) {
      thinking_of_ = event.origin;
      thinking_id_ = escaped(event.id);
    }
  }
  write_piece(block, event.text);
}

void AnthropicWriter::take_signature(const ChatEvent& event) {
  if (open_ != Block::thinking) {
    open(Block::thinking);
    thinking_of_ = event.origin;
    thinking_id_ = escaped(event.id);
  } else if (event.origin != ReasoningOrigin::unknown) {
    thinking_of_ = event.origin;
  }
  sign(event.text);
  close_block(open_);
  open_ = Block::none;
}

void AnthropicWriter::take_sealed(const ChatEvent& event) {
  close();
  start();
  std::string block = R"({"type":"redacted_thinking","data":")";
  append_tagged_reasoning(block, event.origin, event.id, event.text);
  block += "\"}";
  write_block(block);
}

void AnthropicWriter::take_call(const ChatEvent& event) {
  if (!event.text.empty()) {
    close();
    start();
    std::string block = R"({"type":"redacted_thinking","data":")";
    append_tagged_call_signature(block, event.text);
    block += "\"}";
    write_block(block);
  }
  // Clients match results by it.
  std::string made;
  json::Text id = event.id;
  if (id.empty()) {
    made.append("toolu_").append(frame_.request_id).append("_").append(std::to_string(calls_));
    id = {.bytes = made};
  }
  ++calls_;
  open(Block::tool_use, id, event.name);
}

void AnthropicWriter::take_image(const ChatEvent& event) {
  close();
  start();
  std::string block = R"({"type":"image","source":{"type":"base64","media_type":)";
  json::append_quoted(block, event.name);
  block += ",\"data\":";
  json::append_quoted(block, event.text);
  block += "}}";
  write_block(block);
}

void AnthropicWriter::take_end(const ChatEvent& event) {
  close();
  reason_ = event.reason;
  window_exceeded_ = event.text.equals("model_context_window_exceeded");
  stop_sequence_ = escaped(event.name);
}

void AnthropicWriter::start() {
  if (started_) return;
  started_ = true;
  begin_message();
}

void AnthropicWriter::open(Block block, json::Text id, json::Text name) {
  close();
  start();
  open_ = block;
  open_block(block, id, name);
}

void AnthropicWriter::close() {
  if (open_ == Block::none) return;
  if (open_ == Block::thinking) sign({});
  close_block(open_);
  open_ = Block::none;
}

// A thought of Anthropic's without its signature is nobody's: Anthropic would refuse it.
void AnthropicWriter::sign(json::Text signature) {
  const bool unproved = signature.empty() && thinking_of_ == ReasoningOrigin::anthropic;
  std::string signed_text;
  append_tagged_reasoning(signed_text, unproved ? ReasoningOrigin::unknown : thinking_of_,
                          {.bytes = thinking_id_, .escaped = true}, signature);
  write_signature(signed_text);
}

void AnthropicWriter::end() {
  start();
  close();
  end_message();
}

std::string_view AnthropicWriter::stop_reason() const noexcept {
  if (refused_) return "refusal";
  switch (reason_) {
    case FinishReason::stop:
      if (!stop_sequence_.empty()) return "stop_sequence";
      return calls_ > 0 ? "tool_use" : "end_turn";
    case FinishReason::length:
      return window_exceeded_ ? "model_context_window_exceeded" : "max_tokens";
    case FinishReason::tool_calls: return "tool_use";
    case FinishReason::content_filter: return "refusal";
    case FinishReason::paused: return "pause_turn";
  }
  __builtin_unreachable();
}

void AnthropicWriter::append_identity(std::string& out) const {
  out += "\"id\":\"";
  if (id_.empty()) {
    out += "msg_";
    json::append_escaped(out, frame_.request_id);
  } else {
    out += id_;
  }
  out += R"(","type":"message","role":"assistant","model":")";
  if (frame_.model.empty()) {
    out += model_;
  } else {
    json::append_escaped(out, frame_.model);
  }
  out += '"';
}

void AnthropicWriter::append_tags(std::string& out) const {
  out += ",\"request_id\":";
  json::append_quoted(out, frame_.request_id);
  out += ",\"provider\":";
  json::append_quoted(out, frame_.provider);
}

void AnthropicWriter::append_end(std::string& out) const {
  const std::string_view reason = stop_reason();
  out.append("\"stop_reason\":\"").append(reason).append("\",\"stop_sequence\":");
  if (reason == "stop_sequence") {
    out.append("\"").append(stop_sequence_).append("\"");
  } else {
    out += "null";
  }
  out += ",\"stop_details\":";
  out += reason == "refusal" ? R"({"type":"refusal","category":null,"explanation":null})" : "null";
}

void AnthropicWriter::append_usage(std::string& out) const {
  json::Writer writer(out);
  writer.begin_object();
  writer.key("input_tokens")
      .unsigned_integer(rest_of(usage_.input, usage_.cached_input, usage_.cache_write_input));
  writer.key("cache_creation_input_tokens").unsigned_integer(usage_.cache_write_input.value_or(0));
  writer.key("cache_read_input_tokens").unsigned_integer(usage_.cached_input.value_or(0));
  writer.key("output_tokens").unsigned_integer(usage_.output.value_or(0));
  if (usage_.reasoning_output) {
    writer.key("output_tokens_details").begin_object();
    writer.key("thinking_tokens").unsigned_integer(*usage_.reasoning_output);
    writer.end_object();
  }
  if (frame_.cost.of != nullptr && usage_.known()) {
    const std::optional<double> cost = frame_.cost.of(frame_.cost.context, usage_);
    if (cost) writer.key("cost").number(*cost);
  }
  writer.end_object();
}

}  // namespace sluice::llm
