#include "anthropic_blocks.h"

#include <algorithm>

#include "anthropic_citation.h"
#include "compact_json.h"
#include "own_tools.h"
#include "sluice/base/assert.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

constexpr std::size_t citations_max = 1'000;  // of one text

void tell_piece(ChatEventKind kind, json::Text piece, ChatSink& sink) {
  if (piece.empty()) return;
  sink.take({.kind = kind, .text = piece, .origin = ReasoningOrigin::anthropic});
}

}  // namespace

struct AnthropicBlocks::BlockMembers {
  std::string_view type = {};
  json::Text id = {};
  json::Text name = {};
  json::Text text = {};
  json::Text thinking = {};
  json::Text signature = {};
  json::Text data = {};
  std::optional<Value> input = {};
  std::optional<Value> citations = {};

  BlockMembers(Value block, std::string& scratch) {
    for (const json::Member member : block.members()) {
      const auto is = [&](std::string_view key) { return member.key.string_equals(key); };
      if (is("type")) type = member.value.unescaped(scratch);
      if (is("id")) id = json::raw_text(member.value);
      if (is("name")) name = json::raw_text(member.value);
      if (is("text")) text = json::raw_text(member.value);
      if (is("thinking")) thinking = json::raw_text(member.value);
      if (is("signature")) signature = json::raw_text(member.value);
      if (is("data")) data = json::raw_text(member.value);
      if (is("input")) input = member.value;
      if (is("citations")) citations = member.value;
    }
  }
};

void AnthropicBlocks::read_whole(Value block, ChatSink& sink) {
  begin(std::nullopt, block, sink);
  end_all(true, sink);
}

void AnthropicBlocks::begin(std::optional<Value> index, Value block, ChatSink& sink) {
  end_all(true, sink);
  open_index_ = index ? index->integer().value_or(0) : 0;
  block_begins_at_ = characters_;
  std::string type_scratch;
  const BlockMembers members(block, type_scratch);
  if (members.type == "text") {
    open_ = Block::text;
    tell_text(members.text, sink);
    if (members.citations) {
      for (const Value citation : members.citations->elements()) keep_citation(citation);
    }
  } else if (members.type == "thinking") {
    open_ = Block::thinking;
    tell_piece(ChatEventKind::reasoning, members.thinking, sink);
    tell_piece(ChatEventKind::reasoning_signed, members.signature, sink);
  } else if (members.type == "redacted_thinking") {
    open_ = Block::passed_over;  // it is all here
    tell_piece(ChatEventKind::reasoning_sealed, members.data, sink);
  } else if (members.type == "tool_use") {
    begin_tool(members, sink);
  } else {
    open_ = Block::passed_over;
  }
}

void AnthropicBlocks::begin_tool(const BlockMembers& members, ChatSink& sink) {
  has_arguments_ = false;
  input_given_ = false;
  const std::string_view name = members.name.plain(scratch_);
  if (!asked_->output_tool.empty() && name == asked_->output_tool) {
    open_ = Block::output_tool;
  } else {
    const bool is_custom = has_line(asked_->custom_tools, name);
    open_ = is_custom ? Block::custom_tool : Block::tool;
    if (is_custom) wrapped_ = {};
    sink.take({.kind = ChatEventKind::tool_call,
               .call = calls_,
               .is_custom = is_custom,
               .id = members.id,
               .name = callers_tool_name(*asked_, members.name, name)});
    ++calls_;
  }
  // In a stream it is {}, and what is in it follows.
  if (members.input && members.input->is(Kind::object) && !members.input->is_empty()) {
    tell_arguments({.bytes = compact_json(members.input->raw(), scratch_)}, sink);
    input_given_ = true;
  }
}

bool AnthropicBlocks::is_open(std::optional<Value> index) const noexcept {
  return open_ != Block::none && (!index || index->integer().value_or(-1) == open_index_);
}

