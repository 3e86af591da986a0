#include "own_tools.h"

#include <algorithm>

namespace sluice::llm {

bool has_line(std::string_view lines, std::string_view line) noexcept {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    if (lines.substr(0, end) == line) return true;
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return false;
}

json::Text callers_tool_name(const AskedFor& asked, json::Text as_sent,
                             std::string_view plain) noexcept {
  for (const RenamedTool& tool : asked.renamed_tools) {
    if (tool.sent == plain) return {.bytes = tool.name};
  }
  return as_sent;
}

void OwnTools::take(const ChatEvent& event, ChatSink& out) {
  if (event.kind == ChatEventKind::started || event.kind == ChatEventKind::usage) {
    return out.take(event);
  }
  if (event.kind != ChatEventKind::tool_arguments) {
    close(event.choice, out);
    return event.kind == ChatEventKind::tool_call ? take_call(event, out) : out.take(event);
  }
  Open* const open = open_of(event.choice);
  if (open == nullptr || open->call != event.call) return out.take(event);
  std::string scratch;
  ChatEvent piece = event;
  piece.text = {.bytes = open->input.feed(event.text.plain(scratch))};
  if (!piece.text.empty()) out.take(piece);
}

void OwnTools::take_call(const ChatEvent& event, ChatSink& out) {
  std::string scratch;
  const std::string_view sent = event.name.plain(scratch);
  ChatEvent call = event;
  call.name = callers_tool_name(asked_, event.name, sent);
  if (!event.is_custom && has_line(asked_.custom_tools, sent)) {
    call.is_custom = true;
    open_.push_back({.choice = event.choice, .call = event.call});
  }
  out.take(call);
}

OwnTools::Open* OwnTools::open_of(std::uint32_t choice) noexcept {
  const auto found = std::ranges::find(open_, choice, &Open::choice);
  return found == open_.end() ? nullptr : &*found;
}

void OwnTools::close(std::uint32_t choice, ChatSink& out) {
  Open* const open = open_of(choice);
  if (open == nullptr) return;
  const std::string_view rest = open->input.end();
  if (!rest.empty()) {
    out.take({.kind = ChatEventKind::tool_arguments,
              .choice = choice,
              .call = open->call,
              .text = {.bytes = rest}});
  }
  std::erase_if(open_, [choice](const Open& each) { return each.choice == choice; });
}

}  // namespace sluice::llm
