#include "own_tools.h"

#include <gtest/gtest.h>

#include "event_trace.h"

namespace sluice::llm {
namespace {

AskedFor asked() {
  AskedFor asked;
  asked.custom_tools = "sh\nsh_3f\n";
  asked.renamed_tools = {{.sent = "sh_3f", .name = "sh x"}, {.sent = "f_1", .name = "f!"}};
  return asked;
}

ChatEvent call(std::string_view name, std::uint32_t choice = 0, std::uint32_t number = 0) {
  return {.kind = ChatEventKind::tool_call,
          .choice = choice,
          .call = number,
          .id = {.bytes = "i"},
          .name = {.bytes = name}};
}

ChatEvent piece(std::string_view text, std::uint32_t choice = 0, std::uint32_t number = 0) {
  return {.kind = ChatEventKind::tool_arguments,
          .choice = choice,
          .call = number,
          .text = {.bytes = text, .escaped = true}};
}

std::string told(const std::vector<ChatEvent>& events) {
  const AskedFor of = asked();
  OwnTools tools(of);
  EventTrace trace;
  for (const ChatEvent& event : events) tools.take(event, trace);
  return trace.take_text();
}

constexpr ChatEvent finished = {.kind = ChatEventKind::finished,
                                .reason = FinishReason::tool_calls};

TEST(OwnTools, AFunctionThatStandsForACustomToolIsACustomCallWhereverItIsCut) {
  const std::string whole = told({call("sh"), piece(R"({\"input\":\"ls\\n\"})"), finished});
  const std::string arguments = R"({"input":"ls\n"})";
  for (std::size_t cut = 0; cut <= arguments.size(); ++cut) {
    const AskedFor of = asked();
    OwnTools tools(of);
    EventTrace trace;
    tools.take(call("sh"), trace);
    std::string input;
    bool custom = false;
    struct Seen final : ChatSink {
      Seen(std::string& text, bool& is_custom) : text_(text), is_custom_(is_custom) {}
      void take(const ChatEvent& event) override {
        if (event.kind == ChatEventKind::tool_call) is_custom_ = event.is_custom;
        if (event.kind == ChatEventKind::tool_arguments) json::append_plain(text_, event.text);
      }
      std::string& text_;
      bool& is_custom_;
    } seen(input, custom);
    tools.take(call("sh"), seen);
    for (const std::string_view part :
         {std::string_view(arguments).substr(0, cut), std::string_view(arguments).substr(cut)}) {
      tools.take({.kind = ChatEventKind::tool_arguments, .text = {.bytes = part}}, seen);
    }
    tools.take(finished, seen);
    EXPECT_TRUE(custom);
    EXPECT_EQ(input, "ls\n") << "cut at " << cut;
  }
  EXPECT_NE(whole.find("sh"), std::string::npos);
}

TEST(OwnTools, NamesAreTheCallersAgain) {
  EXPECT_EQ(told({call("f_1"), piece("{}")}), told({call("f!"), piece("{}")}));
  EXPECT_NE(told({call("sh_3f")}).find("sh x"), std::string::npos);
}

TEST(OwnTools, WhatIsNoWrappedInputIsToldAsItCame) {
  const std::string out = told({call("sh"), piece("ls"), finished});
  EXPECT_NE(out.find("ls"), std::string::npos) << out;
}

TEST(OwnTools, WhatWasHeldBackIsToldWhenTheCallEnds) {
  for (const ChatEvent& next : {finished, call("g", 0, 1), ChatEvent{.text = {.bytes = "t"}}}) {
    const std::string out = told({call("sh"), piece("[1"), next});
    EXPECT_NE(out.find("[1"), std::string::npos) << out;
  }
}

TEST(OwnTools, ChoicesHaveCallsOfTheirOwn) {
  const std::string out = told({call("sh", 0), call("f_1", 1), piece(R"({\"input\":\"a)", 0),
                                piece("{}", 1), piece(R"(b\"})", 0)});
  EXPECT_NE(out.find("f!"), std::string::npos) << out;
  EXPECT_EQ(out.find("input"), std::string::npos) << out;
}

TEST(OwnTools, ALineIsFoundWholeOrNotAtAll) {
  EXPECT_TRUE(has_line("a\nbc\n", "bc"));
  EXPECT_FALSE(has_line("a\nbc\n", "b"));
  EXPECT_FALSE(has_line("", ""));
}

}  // namespace
}  // namespace sluice::llm
