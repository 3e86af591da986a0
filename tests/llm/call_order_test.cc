#include "sluice/llm/call_order.h"

#include <gtest/gtest.h>

#include "event_trace.h"

namespace sluice::llm {
namespace {

ChatEvent call(std::uint32_t number, std::uint32_t choice = 0) {
  static const std::string_view ids[] = {"a", "b", "c"};
  return {.kind = ChatEventKind::tool_call,
          .choice = choice,
          .call = number,
          .id = {.bytes = ids[number]},
          .name = {.bytes = "f"}};
}
ChatEvent arguments(std::uint32_t number, std::string_view bytes, std::uint32_t choice = 0) {
  return {.kind = ChatEventKind::tool_arguments,
          .choice = choice,
          .call = number,
          .text = {.bytes = bytes, .escaped = true}};
}
ChatEvent text(std::string_view bytes) {
  return {.kind = ChatEventKind::text, .text = {.bytes = bytes}};
}
const ChatEvent finished{.kind = ChatEventKind::finished, .reason = FinishReason::tool_calls};

struct OrderCase {
  const char* name;
  std::vector<ChatEvent> events;
  std::string_view trace;
};

const std::vector<OrderCase> cases = {
    {"one after the other passes at once",
     {call(0), arguments(0, R"({\"x\")"), arguments(0, ":1}"), call(1), arguments(1, "{}")},
     "call 0 id=a name=f\narguments 0 {\"x\"\narguments 0 :1}\ncall 1 id=b name=f\narguments 1 "
     "{}\n"},
    {"the second waits for the first to be whole",
     {call(0), arguments(0, "{"), call(1), arguments(1, R"({\"y\":)"), arguments(0, "}"),
      arguments(1, "2}")},
     "call 0 id=a name=f\narguments 0 {\narguments 0 }\ncall 1 id=b name=f\narguments 1 "
     "{\"y\":\narguments 1 2}\n"},
    {"a third waits for the second",
     {call(0), call(1), call(2), arguments(2, "{}"), arguments(1, "{"), arguments(0, "{}"),
      arguments(1, "}")},
     "call 0 id=a name=f\narguments 0 {}\ncall 1 id=b name=f\narguments 1 {\narguments 1 }\n"
     "call 2 id=c name=f\narguments 2 {}\n"},
    {"braces in texts are no end",
     {call(0), arguments(0, R"({\"x\":\"}\\\"}\")"), call(1), arguments(0, "}")},
     "call 0 id=a name=f\narguments 0 {\"x\":\"}\\\"}\"\narguments 0 }\ncall 1 id=b name=f\n"},
    {"the end of the answer lets all through",
     {call(0), call(1), arguments(1, "{\\\"cut"), finished},
     "call 0 id=a name=f\ncall 1 id=b name=f\narguments 1 {\"cut\nfinished tool_calls ()\n"},
    {"what is said next ends the calls, and late arguments are dropped",
     {call(0), arguments(0, "{"), call(1), text("so"), arguments(0, "}"), arguments(1, "{}")},
     "call 0 id=a name=f\narguments 0 {\ncall 1 id=b name=f\ntext \"so\"\n"},
    {"texts that are no object never end by themselves",
     {call(0), arguments(0, "null"), call(1), finished},
     "call 0 id=a name=f\narguments 0 null\ncall 1 id=b name=f\nfinished tool_calls ()\n"},
    {"choices do not wait for each other",
     {call(0), call(0, 1), arguments(0, "{", 1), arguments(0, "{}")},
     "call 0 id=a name=f\n[1] call 0 id=a name=f\n[1] arguments 0 {\narguments 0 {}\n"},
};

TEST(CallOrder, LetsOneCallAfterTheOtherThrough) {
  for (const OrderCase& c : cases) {
    CallOrder order;
    EventTrace trace;
    for (const ChatEvent& event : c.events) order.take(event, trace);
    EXPECT_EQ(trace.text(), c.trace) << c.name;
  }
}

TEST(CallOrder, KeepsNoMoreThanItsBound) {
  CallOrder order;
  EventTrace trace;
  const std::string piece(std::size_t{1} << 20, 'x');
  order.take(call(0), trace);
  order.take(call(1), trace);
  for (std::size_t kept = 0; kept < CallOrder::waiting_bytes_max; kept += piece.size()) {
    EXPECT_LT(trace.text().size(), 100U);
    order.take(arguments(1, piece), trace);
  }
  EXPECT_GT(trace.text().size(), CallOrder::waiting_bytes_max);
  // It goes on where it was.
  (void)trace.take_text();
  order.take(arguments(1, "y"), trace);
  EXPECT_EQ(trace.text(), "arguments 1 y\n");
}

TEST(CallOrder, SaysWhatItDropsAndKeepsWhatACallIs) {
  CallOrder order;
  EventTrace trace;
  ChatEvent custom = call(1);
  custom.is_custom = true;
  EXPECT_TRUE(order.take(call(0), trace));
  EXPECT_TRUE(order.take(custom, trace)) << "it waits";
  EXPECT_TRUE(order.take(text("t"), trace));
  EXPECT_FALSE(order.take(arguments(0, "{}"), trace));
  EXPECT_TRUE(order.take(arguments(0, ""), trace)) << "nothing is lost with it";
  EXPECT_EQ(trace.text(), "call 0 id=a name=f\ncustom call 1 id=b name=f\ntext \"t\"\n");
}

}  // namespace
}  // namespace sluice::llm
