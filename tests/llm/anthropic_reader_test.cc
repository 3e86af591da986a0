#include "sluice/llm/anthropic_reader.h"

#include <gtest/gtest.h>

#include "anthropic_recorded.h"
#include "event_trace.h"

namespace sluice::llm {
namespace {

// --- a stream written down ---

struct Read {
  std::string trace;
  StreamEnd end = StreamEnd::truncated;
  std::optional<ApiError> error;
  std::size_t odd = 0;
};

Read read_stream(const std::vector<std::string>& events, AskedFor asked = {}) {
  asked.provider = "acme";
  AnthropicReader reader(std::move(asked));
  EventTrace trace;
  json::Index index;
  Read read;
  for (const std::string& data : events) {
    ReadResult result = reader.read_event("", data, index, trace);
    if (result.odd) ++read.odd;
    if (result.error) read.error = std::move(result.error);
    if (read.error || result.ended) break;
  }
  read.end = reader.finish(trace);
  read.trace = trace.take_text();
  return read;
}

std::string start_of_message(std::string_view usage = R"({"input_tokens":12,"output_tokens":1})") {
  return R"({"type":"message_start","message":{"id":"msg_1","model":"claude","content":[],"usage":)" +
         std::string(usage) + "}}";
}
std::string block(std::string_view content) {
  return R"({"type":"content_block_start","index":0,"content_block":)" + std::string(content) + "}";
}
std::string delta(std::string_view content) {
  return R"({"type":"content_block_delta","index":0,"delta":)" + std::string(content) + "}";
}
const std::string block_stop = R"({"type":"content_block_stop","index":0})";
const std::string message_stop = R"({"type":"message_stop"})";
std::string end_of_message(std::string_view reason) {
  return R"({"type":"message_delta","delta":{"stop_reason":")" + std::string(reason) +
         R"("},"usage":{"output_tokens":5}})";
}
std::string text_delta(std::string_view text) {
  return delta(R"({"type":"text_delta","text":")" + std::string(text) + "\"}");
}
std::string json_delta(std::string_view text) {
  return delta(R"({"type":"input_json_delta","partial_json":")" + std::string(text) + "\"}");
}
const std::string text_block = block(R"({"type":"text","text":""})");
const std::string tool_block =
    block(R"({"type":"tool_use","id":"toolu_1","name":"weather","input":{}})");

constexpr std::string_view started = "started id=msg_1 model=claude\nusage input=12 output=1\n";

std::string after_start(const Read& read) {
  EXPECT_TRUE(read.trace.starts_with(started)) << read.trace;
  return read.trace.substr(std::min(started.size(), read.trace.size()));
}

TEST(AnthropicReader, ReadsTextThoughtsAndCallsAsTheyCome) {
  const Read read = read_stream({
      start_of_message(),
      R"({"type":"ping"})",
      block(R"({"type":"thinking","thinking":"","signature":""})"),
      delta(R"({"type":"thinking_delta","thinking":"Hm"})"),
      delta(R"({"type":"thinking_delta","thinking":""})"),
      delta(R"({"type":"signature_delta","signature":"c2ln"})"),
      block_stop,
      block(R"({"type":"redacted_thinking","data":"c2VhbGVk"})"),
      block_stop,
      text_block,
      text_delta("Hel"),
      text_delta("lo \\u00e9"),
      block_stop,
      tool_block,
      json_delta(""),
      json_delta("{\\\"city\\\":"),
      json_delta("1}"),
      block_stop,
      end_of_message("tool_use"),
      message_stop,
  });
  EXPECT_EQ(after_start(read),
            "reasoning \"Hm\"\n"
            "signed c2ln\n"
            "sealed c2VhbGVk\n"
            "text \"Hel\"\n"
            "text \"lo é\"\n"
            "call 0 id=toolu_1 name=weather\n"
            "arguments 0 {\"city\":\n"
            "arguments 0 1}\n"
            "finished tool_calls (tool_use)\n"
            "usage input=12 output=5\n");
  EXPECT_EQ(read.end, StreamEnd::complete);
  EXPECT_EQ(read.odd, 0U);
}

TEST(AnthropicReader, ACallWithoutArgumentsHasAnEmptyObject) {
  EXPECT_EQ(after_start(read_stream({start_of_message(), tool_block, json_delta(""), block_stop,
                                     end_of_message("tool_use"), message_stop})),
            "call 0 id=toolu_1 name=weather\n"
            "arguments 0 {}\n"
            "finished tool_calls (tool_use)\n"
            "usage input=12 output=5\n");
}