bool AnthropicBlocks::read_delta(std::optional<Value> index, Value delta, ChatSink& sink) {
  std::optional<Value> type;
  std::optional<Value> payload;
  for (const json::Member member : delta.members()) {
    const std::string_view name = member.key.unescaped(scratch_);
    if (name == "type") {
      type = member.value;
    } else if (name == "text" || name == "partial_json" || name == "thinking" ||
               name == "signature" || name == "citation") {
      payload = member.value;
    }
  }
  last_ = Delta::other;
  const bool open = is_open(index);
  if (open && open_ == Block::passed_over) return true;
  if (!type) return false;
  if (!payload) return true;  // a kind that is new
  const auto is = [&](std::string_view name) { return type->string_equals(name); };
  if (is("text_delta")) {
    tell_text(json::raw_text(*payload), sink);
    if (open && open_ == Block::text) last_ = Delta::text;
    return open;
  }
  if (is("thinking_delta")) {
    tell_piece(ChatEventKind::reasoning, json::raw_text(*payload), sink);
    if (open && open_ == Block::thinking) last_ = Delta::thinking;
    return open;
  }
  if (is("signature_delta")) {
    tell_piece(ChatEventKind::reasoning_signed, json::raw_text(*payload), sink);
    return open;
  }
  if (is("input_json_delta")) {
    const bool is_tool =
        open_ == Block::tool || open_ == Block::custom_tool || open_ == Block::output_tool;
    if (!open || !is_tool || input_given_) return false;
    tell_arguments(json::raw_text(*payload), sink);
    last_ = Delta::arguments;
    return true;
  }
  if (is("citations_delta")) {
    if (!open || open_ != Block::text) return false;
    keep_citation(*payload);
  }
  return true;
}

void AnthropicBlocks::read_more(json::Text piece, ChatSink& sink) {
  switch (last_) {
    case Delta::text: return tell_text(piece, sink);
    case Delta::thinking: return tell_piece(ChatEventKind::reasoning, piece, sink);
    case Delta::arguments: return tell_arguments(piece, sink);
    case Delta::other: SLUICE_ASSERT(last_ != Delta::other);
  }
}

bool AnthropicBlocks::end(std::optional<Value> index, ChatSink& sink) {
  if (!is_open(index)) return false;
  end_all(true, sink);
  return true;
}

void AnthropicBlocks::end_all(bool in_order, ChatSink& sink) {
  switch (open_) {
    case Block::none:
    case Block::thinking:
    case Block::passed_over: break;
    case Block::text: tell_citations(sink); break;
    case Block::custom_tool: {
      const std::string_view rest = wrapped_.end();
      if (!rest.empty()) {
        sink.take(
            {.kind = ChatEventKind::tool_arguments, .call = calls_ - 1, .text = {.bytes = rest}});
      }
      break;
    }
    case Block::tool:
    case Block::output_tool:
      if (in_order && !has_arguments_) tell_arguments({.bytes = "{}"}, sink);
      break;
  }
  open_ = Block::none;
  last_ = Delta::other;
}

void AnthropicBlocks::tell_arguments(json::Text piece, ChatSink& sink) {
  if (piece.empty()) return;
  has_arguments_ = true;
  if (open_ == Block::output_tool) {
    tell_text(piece, sink);
    return;
  }
  if (open_ == Block::custom_tool) {
    std::string plain;
    piece = {.bytes = wrapped_.feed(piece.plain(plain))};
    if (piece.empty()) return;
  }
  sink.take({.kind = ChatEventKind::tool_arguments, .call = calls_ - 1, .text = piece});
}

void AnthropicBlocks::tell_text(json::Text piece, ChatSink& sink) {
  if (piece.empty()) return;
  characters_ += count_characters(piece);
  sink.take({.kind = ChatEventKind::text, .text = piece});
}

void AnthropicBlocks::keep_citation(Value citation) {
  if (citations_.size() == citations_max) return;
  std::string annotation;
  if (begin_annotation(annotation, citation)) citations_.push_back(std::move(annotation));
}

void AnthropicBlocks::tell_citations(ChatSink& sink) {
  for (std::string& annotation : citations_) {
    end_annotation(annotation, block_begins_at_, characters_);
    sink.take({.kind = ChatEventKind::citation, .json = annotation});
  }
  citations_.clear();
}

}  // namespace sluice::llm
