// The system's words, and the turns of a Messages request with their blocks.
#include <algorithm>
#include <array>
#include <functional>

#include "anthropic_draft.h"
#include "legal_name.h"

namespace sluice::llm {
namespace {

// Where something must be and nobody said anything: a text must not be blank.
constexpr std::string_view nothing_said = ".";
constexpr std::string_view blanks = " \t\r\n\v\f";

bool is_blank(json::Text text) {
  std::string scratch;
  return text.plain(scratch).find_first_not_of(blanks) == std::string_view::npos;
}

json::Text text_of(const Part& part) {
  if (const auto* text = std::get_if<TextPart>(&part.body)) return text->text;
  if (const auto* refusal = std::get_if<RefusalPart>(&part.body)) return refusal->text;
  return {};
}

bool is_words(const Part& part) {
  return std::holds_alternative<TextPart>(part.body) ||
         std::holds_alternative<RefusalPart>(part.body);
}

bool is_media(const Part& part) { return std::holds_alternative<MediaPart>(part.body); }

// Whether the part becomes a block of its own.
bool is_said(const Part& part) {
  if (is_words(part)) return !is_blank(text_of(part));
  if (const auto* reasoning = std::get_if<ReasoningPart>(&part.body))
    return is_replayed(*reasoning);
  return true;
}

bool takes_mark(const Part& part) {
  return is_said(part) && !std::holds_alternative<ReasoningPart>(part.body);
}

// A mark inside a result is one of the result.
CacheMark mark_of(const ChatRequest& request, const Part& part) {
  CacheMark mark = part.cache;
  if (const auto* result = std::get_if<ToolResult>(&part.body)) {
    for (const Part& child : request.parts_of(*result)) mark = std::max(mark, child.cache);
  }
  return mark;
}

void write_text(const AnthropicDraft& draft, const Part& part, json::Text text, json::Writer& out) {
  out.begin_object().key("type").string("text").key("text").text(text);
  write_cache_control(draft.marks.kept(&part), out);
  out.end_object();
}

void write_words(std::string_view text, json::Writer& out) {
  out.begin_object().key("type").string("text").key("text").string(text).end_object();
}

// The arguments as the object that Anthropic wants.
void write_input(AnthropicDraft& draft, const ToolCall& call, json::Writer& out) {
  if (call.is_custom) {
    out.begin_object().key("input").text(call.arguments).end_object();
    return;
  }
  if (is_blank(call.arguments)) {
    out.begin_object().end_object();
    return;
  }
  std::string scratch;
  if (draft.scratch.build(call.arguments.plain(scratch)) &&
      json::root(draft.scratch).is(json::Kind::object)) {
    out.raw(json::root(draft.scratch).raw());
    return;
  }
  std::string name;
  draft.refuse("messages",
               "The arguments of the tool call to \"" + quotable(call.name.plain(name), 64) +
                   "\" are no JSON object, which this model's provider needs: correct them, or "
                   "leave the call and its result out.");
  out.null();
}

void write_call(AnthropicDraft& draft, const Part& part, const ToolCall& call, json::Writer& out) {
  out.begin_object().key("type").string("tool_use");
  out.key("id").string(legal_call_id(call.id));
  out.key("name").string(legal_tool_name(call.name, anthropic_tool_name_bytes_max));
  out.key("input");
  write_input(draft, call, out);
  write_cache_control(draft.marks.kept(&part), out);
  out.end_object();
}

void write_result_content(AnthropicDraft& draft, const ToolResult& result, json::Writer& out) {
  const std::span<const Part> children = draft.request.parts_of(result);
  if (children.empty()) {
    out.string("");
    return;
  }
  if (children.size() == 1 && is_words(children.front())) {
    out.text(text_of(children.front()));
    return;
  }
  out.begin_array();
  for (const Part& child : children) {
    if (is_words(child) && is_said(child)) write_text(draft, child, text_of(child), out);
    if (is_media(child) && draft.traits().takes_media_in_results) write_media(draft, child, out);
  }
  out.end_array();
}

void write_result(AnthropicDraft& draft, const Part& part, const ToolResult& result,
                  json::Writer& out) {
  out.begin_object().key("type").string("tool_result");
  out.key("tool_use_id").string(legal_call_id(result.call_id));
  out.key("content");
  write_result_content(draft, result, out);
  if (result.is_error) out.key("is_error").boolean(true);
  write_cache_control(draft.marks.kept(&part), out);
  out.end_object();
}

// Media of results that the model takes in the turn alone: behind all results.
void write_media_of_results(AnthropicDraft& draft, const Turn& turn, json::Writer& out) {
  if (draft.traits().takes_media_in_results) return;
  for (const Part* part : turn.parts) {
    const auto* result = std::get_if<ToolResult>(&part->body);
    if (result == nullptr) continue;
    for (const Part& child : draft.request.parts_of(*result)) {
      if (is_media(child)) write_media(draft, child, out);
    }
  }
}

void write_reasoning(const ReasoningPart& part, json::Writer& out) {
  out.begin_object().key("type");
  if (!part.sealed.empty()) {
    out.string("redacted_thinking").key("data").text(part.sealed);
  } else {
    out.string("thinking").key("thinking").text(part.text);
    out.key("signature").text(part.signature);
  }
  out.end_object();
}

// The parts of system messages, where one has to be told from the user's words around it.
class SystemParts {
 public:
  explicit SystemParts(const ChatRequest& request)
      : parts_(request.parts), is_system_(request.parts.size()) {
    for (const Message& message : request.messages) {
      if (message.role != Role::system) continue;
      std::fill_n(is_system_.begin() + message.first_part, message.part_count, true);
    }
  }

