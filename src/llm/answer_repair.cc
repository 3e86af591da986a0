#include "sluice/llm/answer_repair.h"

#include <fmt/format.h>

#include <utility>

#include "sluice/json/repair.h"

namespace sluice::llm {
namespace {

// Choices above this are no answer of a provider's: their events pass as they are.
constexpr std::uint32_t choices_max = 128;
constexpr std::size_t quoted_bytes_max = 4'000;

}  // namespace

AnswerRepair::Choice& AnswerRepair::choice_of(const ChatEvent& event) {
  if (event.choice >= choices_.size()) choices_.resize(event.choice + std::size_t{1});
  return choices_[event.choice];
}

void AnswerRepair::take(const ChatEvent& event) {
  if (error_) return;
  if (event.choice >= choices_max) return next_.take(event);
  Choice& choice = choice_of(event);
  switch (event.kind) {
    case ChatEventKind::text:
      tell_arguments(event, choice);
      if (!wanted_.text) break;
      return hold(choice.text, event.text);
    case ChatEventKind::tool_arguments:
      if (!wanted_.arguments || choice.call_is_custom) break;
      if (!choice.call_open) return;  // of a call that is over: nobody could tell whose
      return hold(choice.arguments, event.text);
    case ChatEventKind::tool_call:
      tell_arguments(event, choice);
      choice.arguments.clear();  // of no call at all
      choice.call = event.call;
      choice.call_open = true;
      choice.call_is_custom = event.is_custom;
      break;
    case ChatEventKind::finished:
      tell_arguments(event, choice);
      tell_text(event, choice);
      break;
    // Any of these ends the call before it: its arguments come first.
    case ChatEventKind::refusal:
    case ChatEventKind::reasoning:
    case ChatEventKind::reasoning_signed:
    case ChatEventKind::reasoning_sealed:
    case ChatEventKind::image:
    case ChatEventKind::citation: tell_arguments(event, choice); break;
    case ChatEventKind::logprobs:
      if (wanted_.text) return;  // what is mended is no longer made of these tokens
      break;
    case ChatEventKind::started:
    case ChatEventKind::usage: break;
  }
  if (!error_) next_.take(event);
}

void AnswerRepair::hold(std::string& held, json::Text piece) {
  held_bytes_ += piece.bytes.size();
  if (held_bytes_ > held_bytes_max) {
    outcome_ = RepairOutcome::failed;
    error_ = errors::generation_unusable(
        "json_repair_failed",
        fmt::format("The answer is longer than {} MiB, which is more than can be repaired. Ask for "
                    "less, or leave the repair out.",
                    held_bytes_max >> 20),
        {});
    return;
  }
  json::append_plain(held, piece);
}

void AnswerRepair::tell_arguments(const ChatEvent& event, Choice& choice) {
  if (!std::exchange(choice.call_open, false) || choice.arguments.empty()) return;
  tell({.kind = ChatEventKind::tool_arguments, .choice = event.choice, .call = choice.call},
       choice.arguments, "the arguments of a tool call");
}

void AnswerRepair::tell_text(const ChatEvent& event, Choice& choice) {
  if (choice.text.empty()) return;
  tell({.kind = ChatEventKind::text, .choice = event.choice}, choice.text, "the text");
}

void AnswerRepair::tell(ChatEvent event, std::string& held, std::string_view what) {
  const std::string written = std::exchange(held, {});
  const auto repaired = json::repair(written);
  if (!repaired) {
    outcome_ = RepairOutcome::failed;
    error_ = errors::generation_unusable(
        "json_repair_failed",
        fmt::format("The model was to write JSON, and {} cannot be made into any: {}. Ask again, "
                    "or say more clearly what is wanted.",
                    what, repaired.error().reason),
        quotable(written, quoted_bytes_max));
    return;
  }
  if (*repaired != written) outcome_ = RepairOutcome::repaired;
  event.text = {.bytes = *repaired};
  next_.take(event);
}

}  // namespace sluice::llm
