#include "sluice/llm/call_order.h"

#include <algorithm>

namespace sluice::llm {
namespace {

std::string escaped(json::Text text) {
  std::string out;
  json::append_escaped(out, text);
  return out;
}

json::Text text_of(const std::string& escaped_bytes) noexcept {
  return {.bytes = escaped_bytes, .escaped = true};
}

}  // namespace

void ObjectEnd::feed(json::Text text) {
  if (seen_ || none_) return;
  std::string scratch;
  for (const char c : text.plain(scratch)) {
    if (in_string_) {
      if (after_backslash_) {
        after_backslash_ = false;
      } else if (c == '\\') {
        after_backslash_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (depth_ == 0) {
      none_ = static_cast<unsigned char>(c) > ' ';
      if (none_) return;
    } else if (c == '"') {
      in_string_ = true;
    } else if ((c == '}' || c == ']') && --depth_ == 0) {
      seen_ = true;
      return;
    }
  }
}

bool CallOrder::take(const ChatEvent& event, ChatSink& out) {
  Choice& choice = choice_of(event.choice);
  switch (event.kind) {
    case ChatEventKind::tool_call: take_call(event, choice, out); return true;
    case ChatEventKind::tool_arguments: return take_arguments(event, choice, out);
    case ChatEventKind::started:
    case ChatEventKind::logprobs:
    case ChatEventKind::usage: break;
    case ChatEventKind::text:
    case ChatEventKind::refusal:
    case ChatEventKind::reasoning:
    case ChatEventKind::reasoning_signed:
    case ChatEventKind::reasoning_sealed:
    case ChatEventKind::image:
    case ChatEventKind::citation:
    case ChatEventKind::finished:
      let_all_through(choice, out);
      choice.open.reset();
      break;
  }
  out.take(event);
  return true;
}

CallOrder::Choice& CallOrder::choice_of(std::uint32_t number) {
  const auto found = std::ranges::find(choices_, number, &Choice::number);
  if (found != choices_.end()) return *found;
  choices_.push_back({.number = number});
  return choices_.back();
}

void CallOrder::take_call(const ChatEvent& event, Choice& choice, ChatSink& out) {
  if (!choice.open || (choice.end.seen() && choice.waiting.empty())) {
    choice.open = event.call;
    choice.end = {};
    out.take(event);
    return;
  }
  choice.waiting.push_back({.call = event.call,
                            .is_custom = event.is_custom,
                            .id = escaped(event.id),
                            .name = escaped(event.name),
                            .signature = escaped(event.text)});
  const Waiting& waiting = choice.waiting.back();
  waiting_bytes_ +=
      sizeof(Waiting) + waiting.id.size() + waiting.name.size() + waiting.signature.size();
  if (waiting_bytes_ > waiting_bytes_max) let_all_through(choice, out);
}

bool CallOrder::take_arguments(const ChatEvent& event, Choice& choice, ChatSink& out) {
  if (choice.open == event.call) {
    out.take(event);
    choice.end.feed(event.text);
    while (choice.end.seen() && !choice.waiting.empty()) let_next_through(choice, out);
    return true;
  }
  const auto waiting = std::ranges::find(choice.waiting, event.call, &Waiting::call);
  if (waiting == choice.waiting.end()) return event.text.empty();
  const std::size_t size_before = waiting->arguments.size();
  json::append_escaped(waiting->arguments, event.text);
  waiting_bytes_ += waiting->arguments.size() - size_before;
  if (waiting_bytes_ > waiting_bytes_max) let_all_through(choice, out);
  return true;
}

void CallOrder::let_next_through(Choice& choice, ChatSink& out) {
  const Waiting next = std::move(choice.waiting.front());
  choice.waiting.pop_front();
  waiting_bytes_ -= std::min(waiting_bytes_, sizeof(Waiting) + next.id.size() + next.name.size() +
                                                 next.signature.size() + next.arguments.size());
  choice.open = next.call;
  choice.end = {};
  out.take({.kind = ChatEventKind::tool_call,
            .choice = choice.number,
            .call = next.call,
            .is_custom = next.is_custom,
            .text = text_of(next.signature),
            .id = text_of(next.id),
            .name = text_of(next.name)});
  if (next.arguments.empty()) return;
  out.take({.kind = ChatEventKind::tool_arguments,
            .choice = choice.number,
            .call = next.call,
            .text = text_of(next.arguments)});
  choice.end.feed(text_of(next.arguments));
}

// The last of them stays open: its arguments may go on.
void CallOrder::let_all_through(Choice& choice, ChatSink& out) {
  while (!choice.waiting.empty()) let_next_through(choice, out);
}

}  // namespace sluice::llm