  [[nodiscard]] bool holds(const Part* part) const noexcept {
    const std::less<> before;
    if (parts_.empty() || before(part, parts_.data())) return false;
    if (!before(part, parts_.data() + parts_.size())) return false;
    return is_system_[static_cast<std::size_t>(part - parts_.data())];
  }

 private:
  std::span<const Part> parts_;
  std::vector<bool> is_system_;
};

class MessagesWriter {
 public:
  MessagesWriter(AnthropicDraft& draft, json::Writer& out)
      : draft_(draft), out_(out), system_parts_(draft.request) {}

  // The system speaks behind a user's turn and in front of the assistant's.
  void write(const std::vector<Turn>& turns) {
    for (std::size_t at = 0; at < turns.size(); ++at) {
      const Turn& turn = turns[at];
      const bool too_early =
          turn.role == Role::system && at + 1 < turns.size() && turns[at + 1].role == Role::user;
      if (too_early) {
        write_turn(turns[at + 1], at + 2 == turns.size());
        write_turn(turn, false);
        ++at;
        continue;
      }
      if (turn.role == Role::system && last_role_ != Role::user) write_placeholder();
      write_turn(turn, at + 1 == turns.size());
    }
  }

 private:
  void begin_message(Role role) {
    constexpr std::array<std::string_view, 3> names = {"system", "user", "assistant"};
    out_.begin_object().key("role").string(names[static_cast<std::size_t>(role)]);
    out_.key("content").begin_array();
    last_role_ = role;
  }
  void end_message() { out_.end_array().end_object(); }

  void write_placeholder() {
    begin_message(Role::user);
    write_words(nothing_said, out_);
    end_message();
  }

  void write_turn(const Turn& turn, bool is_last) {
    const bool says =
        std::ranges::any_of(turn.parts, [](const Part* part) { return is_said(*part); });
    if (!says && turn.role != Role::user) return;
    const bool is_prefill = is_last && turn.role == Role::assistant;
    begin_message(turn.role);
    if (!says) write_words(nothing_said, out_);
    const Part* last = nullptr;
    for (const Part* part : turn.parts) last = is_said(*part) ? part : last;
    for (const Part* part : turn.parts) {
      if (is_said(*part)) write_part(turn.role, *part, is_prefill && part == last);
    }
    write_media_of_results(draft_, turn, out_);
    end_message();
  }

