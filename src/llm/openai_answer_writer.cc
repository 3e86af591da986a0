#include "openai_chat_parts.h"
#include "sluice/llm/openai_chat_writer.h"

namespace sluice::llm {
namespace {

// An element of a list without brackets.
void begin_element(std::string& list) {
  if (!list.empty()) list += ',';
}

json::Text as_text(const std::string& escaped) { return {.bytes = escaped, .escaped = true}; }

}  // namespace

OpenaiAnswerWriter::Choice& OpenaiAnswerWriter::choice_of(const ChatEvent& event) {
  if (event.choice >= choices_.size()) choices_.resize(event.choice + std::size_t{1});
  return choices_[event.choice];
}

void OpenaiAnswerWriter::take(const ChatEvent& event) {
  if (event.choice >= choices_written_max) return;
  const bool continues_thought =
      event.kind == ChatEventKind::reasoning || event.kind == ChatEventKind::reasoning_signed;
  if (event.kind == ChatEventKind::started) {
    id_ = answer_id(event.id, frame_.request_id);
    return;
  }
  if (event.kind == ChatEventKind::usage) return usage_.update(event.usage);
  Choice& choice = choice_of(event);
  if (event.kind != ChatEventKind::tool_arguments) end_call(choice);
  if (!continues_thought) end_thought(choice, {});
  switch (event.kind) {
    case ChatEventKind::text: json::append_escaped(choice.content, event.text); break;
    case ChatEventKind::refusal:
      choice.has_refusal = true;
      json::append_escaped(choice.refusal, event.text);
      break;
    case ChatEventKind::reasoning:
      choice.origin = event.origin;
      if (choice.thought.empty()) {
        choice.thought_id.clear();
        json::append_escaped(choice.thought_id, event.id);
      }
      json::append_escaped(choice.thought, event.text);
      break;
    case ChatEventKind::reasoning_signed:
      choice.origin = event.origin;
      end_thought(choice, event.text);
      break;
    case ChatEventKind::reasoning_sealed:
      begin_element(choice.details);
      open_detail(choice.details, "reasoning.encrypted", event.origin, choice.thoughts++, event.id);
      append_member(choice.details, "data", event.text);
      choice.details += '}';
      break;
    case ChatEventKind::tool_call: take_call(event, choice); break;
    case ChatEventKind::tool_arguments:
      if (!choice.call_open) break;  // of a call that is over
      choice.arguments_empty = choice.arguments_empty && event.text.empty();
      json::append_escaped(choice.calls, event.text);
      break;
    case ChatEventKind::image:
      begin_element(choice.images);
      append_image(choice.images, event);
      break;
    case ChatEventKind::citation:
      begin_element(choice.citations);
      choice.citations += event.json;
      break;
    case ChatEventKind::logprobs:
      begin_element(choice.logprobs);
      choice.logprobs += event.json;
      break;
    case ChatEventKind::finished:
      choice.finish.clear();
      append_finish(choice.finish, event);
      break;
    case ChatEventKind::started:
    case ChatEventKind::usage: break;
  }
}

// The call stays open behind the quote of its arguments.
void OpenaiAnswerWriter::take_call(const ChatEvent& event, Choice& choice) {
  begin_element(choice.calls);
  choice.calls += "{\"id\":";
  json::append_quoted(choice.calls, event.id);
  choice.calls += event.is_custom ? R"(,"type":"custom")" : R"(,"type":"function")";
  append_signature(choice.calls, event.text);
  choice.calls += event.is_custom ? R"(,"custom":{"name":)" : R"(,"function":{"name":)";
  json::append_quoted(choice.calls, event.name);
  choice.calls += event.is_custom ? ",\"input\":\"" : ",\"arguments\":\"";
  choice.call_open = true;
  choice.call_is_custom = event.is_custom;
  choice.arguments_empty = true;
}

void OpenaiAnswerWriter::end_call(Choice& choice) {
  if (!choice.call_open) return;
  choice.call_open = false;
  if (choice.arguments_empty && !choice.call_is_custom) choice.calls += "{}";
  choice.calls += "\"}}";
}

void OpenaiAnswerWriter::end_thought(Choice& choice, json::Text signature) {
  if (choice.thought.empty() && signature.empty()) return;
  choice.reasoning += choice.thought;
  begin_element(choice.details);
  open_detail(choice.details, "reasoning.text", choice.origin, choice.thoughts++,
              as_text(choice.thought_id));
  append_member(choice.details, "text", as_text(choice.thought));
  if (!signature.empty()) append_member(choice.details, "signature", signature);
  choice.details += '}';
  choice.thought.clear();
}

void OpenaiAnswerWriter::write_choice(std::size_t index, const Choice& choice) {
  begin_element(out_);
  out_ += "{\"index\":" + std::to_string(index) + R"(,"message":{"role":"assistant","content":)";
  const bool speaks_otherwise = choice.has_refusal || !choice.calls.empty();
  if (choice.content.empty() && speaks_otherwise) {
    out_ += "null";
  } else {
    json::append_quoted(out_, as_text(choice.content));
  }
  out_ += ",\"refusal\":";
  if (choice.has_refusal) {
    json::append_quoted(out_, as_text(choice.refusal));
  } else {
    out_ += "null";
  }
  if (frame_.reasoning_shown && !choice.reasoning.empty()) {
    append_member(out_, "reasoning", as_text(choice.reasoning));
    append_member(out_, "reasoning_content", as_text(choice.reasoning));
  }
  const auto list = [&](std::string_view name, const std::string& elements) {
    if (elements.empty()) return;
    out_ += ",\"";
    out_ += name;
    out_ += "\":[";
    out_ += elements;
    out_ += ']';
  };
  if (frame_.reasoning_shown) list("reasoning_details", choice.details);
  list("tool_calls", choice.calls);
  list("images", choice.images);
  list("annotations", choice.citations);
  out_ += "},\"logprobs\":";
  append_logprobs(out_, choice.logprobs);
  out_ += ',';
  out_ += choice.finish.empty() ? R"("finish_reason":"stop")" : choice.finish;
  out_ += '}';
}

void OpenaiAnswerWriter::end() {
  if (choices_.empty()) choices_.resize(1);
  std::string head = "{\"id\":\"" + (id_.empty() ? answer_id({}, frame_.request_id) : id_);
  head += "\",\"object\":\"chat.completion\",\"created\":" + std::to_string(frame_.created);
  append_member(head, "model", {.bytes = frame_.model});
  head += ",\"choices\":[";
  for (std::size_t index = 0; index < choices_.size(); ++index) {
    end_call(choices_[index]);
    end_thought(choices_[index], {});
    write_choice(index, choices_[index]);
  }
  out_.insert(0, head);
  out_ += ']';
  if (usage_.known()) {
    out_ += ",\"usage\":";
    append_openai_usage(out_, usage_, frame_.cost);
  }
  append_tags(out_, frame_);
  out_ += '}';
}

}  // namespace sluice::llm
