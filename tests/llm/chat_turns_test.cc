#include "sluice/llm/chat_turns.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::llm {
namespace {

json::Text text(std::string_view bytes) { return {.bytes = bytes}; }
Part say(std::string_view bytes) { return {.body = TextPart{.text = text(bytes)}}; }
Part call(std::string_view id) { return {.body = ToolCall{.id = text(id), .name = text("f")}}; }
Part result(std::string_view id) { return {.body = ToolResult{.call_id = text(id)}}; }

class Conversation {
 public:
  Conversation& add(Role role, std::vector<Part> parts) {
    request_.messages.push_back({.role = role,
                                 .first_part = static_cast<std::uint32_t>(request_.parts.size()),
                                 .part_count = static_cast<std::uint32_t>(parts.size())});
    for (Part& part : parts) request_.parts.push_back(std::move(part));
    return *this;
  }

  // "system: a, b | user: c, =id | assistant: @id"
  [[nodiscard]] std::string arranged(const TurnRules& rules = {},
                                     std::string_view left_out = {}) const {
    auto turns = arrange_turns(request_, rules);
    if (!turns) return turns.error().message;
    if (!left_out.empty()) {
      leave_out(*turns, [left_out](const Part& part) {
        const auto* said = std::get_if<TextPart>(&part.body);
        return said != nullptr && said->text.equals(left_out);
      });
    }
    std::string out = "system:" + shown(turns->system);
    for (const Turn& turn : turns->turns) {
      out += turn.role == Role::user     ? "| user:"
             : turn.role == Role::system ? "| system:"
                                         : "| assistant:";
      out += shown(turn.parts);
    }
    return out;
  }

 private:
  static std::string shown(const std::vector<const Part*>& parts) {
    std::string out;
    for (const Part* part : parts) {
      if (const auto* said = std::get_if<TextPart>(&part->body)) {
        out += " " + std::string(said->text.bytes);
      } else if (const auto* called = std::get_if<ToolCall>(&part->body)) {
        out += " @" + std::string(called->id.bytes);
      } else if (const auto* given = std::get_if<ToolResult>(&part->body)) {
        out += " =" + std::string(given->call_id.bytes);
      }
    }
    return out + " ";
  }
  ChatRequest request_;
};

TEST(ArrangeTurns, MergesMessagesOfOneRole) {
  EXPECT_EQ(Conversation()
                .add(Role::system, {say("a")})
                .add(Role::system, {say("b")})
                .add(Role::user, {say("c")})
                .add(Role::user, {say("d"), say("e")})
                .add(Role::assistant, {say("f")})
                .arranged(),
            "system: a b | user: c d e | assistant: f ");
}

TEST(ArrangeTurns, PutsResultsFirstInTheOrderOfTheirCalls) {
  EXPECT_EQ(Conversation()
                .add(Role::user, {say("a")})
                .add(Role::assistant, {call("1"), call("2")})
                .add(Role::user, {result("2")})
                .add(Role::user, {say("b"), result("1")})
                .arranged(),
            "system: | user: a | assistant: @1 @2 | user: =1 =2 b ");
}

TEST(ArrangeTurns, LetsALaterSystemMessageSpeakInTheUsersTurn) {
  Conversation conversation;
  conversation.add(Role::user, {say("a")})
      .add(Role::system, {say("s")})
      .add(Role::assistant, {call("1")})
      .add(Role::system, {say("t")})
      .add(Role::user, {result("1")});
  EXPECT_EQ(conversation.arranged(), "system: | user: a s | assistant: @1 | user: =1 t ");
  EXPECT_EQ(conversation.arranged({.system_inside = true}),
            "system: | user: a | system: s | assistant: @1 | user: =1 | system: t ");
}

TEST(ArrangeTurns, KeepsSeveralResultsTogetherAroundASystemMessage) {
  EXPECT_EQ(Conversation()
                .add(Role::user, {say("a")})
                .add(Role::assistant, {call("1"), call("2")})
                .add(Role::system, {say("s")})
                .add(Role::user, {result("2")})
                .add(Role::user, {result("1")})
                .arranged({.system_inside = true}),
            "system: | user: a | assistant: @1 @2 | user: =1 =2 | system: s ");
}

TEST(ArrangeTurns, LeavesOutWhatSaysNothing) {
  EXPECT_EQ(Conversation()
                .add(Role::user, {say("a")})
                .add(Role::assistant, {say("")})
                .add(Role::user, {say("b")})
                .arranged(),
            "system: | user: a b ");
}

TEST(ArrangeTurns, BeginsWithAUser) {
  EXPECT_EQ(Conversation().add(Role::assistant, {say("a")}).arranged(),
            "system: | user: . | assistant: a ");
  EXPECT_EQ(Conversation().add(Role::system, {say("a")}).arranged(), "system: a | user: . ");
}

TEST(ArrangeTurns, BeginsWithTheAssistantWhereTheProviderAllowsIt) {
  EXPECT_EQ(Conversation().add(Role::assistant, {say("a")}).arranged({.user_first = false}),
            "system: | assistant: a ");
}

TEST(ArrangeTurns, LetsTheLastCallsWaitForTheirResults) {
  EXPECT_EQ(Conversation().add(Role::user, {say("a")}).add(Role::assistant, {call("1")}).arranged(),
            "system: | user: a | assistant: @1 ");
}

struct RefusedCase {
  std::string_view name;
  Conversation conversation;
  std::string_view says;
};

TEST(ArrangeTurns, RefusesWhatNoProviderWouldTake) {
  const RefusedCase cases[] = {
      {"nothing said", Conversation().add(Role::user, {say("")}), "No message says anything"},
      {"result without call", Conversation().add(Role::user, {result("1")}),
       "answers no tool call"},
      {"call without result",
       Conversation()
           .add(Role::user, {say("a")})
           .add(Role::assistant, {call("1"), call("2")})
           .add(Role::user, {result("1")}),
       "\"2\" has no result"},
      {"call passed over",
       Conversation()
           .add(Role::user, {say("a")})
           .add(Role::assistant, {call("1")})
           .add(Role::user, {say("b")}),
       "\"1\" has no result"},
      {"two results",
       Conversation()
           .add(Role::user, {say("a")})
           .add(Role::assistant, {call("1")})
           .add(Role::user, {result("1"), result("1")}),
       "has two results"},
      {"system with media",
       Conversation().add(Role::system, {Part{.body = MediaPart{}}}).add(Role::user, {say("a")}),
       "text alone"},
  };
  for (const RefusedCase& c : cases) {
    EXPECT_NE(c.conversation.arranged().find(c.says), std::string::npos)
        << c.name << ": " << c.conversation.arranged();
  }
}

TEST(LeaveOut, JoinsWhatStoodAroundATurnOfWhichNothingIsLeft) {
  Conversation chat;
  chat.add(Role::user, {say("a")})
      .add(Role::assistant, {say("hidden"), call("1")})
      .add(Role::user, {result("1")})
      .add(Role::assistant, {say("hidden")})
      .add(Role::user, {say("b")});
  EXPECT_EQ(chat.arranged({}, "hidden"), "system: | user: a | assistant: @1 | user: =1 b ");
}

}  // namespace
}  // namespace sluice::llm
