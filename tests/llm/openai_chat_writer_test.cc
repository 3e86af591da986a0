#include "sluice/llm/openai_chat_writer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "recorded.h"
#include "sluice/json/value.h"

namespace sluice::llm {
namespace {

json::Text text(std::string_view bytes) { return {.bytes = bytes}; }
json::Text escaped(std::string_view bytes) { return {.bytes = bytes, .escaped = true}; }

AnswerFrame frame() {
  return {.request_id = "req_1", .provider = "acme", .model = "claude", .created = 7};
}

const std::vector<ChatEvent>& whole_answer() {
  static const std::vector<ChatEvent> events = {
      {.kind = ChatEventKind::started, .id = text("msg_1"), .model = text("claude-x")},
      {.kind = ChatEventKind::reasoning, .text = text("Hm"), .origin = ReasoningOrigin::anthropic},
      {.kind = ChatEventKind::reasoning_signed,
       .text = text("sig"),
       .origin = ReasoningOrigin::anthropic},
      {.kind = ChatEventKind::reasoning_sealed,
       .text = text("xyz"),
       .origin = ReasoningOrigin::anthropic},
      {.kind = ChatEventKind::text, .text = escaped("He said \\\"")},
      {.kind = ChatEventKind::text, .text = text("hi\"\n")},
      {.kind = ChatEventKind::tool_call, .call = 0, .id = text("t1"), .name = text("weather")},
      {.kind = ChatEventKind::tool_arguments, .call = 0, .text = escaped("{\\\"city\\\":")},
      {.kind = ChatEventKind::tool_arguments, .call = 0, .text = text("\"Rome\"}")},
      {.kind = ChatEventKind::tool_call,
       .call = 1,
       .text = text("th"),
       .id = text("t2"),
       .name = text("now")},
      {.kind = ChatEventKind::finished,
       .text = text("tool_use"),
       .reason = FinishReason::tool_calls},
      {.kind = ChatEventKind::usage, .usage = {.input = 12, .cached_input = 4, .output = 5}},
  };
  return events;
}

std::string written(ChatWriter& writer, const std::vector<ChatEvent>& events) {
  for (const ChatEvent& event : events) writer.take(event);
  writer.end();
  return writer.take_bytes();
}

std::optional<double> two_dollars(const void*, const Usage&) { return 2.0; }
std::optional<double> not_known(const void*, const Usage&) { return std::nullopt; }

TEST(OpenaiAnswerWriter, WritesOneAnswerOfAllEvents) {
  AnswerFrame asked = frame();
  asked.cost.of = two_dollars;
  OpenaiAnswerWriter writer(asked);
  EXPECT_EQ(
      written(writer, whole_answer()),
      R"({"id":"msg_1","object":"chat.completion","created":7,"model":"claude","choices":[)"
      R"({"index":0,"message":{"role":"assistant","content":"He said \"hi\"\n","refusal":null,)"
      R"("reasoning":"Hm","reasoning_content":"Hm","reasoning_details":[)"
      R"({"type":"reasoning.text","format":"anthropic-claude-v1","index":0,"text":"Hm","signature":"sig"},)"
      R"({"type":"reasoning.encrypted","format":"anthropic-claude-v1","index":1,"data":"xyz"}],)"
      R"("tool_calls":[{"id":"t1","type":"function","function":{"name":"weather",)"
      R"("arguments":"{\"city\":\"Rome\"}"}},{"id":"t2","type":"function",)"
      R"("extra_content":{"google":{"thought_signature":"th"}},)"
      R"("function":{"name":"now","arguments":"{}"}}]},"logprobs":null,)"
      R"("finish_reason":"tool_calls","native_finish_reason":"tool_use"}],)"
      R"("usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17,)"
      R"("prompt_tokens_details":{"cached_tokens":4},)"
      R"("completion_tokens_details":{"reasoning_tokens":0},"cost":2},)"
      R"("request_id":"req_1","provider":"acme"})");
}

