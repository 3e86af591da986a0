#include "simulator/anthropic_messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "simulator/anthropic_words.h"
#include "simulator/shape.h"

namespace sluice::simulator {
namespace {

using Complaint = std::optional<std::string>;

constexpr int cache_marks_max = 4;

constexpr auto message_fields =
    std::to_array<Field>({{"role", Want::string, true}, {"content", Want::anything, true}});

// Messages of one role that follow each other are one turn.
struct Turn {
  bool user = true;
  std::size_t message = 0;  // the first one's number
  std::size_t last_message = 0;
  std::vector<json::Value> blocks{};
  std::vector<std::string> paths{};  // of each block
  std::string last_text{};           // where the turn ends in one
  bool ends_in_text = false;
};

std::vector<std::string> ids_of(const Turn& turn, std::string_view type, std::string_view name) {
  std::vector<std::string> ids;
  for (const json::Value block : turn.blocks) {
    if (text_member(block, "type") == type) ids.push_back(text_member(block, name));
  }
  return ids;
}

class MessagesCheck {
 public:
  MessagesCheck(json::Value root, const AnthropicRules& rules) : root_(root), rules_(rules) {}

  Complaint check() {
    if (auto wrong = check_system()) return wrong;
    const json::Value messages = *root_.find("messages");
    if (messages.is_empty()) return "messages: at least one message is required";
    for ([[maybe_unused]] const json::Value message : messages.elements()) ++messages_;
    for (const json::Value message : messages.elements()) {
      if (auto wrong = take(message)) return wrong;
      ++number_;
    }
    if (turns_.empty()) return "messages: at least one message is required";
    for (std::size_t i = 0; i < turns_.size(); ++i) {
      if (auto wrong = check_pairs(i)) return wrong;
    }
    if (auto wrong = check_marks()) return wrong;
    if (auto wrong = check_first_thought()) return wrong;
    return check_prefill();
  }

 private:
  Complaint check_system() {
    const auto system = member(root_, "system");
    if (!system || system->is(json::Kind::string)) return std::nullopt;
    if (!system->is(json::Kind::array)) return "system: Input should be a valid list";
    std::size_t i = 0;
    for (const json::Value block : system->elements()) {
      const std::string path = fmt::format("system.{}", i++);
      if (auto wrong = check_anthropic_block(block, path, BlockPlace::system)) return wrong;
    }
    return std::nullopt;
  }

  Complaint take(json::Value message) {
    const std::string path = fmt::format("messages.{}", number_);
    if (!message.is(json::Kind::object)) return path + ": Input should be a valid dictionary";
    if (auto wrong = told(path, find_defect(message, message_fields))) return wrong;
    const std::string role = text_member(message, "role");
    const int version = claude_version(rules_.model);
    if (role == "system" && version >= 408) return std::nullopt;
    if (role == "system") {
      return "messages: Unexpected role \"system\". The Messages API accepts a top-level `system` "
             "parameter, not \"system\" as an input message role.";
    }
    if (role != "user" && role != "assistant")
      return path + ".role: Input should be 'user' or 'assistant'";
    if (turns_.empty() || turns_.back().user != (role == "user"))
      turns_.push_back({.user = role == "user", .message = number_});
    turns_.back().last_message = number_;
    return take_content(*message.find("content"), path);
  }

  Complaint take_content(json::Value content, const std::string& path) {
    Turn& turn = turns_.back();
    if (const auto text = content.string()) {
      if (text->empty()) return empty_content(path, turn);
      if (is_blank(*text)) return "messages: text content blocks must contain non-whitespace text";
      turn.last_text = *text;
      turn.ends_in_text = true;
      return std::nullopt;
    }
    if (!content.is(json::Kind::array)) return path + ".content: Input should be a valid list";
    if (content.is_empty()) return empty_content(path, turn);
    std::size_t i = 0;
    for (const json::Value block : content.elements()) {
      const std::string place = fmt::format("{}.content.{}", path, i++);
      const BlockPlace where = turn.user ? BlockPlace::user : BlockPlace::assistant;
      if (auto wrong = check_anthropic_block(block, place, where)) return wrong;
      turn.blocks.push_back(block);
      turn.paths.push_back(place);
      turn.ends_in_text = text_member(block, "type") == "text";
      turn.last_text = text_member(block, "text");
    }
    return std::nullopt;
  }

  Complaint empty_content(const std::string& path, const Turn& turn) const {
    if (!turn.user && number_ + 1 == messages_) return std::nullopt;
    return path +
           ": all messages must have non-empty content except for the optional final assistant "
           "message";
  }

  // A user's turn begins with one result for each call of the turn in front of it.
  Complaint check_pairs(std::size_t index) {
    const Turn& turn = turns_[index];
    std::set<std::string> used;  // recorded: another turn may use an id again
    for (const std::string& id : ids_of(turn, "tool_use", "id")) {
      if (!used.insert(id).second)
        return fmt::format("messages.{}.content: `tool_use` ids must be unique", turn.message);
    }
    const std::vector<std::string> calls =
        index == 0 ? std::vector<std::string>() : ids_of(turns_[index - 1], "tool_use", "id");
    if (auto wrong = check_results(turn, calls)) return wrong;
    const std::vector<std::string> own = ids_of(turn, "tool_use", "id");
    return own.empty() ? std::nullopt : check_answered(index, own);
  }