TEST(AnthropicReader, ACallThatRanOutOfTokensIsLeftAsItIs) {
  EXPECT_EQ(after_start(read_stream({start_of_message(), tool_block, json_delta("{\\\"a\\\":\\\"b"),
                                     end_of_message("max_tokens"), message_stop})),
            "call 0 id=toolu_1 name=weather\n"
            "arguments 0 {\"a\":\"b\n"
            "finished length (max_tokens)\n"
            "usage input=12 output=5\n");
  EXPECT_EQ(after_start(read_stream(
                {start_of_message(), tool_block, end_of_message("max_tokens"), message_stop})),
            "call 0 id=toolu_1 name=weather\n"
            "finished length (max_tokens)\n"
            "usage input=12 output=5\n");
}

TEST(AnthropicReader, ArgumentsGivenAtOnceAreNotTakenTwice) {
  const Read read = read_stream(
      {start_of_message(),
       block(R"({"type":"tool_use","id":"t","name":"w","input":{"a": [1, "x y"]}})"),
       json_delta("{\\\"a\\\":2}"), block_stop, end_of_message("tool_use"), message_stop});
  EXPECT_EQ(after_start(read),
            "call 0 id=t name=w\n"
            "arguments 0 {\"a\":[1,\"x y\"]}\n"
            "finished tool_calls (tool_use)\n"
            "usage input=12 output=5\n");
  EXPECT_EQ(read.odd, 1U);
}

TEST(AnthropicReader, BlocksOfToolsAtTheProviderArePassedOver) {
  const Read read = read_stream(
      {start_of_message(),
       block(R"({"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}})"),
       json_delta("{}"), block_stop,
       block(R"({"type":"web_search_tool_result","content":[{"title":"x"}]})"), block_stop,
       block(R"({"type":"compaction","content":null})"),
       delta(R"({"type":"compaction_delta","content":"x"})"), block_stop,
       block(R"({"type":"fallback","from":{"model":"a"}})"), block_stop,
       block(R"({"type":"a_new_block"})"), delta(R"({"type":"a_new_delta","text":"x"})"),
       block_stop, R"({"type":"a_new_event"})", end_of_message("pause_turn"), message_stop});
  EXPECT_EQ(after_start(read), "finished stop (pause_turn)\nusage input=12 output=5\n");
  EXPECT_EQ(read.odd, 0U);
}

struct ReasonCase {
  std::string_view word;
  FinishReason reason;
};
const ReasonCase reason_cases[] = {
    {"end_turn", FinishReason::stop},
    {"stop_sequence", FinishReason::stop},
    {"max_tokens", FinishReason::length},
    {"model_context_window_exceeded", FinishReason::length},
    {"tool_use", FinishReason::stop},  // without a call there is none to answer
    {"refusal", FinishReason::content_filter},
    {"pause_turn", FinishReason::paused},
    {"compaction", FinishReason::paused},
    {"a_new_reason", FinishReason::stop},
};

class ReasonSink : public ChatSink {
 public:
  void take(const ChatEvent& event) override {
    if (event.kind == ChatEventKind::finished) reason = event.reason;
  }
  std::optional<FinishReason> reason;
};

TEST(AnthropicReader, KnowsWhyAnAnswerEnded) {
  for (const ReasonCase& c : reason_cases) {
    AnthropicReader reader(AskedFor{});
    ReasonSink sink;
    json::Index index;
    EXPECT_FALSE(reader.read_event("", end_of_message(c.word), index, sink).error);
    EXPECT_EQ(sink.reason, c.reason) << c.word;
  }
}

TEST(AnthropicReader, NamesTheStopSequenceAndExplainsARefusal) {
  EXPECT_EQ(
      after_start(read_stream(
          {start_of_message(),
           R"({"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"\n\n"}})",
           message_stop})),
      "finished stop (stop_sequence) stop=\n\n\nusage input=12 output=1\n");
  EXPECT_EQ(
      after_start(read_stream(
          {start_of_message(), text_block, text_delta("Well"), block_stop,
           R"({"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal","explanation":"Not this."}}})",
           message_stop})),
      "text \"Well\"\nrefusal \"Not this.\"\nfinished content_filter (refusal)\n"
      "usage input=12 output=1\n");
}

