#include "sluice/llm/bedrock_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "bedrock_recorded.h"
#include "event_trace.h"
#include "sluice/json/writer.h"
#include "sorted_json.h"

namespace sluice::llm {
namespace {

using Events = std::vector<RecordedEvent>;

// What a stream comes to: a line per event, then errors and how it ended.
std::string stream_trace(const Events& events, AskedFor asked = {.provider = "aws"}) {
  BedrockReader reader(std::move(asked));
  EventTrace trace;
  json::Index index;
  std::string notes;
  for (const RecordedEvent& event : events) {
    const ReadResult result = reader.read_event(event.name, event.data, index, trace);
    if (result.odd) notes += "odd " + event.name + "\n";
    if (result.error) notes += "error " + std::string(to_string(result.error->kind)) + "\n";
    if (result.ended) notes += "ended\n";
  }
  const StreamEnd end = reader.finish(trace);
  return trace.take_text() + notes + std::string(to_string(end));
}

std::string whole_trace(std::string_view body, AskedFor asked = {.provider = "aws"}) {
  BedrockReader reader(std::move(asked));
  EventTrace trace;
  json::Index index;
  const auto error = reader.read_whole(body, index, trace);
  return error ? error->message : trace.take_text();
}

std::string whole(std::string_view content, std::string_view stop_reason, AskedFor asked = {}) {
  return whole_trace(R"({"output":{"message":{"role":"assistant","content":[)" +
                         std::string(content) + R"(]}},"stopReason":")" + std::string(stop_reason) +
                         "\"}",
                     std::move(asked));
}

const RecordedEvent begin{"messageStart", R"({"role":"assistant","p":"abc"})"};
const RecordedEvent usage{"metadata", R"({"usage":{"inputTokens":3,"outputTokens":2}})"};

RecordedEvent delta(std::string_view value, int block = 0) {
  return {"contentBlockDelta", R"({"contentBlockIndex":)" + std::to_string(block) + R"(,"delta":)" +
                                   std::string(value) + "}"};
}
RecordedEvent stop_block(int block = 0) {
  return {"contentBlockStop", R"({"contentBlockIndex":)" + std::to_string(block) + "}"};
}
RecordedEvent start_call(std::string_view name, int block = 0) {
  return {"contentBlockStart", R"({"contentBlockIndex":)" + std::to_string(block) +
                                   R"(,"start":{"toolUse":{"toolUseId":"t)" +
                                   std::to_string(block) + R"(","name":")" + std::string(name) +
                                   R"("}}})"};
}
RecordedEvent stop(std::string_view reason) {
  return {"messageStop", R"({"stopReason":")" + std::string(reason) + "\"}"};
}

TEST(BedrockReader, ReadsTextAndHoldsTheEndBackForTheUsage) {
  const Events events = {begin,
                         delta(R"({"text":"Hel"})"),
                         delta(R"({"text":"lo"})"),
                         delta(R"({"text":""})"),
                         stop_block(),
                         stop("end_turn"),
                         usage};
  EXPECT_EQ(stream_trace(events),
            "started\ntext \"Hel\"\ntext \"lo\"\nfinished stop (end_turn)\nusage input=3 "
            "output=2\nended\ncomplete");
}

TEST(BedrockReader, IsCompleteWithoutTheUsage) {
  EXPECT_EQ(stream_trace({begin, delta(R"({"text":"a"})"), stop("max_tokens")}),
            "started\ntext \"a\"\nfinished length (max_tokens)\ncomplete");
}

TEST(BedrockReader, TakesTheUsageInFrontOfTheEndToo) {
  EXPECT_EQ(stream_trace({usage, stop("end_turn")}),
            "started\nfinished stop (end_turn)\nusage input=3 output=2\nended\ncomplete");
}

TEST(BedrockReader, IsTruncatedWithoutMessageStop) {
  const Events events = {begin, start_call("f"), delta(R"({"toolUse":{"input":"{"}})"),
                         stop_block(), stop("tool_use")};
  for (std::size_t count = 0; count < events.size(); ++count) {
    const Events cut(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(count));
    EXPECT_TRUE(stream_trace(cut).ends_with("truncated")) << count;
  }
  EXPECT_TRUE(stream_trace(events).ends_with("complete"));
}

TEST(BedrockReader, ReadsParallelCalls) {
  const Events events = {begin,
                         delta(R"({"text":"a"})"),
                         stop_block(),
                         start_call("f", 1),
                         delta(R"({"toolUse":{"input":"{\"x\""}})", 1),
                         delta(R"({"toolUse":{"input":":1}"}})", 1),
                         stop_block(1),
                         start_call("g", 2),
                         delta(R"({"toolUse":{"input":""}})", 2),
                         stop_block(2),
                         stop("tool_use"),
                         usage};
  EXPECT_EQ(stream_trace(events),
            "started\ntext \"a\"\ncall 0 id=t1 name=f\narguments 0 {\"x\"\narguments 0 :1}\ncall 1 "
            "id=t2 name=g\narguments 1 {}\nfinished tool_calls (tool_use)\nusage input=3 "
            "output=2\nended\ncomplete");
}