TEST(OpenaiAnswerWriter, SaysHowProbableTokensWere) {
  const std::vector<ChatEvent> events = {
      {.text = text("ab")},
      {.kind = ChatEventKind::logprobs, .json = R"({"token":"a"})"},
      {.kind = ChatEventKind::logprobs, .json = R"({"token":"b"})"},
      {.choice = 1, .text = text("c")},
      {.kind = ChatEventKind::finished},
      {.kind = ChatEventKind::finished, .choice = 1}};
  OpenaiAnswerWriter whole(frame());
  const std::string answer = written(whole, events);
  EXPECT_NE(answer.find(R"("logprobs":{"content":[{"token":"a"},{"token":"b"}],"refusal":null},)"
                        R"("finish_reason":"stop"})"),
            answer.npos)
      << answer;
  EXPECT_NE(answer.find(R"("content":"c","refusal":null},"logprobs":null)"), answer.npos);
  OpenaiChunkWriter chunks(frame());
  const std::string stream = written(chunks, events);
  EXPECT_NE(stream.find(R"("choices":[{"index":0,"delta":{},"logprobs":{"content":[{"token":"b"}],)"
                        R"("refusal":null},"finish_reason":null}]})"),
            stream.npos)
      << stream;
}

TEST(OpenaiAnswerWriter, HidesThoughtsThatNobodyWantsToSee) {
  AnswerFrame asked = frame();
  asked.reasoning_shown = false;
  OpenaiAnswerWriter writer(asked);
  const std::string answer = written(writer, whole_answer());
  EXPECT_EQ(answer.find("reasoning\""), answer.npos);
  EXPECT_EQ(answer.find("\"sig\""), answer.npos);
}

TEST(OpenaiAnswerWriter, SaysNullOfAPriceOrCountItDoesNotKnow) {
  AnswerFrame asked = frame();
  asked.cost.of = not_known;
  OpenaiAnswerWriter writer(asked);
  const std::string answer = written(
      writer,
      {{.kind = ChatEventKind::finished}, {.kind = ChatEventKind::usage, .usage = {.output = 5}}});
  EXPECT_NE(answer.find(R"("prompt_tokens":null,"completion_tokens":5,"total_tokens":null)"),
            answer.npos);
  EXPECT_NE(answer.find(R"("cost":null)"), answer.npos);
  EXPECT_NE(answer.find(R"("content":"")"), answer.npos);
}

// What the events of a stream say together: `member` of each delta, one after the other.
std::string joined(const std::string& stream, std::string_view member) {
  std::string out;
  json::Index index;
  for (const RecordedEvent& event : split_events(stream)) {
    if (event.data == "[DONE]") continue;
    EXPECT_TRUE(index.build(event.data).has_value()) << event.data;
    const auto choices = json::root(index).find("choices");
    for (const json::Value choice : choices->elements()) {
      const auto piece = choice.find("delta")->find(member);
      if (piece) out += piece->string().value_or(std::string(piece->raw()));
    }
  }
  return out;
}

TEST(OpenaiChunkWriter, WritesAChunkPerEvent) {
  OpenaiChunkWriter writer(frame());
  const std::string stream = written(writer, whole_answer());
  EXPECT_EQ(joined(stream, "role"), "assistant");
  EXPECT_EQ(joined(stream, "content"), "He said \"hi\"\n");
  EXPECT_EQ(joined(stream, "reasoning_content"), "Hm");
  EXPECT_EQ(
      joined(stream, "tool_calls"),
      R"([{"index":0,"id":"t1","type":"function","function":{"name":"weather","arguments":""}}])"
      R"([{"index":0,"function":{"arguments":"{\"city\":"}}])"
      R"([{"index":0,"function":{"arguments":"\"Rome\"}"}}])"
      R"([{"index":1,"id":"t2","type":"function","function":{"name":"now","arguments":""},)"
      R"("extra_content":{"google":{"thought_signature":"th"}}}])"
      R"([{"index":1,"function":{"arguments":"{}"}}])");
  const auto events = split_events(stream);
  EXPECT_EQ(events.size(), writer.events());
  EXPECT_EQ(
      events.front().data,
      R"({"id":"msg_1","object":"chat.completion.chunk","created":7,"model":"claude","choices":[)"
      R"({"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],)"
      R"("request_id":"req_1","provider":"acme"})");
  EXPECT_EQ(events.back().data, "[DONE]");
  EXPECT_NE(events[events.size() - 3].data.find(
                R"("delta":{},"finish_reason":"tool_calls","native_finish_reason":"tool_use")"),
            std::string::npos);
  EXPECT_NE(events[events.size() - 2].data.find(R"("choices":[],"usage":{"prompt_tokens":12)"),
            std::string::npos);
}