  static Complaint check_results(const Turn& turn, const std::vector<std::string>& calls) {
    std::set<std::string> answered;
    bool in_front = true;
    for (std::size_t i = 0; i < turn.blocks.size(); ++i) {
      if (text_member(turn.blocks[i], "type") != "tool_result") {
        in_front = false;
        continue;
      }
      const std::string id = text_member(turn.blocks[i], "tool_use_id");
      if (std::ranges::find(calls, id) == calls.end()) {
        return fmt::format(
            "{}: unexpected `tool_use_id` found in `tool_result` blocks: {}. Each `tool_result` "
            "block must have a corresponding `tool_use` block in the previous message.",
            turn.paths[i], id);
      }
      if (!in_front) {
        return fmt::format("{}: `tool_result` blocks must come first in a message", turn.paths[i]);
      }
      if (!answered.insert(id).second) {
        return fmt::format(
            "{}: each tool_use must have a single result. Found multiple `tool_result` blocks with "
            "id: {}",
            turn.paths[i].substr(0, turn.paths[i].rfind('.')), id);
      }
    }
    return std::nullopt;
  }

  Complaint check_answered(std::size_t index, std::vector<std::string> open) const {
    if (index + 1 < turns_.size()) {
      for (const std::string& id : ids_of(turns_[index + 1], "tool_result", "tool_use_id"))
        std::erase(open, id);
    }
    if (open.empty()) return std::nullopt;
    return fmt::format(
        "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: "
        "{}. Each `tool_use` block must have a corresponding `tool_result` block in the next "
        "message.",
        turns_[index].last_message, fmt::join(open, ", "));
  }

  Complaint check_first_thought() const {
    const auto thinking = member(root_, "thinking");
    if (!thinking || text_member(*thinking, "type") != "enabled" || turns_.size() < 2)
      return std::nullopt;
    // Only while a tool loop runs: there the thought is part of the turn that goes on.
    const Turn& last = turns_.back();
    const Turn& before = turns_[turns_.size() - 2];
    if (!last.user || ids_of(last, "tool_result", "tool_use_id").empty() || before.blocks.empty())
      return std::nullopt;
    const std::string first = text_member(before.blocks.front(), "type");
    if (is_one_of(first, {"thinking", "redacted_thinking"})) return std::nullopt;
    return fmt::format(
        "{}.type: Expected `thinking` or `redacted_thinking`, but found `{}`. When `thinking` is "
        "enabled, a final `assistant` message must start with a thinking block.",
        before.paths.front(), first);
  }

  Complaint check_prefill() const {
    const Turn& last = turns_.back();
    if (last.user) return std::nullopt;
    if (claude_refuses_prefill(rules_.model)) {
      return "This model does not support assistant message prefill. The conversation must end "
             "with a user message.";
    }
    const bool trails =
        last.ends_in_text && !last.last_text.empty() &&
        is_blank(std::string_view(last.last_text).substr(last.last_text.size() - 1));
    if (trails) return "messages: final assistant content cannot end with trailing whitespace";
    return std::nullopt;
  }

  Complaint check_marks() {
    if (auto wrong = check_cache_control(root_, "")) return wrong;
    if (const auto tools = member(root_, "tools")) {
      for (const json::Value tool : tools->elements()) count_mark(tool, "tools");
    }
    if (const auto system = member(root_, "system")) {
      for (const json::Value block : system->elements()) count_mark(block, "system");
    }
    for (const Turn& turn : turns_) {
      for (std::size_t i = 0; i < turn.blocks.size(); ++i)
        count_mark(turn.blocks[i], turn.paths[i]);
    }
    if (!late_hour_.empty()) {
      return late_hour_ +
             ".cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' "
             "cache_control block. Note that blocks are processed in the following order: "
             "`tools`, `system`, `messages`.";
    }
    if (marks_ <= cache_marks_max) return std::nullopt;
    return fmt::format("A maximum of {} blocks with cache_control may be provided. Found {}.",
                       cache_marks_max, marks_);
  }

  void count_mark(json::Value block, std::string_view path) {
    const auto mark = member(block, "cache_control");
    if (!mark) return;
    ++marks_;
    if (text_member(*mark, "ttl") != "1h") {
      minutes_seen_ = true;
    } else if (minutes_seen_ && late_hour_.empty()) {
      late_hour_ = path;
    }
  }

  json::Value root_;
  const AnthropicRules& rules_;
  std::size_t messages_ = 0;
  std::size_t number_ = 0;  // of the message
  std::vector<Turn> turns_;
  int marks_ = 0;
  bool minutes_seen_ = false;
  std::string late_hour_;
};

}  // namespace

Complaint check_anthropic_messages(json::Value root, const AnthropicRules& rules) {
  return MessagesCheck(root, rules).check();
}

}  // namespace sluice::simulator
