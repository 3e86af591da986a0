#include "sluice/llm/answer_repair.h"

#include <gtest/gtest.h>

#include "event_trace.h"

namespace sluice::llm {
namespace {

json::Text text(std::string_view bytes) { return {.bytes = bytes}; }

struct Mended {
  std::string trace;
  std::optional<ApiError> error;
  RepairOutcome outcome;
};

Mended mended(RepairWanted wanted, const std::vector<ChatEvent>& events) {
  EventTrace trace;
  AnswerRepair repair(wanted, trace);
  for (const ChatEvent& event : events) repair.take(event);
  return {trace.text(), repair.error(), repair.outcome()};
}

constexpr RepairWanted both{.text = true, .arguments = true};

TEST(AnswerRepair, MendsATextOnceItIsWhole) {
  const Mended seen = mended(both, {{.text = text("{'a':")},
                                    {.text = {.bytes = R"( \"b\",)", .escaped = true}},
                                    {.kind = ChatEventKind::finished}});
  EXPECT_EQ(seen.trace, "text \"{\"a\":\"b\"}\"\nfinished stop ()\n");
}

TEST(AnswerRepair, MendsTheArgumentsOfEachCall) {
  const std::vector<ChatEvent> events = {
      {.kind = ChatEventKind::tool_call, .call = 0, .id = text("1"), .name = text("f")},
      {.kind = ChatEventKind::tool_arguments, .call = 0, .text = text("{a:")},
      {.kind = ChatEventKind::tool_arguments, .call = 0, .text = text("1")},
      {.kind = ChatEventKind::tool_call, .call = 1, .id = text("2"), .name = text("g")},
      {.kind = ChatEventKind::tool_arguments, .call = 1, .text = text("{}")},
      {.kind = ChatEventKind::finished, .reason = FinishReason::tool_calls}};
  EXPECT_EQ(mended(both, events).trace,
            "call 0 id=1 name=f\narguments 0 {\"a\":1}\ncall 1 id=2 name=g\narguments 1 {}\n"
            "finished tool_calls ()\n");
}

TEST(AnswerRepair, TellsNoProbabilitiesOfTokensThatItMayHaveReplaced) {
  const std::vector<ChatEvent> events = {{.text = text("{}")},
                                         {.kind = ChatEventKind::logprobs, .json = "{}"},
                                         {.kind = ChatEventKind::finished}};
  EXPECT_EQ(mended(both, events).trace, "text \"{}\"\nfinished stop ()\n");
  EXPECT_EQ(mended({.arguments = true}, events).trace,
            "text \"{}\"\nlogprobs {}\nfinished stop ()\n");
}

TEST(AnswerRepair, SaysWhatBecameOfAllOfAnAnswer) {
  const auto outcome = [](std::string_view first, std::string_view second) {
    return mended(both, {{.kind = ChatEventKind::tool_call, .id = text("1"), .name = text("f")},
                         {.kind = ChatEventKind::tool_arguments, .text = text(first)},
                         {.text = text(second)},
                         {.kind = ChatEventKind::finished}})
        .outcome;
  };
  EXPECT_EQ(outcome("{}", "[1, 2]"), RepairOutcome::unneeded);
  EXPECT_EQ(outcome("{a:1}", "[1, 2]"), RepairOutcome::repaired)
      << "the last was good, the first not";
  EXPECT_EQ(outcome("{}", "[1, 2"), RepairOutcome::repaired);
  EXPECT_EQ(outcome("{a:1}", "no JSON"), RepairOutcome::failed);
  EXPECT_EQ(outcome("no JSON", "[1, 2]"), RepairOutcome::failed);
}

TEST(AnswerRepair, TellsArgumentsBeforeWhateverEndsTheirCall) {
  const Mended seen =
      mended(both, {{.kind = ChatEventKind::tool_call, .id = text("1"), .name = text("f")},
                    {.kind = ChatEventKind::tool_arguments, .text = text("{a:1}")},
                    {.kind = ChatEventKind::reasoning_signed, .text = text("sig")},
                    {.kind = ChatEventKind::tool_arguments, .text = text("late")},
                    {.kind = ChatEventKind::finished, .reason = FinishReason::tool_calls}});
  EXPECT_EQ(seen.trace,
            "call 0 id=1 name=f\narguments 0 {\"a\":1}\nsigned sig\nfinished tool_calls ()\n");
}

TEST(AnswerRepair, LeavesAloneWhatItIsNotAskedToMend) {
  const std::vector<ChatEvent> events = {
      {.text = text("Hello")},
      {.kind = ChatEventKind::reasoning, .text = text("{")},
      {.kind = ChatEventKind::tool_call, .is_custom = true, .name = text("sql")},
      {.kind = ChatEventKind::tool_arguments, .text = text("select {")},
      {.kind = ChatEventKind::finished}};
  EXPECT_EQ(mended({.text = false, .arguments = true}, events).trace,
            "text \"Hello\"\nreasoning \"{\"\ncustom call 0 name=sql\narguments 0 select {\n"
            "finished stop ()\n");
}

TEST(AnswerRepair, KeepsChoicesApart) {
  const Mended seen = mended(both, {{.choice = 0, .text = text("{\"a\"")},
                                    {.choice = 1, .text = text("[1")},
                                    {.choice = 0, .text = text(":1")},
                                    {.kind = ChatEventKind::finished, .choice = 1},
                                    {.kind = ChatEventKind::finished, .choice = 0}});
  EXPECT_EQ(seen.trace,
            "[1] text \"[1]\"\n[1] finished stop ()\ntext \"{\"a\":1}\"\nfinished stop ()\n");
}

TEST(AnswerRepair, PassesNothingOnThatItCannotMend) {
  const Mended seen =
      mended(both, {{.text = text("I would rather not.")}, {.kind = ChatEventKind::finished}});
  EXPECT_EQ(seen.trace, "");
  ASSERT_TRUE(seen.error.has_value());
  EXPECT_EQ(seen.error->code, "json_repair_failed");
  EXPECT_EQ(seen.error->failed_generation, "I would rather not.");
}

TEST(AnswerRepair, HoldsBackNoMoreThanItsBound) {
  EventTrace trace;
  AnswerRepair repair(both, trace);
  const std::string mebibyte(1 << 20, ' ');
  for (int i = 0; i < 16; ++i) repair.take({.text = text(mebibyte)});
  EXPECT_FALSE(repair.error().has_value());
  repair.take({.text = text(mebibyte)});
  EXPECT_TRUE(repair.error().has_value());
}

}  // namespace
}  // namespace sluice::llm