  void write_part(Role role, const Part& part, bool is_prefill) {
    if (is_words(part)) {
      write_words_of(role, part, is_prefill);
    } else if (const auto* call = std::get_if<ToolCall>(&part.body)) {
      write_call(draft_, part, *call, out_);
    } else if (const auto* result = std::get_if<ToolResult>(&part.body)) {
      write_result(draft_, part, *result, out_);
    } else if (const auto* reasoning = std::get_if<ReasoningPart>(&part.body)) {
      write_reasoning(*reasoning, out_);
    } else {
      if (role == Role::assistant) {
        draft_.refuse("messages",
                      "An assistant's message may hold no images, documents or audio for this "
                      "model: put them into a user message.");
      }
      write_media(draft_, part, out_);
    }
  }

  void write_words_of(Role role, const Part& part, bool is_prefill) {
    const json::Text text = text_of(part);
    std::string scratch;
    if (role == Role::user && system_parts_.holds(&part)) {
      std::string marked = "<system>";
      json::append_plain(marked, text);
      marked += "</system>";
      write_text(draft_, part, {.bytes = marked}, out_);
    } else if (is_prefill) {
      // What is to be gone on with may not end in a blank.
      const std::string_view plain = text.plain(scratch);
      write_text(draft_, part, {.bytes = plain.substr(0, plain.find_last_not_of(blanks) + 1)},
                 out_);
    } else {
      write_text(draft_, part, text, out_);
    }
  }

  AnthropicDraft& draft_;
  json::Writer& out_;
  SystemParts system_parts_;
  Role last_role_ = Role::assistant;
};

}  // namespace

bool is_replayed(const ReasoningPart& part) noexcept {
  switch (part.origin) {
    case ReasoningOrigin::anthropic: return !part.sealed.empty() || !part.signature.empty();
    case ReasoningOrigin::unknown: return !part.signature.empty();
    case ReasoningOrigin::google:
    case ReasoningOrigin::openai: return false;
  }
  __builtin_unreachable();
}

void write_cache_control(CacheMark mark, json::Writer& out) {
  if (mark == CacheMark::none) return;
  out.key("cache_control").begin_object().key("type").string("ephemeral");
  if (mark == CacheMark::one_hour) out.key("ttl").string("1h");
  out.end_object();
}

void note_marks(AnthropicDraft& draft, const std::vector<const Tool*>& tools, const Turns& turns) {
  for (const Tool* tool : tools) draft.marks.add(tool, tool->cache);
  const auto note = [&](const Part* part) {
    if (takes_mark(*part)) draft.marks.add(part, mark_of(draft.request, *part));
  };
  std::ranges::for_each(turns.system, note);
  for (const Turn& turn : turns.turns) std::ranges::for_each(turn.parts, note);
  if (!draft.marks.choose(draft.request.cache)) draft.drop("cache_control");
}

void write_system(const AnthropicDraft& draft, const Turns& turns, std::string_view instruction,
                  json::Writer& out) {
  const bool says =
      std::ranges::any_of(turns.system, [](const Part* part) { return is_said(*part); });
  if (!says && instruction.empty()) return;
  out.key("system").begin_array();
  for (const Part* part : turns.system) {
    if (is_said(*part)) write_text(draft, *part, text_of(*part), out);
  }
  if (!instruction.empty()) write_words(instruction, out);
  out.end_array();
}

void write_messages(AnthropicDraft& draft, const Turns& turns, json::Writer& out) {
  out.key("messages").begin_array();
  MessagesWriter(draft, out).write(turns.turns);
  out.end_array();
}

}  // namespace sluice::llm
