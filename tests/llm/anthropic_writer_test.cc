#include "sluice/llm/anthropic_writer.h"

#include <gtest/gtest.h>

#include "sluice/json/value.h"

namespace sluice::llm {
namespace {

using Kind = ChatEventKind;

json::Text plain(std::string_view bytes) { return {.bytes = bytes}; }

ChatEvent started(std::string_view id = "msg_1") {
  return {.kind = Kind::started, .id = plain(id), .model = plain("upstream-model")};
}
ChatEvent said(Kind kind, std::string_view bytes) { return {.kind = kind, .text = plain(bytes)}; }
ChatEvent call(std::uint32_t number, std::string_view id, std::string_view signature = "") {
  return {.kind = Kind::tool_call,
          .call = number,
          .text = plain(signature),
          .id = plain(id),
          .name = plain("f")};
}
ChatEvent arguments(std::uint32_t number, std::string_view bytes) {
  return {.kind = Kind::tool_arguments, .call = number, .text = plain(bytes)};
}
ChatEvent finished(FinishReason reason, std::string_view word = "", std::string_view stop = "") {
  return {.kind = Kind::finished, .text = plain(word), .name = plain(stop), .reason = reason};
}
ChatEvent thought(Kind kind, std::string_view bytes, ReasoningOrigin origin,
                  std::string_view id = "") {
  return {.kind = kind, .text = plain(bytes), .id = plain(id), .origin = origin};
}

const AnswerFrame frame{.request_id = "req_1", .provider = "acme", .model = "fast", .cost = {}};

std::string stream(const std::vector<ChatEvent>& events, const AnswerFrame& as = frame) {
  AnthropicStreamWriter writer(as);
  for (const ChatEvent& event : events) writer.take(event);
  writer.end();
  return writer.take_bytes();
}

std::string whole(const std::vector<ChatEvent>& events, const AnswerFrame& as = frame) {
  AnthropicWholeWriter writer(as);
  for (const ChatEvent& event : events) writer.take(event);
  EXPECT_FALSE(writer.has_bytes());
  writer.end();
  std::string out = writer.take_bytes();
  json::Index index;
  EXPECT_TRUE(index.build(out).has_value()) << out;
  return out;
}

// The blocks of a whole answer, and from there to its usage.
std::string blocks(const std::vector<ChatEvent>& events, const AnswerFrame& as = frame) {
  const std::string out = whole(events, as);
  json::Index index;
  if (!index.build(out)) return out;
  return std::string(json::root(index).find("content")->raw());
}

std::string stop_reason(const std::vector<ChatEvent>& events) {
  const std::string out = whole(events);
  const std::size_t begin = out.find("\"stop_reason\":");
  return out.substr(begin, out.find(",\"usage\"") - begin);
}

TEST(AnthropicWriter, StreamsTextAsAnthropicDoes) {
  ChatEvent usage{.kind = Kind::usage};
  usage.usage.input = 100;
  usage.usage.cached_input = 60;
  usage.usage.cache_write_input = 10;
  usage.usage.output = 7;
  usage.usage.reasoning_output = 3;
  EXPECT_EQ(
      stream({started(), said(Kind::text, "He\"l"), said(Kind::text, ""), said(Kind::text, "lo"),
              finished(FinishReason::stop), usage}),
      "event: message_start\n"
      R"(data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"fast","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}},"request_id":"req_1","provider":"acme"})"
      "\n\nevent: content_block_start\n"
      R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
      "\n\nevent: content_block_delta\n"
      R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"He\"l"}})"
      "\n\nevent: content_block_delta\n"
      R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}})"
      "\n\nevent: content_block_stop\n"
      R"(data: {"type":"content_block_stop","index":0})"
      "\n\nevent: message_delta\n"
      R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null,"stop_details":null},"usage":{"input_tokens":30,"cache_creation_input_tokens":10,"cache_read_input_tokens":60,"output_tokens":7,"output_tokens_details":{"thinking_tokens":3}}})"
      "\n\nevent: message_stop\n"
      R"(data: {"type":"message_stop"})"
      "\n\n");
}

TEST(AnthropicWriter, WritesAWholeAnswer) {
  ChatEvent usage{.kind = Kind::usage};
  usage.usage.input = 5;
  usage.usage.output = 2;
  AnswerFrame priced = frame;
  priced.cost = {.context = nullptr,
                 .of = [](const void*, const Usage&) -> std::optional<double> { return 0.25; }};
  EXPECT_EQ(
      whole({started("chatcmpl-1"), said(Kind::text, "Hi"), finished(FinishReason::stop), usage},
            priced),
      R"({"id":"msg_req_1","type":"message","role":"assistant","model":"fast","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","stop_sequence":null,"stop_details":null,"usage":{"input_tokens":5,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":2,"cost":0.25},"request_id":"req_1","provider":"acme"})");
}

