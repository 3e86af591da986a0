#include "sluice/llm/cache_breakpoints.h"

#include <algorithm>
#include <optional>
#include <span>
#include <variant>

#include "bedrock_writing.h"

namespace sluice::llm {
namespace {

constexpr std::size_t media_bytes = 6000;  // a picture or a page is some 1500 tokens

struct Where {
  bool in_tools = false;
  bool in_messages = false;
};

Where marks_are_taken(ChatDialect dialect, const ChatTarget& target) {
  switch (dialect) {
    case ChatDialect::openai:
    case ChatDialect::responses:
    case ChatDialect::gemini: return {};  // they cache by themselves
    case ChatDialect::anthropic: return {.in_tools = true, .in_messages = true};
    case ChatDialect::bedrock: break;
  }
  const BedrockMaker maker = bedrock_maker(target);
  return {.in_tools = maker == BedrockMaker::anthropic,
          .in_messages = maker == BedrockMaker::anthropic || maker == BedrockMaker::amazon};
}

bool is_marked(const Part& part) noexcept { return part.cache != CacheMark::none; }

bool has_marks(const ChatRequest& request) {
  return request.cache != CacheMark::none || std::ranges::any_of(request.parts, is_marked) ||
         std::ranges::any_of(request.result_parts, is_marked) ||
         std::ranges::any_of(request.tools,
                             [](const Tool& tool) { return tool.cache != CacheMark::none; });
}

std::size_t weight_of(const ChatRequest& request, const Part& part) {
  if (const auto* text = std::get_if<TextPart>(&part.body)) return text->text.bytes.size();
  if (const auto* call = std::get_if<ToolCall>(&part.body)) return call->arguments.bytes.size();
  if (std::holds_alternative<MediaPart>(part.body)) return media_bytes;
  std::size_t weight = 0;
  if (const auto* result = std::get_if<ToolResult>(&part.body)) {
    for (const Part& child : request.parts_of(*result)) weight += weight_of(request, child);
  }
  return weight;  // thoughts are not sent again once a turn is over
}

// The last part of a message that a mark is written behind for certain; null: none.
Part* last_said(std::span<Part> parts) {
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    const auto* text = std::get_if<TextPart>(&part->body);
    const bool says = text != nullptr && !text->text.empty();
    if (says || std::holds_alternative<ToolResult>(part->body)) return &*part;
  }
  return nullptr;
}

}  // namespace

void CacheBreakpoints::mark(CacheMark& place) {
  place = CacheMark::five_minutes;
  marks_.push_back(&place);
}

CacheBreakpoints::CacheBreakpoints(ChatRequest& request, ChatDialect dialect,
                                   const ChatTarget& target) {
  const Where where = marks_are_taken(dialect, target);
  if (!where.in_messages || has_marks(request)) return;
  std::size_t weight = 0;
  for (const Tool& tool : request.tools) {
    weight += tool.raw.size() + tool.parameters.size() + tool.description.bytes.size();
  }
  if (where.in_tools && weight >= cacheable_bytes_min) mark(request.tools.back().cache);

  Part* system = nullptr;  // the last of those in front
  Part* last = nullptr;    // of the user's last turn, and of the one before
  Part* before = nullptr;
  std::size_t weight_at_before = 0;
  bool begun = false;
  bool in_users_turn = false;
  for (const Message& message : request.messages) {
    const auto parts = std::span(request.parts).subspan(message.first_part, message.part_count);
    if (!begun && message.role != Role::system) {
      begun = true;
      if (system != nullptr && weight >= cacheable_bytes_min) mark(system->cache);
    }
    if (message.role == Role::user && !in_users_turn && last != nullptr) {
      before = last;
      weight_at_before = weight;
    }
    for (const Part& part : parts) weight += weight_of(request, part);
    in_users_turn = message.role == Role::user || (in_users_turn && message.role == Role::system);
    Part* said = last_said(parts);
    if (said == nullptr) continue;
    if (!begun) system = said;
    if (message.role == Role::user) last = said;
  }
  if (before != nullptr && weight_at_before >= cacheable_bytes_min) mark(before->cache);
  if (last != nullptr && weight >= cacheable_bytes_min) mark(last->cache);
}

CacheBreakpoints::~CacheBreakpoints() {
  for (CacheMark* place : marks_) *place = CacheMark::none;
}

}  // namespace sluice::llm
