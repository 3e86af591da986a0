#include "sluice/llm/continuation.h"

#include <algorithm>

#include "sluice/llm/token_estimate.h"

namespace sluice::llm {
namespace {

constexpr std::string_view blanks = " \t\r\n";

std::size_t end_of_words(std::string_view text) noexcept {
  return text.find_last_not_of(blanks) + 1;  // 0: none
}

struct LeadingBlank {
  char letter = 0;  // none
  std::size_t size_bytes = 0;
};

LeadingBlank leading_blank(json::Text text) noexcept {
  const char first = text.bytes.front();
  if (blanks.find(first) != std::string_view::npos) return {.letter = first, .size_bytes = 1};
  if (!text.escaped || first != '\\' || text.bytes.size() < 2) return {};
  switch (text.bytes[1]) {
    case 't': return {.letter = '\t', .size_bytes = 2};
    case 'r': return {.letter = '\r', .size_bytes = 2};
    case 'n': return {.letter = '\n', .size_bytes = 2};
    default: return {};  // not spelled like that by anybody who writes JSON
  }
}

}  // namespace

bool can_be_continued(const ChatRequest& request) noexcept {
  const bool has_hosted_tools = std::ranges::any_of(
      request.tools, [](const Tool& tool) { return tool.kind == ToolKind::hosted; });
  return request.choices == 1 && !has_hosted_tools && request.output.kind == OutputKind::text &&
         !request.logprobs && !request.messages.empty() &&
         request.messages.back().role != Role::assistant;
}

bool continues_answers(ChatDialect dialect, const ChatTarget& target) noexcept {
  if (!target.traits.takes_prefill) return false;
  switch (dialect) {
    case ChatDialect::openai: return target.traits.prefill != Prefill::none;
    case ChatDialect::anthropic: return true;
    // Converse documents it of Claude alone.
    case ChatDialect::bedrock: return target.traits.publisher == "anthropic";
    // A last turn of the model's is taken, and nobody says that it is gone on with.
    case ChatDialect::gemini:
    case ChatDialect::responses: return false;
  }
  __builtin_unreachable();
}

ChatRequest continued_request(const ChatRequest& request, std::string_view said) {
  ChatRequest rest = request;
  if (said.empty()) return rest;
  rest.owned.emplace_back(said);
  const auto part = static_cast<std::uint32_t>(rest.parts.size());
  rest.parts.push_back({.body = TextPart{.text = {.bytes = rest.owned.back()}}});
  rest.messages.push_back({.role = Role::assistant, .first_part = part, .part_count = 1});
  rest.goes_on = true;
  if (rest.output_tokens_max) {
    const std::uint64_t used = estimate_tokens(said);
    *rest.output_tokens_max -= std::min(*rest.output_tokens_max - 1, used);
  }
  if (rest.reasoning.said()) rest.reasoning = {.enabled = false};
  return rest;
}

bool AnswerSoFar::take(ChatEvent& event) {
  if (is_continued_ && !take_continued(event)) return false;
  switch (event.kind) {
    case ChatEventKind::text:
      if (event.choice == 0) {
        keep(event.text);
      } else {
        beyond_text_ = true;
      }
      break;
    case ChatEventKind::finished: finished_ = true; break;
    case ChatEventKind::started:
    case ChatEventKind::reasoning:
    case ChatEventKind::reasoning_signed:
    case ChatEventKind::reasoning_sealed:
    case ChatEventKind::citation:
    case ChatEventKind::usage: break;
    case ChatEventKind::refusal:
    case ChatEventKind::tool_call:
    case ChatEventKind::tool_arguments:
    case ChatEventKind::image:
    case ChatEventKind::logprobs: beyond_text_ = true; break;
  }
  return true;
}

// The caller knows how the answer started, and has had thoughts if there were any.
bool AnswerSoFar::take_continued(ChatEvent& event) {
  switch (event.kind) {
    case ChatEventKind::started:
    case ChatEventKind::reasoning:
    case ChatEventKind::reasoning_signed:
    case ChatEventKind::reasoning_sealed: return false;
    case ChatEventKind::text:
      event.text = without_blanks_said(event.text);
      return !event.text.empty();
    case ChatEventKind::refusal:
    case ChatEventKind::tool_call:
    case ChatEventKind::tool_arguments:
    case ChatEventKind::image:
    case ChatEventKind::citation:
    case ChatEventKind::logprobs:
    case ChatEventKind::finished:
    case ChatEventKind::usage: return true;
  }
  __builtin_unreachable();
}

// Who goes on was not shown the blanks at the end, and will say them first.
json::Text AnswerSoFar::without_blanks_said(json::Text text) noexcept {
  while (!blanks_.empty() && !text.empty()) {
    const LeadingBlank blank = leading_blank(text);
    if (blank.letter != blanks_.front()) {
      blanks_.clear();
      break;
    }
    blanks_.erase(0, 1);
    text.bytes.remove_prefix(blank.size_bytes);
  }
  return text;
}

void AnswerSoFar::keep(json::Text text) {
  if (beyond_text_) return;
  if (spelled_.size() + text.bytes.size() > text_bytes_max) {
    beyond_text_ = true;
    spelled_ = {};
    return;
  }
  json::append_escaped(spelled_, text);
}

std::string AnswerSoFar::said() const {
  std::string text;
  json::append_plain(text, {.bytes = spelled_, .escaped = true});
  text.resize(end_of_words(text));
  return text;
}

void AnswerSoFar::go_on() {
  is_continued_ = true;
  std::string text;
  json::append_plain(text, {.bytes = spelled_, .escaped = true});
  blanks_ = text.substr(end_of_words(text));
}

}  // namespace sluice::llm
