#include "sluice/llm/chat_turns.h"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace sluice::llm {
namespace {

const Part placeholder{.body = TextPart{.text = {.bytes = "."}}};

bool says_nothing(const Part& part) noexcept {
  if (const auto* text = std::get_if<TextPart>(&part.body)) return text->text.empty();
  if (const auto* refusal = std::get_if<RefusalPart>(&part.body)) return refusal->text.empty();
  return false;
}

bool is_result(const Part* part) noexcept { return std::holds_alternative<ToolResult>(part->body); }

std::string quoted_id(json::Text id) {
  std::string scratch;
  return quotable(id.plain(scratch), 64);
}

ApiError conversation_wrong(std::string message) {
  return errors::field_invalid("messages", std::move(message));
}

// The calls of one assistant's turn and their results, matched by id.
class Calls {
 public:
  explicit Calls(const Turn* assistant) {
    if (assistant == nullptr) return;
    std::string scratch;
    for (const Part* part : assistant->parts) {
      const auto* call = std::get_if<ToolCall>(&part->body);
      if (call == nullptr) continue;
      places_.try_emplace(std::string(call->id.plain(scratch)), results_.size());
      results_.push_back({.call = call});
    }
  }

  [[nodiscard]] std::optional<ApiError> add(const Part* part) {
    const auto& result = std::get<ToolResult>(part->body);
    std::string scratch;
    const auto place = places_.find(std::string(result.call_id.plain(scratch)));
    if (place == places_.end()) {
      return conversation_wrong("The tool result for \"" + quoted_id(result.call_id) +
                                "\" answers no tool call of the assistant's message before it: "
                                "send the assistant's message with its tool_calls too.");
    }
    const Part*& given = results_[place->second].result;
    if (given != nullptr) {
      return conversation_wrong("The tool call \"" + quoted_id(result.call_id) +
                                "\" has two results: send one result for each call.");
    }
    given = part;
    return std::nullopt;
  }

  // The results in the order of the calls.
  [[nodiscard]] std::optional<ApiError> take(std::vector<const Part*>& out) const {
    for (const Answered& answered : results_) {
      if (answered.result == nullptr) {
        return conversation_wrong("The tool call \"" + quoted_id(answered.call->id) +
                                  "\" has no result: after a message with tool calls send the "
                                  "result of each of them.");
      }
      out.push_back(answered.result);
    }
    return std::nullopt;
  }

 private:
  struct Answered {
    const ToolCall* call = nullptr;
    const Part* result = nullptr;
  };
  std::unordered_map<std::string, std::size_t> places_;
  std::vector<Answered> results_;
};

class Arranger {
 public:
  Arranger(const ChatRequest& request, const TurnRules& rules) : request_(request), rules_(rules) {}

  std::expected<Turns, ApiError> run() {
    for (const Message& message : request_.messages) {
      if (auto error = add(message)) return std::unexpected(std::move(*error));
    }
    std::erase_if(out_.turns, [](const Turn& turn) { return turn.parts.empty(); });
    if (out_.turns.empty()) {
      if (out_.system.empty()) {
        return std::unexpected(conversation_wrong(
            "No message says anything: give at least one with content that is not empty."));
      }
      out_.turns.push_back({.role = Role::user, .parts = {&placeholder}});
    }
    if (rules_.user_first && out_.turns.front().role != Role::user) {
      out_.turns.insert(out_.turns.begin(), {.role = Role::user, .parts = {&placeholder}});
    }
    if (auto error = order_results()) return std::unexpected(std::move(*error));
    return std::move(out_);
  }

 private:
  std::optional<ApiError> add(const Message& message) {
    const bool leads = message.role == Role::system && out_.turns.empty();
    Role role = message.role;
    if (role == Role::system && !leads && !rules_.system_inside) role = Role::user;
    for (const Part& part : request_.parts_of(message)) {
      if (message.role == Role::system && !std::holds_alternative<TextPart>(part.body)) {
        return conversation_wrong(
            "A system message may hold text alone: put images, documents and "
            "tool results into a user message.");
      }
      if (says_nothing(part)) continue;
      if (leads) {
        out_.system.push_back(&part);
      } else {
        Turn& turn = turn_of(role);
        turn.parts.push_back(&part);
        turn.has_calls = turn.has_calls || std::holds_alternative<ToolCall>(part.body);
      }
    }
    return std::nullopt;
  }

  // The turn that a part of this role belongs to now.
  Turn& turn_of(Role role) {
    std::vector<Turn>& turns = out_.turns;
    // Nothing may come between calls and their results: the system speaks behind them.
    const bool results_late = role == Role::user && turns.size() >= 2 &&
                              turns.back().role == Role::system &&
                              turns[turns.size() - 2].has_calls;
    if (results_late) {
      turns.insert(turns.end() - 1, Turn{.role = Role::user, .parts = {}});
      return turns[turns.size() - 2];
    }
    const bool after_results =
        role == Role::user && turns.size() >= 3 && turns.back().role == Role::system &&
        turns[turns.size() - 2].role == Role::user && turns[turns.size() - 3].has_calls;
    if (after_results) return turns[turns.size() - 2];
    if (turns.empty() || turns.back().role != role) turns.push_back({.role = role, .parts = {}});
    return turns.back();
  }

  // Results to the front of their turns, each turn's matched with the calls before it.
  std::optional<ApiError> order_results() {
    const Turn* before = nullptr;
    for (Turn& turn : out_.turns) {
      const bool follows_calls = before != nullptr && before->has_calls;
      const bool has_results = std::ranges::any_of(turn.parts, is_result);
      if (has_results || (follows_calls && turn.role != Role::assistant)) {
        Calls calls(before);
        std::vector<const Part*> ordered;
        for (const Part* part : turn.parts) {
          if (!is_result(part)) continue;
          if (auto error = calls.add(part)) return error;
        }
        if (auto error = calls.take(ordered)) return error;
        std::ranges::copy_if(turn.parts, std::back_inserter(ordered),
                             [](const Part* part) { return !is_result(part); });
        turn.parts = std::move(ordered);
      }
      before = turn.role == Role::assistant ? &turn : nullptr;
    }
    return std::nullopt;
  }

  const ChatRequest& request_;
  const TurnRules& rules_;
  Turns out_;
};

}  // namespace

std::expected<Turns, ApiError> arrange_turns(const ChatRequest& request, const TurnRules& rules) {
  return Arranger(request, rules).run();
}

void leave_out(Turns& turns, const std::function<bool(const Part&)>& is_left_out) {
  std::vector<Turn> kept;
  for (Turn& turn : turns.turns) {
    if (turn.role == Role::assistant) {
      std::erase_if(turn.parts, [&](const Part* part) { return is_left_out(*part); });
      if (turn.parts.empty()) continue;
    }
    if (kept.empty() || kept.back().role != turn.role) {
      kept.push_back(std::move(turn));
      continue;
    }
    Turn& before = kept.back();
    before.parts.insert(before.parts.end(), turn.parts.begin(), turn.parts.end());
    before.has_calls = before.has_calls || turn.has_calls;
  }
  turns.turns = std::move(kept);
}

}  // namespace sluice::llm