TEST(BedrockReader, ReadsReasoning) {
  const Events events = {begin,
                         delta(R"({"reasoningContent":{"text":"hm"}})"),
                         delta(R"({"reasoningContent":{"signature":"sig="}})"),
                         stop_block(),
                         delta(R"({"reasoningContent":{"redactedContent":"RXRrPQ=="}})", 1),
                         stop_block(1),
                         stop("end_turn")};
  EXPECT_EQ(stream_trace(events),
            "started\nreasoning \"hm\"\nsigned sig=\nsealed Etk=\nfinished stop "
            "(end_turn)\ncomplete");
  EXPECT_EQ(whole(R"({"reasoningContent":{"reasoningText":{"text":"hm","signature":"sig="}}},)"
                  R"({"reasoningContent":{"redactedContent":"RXRrPQ=="}},{"text":"a"})",
                  "end_turn"),
            "started\nreasoning \"hm\"\nsigned sig=\nsealed Etk=\ntext \"a\"\nfinished stop "
            "(end_turn)\n");
}

class OriginNotes : public ChatSink {
 public:
  void take(const ChatEvent& event) override {
    if (event.kind == ChatEventKind::reasoning_sealed) origins.push_back(event.origin);
  }
  std::vector<ReasoningOrigin> origins;
};

TEST(BedrockReader, KnowsWhoseSealedThoughtsItReads) {
  BedrockReader reader({});
  OriginNotes notes;
  json::Index index;
  for (const std::string_view sealed : {"RXRrPQ==", "AAEC", "no base64!"}) {
    (void)reader.read_event(
        "contentBlockDelta",
        R"({"delta":{"reasoningContent":{"redactedContent":")" + std::string(sealed) + "\"}}}",
        index, notes);
  }
  EXPECT_EQ(notes.origins, (std::vector{ReasoningOrigin::anthropic, ReasoningOrigin::unknown,
                                        ReasoningOrigin::unknown}));
}

TEST(BedrockReader, TakesTheOutputToolsInputForTheAnswersText) {
  const AskedFor asked{.provider = "aws", .output_tool = "json"};
  const Events events = {begin,
                         start_call("json"),
                         delta(R"({"toolUse":{"input":"{\"a\":"}})"),
                         delta(R"({"toolUse":{"input":"1}"}})"),
                         stop_block(),
                         stop("tool_use")};
  EXPECT_EQ(stream_trace(events, asked),
            "started\ntext \"{\"a\":\"\ntext \"1}\"\nfinished stop (tool_use)\ncomplete");
  EXPECT_EQ(
      whole(R"({"toolUse":{"toolUseId":"t","name":"json","input":{"a":1}}})", "tool_use", asked),
      "started\ntext \"{\"a\":1}\"\nfinished stop (tool_use)\n");
  EXPECT_EQ(whole(R"({"toolUse":{"toolUseId":"t","name":"json","input":{"a":1}}},)"
                  R"({"toolUse":{"toolUseId":"u","name":"f","input":{}}})",
                  "tool_use", asked),
            "started\ntext \"{\"a\":1}\"\ncall 0 id=u name=f\narguments 0 {}\nfinished tool_calls "
            "(tool_use)\n");
}

