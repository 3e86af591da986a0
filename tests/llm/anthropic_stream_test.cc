#include "sluice/llm/anthropic_stream.h"

#include <gtest/gtest.h>

#include "recorded.h"

namespace sluice::llm {
namespace {

using EventKind = StreamEventKind;

struct EventCase {
  std::string_view data;
  EventKind kind;
};

const EventCase event_cases[] = {
    {R"({"type":"message_start","message":{"id":"m","content":[],"usage":{"input_tokens":1}}})",
     EventKind::lifecycle},
    {R"({"type":"ping"})", EventKind::lifecycle},
    {R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})",
     EventKind::lifecycle},
    {R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":"a"}})",
     EventKind::content},
    {R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}})",
     EventKind::lifecycle},
    {R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}})",
     EventKind::content},
    {R"({"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"x"}})",
     EventKind::content},
    {R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}      })",
     EventKind::content},
    {R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}})",
     EventKind::lifecycle},
    {R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":""}})",
     EventKind::lifecycle},
    {R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}})",
     EventKind::content},
    {R"({"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"a":1}}})",
     EventKind::content},
    {R"({"type":"content_block_stop","index":0})", EventKind::lifecycle},
    {R"({"type":"message_delta","delta":{"stop_reason":null},"usage":{"output_tokens":3}})",
     EventKind::lifecycle},
    {R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}})",
     EventKind::finish},
    {R"({"type":"message_stop"})", EventKind::done},
    {R"({"type":"new_in_2027"})", EventKind::unknown},
    {"{}", EventKind::unknown},
    {"[DONE]", EventKind::lifecycle},
    {" ", EventKind::lifecycle},
    {"[1]", EventKind::malformed},
    {R"({"type":"ping")", EventKind::malformed},
};

TEST(AnthropicStream, TellsWhatAnEventMeans) {
  json::Index index;
  for (const EventCase& c : event_cases) {
    AnthropicStream stream("acme");
    const StreamEvent event = stream.inspect("", c.data, index);
    EXPECT_EQ(to_string(event.kind), to_string(c.kind)) << c.data;
    EXPECT_EQ(event.carries_content, c.kind == EventKind::content) << c.data;
    EXPECT_FALSE(event.error.has_value());
  }
}

TEST(AnthropicStream, BelievesTheNameWhereTheDataNamesNoType) {
  json::Index index;
  AnthropicStream stream("acme");
  EXPECT_EQ(stream.inspect("message_stop", "{\"padding\":\"\"}", index).kind, EventKind::done);
}

TEST(AnthropicStream, AddsTheUsageUp) {
  json::Index index;
  AnthropicStream stream("acme");
  const StreamEvent start = stream.inspect(
      "",
      R"({"type":"message_start","message":{"id":"m","usage":{"input_tokens":3,"cache_read_input_tokens":2,"output_tokens":1}}})",
      index);
  EXPECT_EQ(start.usage.input, 5U);
  EXPECT_TRUE(start.tag_place.has_value());
  (void)stream.inspect(
      "",
      R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}})",
      index);
  EXPECT_EQ(stream.usage().input, 5U);
  EXPECT_EQ(stream.usage().cached_input, 2U);
  EXPECT_EQ(stream.usage().output, 9U);
}

TEST(AnthropicStream, KnowsHowItStands) {
  json::Index index;
  const auto stand = [&](std::initializer_list<std::string_view> events) {
    AnthropicStream stream("acme");
    for (const std::string_view data : events) (void)stream.inspect("", data, index);
    return stream.end();
  };
  const std::string_view start = R"({"type":"message_start","message":{"id":"m"}})";
  const std::string_view reason = R"({"type":"message_delta","delta":{"stop_reason":"end_turn"}})";
  const std::string_view stop = R"({"type":"message_stop"})";
  EXPECT_EQ(stand({}), StreamEnd::truncated);
  EXPECT_EQ(stand({start}), StreamEnd::truncated);
  EXPECT_EQ(stand({start, reason}), StreamEnd::finished);
  EXPECT_EQ(stand({start, reason, stop}), StreamEnd::complete);
  EXPECT_EQ(stand({start, start, reason, stop}), StreamEnd::complete);
  EXPECT_EQ(stand({start, R"({"type":"message_start","message":{"id":"other"}})", reason, stop}),
            StreamEnd::failed);
  EXPECT_EQ(stand({start, R"({"type":"error","error":{"type":"api_error","message":"m"}})", stop}),
            StreamEnd::failed);
}

TEST(AnthropicStream, ReadsErrors) {
  json::Index index;
  AnthropicStream stream("acme");
  const StreamEvent event = stream.inspect(
      "error", R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",
      index);
  EXPECT_EQ(event.kind, EventKind::error);
  ASSERT_TRUE(event.error.has_value());
  EXPECT_EQ(event.error->kind, ApiErrorKind::overloaded);
  EXPECT_TRUE(event.is_last);
  const StreamEvent text = AnthropicStream("acme").inspect("error", "went away", index);
  EXPECT_EQ(text.kind, EventKind::error);
  ASSERT_TRUE(text.error.has_value());
  EXPECT_FALSE(text.is_last);
}

// In the source two streams are spliced into one: a fault.
bool is_spliced(const std::string& name) { return name.find("spliced") != std::string::npos; }

TEST(AnthropicStream, UnderstandsEveryRecordedStream) {
  json::Index index;
  std::size_t streams = 0;
  for (const RecordedExchange& exchange : recorded_exchanges({"anthropic/messages", "cross"})) {
    const bool is_anthropic = exchange.name.starts_with("anthropic/") ||
                              exchange.url.find("api.anthropic.com") != std::string::npos;
    if (!is_anthropic || exchange.status != 200 || !is_event_stream(exchange.body)) continue;
    SCOPED_TRACE(exchange.name);
    ++streams;
    AnthropicStream stream("acme");
    bool finish_seen = false;
    for (const RecordedEvent& recorded : split_events(exchange.body)) {
      const StreamEvent event = stream.inspect(recorded.name, recorded.data, index);
      EXPECT_NE(event.kind, EventKind::malformed) << recorded.data;
      EXPECT_NE(event.kind, EventKind::unknown) << recorded.data;
      finish_seen = finish_seen || event.kind == EventKind::finish;
      if (!finish_seen && !is_spliced(exchange.name)) {
        EXPECT_EQ(stream.end(), StreamEnd::truncated);
      }
    }
    EXPECT_EQ(stream.end(), is_spliced(exchange.name) ? StreamEnd::failed : StreamEnd::complete);
    EXPECT_TRUE(stream.usage().input.has_value());
    EXPECT_TRUE(stream.usage().output.has_value());
  }
  EXPECT_GE(streams, 50U);
}

}  // namespace
}  // namespace sluice::llm