struct BlocksCase {
  const char* name;
  std::vector<ChatEvent> events;
  std::string_view blocks;
};

const std::vector<BlocksCase> blocks_cases = {
    {"nothing", {started(), finished(FinishReason::stop)}, "[]"},
    {"a thought of a host's, and text",
     {started(), thought(Kind::reasoning, "h", ReasoningOrigin::unknown),
      thought(Kind::reasoning, "m", ReasoningOrigin::unknown), said(Kind::text, "a")},
     R"([{"type":"thinking","thinking":"hm","signature":"sluice:other::"},{"type":"text","text":"a"}])"},
    {"a signed thought of Anthropic's, and a sealed one",
     {started(), thought(Kind::reasoning, "hm", ReasoningOrigin::anthropic),
      thought(Kind::reasoning_signed, "Ei", ReasoningOrigin::anthropic),
      thought(Kind::reasoning_sealed, "Em", ReasoningOrigin::anthropic)},
     R"([{"type":"thinking","thinking":"hm","signature":"Ei"},{"type":"redacted_thinking","data":"Em"}])"},
    {"a thought of Anthropic's that nobody signed",
     {started(), thought(Kind::reasoning, "hm", ReasoningOrigin::anthropic)},
     R"([{"type":"thinking","thinking":"hm","signature":"sluice:other::"}])"},
    {"a signature of a thought that is not shown",
     {started(), thought(Kind::reasoning_signed, "Ei", ReasoningOrigin::anthropic)},
     R"([{"type":"thinking","thinking":"","signature":"Ei"}])"},
    {"a signature whose maker the thought told",
     {started(), thought(Kind::reasoning, "hm", ReasoningOrigin::google),
      thought(Kind::reasoning_signed, "Cp", ReasoningOrigin::unknown)},
     R"([{"type":"thinking","thinking":"hm","signature":"sluice:google::Cp"}])"},
    {"thoughts of OpenAI's with their ids",
     {started(), thought(Kind::reasoning, "a", ReasoningOrigin::openai, "rs_1"),
      thought(Kind::reasoning_sealed, "gA", ReasoningOrigin::openai, "rs_1"),
      thought(Kind::reasoning, "b", ReasoningOrigin::openai, "rs_2"),
      thought(Kind::reasoning, "c", ReasoningOrigin::openai, "rs_3")},
     R"([{"type":"thinking","thinking":"a","signature":"sluice:openai:rs_1:"},{"type":"redacted_thinking","data":"sluice:openai:rs_1:gA"},{"type":"thinking","thinking":"b","signature":"sluice:openai:rs_2:"},{"type":"thinking","thinking":"c","signature":"sluice:openai:rs_3:"}])"},
    {"calls, one after the other",
     {started(), said(Kind::text, "I look."), call(0, "c0"), arguments(0, "{\"a\""),
      arguments(0, ": 1.0}"), call(1, "c1"), call(2, ""), finished(FinishReason::tool_calls)},
     R"([{"type":"text","text":"I look."},{"type":"tool_use","id":"c0","name":"f","input":{"a": 1.0}},{"type":"tool_use","id":"c1","name":"f","input":{}},{"type":"tool_use","id":"toolu_req_1_2","name":"f","input":{}}])"},
    {"calls by turns",
     {started(), call(0, "c0"), call(1, "c1"), arguments(1, "{\"b\":"), arguments(0, "{\"a\":1}"),
      arguments(1, "2}")},
     R"([{"type":"tool_use","id":"c0","name":"f","input":{"a":1}},{"type":"tool_use","id":"c1","name":"f","input":{"b":2}}])"},
    {"arguments that are none",
     {started(), call(0, "c0"), arguments(0, "null"), said(Kind::text, "x"), call(1, "c1"),
      arguments(1, " ")},
     R"([{"type":"tool_use","id":"c0","name":"f","input":{}},{"type":"text","text":"x"},{"type":"tool_use","id":"c1","name":"f","input":{}}])"},
    {"arguments that are cut, or no object",
     {started(), call(0, "c0"), arguments(0, "{\"a\":\"b"), said(Kind::text, "x"), call(1, "c1"),
      arguments(1, "[1]")},
     R"([{"type":"tool_use","id":"c0","name":"f","input":{"_raw":"{\"a\":\"b"}},{"type":"text","text":"x"},{"type":"tool_use","id":"c1","name":"f","input":{"_raw":"[1]"}}])"},
    {"a call that is signed",
     {started(), call(0, "c0", "Cp")},
     R"([{"type":"redacted_thinking","data":"sluice:call::Cp"},{"type":"tool_use","id":"c0","name":"f","input":{}}])"},
    {"an image",
     {started(), {.kind = Kind::image, .text = plain("AAAA"), .name = plain("image/png")}},
     R"([{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}])"},
    {"a citation, and another choice",
     {started(),
      {.kind = Kind::citation, .json = "{}"},
      {.kind = Kind::text, .choice = 1, .text = plain("x")}},
     "[]"},
};

