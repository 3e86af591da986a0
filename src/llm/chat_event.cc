#include "sluice/llm/chat_event.h"

namespace sluice::llm {

std::string_view to_string(ChatEventKind kind) noexcept {
  switch (kind) {
    case ChatEventKind::started: return "started";
    case ChatEventKind::text: return "text";
    case ChatEventKind::refusal: return "refusal";
    case ChatEventKind::reasoning: return "reasoning";
    case ChatEventKind::reasoning_signed: return "reasoning_signed";
    case ChatEventKind::reasoning_sealed: return "reasoning_sealed";
    case ChatEventKind::tool_call: return "tool_call";
    case ChatEventKind::tool_arguments: return "tool_arguments";
    case ChatEventKind::image: return "image";
    case ChatEventKind::citation: return "citation";
    case ChatEventKind::logprobs: return "logprobs";
    case ChatEventKind::finished: return "finished";
    case ChatEventKind::usage: return "usage";
  }
  __builtin_unreachable();
}

std::string_view to_string(FinishReason reason) noexcept {
  switch (reason) {
    case FinishReason::stop:
    case FinishReason::paused: return "stop";
    case FinishReason::length: return "length";
    case FinishReason::tool_calls: return "tool_calls";
    case FinishReason::content_filter: return "content_filter";
  }
  __builtin_unreachable();
}

bool is_content(const ChatEvent& event) noexcept {
  switch (event.kind) {
    case ChatEventKind::started:
    case ChatEventKind::logprobs:  // of what was said before
    case ChatEventKind::usage: return false;
    case ChatEventKind::text:
    case ChatEventKind::refusal:
    case ChatEventKind::reasoning: return !event.text.empty();
    case ChatEventKind::reasoning_signed:
    case ChatEventKind::reasoning_sealed:
    case ChatEventKind::tool_call:
    case ChatEventKind::tool_arguments:
    case ChatEventKind::image:
    case ChatEventKind::citation:
    case ChatEventKind::finished: return true;
  }
  __builtin_unreachable();
}

}  // namespace sluice::llm