TEST(AnthropicReader, AddsUpThePromptAndTakesNewerCounts) {
  const Read read = read_stream(
      {start_of_message(R"({"input_tokens":0,"output_tokens":0})"),
       R"({"type":"message_delta","delta":{},"usage":{"input_tokens":10,"cache_read_input_tokens":5,"cache_creation_input_tokens":3,"cache_creation":{"ephemeral_5m_input_tokens":1,"ephemeral_1h_input_tokens":2},"output_tokens":7,"output_tokens_details":{"thinking_tokens":4}}})",
       R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9,"input_tokens":null}})",
       message_stop});
  EXPECT_EQ(read.trace,
            "started id=msg_1 model=claude\n"
            "usage input=0 output=0\n"
            "finished stop (end_turn)\n"
            "usage input=18 cached=5 written=3 written_5m=1 written_1h=2 output=9 reasoning=4\n");
}

TEST(AnthropicReader, KeepsTheSplitOfCacheWritesOnlyWhereItAddsUp) {
  const Read read = read_stream(
      {start_of_message(
           R"({"input_tokens":1,"cache_creation_input_tokens":9,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0}})"),
       message_stop});
  EXPECT_EQ(read.trace,
            "started id=msg_1 model=claude\nusage input=10 written=9\n"
            "finished stop ()\nusage input=10 written=9\n");
}

TEST(AnthropicReader, TellsWhatATextQuotesBehindIt) {
  const Read read = read_stream(
      {start_of_message(), text_block, text_delta("See \\u00e9\\n: "), block_stop,
       block(R"({"type":"text","text":"","citations":[]})"),
       delta(
           R"({"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://a.b","title":"T","cited_text":"q","encrypted_index":"e"}})"),
       text_delta("it is so"),
       delta(
           R"({"type":"citations_delta","citation":{"type":"page_location","document_index":1,"document_title":"D","cited_text":"w"}})"),
       block_stop, end_of_message("end_turn"), message_stop});
  EXPECT_EQ(
      after_start(read),
      "text \"See é\n: \"\n"
      "text \"it is so\"\n"
      R"(citation {"type":"url_citation","url_citation":{"url":"https://a.b","title":"T","content":"q","start_index":8,"end_index":16}})"
      "\n"
      R"(citation {"type":"file_citation","file_citation":{"filename":"D","index":1,"content":"w","start_index":8,"end_index":16}})"
      "\n"
      "finished stop (end_turn)\nusage input=12 output=5\n");
}

// --- tools that stand for something else ---

TEST(AnthropicReader, TheOutputToolIsTheAnswersText) {
  const std::vector<std::string> events = {start_of_message(),
                                           tool_block,
                                           json_delta("{\\\"a\\\":"),
                                           json_delta("\\\"b\\\"}"),
                                           block_stop,
                                           end_of_message("tool_use"),
                                           message_stop};
  EXPECT_EQ(
      after_start(read_stream(events, {.output_tool = "weather"})),
      "text \"{\"a\":\"\ntext \"\"b\"}\"\nfinished stop (tool_use)\nusage input=12 output=5\n");
  json::Index index;
  EventTrace trace;
  AnthropicReader reader({.output_tool = "weather"});
  EXPECT_FALSE(reader.read_whole(
      R"({"id":"m","content":[{"type":"tool_use","id":"t","name":"weather","input":{ "a" : "b c" }}],"stop_reason":"tool_use"})",
      index, trace));
  EXPECT_EQ(trace.text(), "started id=m\ntext \"{\"a\":\"b c\"}\"\nfinished stop (tool_use)\n");
}

TEST(AnthropicReader, ACustomToolsInputIsUnwrapped) {
  const std::vector<std::string> events = {
      start_of_message(),         tool_block,
      json_delta("{\\\"inp"),     json_delta("ut\\\": \\\"ls\\\\"),
      json_delta("n-l\\\"}"),     block_stop,
      end_of_message("tool_use"), message_stop};
  EXPECT_EQ(after_start(read_stream(events, {.custom_tools = "other\nweather\n"})),
            "custom call 0 id=toolu_1 name=weather\narguments 0 ls\narguments 0 \n-l\n"
            "finished tool_calls (tool_use)\nusage input=12 output=5\n");
  json::Index index;
  EventTrace trace;
  AnthropicReader reader({.custom_tools = "weather\n"});
  EXPECT_FALSE(reader.read_whole(
      R"({"content":[{"type":"tool_use","id":"t","name":"weather","input":{"input":"a\"b"}}],"stop_reason":"tool_use"})",
      index, trace));
  EXPECT_EQ(trace.text(),
            "started\ncustom call 0 id=t name=weather\narguments 0 a\"b\nfinished tool_calls "
            "(tool_use)\n");
}

