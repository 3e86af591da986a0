#include <algorithm>

#include "continued_mark.h"
#include "openai_chat_parts.h"
#include "sluice/llm/openai_chat_writer.h"

namespace sluice::llm {

OpenaiChunkWriter::Choice& OpenaiChunkWriter::choice_of(const ChatEvent& event) {
  if (event.choice >= choices_.size()) choices_.resize(event.choice + std::size_t{1});
  return choices_[event.choice];
}

void OpenaiChunkWriter::take(const ChatEvent& event) {
  if (event.kind == ChatEventKind::text && event.choice == 0 && goes_on_with_text()) {
    return write_first_text(event.text);
  }
  switch (event.kind) {
    case ChatEventKind::started: start(event); return;
    case ChatEventKind::usage: usage_.update(event.usage); return;
    case ChatEventKind::text:
    case ChatEventKind::refusal:
    case ChatEventKind::reasoning:
    case ChatEventKind::reasoning_signed:
    case ChatEventKind::reasoning_sealed:
    case ChatEventKind::tool_call:
    case ChatEventKind::tool_arguments:
    case ChatEventKind::image:
    case ChatEventKind::citation:
    case ChatEventKind::logprobs:
    case ChatEventKind::finished: break;
  }
  if (event.choice >= choices_written_max) return;
  if (head_.empty()) start({});
  Choice& choice = choice_of(event);
  if (!choice.begun) begin(event, choice);
  if (event.kind != ChatEventKind::tool_arguments) close_call(event, choice);
  if (event.kind == ChatEventKind::finished) {
    write_finished(event);
  } else if (event.kind == ChatEventKind::logprobs) {
    write_logprobs(event);
  } else {
    write_delta(event, choice);
  }
}

// Fixes what all chunks have in common. The first chunk, with the role, is written at once: it says
// that the model is at work.
void OpenaiChunkWriter::start(const ChatEvent& event) {
  if (!head_.empty()) return;
  head_ = "data: {\"id\":\"" + answer_id(event.id, frame_.request_id);
  head_ += "\",\"object\":\"chat.completion.chunk\",\"created\":" + std::to_string(frame_.created);
  append_member(head_, "model", {.bytes = frame_.model});
  head_ += ",\"choices\":[";
  first_text_head_ = head_ + "{\"index\":0,\"delta\":{\"content\":\"";
  ChatEvent first;
  begin(first, choice_of(first));
}

void OpenaiChunkWriter::begin(const ChatEvent& event, Choice& choice) {
  choice.begun = true;
  open_delta(event.choice);
  out_ += "\"role\":\"assistant\",\"content\":\"\"";
  if (tagged_) return close_delta();
  tagged_ = true;
  out_ += "},\"finish_reason\":null}]";
  append_tags(out_, frame_);
  out_ += "}\n\n";
  ++events_;
}

// Whether the only thing to write for a text of the first choice is that text.
bool OpenaiChunkWriter::goes_on_with_text() const noexcept {
  if (choices_.empty()) return false;
  const Choice& first = choices_.front();
  return first.begun && !first.call_begun && !first.thought_open;
}

// Nearly all chunks are such.
void OpenaiChunkWriter::write_first_text(json::Text text) {
  out_ += first_text_head_;
  json::append_escaped(out_, text);
  out_ += "\"},\"finish_reason\":null}]}\n\n";
  ++events_;
}

void OpenaiChunkWriter::open_delta(std::uint32_t choice) {
  out_ += head_;
  out_ += "{\"index\":";
  out_ += std::to_string(choice);
  out_ += ",\"delta\":{";
}

void OpenaiChunkWriter::close_delta() {
  out_ += "},\"finish_reason\":null}]}\n\n";
  ++events_;
}

// A call that ended without arguments has none: {} is what clients can parse.
void OpenaiChunkWriter::close_call(const ChatEvent& event, Choice& choice) {
  choice.call_begun = false;
  if (!choice.call_open) return;
  choice.call_open = false;
  open_delta(event.choice);
  out_ += "\"tool_calls\":[{\"index\":" + std::to_string(choice.open_call);
  out_ += R"(,"function":{"arguments":"{}"}}])";
  close_delta();
}

void OpenaiChunkWriter::write_delta(const ChatEvent& event, Choice& choice) {
  const bool is_thought = event.kind == ChatEventKind::reasoning ||
                          event.kind == ChatEventKind::reasoning_signed ||
                          event.kind == ChatEventKind::reasoning_sealed;
  if (is_thought && !frame_.reasoning_shown) return;
  if (event.kind != ChatEventKind::reasoning && event.kind != ChatEventKind::reasoning_signed &&
      choice.thought_open) {
    choice.thought_open = false;
    ++choice.thoughts;
  }
  if (event.kind == ChatEventKind::tool_arguments) {
    if (event.text.empty() || !choice.call_begun) return;
    choice.call_open = false;
  }
  open_delta(event.choice);
  const auto detail = [&](std::string_view type, std::string_view member) {
    out_ += "\"reasoning_details\":[";
    open_detail(out_, type, event.origin, choice.thoughts, event.id);
    append_member(out_, member, event.text);
    out_ += "}]";
  };
  switch (event.kind) {
    case ChatEventKind::text:
      out_ += "\"content\":";
      json::append_quoted(out_, event.text);
      break;
    case ChatEventKind::refusal:
      out_ += "\"refusal\":";
      json::append_quoted(out_, event.text);
      break;
    case ChatEventKind::reasoning:
      choice.thought_open = true;
      out_ += "\"reasoning\":";
      json::append_quoted(out_, event.text);
      append_member(out_, "reasoning_content", event.text);
      out_ += ',';
      detail("reasoning.text", "text");
      break;
    case ChatEventKind::reasoning_signed:
      detail("reasoning.text", "signature");
      choice.thought_open = false;
      ++choice.thoughts;
      break;
    case ChatEventKind::reasoning_sealed:
      detail("reasoning.encrypted", "data");
      ++choice.thoughts;
      break;
    case ChatEventKind::tool_call:
      out_ += "\"tool_calls\":[{\"index\":" + std::to_string(event.call);
      append_member(out_, "id", event.id);
      out_ += event.is_custom ? R"(,"type":"custom","custom":{"name":)"
                              : R"(,"type":"function","function":{"name":)";
      json::append_quoted(out_, event.name);
      out_ += event.is_custom ? R"(,"input":""})" : R"(,"arguments":""})";
      append_signature(out_, event.text);
      out_ += "}]";
      choice.call_begun = true;
      choice.call_open = !event.is_custom;
      choice.call_is_custom = event.is_custom;
      choice.open_call = event.call;
      break;
    case ChatEventKind::tool_arguments:
      out_ += "\"tool_calls\":[{\"index\":" + std::to_string(event.call);
      out_ += choice.call_is_custom ? R"(,"custom":{"input":)" : R"(,"function":{"arguments":)";
      json::append_quoted(out_, event.text);
      out_ += "}}]";
      break;
    case ChatEventKind::image:
      out_ += "\"images\":[";
      append_image(out_, event);
      out_ += ']';
      break;
    case ChatEventKind::citation:
      out_ += "\"annotations\":[";
      out_ += event.json;
      out_ += ']';
      break;
    case ChatEventKind::started:
    case ChatEventKind::logprobs:
    case ChatEventKind::finished:
    case ChatEventKind::usage: break;
  }
  close_delta();
}

// In a chunk of its own, behind the text: whoever puts chunks together adds up each member.
void OpenaiChunkWriter::write_logprobs(const ChatEvent& event) {
  open_delta(event.choice);
  out_ += "},\"logprobs\":";
  append_logprobs(out_, event.json);
  out_ += ",\"finish_reason\":null}]}\n\n";
  ++events_;
}

void OpenaiChunkWriter::write_finished(const ChatEvent& event) {
  out_ += head_;
  out_ += "{\"index\":" + std::to_string(event.choice) + ",\"delta\":{},";
  append_finish(out_, event);
  out_ += "}]}\n\n";
  ++events_;
}

void OpenaiChunkWriter::write_usage() {
  out_ += head_;
  out_ += "],\"usage\":";
  append_openai_usage(out_, usage_, frame_.cost);
  out_ += "}\n\n";
  ++events_;
}

void OpenaiChunkWriter::mark_continued(const Continued& mark) {
  frame_.cost = mark.cost;
  if (head_.empty()) return;  // it goes on with nothing
  out_ += head_;
  out_ += "],\"sluice\":{\"continued\":";
  append_continued(out_, mark);
  out_ += "}}\n\n";
  ++events_;
}

void OpenaiChunkWriter::end() {
  if (head_.empty()) start({});
  if (frame_.usage_shown && usage_.known()) write_usage();
  out_ += "data: [DONE]\n\n";
  ++events_;
}

}  // namespace sluice::llm