TEST(AnthropicWriter, WritesEachKindOfBlock) {
  for (const BlocksCase& c : blocks_cases) EXPECT_EQ(blocks(c.events), c.blocks) << c.name;
}

TEST(AnthropicWriter, LeavesThoughtsOutWhereTheyAreNotWanted) {
  AnswerFrame hidden = frame;
  hidden.reasoning_shown = false;
  const std::vector<ChatEvent> events = {
      started(), thought(Kind::reasoning, "hm", ReasoningOrigin::anthropic),
      thought(Kind::reasoning_signed, "Ei", ReasoningOrigin::anthropic),
      thought(Kind::reasoning_sealed, "Em", ReasoningOrigin::anthropic), said(Kind::text, "a")};
  EXPECT_EQ(blocks(events, hidden), R"([{"type":"text","text":"a"}])");
}

TEST(AnthropicWriter, SaysWhyTheAnswerEnded) {
  const auto reason = [](std::string_view name, std::string_view sequence = "null",
                         std::string_view details = "null") {
    return "\"stop_reason\":\"" + std::string(name) +
           "\",\"stop_sequence\":" + std::string(sequence) +
           ",\"stop_details\":" + std::string(details);
  };
  const std::string refusal = R"({"type":"refusal","category":null,"explanation":null})";
  EXPECT_EQ(stop_reason({started(), finished(FinishReason::stop)}), reason("end_turn"));
  EXPECT_EQ(stop_reason({started(), finished(FinishReason::stop, "stop", "\n")}),
            reason("stop_sequence", R"("\n")"));
  EXPECT_EQ(stop_reason({started(), finished(FinishReason::length)}), reason("max_tokens"));
  EXPECT_EQ(
      stop_reason({started(), finished(FinishReason::length, "model_context_window_exceeded")}),
      reason("model_context_window_exceeded"));
  EXPECT_EQ(stop_reason({started(), finished(FinishReason::tool_calls)}), reason("tool_use"));
  EXPECT_EQ(stop_reason({started(), call(0, "c"), finished(FinishReason::stop)}),
            reason("tool_use"));
  EXPECT_EQ(stop_reason({started(), finished(FinishReason::paused)}), reason("pause_turn"));
  EXPECT_EQ(stop_reason({started(), finished(FinishReason::content_filter)}),
            reason("refusal", "null", refusal));
  EXPECT_EQ(stop_reason({started(), said(Kind::refusal, "No."), finished(FinishReason::stop)}),
            reason("refusal", "null", refusal));
}

TEST(AnthropicWriter, WritesEachEventAsItComes) {
  AnthropicStreamWriter writer(frame);
  writer.take(started());
  EXPECT_EQ(writer.events(), 1U);
  EXPECT_TRUE(writer.take_bytes().ends_with("\n\n"));
  writer.take(said(Kind::text, "a"));
  EXPECT_EQ(writer.events(), 3U);
  writer.take(call(0, "c"));
  EXPECT_EQ(writer.events(), 5U);
  writer.take(arguments(0, "{}"));
  EXPECT_EQ(writer.events(), 6U);
  writer.take(finished(FinishReason::tool_calls));
  EXPECT_EQ(writer.events(), 7U);
  writer.end();
  EXPECT_EQ(writer.events(), 9U);
}

TEST(AnthropicWriter, CopiesHalvesOfASurrogatePairAsTheyCome) {
  const std::string out =
      stream({started(),
              {.kind = Kind::text, .text = {.bytes = R"(\ud83d)", .escaped = true}},
              {.kind = Kind::text, .text = {.bytes = R"(\ude00)", .escaped = true}}});
  EXPECT_NE(out.find(R"("text":"\ud83d")"), out.npos);
  EXPECT_NE(out.find(R"("text":"\ude00")"), out.npos);
  EXPECT_EQ(blocks({started(),
                    {.kind = Kind::text, .text = {.bytes = R"(\ud83d)", .escaped = true}},
                    {.kind = Kind::text, .text = {.bytes = R"(\ude00)", .escaped = true}}}),
            R"([{"type":"text","text":"\ud83d\ude00"}])");
}

}  // namespace
}  // namespace sluice::llm