TEST(AnthropicReader, ARenamedToolIsCalledByTheCallersName) {
  const std::vector<std::string> events = {start_of_message(), tool_block, block_stop,
                                           end_of_message("tool_use"), message_stop};
  AskedFor asked;
  asked.renamed_tools.push_back({.sent = "weather", .name = "my.weather"});
  EXPECT_EQ(after_start(read_stream(events, std::move(asked))),
            "call 0 id=toolu_1 name=my.weather\narguments 0 {}\nfinished tool_calls (tool_use)\n"
            "usage input=12 output=5\n");
}

// --- what goes wrong ---

TEST(AnthropicReader, AnErrorEndsTheStream) {
  const Read read = read_stream(
      {start_of_message(), text_block, text_delta("Hel"),
       R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"});
  ASSERT_TRUE(read.error);
  EXPECT_EQ(read.error->kind, ApiErrorKind::overloaded);
  EXPECT_EQ(read.error->status, 503);
  EXPECT_EQ(read.end, StreamEnd::failed);
  EXPECT_EQ(read_stream({R"({"error":{"message":"no"}})"}).error->kind,
            ApiErrorKind::upstream_failed);
  EXPECT_EQ(read_stream({R"({"type":"error"})"}).error->kind, ApiErrorKind::upstream_failed);
}

TEST(AnthropicReader, AMessageAnnouncedTwiceIsOneAndAnotherOneIsAFault) {
  const Read twice = read_stream(
      {start_of_message(), start_of_message(), end_of_message("end_turn"), message_stop});
  EXPECT_EQ(after_start(twice), "finished stop (end_turn)\nusage input=12 output=5\n");
  EXPECT_EQ(twice.odd, 1U);
  const Read another = read_stream(
      {start_of_message(), R"({"type":"message_start","message":{"id":"msg_2","content":[]}})"});
  ASSERT_TRUE(another.error);
  EXPECT_EQ(another.error->code, "upstream_malformed");
}

TEST(AnthropicReader, WhatProxiesAppendIsIgnored) {
  AnthropicReader reader(AskedFor{});
  EventTrace trace;
  json::Index index;
  for (const std::string_view data : {"[DONE]", " [DONE] ", "", "  "}) {
    const ReadResult result = reader.read_event("data", data, index, trace);
    EXPECT_FALSE(result.error);
    EXPECT_FALSE(result.odd);
  }
  EXPECT_TRUE(reader.read_event("heartbeat", "still here", index, trace).odd);
  EXPECT_EQ(trace.text(), "");
  const ReadResult broken = reader.read_event("message_start", "{\"type\":", index, trace);
  ASSERT_TRUE(broken.error);
  EXPECT_EQ(broken.error->code, "upstream_malformed");
}

TEST(AnthropicReader, TheEventsNameServesWhereTheDataHasNone) {
  AnthropicReader reader(AskedFor{});
  EventTrace trace;
  json::Index index;
  EXPECT_FALSE(reader
                   .read_event("content_block_delta",
                               R"({"delta":{"type":"text_delta","text":"a"}})", index, trace)
                   .error);
  EXPECT_TRUE(reader.read_event("message_stop", "{}", index, trace).ended);
  EXPECT_EQ(trace.text(), "started\ntext \"a\"\nfinished stop ()\n");
}

TEST(AnthropicReader, AStreamThatSaidWhyItEndedIsWholeWithoutItsLastEvent) {
  const Read read = read_stream({start_of_message(), end_of_message("end_turn")});
  EXPECT_EQ(read.end, StreamEnd::finished);
  EXPECT_EQ(after_start(read), "finished stop (end_turn)\nusage input=12 output=5\n");
  EXPECT_EQ(read_stream({start_of_message(), text_block, text_delta("a")}).end,
            StreamEnd::truncated);
  EXPECT_EQ(read_stream({}).end, StreamEnd::truncated);
}

TEST(AnthropicReader, PiecesOfABlockThatIsNotOpenAreOdd) {
  const Read read = read_stream({start_of_message(), text_delta("a"), json_delta("{}"), block_stop,
                                 delta(R"({"type":"citations_delta","citation":{}})"),
                                 R"({"type":"content_block_delta"})",
                                 R"({"type":"content_block_start"})", message_stop});
  EXPECT_EQ(after_start(read), "text \"a\"\nfinished stop ()\nusage input=12 output=1\n");
  EXPECT_EQ(read.odd, 6U);
}

TEST(AnthropicReader, NothingIsSaidBehindTheReasonToEnd) {
  const Read read =
      read_stream({start_of_message(), text_block, text_delta("a"), end_of_message("end_turn"),
                   text_delta("b"), block_stop, end_of_message("max_tokens"), message_stop});
  EXPECT_EQ(after_start(read), "text \"a\"\nfinished stop (end_turn)\nusage input=12 output=5\n");
  EXPECT_EQ(read.odd, 2U);
}

TEST(AnthropicReader, ABodyThatIsNoMessageIsAnError) {
  for (const std::string_view body :
       {"", "[]", "{}", "<html>", "7", R"({"type":"message"})", R"({"content":"text"})"}) {
    AnthropicReader reader({.provider = "acme"});
    EventTrace trace;
    json::Index index;
    const auto error = reader.read_whole(body, index, trace);
    ASSERT_TRUE(error) << body;
    EXPECT_EQ(error->code, "upstream_malformed");
    EXPECT_EQ(trace.text(), "");
  }
  AnthropicReader reader({.provider = "acme"});
  EventTrace trace;
  json::Index index;
  const auto error = reader.read_whole(
      R"({"type":"error","error":{"type":"rate_limit_error","message":"?"}})", index, trace);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ApiErrorKind::rate_limited);
}

// --- recorded answers ---

AnswerSummary read_recorded_stream(const RecordedExchange& exchange, std::size_t& odd) {
  AnthropicReader reader({.provider = "acme"});
  SummarySink sink;
  json::Index index;
  bool ended = false;
  for (const RecordedEvent& event : split_events(exchange.body)) {
    const ReadResult result = reader.read_event(event.name, event.data, index, sink);
    EXPECT_FALSE(result.error) << result.error->message;
    ended = ended || result.ended;
    odd += result.odd ? 1U : 0U;
  }
  EXPECT_TRUE(ended);
  EXPECT_EQ(reader.finish(sink), StreamEnd::complete);
  EXPECT_TRUE(sink.finished());
  return sink.summary;
}

// As the gateway reads: runs where there are some, else one event by itself.
TEST(AnthropicReader, SaysTheSameOfRunsOfEventsAsOfEachByItself) {
  std::uint32_t in_runs = 0;
  for (const RecordedExchange& exchange : anthropic_exchanges()) {
    if (!is_event_stream(exchange.body)) continue;
    EventTrace runs;
    EventTrace each;
    AnthropicReader reader({.provider = "acme"});
    AnthropicReader other({.provider = "acme"});
    json::Index index;
    std::string stream;
    for (const RecordedEvent& event : split_events(exchange.body)) {
      (void)other.read_event(event.name, event.data, index, each);
      stream += "event: " + std::string(event.name) + "\ndata: " + std::string(event.data) + "\n\n";
    }
    std::string_view rest = stream;
    while (!rest.empty()) {
      const EventRun run = reader.read_run(rest, 1'000, runs);
      in_runs += run.count;
      rest.remove_prefix(run.size_bytes);
      const std::string_view event = rest.substr(0, rest.find("\n\n"));
      if (event.empty()) continue;
      for (const RecordedEvent& one : split_events(std::string(event) + "\n\n")) {
        (void)reader.read_event(one.name, one.data, index, runs);
      }
      rest.remove_prefix(event.size() + 2);
    }
    EXPECT_EQ(runs.take_text(), each.take_text()) << exchange.name;
  }
  EXPECT_GT(in_runs, 1'000U);
}

TEST(AnthropicReader, ReadsNoEventOfARunThatIsTooLarge) {
  AnthropicReader reader({.provider = "acme"});
  EventTrace trace;
  json::Index index;
  (void)reader.read_event("", text_block, index, trace);
  (void)reader.read_event("", text_delta("a"), index, trace);
  const std::string event = "event: content_block_delta\ndata: " + text_delta("bc") + "\n\n";
  EXPECT_EQ(reader.read_run(event, event.size() - 1, trace).count, 0U);
  EXPECT_EQ(reader.read_run(event + event, event.size(), trace).count, 2U);
}

TEST(AnthropicReader, ABlockThatFollowsIsReadAsItsOwn) {
  const Read read = read_stream(
      {start_of_message(), block(R"({"type":"thinking","thinking":""})"),
       delta(R"({"type":"thinking_delta","thinking":"a"})"),
       delta(R"({"type":"thinking_delta","thinking":"b"})"), block_stop, text_block,
       text_delta("c"), delta(R"({"type":"thinking_delta","thinking":"d"})"), text_delta("e"),
       text_delta("f"), block_stop, text_delta("late"), end_of_message("end_turn"), message_stop});
  EXPECT_EQ(read.odd, 1U) << read.trace;  // the late one
  EXPECT_NE(read.trace.find("reasoning \"d\""), std::string::npos) << read.trace;
  EXPECT_NE(read.trace.find("\"late\""), std::string::npos) << "of no block, and told all the same";
}

AnswerSummary reassembled_stream(const RecordedExchange& exchange) {
  AnthropicReassembly reassembly;
  json::Index index;
  for (const RecordedEvent& event : split_events(exchange.body)) {
    if (event.data == "[DONE]") continue;
    EXPECT_TRUE(index.build(event.data)) << event.data;
    reassembly.add_event(json::root(index));
  }
  return reassembly.summary();
}

TEST(AnthropicReader, ReadsEveryRecordedStream) {
  std::size_t count = 0;
  std::size_t odd = 0;
  for (const RecordedExchange& exchange : anthropic_exchanges()) {
    if (!is_event_stream(exchange.body)) continue;
    if (exchange.name.contains("spliced-message-start")) continue;  // two answers in one
    SCOPED_TRACE(exchange.name);
    ++count;
    EXPECT_EQ(read_recorded_stream(exchange, odd), reassembled_stream(exchange));
  }
  EXPECT_EQ(count, 125U);
  EXPECT_EQ(odd, 1U);  // the message that is announced twice
}

TEST(AnthropicReader, TellsARecordedStreamOfTwoAnswersFromOne) {
  for (const RecordedExchange& exchange : recorded_exchanges({"anthropic/messages"})) {
    if (!exchange.name.contains("spliced-message-start")) continue;
    AnthropicReader reader({.provider = "acme"});
    SummarySink sink;
    json::Index index;
    std::optional<ApiError> error;
    for (const RecordedEvent& event : split_events(exchange.body)) {
      ReadResult result = reader.read_event(event.name, event.data, index, sink);
      if (result.error) error = std::move(result.error);
    }
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, "upstream_malformed");
    EXPECT_EQ(reader.finish(sink), StreamEnd::failed);
    return;
  }
  FAIL() << "it is not among the recorded exchanges";
}

TEST(AnthropicReader, ReadsEveryRecordedWholeAnswer) {
  std::size_t count = 0;
  json::Index index({.depth_max = 256});
  for (const RecordedExchange& exchange : anthropic_exchanges()) {
    if (exchange.status != 200 || is_event_stream(exchange.body)) continue;
    SCOPED_TRACE(exchange.name);
    ++count;
    ASSERT_TRUE(index.build(exchange.body));
    AnthropicReassembly reassembly;
    reassembly.add_whole(json::root(index));
    AnthropicReader reader({.provider = "acme"});
    SummarySink sink;
    const auto error = reader.read_whole(exchange.body, index, sink);
    ASSERT_FALSE(error) << error->message;
    EXPECT_TRUE(sink.finished());
    EXPECT_EQ(sink.summary, reassembly.summary());
  }
  EXPECT_EQ(count, 191U);
}

TEST(AnthropicReader, NoRecordedErrorPassesForAnAnswer) {
  std::size_t count = 0;
  json::Index index;
  for (const RecordedExchange& exchange : anthropic_exchanges()) {
    if (exchange.status < 400 || exchange.url.contains("/invoke")) continue;
    SCOPED_TRACE(exchange.name);
    ++count;
    AnthropicReader reader({.provider = "acme"});
    SummarySink sink;
    EXPECT_TRUE(reader.read_whole(exchange.body, index, sink));
    const auto name = is_event_stream(exchange.body) ? "" : "error";
    EXPECT_TRUE(reader.read_event(name, exchange.body, index, sink).error);
  }
  EXPECT_EQ(count, 24U);
}

}  // namespace
}  // namespace sluice::llm
