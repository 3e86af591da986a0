// messages of Bedrock's Converse: roles, and the pairing of toolUse and toolResult.
#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "simulator/anthropic_check.h"
#include "simulator/bedrock_check.h"
#include "simulator/bedrock_words.h"
#include "simulator/shape.h"

namespace sluice::simulator {
namespace {

using Complaint = std::optional<std::string>;

constexpr int cache_points_max = 4;

constexpr auto message_fields =
    std::to_array<Field>({{"role", Want::string, true}, {"content", Want::array, true}});

class MessagesCheck {
 public:
  MessagesCheck(json::Value root, const BedrockRules& rules) : root_(root), rules_(rules) {}

  Complaint check() {
    const json::Value messages = *root_.find("messages");
    if (messages.is_empty())
      return "A conversation must contain at least one message. Try again with a message.";
    std::size_t i = 0;
    for (const json::Value message : messages.elements()) {
      if (auto wrong = take(message, i++)) return wrong;
    }
    if (auto wrong = check_end()) return wrong;
    if (uses_tools_ && !member(root_, "toolConfig")) {
      return "The toolConfig field must be defined when using toolUse and toolResult content "
             "blocks.";
    }
    count_points();
    if (points_ <= cache_points_max) return std::nullopt;
    return fmt::format("The request has {} cachePoint blocks; at most {} may be provided.", points_,
                       cache_points_max);
  }

 private:
  Complaint take(json::Value message, std::size_t index) {
    const std::string path = fmt::format("messages.{}", index);
    if (!message.is(json::Kind::object))
      return bedrock_constraint("null", path, "Member must not be null");
    if (auto wrong = bedrock_told(path, find_defect(message, message_fields))) return wrong;
    const std::string role = text_member(message, "role");
    if (!is_one_of(role, {"user", "assistant"})) {
      return bedrock_constraint(fmt::format("'{}'", role),
                                fmt::format("messages.{}.member.role", index + 1),
                                "Member must satisfy enum value set: [user, assistant]");
    }
    const bool user = role == "user";
    if (index == 0 && !user) {
      return "A conversation must start with a user message. Try again with a conversation that "
             "starts with a user message.";
    }
    if (index != 0 && user == user_) {
      return "A conversation must alternate between user and assistant roles. Make sure the "
             "conversation alternates between user and assistant roles and try again.";
    }
    user_ = user;
    const json::Value content = *message.find("content");
    if (content.is_empty()) {
      return fmt::format(
          "The content field in the Message object at {} is empty. Add a ContentBlock object to "
          "the content field and try again.",
          path);
    }
    return take_content(content, path);
  }

  Complaint take_content(json::Value content, const std::string& path) {
    std::vector<std::string> uses;
    std::vector<std::string> results;
    bool has_text = false;
    bool has_document = false;
    std::size_t i = 0;
    for (const json::Value block : content.elements()) {
      const std::string place = fmt::format("{}.content.{}", path, i++);
      if (auto wrong = check_bedrock_block(block, place, rules_, false)) return wrong;
      if (auto wrong = check_side(block, place)) return wrong;
      if (const auto use = member(block, "toolUse")) uses.push_back(text_member(*use, "toolUseId"));
      if (const auto result = member(block, "toolResult"))
        results.push_back(text_member(*result, "toolUseId"));
      has_text |= member(block, "text").has_value();
      has_document |= member(block, "document").has_value();
    }
    uses_tools_ |= !uses.empty() || !results.empty();
    if (has_document && !has_text) {
      return fmt::format("{}.content contains a document but no text. Add a text block.", path);
    }
    if (std::set<std::string>(uses.begin(), uses.end()).size() != uses.size())
      return fmt::format("{}.content contains duplicate Ids of toolUse blocks.", path);
    auto wrong = check_results(results, path);
    open_ = std::move(uses);
    return wrong;
  }

  Complaint check_side(json::Value block, const std::string& place) const {
    const std::string_view foreign[] = {"toolUse", "reasoningContent"};
    const std::string_view of_user[] = {"toolResult", "image", "document", "video"};
    const auto& wrong = user_ ? std::span<const std::string_view>(foreign)
                              : std::span<const std::string_view>(of_user);
    for (const std::string_view name : wrong) {
      if (!member(block, name)) continue;
      return fmt::format("The {} block at {} is not allowed in a message of role {}.", name, place,
                         user_ ? "user" : "assistant");
    }
    return std::nullopt;
  }

  // `open_`: the calls of the message before.
  Complaint check_results(const std::vector<std::string>& results, const std::string& path) const {
    std::vector<std::string> open = open_;
    for (const std::string& id : results) {
      if (std::ranges::find(open_, id) == open_.end() || results.size() > open_.size()) {
        return fmt::format(
            "The number of toolResult blocks at {}.content exceeds the number of toolUse blocks of "
            "previous turn.",
            path);
      }
      if (std::erase(open, id) == 0)
        return fmt::format("{}.content contains duplicate Ids of toolResult blocks: {}", path, id);
    }
    if (open.empty()) return std::nullopt;
    return fmt::format("Expected toolResult blocks at {}.content for the following Ids: {}", path,
                       fmt::join(open, ", "));
  }

  Complaint check_end() const {
    if (user_) return std::nullopt;
    if (!open_.empty()) {
      return fmt::format("Expected toolResult blocks for the following Ids: {}",
                         fmt::join(open_, ", "));
    }
    if (rules_.is_claude() && !claude_refuses_prefill(rules_.model)) return std::nullopt;
    return "This model doesn't support conversation prefill. The conversation must end with a user "
           "message.";
  }

  void count_points() {
    const auto count = [&](json::Value blocks) {
      for (const json::Value block : blocks.elements())
        points_ += member(block, "cachePoint") ? 1 : 0;
    };
    for (const json::Value message : root_.find("messages")->elements())
      count(*message.find("content"));
    if (const auto system = member(root_, "system")) count(*system);
    if (const auto config = member(root_, "toolConfig")) count(*config->find("tools"));
  }

  json::Value root_;
  const BedrockRules& rules_;
  bool user_ = false;  // the message at hand is the user's
  bool uses_tools_ = false;
  int points_ = 0;
  std::vector<std::string> open_;
};

}  // namespace

Complaint check_bedrock_messages(json::Value root, const BedrockRules& rules) {
  return MessagesCheck(root, rules).check();
}

}  // namespace sluice::simulator