TEST(BedrockReader, UnwrapsTheTextOfCustomTools) {
  const AskedFor asked{.provider = "aws", .custom_tools = "sql\nshell\n"};
  const auto stream = [&asked](const std::vector<std::string>& pieces, RecordedEvent last) {
    Events events = {begin, start_call("shell")};
    for (const std::string& piece : pieces) {
      events.push_back(delta(R"({"toolUse":{"input":)" + json::quote(piece) + "}}"));
    }
    events.push_back(std::move(last));
    events.push_back(stop("tool_use"));
    return stream_trace(events, asked);
  };
  const std::string_view unwrapped =
      "started\ncall 0 id=t0 name=shell\narguments 0 ls \"a\"\nfinished tool_calls "
      "(tool_use)\ncomplete";
  EXPECT_EQ(stream({R"({"inp)", R"(ut":"ls \")", R"(a\""})"}, stop_block()), unwrapped);
  // A block that ends without a word, since the next one begins.
  EXPECT_TRUE(stream({R"({"input":"ls \"a\""})"}, start_call("sql", 1))
                  .starts_with("started\ncall 0 id=t0 name=shell\narguments 0 ls \"a\"\ncall 1 "
                               "id=t1 name=sql\n"));
  EXPECT_TRUE(stream({"no object"}, stop_block())
                  .starts_with("started\ncall 0 id=t0 name=shell\narguments 0 no object\n"));
  EXPECT_EQ(whole(R"({"toolUse":{"toolUseId":"t","name":"sql","input":{"input":"a\nb"}}})",
                  "tool_use", asked),
            "started\ncall 0 id=t name=sql\narguments 0 a\nb\nfinished tool_calls (tool_use)\n");
}

TEST(BedrockReader, HoldsNoArgumentsWithoutEnd) {
  BedrockReader reader({.provider = "aws", .custom_tools = "f\n"});
  EventTrace trace;
  json::Index index;
  (void)reader.read_event("contentBlockStart", start_call("f").data, index, trace);
  const RecordedEvent piece =
      delta(R"({"toolUse":{"input":")" + std::string(1 << 20, 'x') + R"("}})");
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(reader.read_event(piece.name, piece.data, index, trace).error) << i;
  }
  EXPECT_TRUE(reader.read_event(piece.name, piece.data, index, trace).error);
}

TEST(BedrockReader, NamesEveryReasonToStop) {
  const std::vector<std::pair<std::string_view, std::string_view>> reasons = {
      {"end_turn", "stop"},
      {"stop_sequence", "stop"},
      {"max_tokens", "length"},
      {"model_context_window_exceeded", "length"},
      {"guardrail_intervened", "content_filter"},
      {"content_filtered", "content_filter"},
      {"malformed_model_output", "stop"},
      {"malformed_tool_use", "stop"},
      {"tool_use", "stop"},  // without a call
      {"new_one", "stop"},
      {"", "stop"}};
  for (const auto& [reason, name] : reasons) {
    EXPECT_EQ(
        whole(R"({"text":"a"})", reason),
        "started\ntext \"a\"\nfinished " + std::string(name) + " (" + std::string(reason) + ")\n");
  }
  EXPECT_TRUE(whole(R"({"toolUse":{"toolUseId":"t","name":"f"}})", "end_turn")
                  .ends_with("finished tool_calls (end_turn)\n"));
}

TEST(BedrockReader, TellsTheStopSequenceWhereTheModelDoes) {
  EXPECT_EQ(stream_trace(
                {begin,
                 {"messageStop", R"({"stopReason":"stop_sequence","additionalModelResponseFields":)"
                                 R"({"delta":{"stop_sequence":"END"}}})"}}),
            "started\nfinished stop (stop_sequence) stop=END\ncomplete");
  EXPECT_EQ(whole_trace(R"({"output":{"message":{"content":[]}},"stopReason":"stop_sequence",)"
                        R"("additionalModelResponseFields":{"stop_sequence":"END"}})"),
            "started\nfinished stop (stop_sequence) stop=END\n");
}

TEST(BedrockReader, CountsWhatWasCachedAsInput) {
  const auto counted = [](std::string_view counts) {
    const std::string trace =
        whole_trace(R"({"output":{"message":{"content":[]}},"stopReason":"end_turn","usage":)" +
                    std::string(counts) + "}");
    return trace.substr(trace.find("(end_turn)\n") + 11);
  };
  EXPECT_EQ(counted(R"({"inputTokens":2,"outputTokens":5,"totalTokens":1329,)"
                    R"("cacheReadInputTokens":22,"cacheWriteInputTokens":1300})"),
            "usage input=1324 cached=22 written=1300 output=5 total=1329\n");
  EXPECT_EQ(counted(R"({"inputTokens":2,"cacheReadInputTokens":null,"outputTokens":-1})"),
            "usage input=2\n");
  EXPECT_EQ(counted(R"({"inputTokens":1e300})"), "");
  EXPECT_EQ(counted("[]"), "");
}