TEST(OpenaiChunkWriter, KeepsUsageFromThoseWhoDidNotAsk) {
  AnswerFrame asked = frame();
  asked.usage_shown = false;
  OpenaiChunkWriter writer(asked);
  EXPECT_EQ(written(writer, whole_answer()).find("usage"), std::string::npos);
}

TEST(OpenaiChunkWriter, GivesEachChoiceItsRole) {
  OpenaiChunkWriter writer(frame());
  const std::string stream =
      written(writer, {{.kind = ChatEventKind::text, .choice = 1, .text = text("b")},
                       {.kind = ChatEventKind::text, .choice = 0, .text = text("a")},
                       {.kind = ChatEventKind::finished, .choice = 1},
                       {.kind = ChatEventKind::finished, .choice = 0}});
  EXPECT_EQ(joined(stream, "role"), "assistantassistant");
  EXPECT_EQ(joined(stream, "content"), "ba");
}

TEST(OpenaiChunkWriter, WritesCustomToolsAsTheyAreRead) {
  OpenaiChunkWriter writer(frame());
  const std::string stream = written(
      writer,
      {{.kind = ChatEventKind::tool_call, .is_custom = true, .id = text("t"), .name = text("sql")},
       {.kind = ChatEventKind::tool_arguments, .text = text("select 1")},
       {.kind = ChatEventKind::finished, .reason = FinishReason::tool_calls}});
  EXPECT_EQ(joined(stream, "tool_calls"),
            R"([{"index":0,"id":"t","type":"custom","custom":{"name":"sql","input":""}}])"
            R"([{"index":0,"custom":{"input":"select 1"}}])");
}

TEST(OpenaiWriters, TakeNoArgumentsBehindTheEndOfTheirCall) {
  const std::vector<ChatEvent> events = {
      {.kind = ChatEventKind::tool_call, .id = text("t"), .name = text("f")},
      {.kind = ChatEventKind::text, .text = text("a")},
      {.kind = ChatEventKind::tool_arguments, .text = text("{\"late\":1}")},
      {.kind = ChatEventKind::finished, .reason = FinishReason::tool_calls}};
  OpenaiAnswerWriter whole(frame());
  json::Index index;
  const std::string answer = written(whole, events);
  EXPECT_TRUE(index.build(answer).has_value()) << answer;
  EXPECT_EQ(answer.find("late"), answer.npos);
  OpenaiChunkWriter chunks(frame());
  EXPECT_EQ(written(chunks, events).find("late"), std::string::npos);
}

TEST(OpenaiWriters, MakeAnIdWhereTheProvidersIsAbsurd) {
  OpenaiChunkWriter writer(frame());
  const std::string giant(100'000, 'x');
  writer.take({.kind = ChatEventKind::started, .id = text(giant)});
  EXPECT_LT(writer.take_bytes().size(), 1'000u);
}

TEST(OpenaiChunkWriter, LeavesOutChoicesThatNobodyCanHaveAskedFor) {
  OpenaiChunkWriter writer(frame());
  writer.take({.kind = ChatEventKind::text, .choice = 4'000'000'000, .text = text("x")});
  EXPECT_FALSE(writer.has_bytes());
}

}  // namespace
}  // namespace sluice::llm