TEST(BedrockReader, ReadsCitationsAndImages) {
  EXPECT_EQ(
      whole(
          R"({"citationsContent":{"content":[{"text":"a"}],"citations":[{"title":"T",)"
          R"("location":{"web":{"url":"https://a.example/"}}},{"location":{"documentChar":{}}}]}},)"
          R"({"image":{"format":"jpeg","source":{"bytes":"aGVsbG8="}}})",
          "end_turn"),
      "started\ntext \"a\"\ncitation "
      R"({"type":"url_citation","url_citation":{"url":"https://a.example/","title":"T"}})"
      "\nimage image/jpeg aGVsbG8=\nfinished stop (end_turn)\n");
}

TEST(BedrockReader, TurnsExceptionsIntoErrorsOfTheirKind) {
  struct Case {
    std::string_view name;
    std::string_view message;
    ApiErrorKind kind;
    bool retryable;
  };
  const Case cases[] = {
      {"exception:throttlingException", "slow", ApiErrorKind::rate_limited, true},
      {"exception:ThrottlingException", "slow", ApiErrorKind::rate_limited, true},
      {"exception:serviceQuotaExceededException", "", ApiErrorKind::quota_exhausted, true},
      {"exception:modelStreamErrorException", "broke", ApiErrorKind::upstream_failed, true},
      {"exception:internalServerException", "broke", ApiErrorKind::upstream_failed, true},
      {"exception:serviceUnavailableException", "busy", ApiErrorKind::overloaded, true},
      {"exception:modelTimeoutException", "late", ApiErrorKind::upstream_timeout, true},
      {"exception:validationException", "bad field", ApiErrorKind::bad_request, false},
      {"exception:validationException", "Input is too long for requested model.",
       ApiErrorKind::context_length, false},
      {"exception:accessDeniedException", "no", ApiErrorKind::upstream_auth, true},
      {"exception:newException", "?", ApiErrorKind::upstream_failed, true},
      {"error:InternalFailure", "broke", ApiErrorKind::upstream_failed, true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    BedrockReader reader({.provider = "aws"});
    EventTrace trace;
    json::Index index;
    const ReadResult result =
        reader.read_event(c.name, R"({"message":")" + std::string(c.message) + "\"}", index, trace);
    ASSERT_TRUE(result.error.has_value());
    EXPECT_EQ(result.error->kind, c.kind) << to_string(result.error->kind);
    EXPECT_EQ(result.error->retryable, c.retryable);
    EXPECT_FALSE(result.error->message.empty());
    EXPECT_EQ(reader.finish(trace), StreamEnd::failed);
  }
}

TEST(BedrockReader, QuotesWhatIsWrongWithTheRequest) {
  BedrockReader reader({.provider = "aws"});
  EventTrace trace;
  json::Index index;
  const auto says = [&](std::string_view name, std::string_view data) {
    return reader.read_event(name, data, index, trace).error->message;
  };
  EXPECT_EQ(says("exception:validationException", R"({"message":"no such field"})"),
            "no such field");
  EXPECT_EQ(says("error:ValidationException", "no such field"), "no such field");
  EXPECT_NE(says("exception:validationException", "{}"), "");
}

TEST(BedrockReader, PassesOverWhatIsNew) {
  EXPECT_EQ(stream_trace({begin,
                          {"newEvent", R"({"a":1})"},
                          delta(R"({"newDelta":1})"),
                          {"contentBlockStart", R"({"contentBlockIndex":0,"start":{"new":{}}})"},
                          delta(R"({"text":"a"})"),
                          stop("end_turn")}),
            "started\ntext \"a\"\nfinished stop (end_turn)\ncomplete");
  EXPECT_EQ(whole(R"({"new":{}},7,null,{"text":"a"},{"text":5})", "end_turn"),
            "started\ntext \"a\"\nfinished stop (end_turn)\n");
}

TEST(BedrockReader, MarksWhatShouldNeverCome) {
  EXPECT_EQ(stream_trace({begin, begin, delta(R"({"toolUse":{"input":"{}"}})"), stop("end_turn"),
                          delta(R"({"text":"late"})"), stop("end_turn")}),
            "started\nfinished stop (end_turn)\nodd messageStart\nodd contentBlockDelta\nodd "
            "contentBlockDelta\nodd messageStop\ncomplete");
}

TEST(BedrockReader, RefusesWhatIsNoAnswer) {
  for (const std::string_view body :
       {"", "<html>", "[]", "{}", R"({"message":"broke"})", R"({"output":{}})",
        R"({"output":{"message":{"content":"text"}}})"}) {
    EXPECT_NE(whole_trace(body).find("cannot be used"), std::string::npos) << body;
  }
  EXPECT_EQ(stream_trace({{"contentBlockDelta", "[]"}}), "error upstream_failed\nfailed");
  EXPECT_EQ(stream_trace({{"contentBlockDelta", R"({"delta")"}}), "error upstream_failed\nfailed");
}

// --- recorded answers, against what another program read in them ---

// Joins pieces of one kind, and writes each with its text as JSON.
class Joined : public ChatSink {
 public:
  void take(const ChatEvent& event) override {
    std::string scratch;
    const std::string text(event.text.plain(scratch));
    const std::string call = std::to_string(event.call);
    switch (event.kind) {
      case ChatEventKind::started: return;
      case ChatEventKind::text: return add("text", text, true);
      case ChatEventKind::reasoning: return add("reasoning", text, true);
      case ChatEventKind::tool_arguments: return add("arguments " + call, text, true);
      case ChatEventKind::reasoning_signed: return add("signed", text, false);
      case ChatEventKind::reasoning_sealed: return add("sealed", text, false);
      case ChatEventKind::tool_call: {
        std::string more;
        const std::string id(event.id.plain(scratch));
        return add("call " + call, id + " " + std::string(event.name.plain(more)), false);
      }
      case ChatEventKind::finished:
        return add("finished", std::string(to_string(event.reason)) + " (" + text + ")", false);
      case ChatEventKind::usage: {
        EventTrace trace;
        trace.take(event);
        const std::string line = trace.take_text();
        return add("usage", line.substr(6, line.size() - 7), false);
      }
      case ChatEventKind::refusal:
      case ChatEventKind::image:
      case ChatEventKind::logprobs:
      case ChatEventKind::citation: return add(to_string(event.kind), text, false);
    }
  }

  [[nodiscard]] std::string lines() const {
    std::string out;
    json::Index index;
    for (const auto& [what, text] : entries_) {
      out += what + " ";
      if (what.starts_with("arguments") && index.build(text)) {
        append_sorted(out, json::root(index));
      } else {
        json::append_quoted(out, text);
      }
      out += '\n';
    }
    return out;
  }

 private:
  void add(std::string_view what, const std::string& text, bool is_piece) {
    if (is_piece && !entries_.empty() && entries_.back().first == what) {
      entries_.back().second += text;
    } else {
      entries_.emplace_back(what, text);
    }
  }
  std::vector<std::pair<std::string, std::string>> entries_;
};

std::string read_recorded(const BedrockExchange& exchange) {
  BedrockReader reader({.provider = "aws"});
  Joined joined;
  json::Index index;
  if (exchange.events.empty()) {
    EXPECT_FALSE(reader.read_whole(exchange.body, index, joined)) << exchange.name;
    return joined.lines();
  }
  for (const RecordedEvent& event : exchange.events) {
    const ReadResult result = reader.read_event(event.name, event.data, index, joined);
    EXPECT_FALSE(result.error || result.odd) << exchange.name << " " << event.name;
  }
  EXPECT_EQ(reader.finish(joined), StreamEnd::complete) << exchange.name;
  return joined.lines();
}

TEST(BedrockReader, SaysOfEveryRecordedAnswerWhatAnotherProgramDoes) {
  std::string seen;
  std::size_t streams = 0;
  std::size_t wholes = 0;
  for (const BedrockExchange& exchange : bedrock_exchanges()) {
    if (exchange.status != 200 || exchange.name.starts_with("synthetic")) continue;
    seen += "== " + exchange.name + "\n" + read_recorded(exchange);
    ++(exchange.events.empty() ? wholes : streams);
  }
  EXPECT_EQ(seen, read_recorded_file(SLUICE_BEDROCK_EXPECTED));
  EXPECT_EQ(streams, 29U);
  EXPECT_EQ(wholes, 44U);
}

TEST(BedrockReader, ReadsTheExceptionInARecordedStream) {
  const auto all = bedrock_exchanges();
  const auto place = std::ranges::find_if(all, [](const BedrockExchange& exchange) {
    return exchange.name.find("bedrock_stream_exception_frame") != std::string::npos;
  });
  ASSERT_NE(place, all.end());
  EXPECT_EQ(stream_trace(place->events), "started\ntext \"Partial\"\nerror rate_limited\nfailed");
}

}  // namespace
}  // namespace sluice::llm
