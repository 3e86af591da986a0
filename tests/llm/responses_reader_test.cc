#include "sluice/llm/responses_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "event_trace.h"
#include "recorded.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

struct Outcome {
  std::string trace;
  std::optional<ApiError> error;
  StreamEnd end = StreamEnd::truncated;
};

Outcome read_stream(const std::vector<std::string>& events) {
  ResponsesReader reader({.provider = "acme"});
  EventTrace trace;
  json::Index index;
  Outcome outcome;
  for (const std::string& event : events) {
    const ReadResult result = reader.read_event("", event, index, trace);
    if (result.error) outcome.error = result.error;
    if (result.error || result.ended) break;
  }
  outcome.end = reader.finish(trace);
  outcome.trace = trace.take_text();
  return outcome;
}

Outcome read_answer(std::string_view body) {
  ResponsesReader reader({.provider = "acme"});
  EventTrace trace;
  json::Index index;
  Outcome outcome;
  outcome.error = reader.read_whole(body, index, trace);
  outcome.trace = trace.take_text();
  return outcome;
}

const std::string created = R"({"type":"response.created","response":{"id":"resp_1","model":"m"}})";
const std::string completed =
    R"({"type":"response.completed","response":{"status":"completed","output":[]}})";

struct StreamCase {
  std::string_view name;
  std::vector<std::string> events;  // between created and completed
  std::string_view trace;           // between started and finished
};
const StreamCase stream_cases[] = {
    {"deltas count, what repeats them does not",
     {R"({"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"m1"}})",
      R"({"type":"response.content_part.added","output_index":0,"content_index":0,"part":{"type":"output_text","text":""}})",
      R"({"type":"response.output_text.delta","item_id":"m1","output_index":0,"content_index":0,"delta":"a\"b"})",
      R"({"type":"response.output_text.delta","item_id":"m1","output_index":0,"content_index":0,"delta":"c"})",
      R"({"type":"response.output_text.done","item_id":"m1","output_index":0,"content_index":0,"text":"a\"bc"})",
      R"({"type":"response.content_part.done","output_index":0,"content_index":0,"part":{"type":"output_text","text":"a\"bc"}})",
      R"({"type":"response.output_item.done","output_index":0,"item":{"type":"message","id":"m1","content":[{"type":"output_text","text":"a\"bc"}]}})"},
     "text \"a\"b\"\ntext \"c\"\n"},
    {"what is done counts where no delta came",
     {R"({"type":"response.output_text.done","output_index":0,"content_index":0,"text":"a"})",
      R"({"type":"response.refusal.done","output_index":0,"content_index":1,"refusal":"b"})",
      R"({"type":"response.reasoning_summary_text.done","output_index":1,"summary_index":0,"text":"c"})",
      R"({"type":"response.reasoning_text.done","output_index":2,"content_index":0,"text":"d"})"},
     "text \"a\"\nrefusal \"b\"\nreasoning \"c\"\nreasoning \"d\"\n"},
    {"an item that only is done is told whole",
     {R"({"type":"response.output_item.done","item":{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"t"}],"encrypted_content":"gA"}})",
      R"({"type":"response.output_item.done","item":{"type":"message","id":"m1","content":[{"type":"output_text","text":"a"},{"type":"refusal","refusal":"b"}]}})",
      R"({"type":"response.output_item.done","item":{"type":"image_generation_call","id":"i1","result":"iVBO","output_format":"webp"}})"},
     "reasoning \"t\" id=rs_1\nsealed gA id=rs_1\ntext \"a\"\nrefusal \"b\"\nimage image/webp "
     "iVBO\n"},
    {"texts of one thought are kept apart; it is sealed as its item ends",
     {R"({"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_1","encrypted_content":"early"}})",
      R"({"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"a"})",
      R"({"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":1,"delta":"b"})",
      R"({"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","encrypted_content":"gA","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}]}})"},
     "reasoning \"a\" id=rs_1\nreasoning \"\n\n\" id=rs_1\nreasoning \"b\" id=rs_1\nsealed gA "
     "id=rs_1\n"},
    {"an annotation is a source",
     {R"({"type":"response.output_text.annotation.added","output_index":0,"annotation":{"type":"url_citation","start_index":1,"end_index":2,"title":"t","url":"u"}})",
      R"({"type":"response.output_text.annotation.added","output_index":0,"annotation":{"type":"file_citation","file_id":"f"}})",
      R"({"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[{"type":"output_text","text":"a","annotations":[{"type":"url_citation","url":"u"}]}]}})"},
     "citation {\"type\":\"url_citation\",\"url_citation\":{\"start_index\":1,\"end_index\":2,"
     "\"title\":\"t\",\"url\":\"u\"}}\ntext \"a\"\n"},
    {"what is not known is passed over",
     {R"({"type":"response.web_search_call.searching","output_index":0,"item_id":"ws"})",
      R"({"type":"response.output_item.done","output_index":0,"item":{"type":"web_search_call"}})",
      R"({"type":"response.of.tomorrow","delta":"x"})", R"({"delta":"x"})", "{}"},
     ""},
};

TEST(ResponsesReader, ReadsEventsOfStreams) {
  for (const StreamCase& c : stream_cases) {
    SCOPED_TRACE(c.name);
    std::vector<std::string> events = c.events;
    events.insert(events.begin(), created);
    events.push_back(completed);
    const Outcome outcome = read_stream(events);
    EXPECT_EQ(outcome.trace,
              "started id=resp_1 model=m\n" + std::string(c.trace) + "finished stop (completed)\n");
    EXPECT_EQ(outcome.end, StreamEnd::complete);
  }
}

const std::string call_a =
    R"({"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":""}})";
const std::string call_b =
    R"({"type":"response.output_item.added","output_index":1,"item":{"type":"custom_tool_call","id":"ct_1","call_id":"c2","name":"g","input":""}})";
std::string piece(int index, std::string_view text) {
  return R"({"type":"response.function_call_arguments.delta","output_index":)" +
         std::to_string(index) + R"(,"delta":")" + std::string(text) + "\"}";
}
std::string input_piece(int index, std::string_view text) {
  return R"({"type":"response.custom_tool_call_input.delta","output_index":)" +
         std::to_string(index) + R"(,"delta":")" + std::string(text) + "\"}";
}
std::string call_done(int index, std::string_view text) {
  return R"({"type":"response.function_call_arguments.done","output_index":)" +
         std::to_string(index) + R"(,"arguments":")" + std::string(text) + "\"}";
}
const std::string text_delta =
    R"({"type":"response.output_text.delta","output_index":2,"delta":"t"})";

struct CallCase {
  std::string_view name;
  std::vector<std::string> events;
  std::string_view trace;
};
const CallCase call_cases[] = {
    {"one after the other",
     {call_a, piece(0, "{"), piece(0, "}"), call_done(0, "{}"), call_b, input_piece(1, "x")},
     "call 0 id=c1 name=f\narguments 0 {\narguments 0 }\ncustom call 1 id=c2 name=g\narguments 1 "
     "x\n"},
    {"by turns: the second waits for the first",
     {call_a, call_b, input_piece(1, "x"), piece(0, "{"), input_piece(1, "y"), piece(0, "}"),
      call_done(0, "{}"), input_piece(1, "z")},
     "call 0 id=c1 name=f\narguments 0 {\narguments 0 }\ncustom call 1 id=c2 name=g\narguments 1 "
     "xy\n"
     "arguments 1 z\n"},
    {"what is said next ends the wait",
     {call_a, piece(0, "{"), call_b, input_piece(1, "x"), text_delta, piece(0, "late")},
     "call 0 id=c1 name=f\narguments 0 {\ncustom call 1 id=c2 name=g\narguments 1 x\ntext \"t\"\n"},
    {"arguments that only are done",
     {call_a, call_done(0, "{\\\"a\\\":1}")},
     "call 0 id=c1 name=f\narguments 0 {\"a\":1}\n"},
    {"no arguments at all", {call_a, call_b}, "call 0 id=c1 name=f\ncustom call 1 id=c2 name=g\n"},
    {"a call that only is done",
     {R"({"type":"response.output_item.done","item":{"type":"function_call","id":"fc_9","name":"f","arguments":"{}"}})"},
     "call 0 id=fc_9 name=f\narguments 0 {}\n"},
};

TEST(ResponsesReader, TellsOneCallAfterTheOther) {
  for (const CallCase& c : call_cases) {
    SCOPED_TRACE(c.name);
    std::vector<std::string> events = c.events;
    events.insert(events.begin(), created);
    events.push_back(completed);
    EXPECT_EQ(read_stream(events).trace, "started id=resp_1 model=m\n" + std::string(c.trace) +
                                             "finished tool_calls (completed)\n");
  }
}

TEST(ResponsesReader, SaysWhyAnAnswerIsIncomplete) {
  const auto end = [](std::string_view details) {
    return read_stream(
               {R"({"type":"response.incomplete","response":{"id":"r","status":"incomplete",)"
                R"("incomplete_details":)" +
                std::string(details) +
                R"(,"usage":{"input_tokens":3,"output_tokens":5,)"
                R"("output_tokens_details":{"reasoning_tokens":4},"total_tokens":8}}})"})
        .trace;
  };
  const std::string usage = "usage input=3 output=5 reasoning=4 total=8\n";
  EXPECT_EQ(end(R"({"reason":"max_output_tokens"})"),
            "started id=r\nfinished length (max_output_tokens)\n" + usage);
  EXPECT_EQ(end(R"({"reason":"content_filter"})"),
            "started id=r\nfinished content_filter (content_filter)\n" + usage);
  EXPECT_EQ(end("null"), "started id=r\nfinished length (incomplete)\n" + usage);
}

TEST(ResponsesReader, ReadsTheWholeOutputWhereNothingWasToldBefore) {
  const Outcome outcome = read_stream(
      {created, R"({"type":"response.completed","response":{"status":"completed","output":[)"
                R"({"type":"message","content":[{"type":"output_text","text":"a"}]}]}})"});
  EXPECT_EQ(outcome.trace, "started id=resp_1 model=m\ntext \"a\"\nfinished stop (completed)\n");
}

struct ErrorCase {
  std::string_view event;
  ApiErrorKind kind;
};
const ErrorCase error_cases[] = {
    {R"({"type":"error","code":"rate_limit_exceeded","message":"slow","param":null})",
     ApiErrorKind::rate_limited},
    {R"({"type":"error","error":{"type":"insufficient_quota","code":"insufficient_quota","message":"m"}})",
     ApiErrorKind::quota_exhausted},
    {R"({"type":"response.failed","response":{"error":{"code":"server_error","message":"m"}}})",
     ApiErrorKind::upstream_failed},
    {R"({"type":"response.failed","response":{"error":null}})", ApiErrorKind::upstream_failed},
    {R"({"error":{"message":"m","code":"context_length_exceeded"}})", ApiErrorKind::context_length},
    {"no JSON", ApiErrorKind::upstream_failed},
    {"[]", ApiErrorKind::upstream_failed},
};

TEST(ResponsesReader, FailsWithTheErrorOfAStream) {
  for (const ErrorCase& c : error_cases) {
    SCOPED_TRACE(c.event);
    const Outcome outcome = read_stream({created, std::string(c.event), completed});
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind, c.kind) << outcome.error->message;
    EXPECT_EQ(outcome.end, StreamEnd::failed);
    EXPECT_EQ(outcome.trace, "started id=resp_1 model=m\n");
  }
}

TEST(ResponsesReader, TellsABrokenStreamFromAWholeOne) {
  EXPECT_EQ(read_stream({created, text_delta}).end, StreamEnd::truncated);
  EXPECT_EQ(read_stream({}).end, StreamEnd::truncated);
  EXPECT_EQ(read_stream({created, completed, "[DONE]"}).end, StreamEnd::complete);
}

TEST(ResponsesReader, RefusesWholeAnswersThatAreNone) {
  for (const std::string_view body :
       {"", "no", "[]", "{}", R"({"output":{}})", R"({"output":[],"error":{"message":"m"}})",
        R"({"output":[],"status":"failed"})", R"({"output":[],"status":"queued"})"}) {
    SCOPED_TRACE(body);
    const Outcome outcome = read_answer(body);
    EXPECT_TRUE(outcome.error);
    EXPECT_EQ(outcome.trace, "");
  }
}

TEST(ResponsesReader, ReadsAWholeAnswer) {
  const Outcome outcome = read_answer(
      R"({"id":"resp_1","model":"m","status":"completed","error":null,"output":[)"
      R"({"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"t"}],"encrypted_content":"gA"},)"
      R"({"type":"message","content":[{"type":"output_text","text":"a","annotations":[)"
      R"({"type":"url_citation","start_index":0,"end_index":1,"title":"t","url":"u"}]}]},)"
      R"({"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"{}"},)"
      R"({"type":"custom_tool_call","id":"ct_1","call_id":"c2","name":"g","input":"x"}],)"
      R"("usage":{"input_tokens":3,"input_tokens_details":{"cached_tokens":1},"output_tokens":5}})");
  EXPECT_EQ(outcome.trace,
            "started id=resp_1 model=m\nreasoning \"t\" id=rs_1\nsealed gA id=rs_1\ntext \"a\"\n"
            "citation {\"type\":\"url_citation\",\"url_citation\":{\"start_index\":0,"
            "\"end_index\":1,\"title\":\"t\",\"url\":\"u\"}}\n"
            "call 0 id=c1 name=f\narguments 0 {}\ncustom call 1 id=c2 name=g\narguments 1 x\n"
            "finished tool_calls (completed)\nusage input=3 cached=1 output=5\n");
}

TEST(ResponsesReader, AToolThatIsKnownByAnotherNameIsTheCallersAgain) {
  ResponsesReader reader({.renamed_tools = {{.sent = "f_1", .name = "f.g"}}});
  EventTrace trace;
  json::Index index;
  EXPECT_FALSE(reader.read_whole(
      R"({"id":"r","status":"completed","output":[{"type":"function_call","call_id":"c","name":"f_1","arguments":"{}"}]})",
      index, trace));
  EXPECT_NE(trace.text().find("call 0 id=c name=f.g\n"), std::string::npos) << trace.text();
}

// --- recorded answers, compared with the response object that each of them ends with ---

// What an answer came to, however it was cut into events.
struct Sum {
  std::string id, text, refusal, thoughts, sealed, end, usage;
  std::vector<std::string> calls;

  friend bool operator==(const Sum&, const Sum&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Sum& sum) {
    out << "id " << sum.id << "\ntext " << sum.text << "\nrefusal " << sum.refusal << "\nthoughts "
        << sum.thoughts << "\nsealed " << sum.sealed << "\nend " << sum.end << "\nusage "
        << sum.usage;
    for (const std::string& call : sum.calls) out << "\ncall " << call;
    return out;
  }
};

std::string count(const Usage::Count& count) { return count ? std::to_string(*count) : "?"; }

class Listener : public ChatSink {
 public:
  void take(const ChatEvent& event) override {
    EXPECT_EQ(event.kind == ChatEventKind::started, !started_) << "started first, and once";
    EXPECT_TRUE(sum.end.empty() || event.kind == ChatEventKind::usage) << "nothing behind the end";
    switch (event.kind) {
      case ChatEventKind::started:
        started_ = true;
        sum.id = plain(event.id);
        break;
      case ChatEventKind::text: sum.text += plain(event.text); break;
      case ChatEventKind::refusal: sum.refusal += plain(event.text); break;
      case ChatEventKind::reasoning:
        EXPECT_EQ(event.origin, ReasoningOrigin::openai);
        sum.thoughts += plain(event.text);
        break;
      case ChatEventKind::reasoning_sealed:
        sum.sealed += plain(event.id) + ":" + plain(event.text) + "\n";
        break;
      case ChatEventKind::tool_call:
        EXPECT_EQ(event.call, sum.calls.size());
        sum.calls.push_back(plain(event.id) + " " + plain(event.name) + " ");
        break;
      case ChatEventKind::tool_arguments:
        ASSERT_EQ(event.call + 1, sum.calls.size());
        sum.calls.back() += plain(event.text);
        break;
      case ChatEventKind::finished: sum.end = std::string(to_string(event.reason)); break;
      case ChatEventKind::usage:
        sum.usage = count(event.usage.input) + " " + count(event.usage.cached_input) + " " +
                    count(event.usage.output) + " " + count(event.usage.reasoning_output);
        break;
      case ChatEventKind::logprobs:
      case ChatEventKind::citation: break;
      case ChatEventKind::reasoning_signed:
      case ChatEventKind::image: ADD_FAILURE() << to_string(event.kind);
    }
  }
  Sum sum;

 private:
  static std::string plain(json::Text text) {
    std::string scratch;
    return std::string(text.plain(scratch));
  }
  bool started_ = false;
};

std::string text_of(std::optional<Value> object, std::string_view name) {
  const auto value = object ? object->find(name) : std::nullopt;
  return value ? value->string().value_or("") : "";
}

std::string number_of(std::optional<Value> object, std::string_view name) {
  const auto value = object ? object->find(name) : std::nullopt;
  return value && value->is(Kind::number) ? std::string(value->raw()) : "?";
}

std::string sealed_in(Value item) {
  const std::string sealed = text_of(item, "encrypted_content");
  return sealed.empty() ? "" : text_of(item, "id") + ":" + sealed + "\n";
}

Sum expected_sum(Value response) {
  Sum sum;
  sum.id = text_of(response, "id");
  for (const Value item : response.find("output")->elements()) {
    const std::string type = text_of(item, "type");
    std::string thought;
    const auto add_thoughts = [&](std::string_view list) {
      const auto thoughts = item.find(list);
      if (!thoughts) return;
      for (const Value part : thoughts->elements()) {
        thought += (thought.empty() ? "" : "\n\n") + text_of(part, "text");
      }
    };
    if (type == "message") {
      for (const Value part : item.find("content")->elements()) {
        (text_of(part, "type") == "refusal" ? sum.refusal : sum.text) +=
            text_of(part, text_of(part, "type") == "refusal" ? "refusal" : "text");
      }
    } else if (type == "reasoning") {
      add_thoughts("summary");
      add_thoughts("content");
      sum.thoughts += thought;
      sum.sealed += sealed_in(item);
    } else if (type == "function_call") {
      sum.calls.push_back(text_of(item, "call_id") + " " + text_of(item, "name") + " " +
                          text_of(item, "arguments"));
    } else if (type == "custom_tool_call") {
      sum.calls.push_back(text_of(item, "call_id") + " " + text_of(item, "name") + " " +
                          text_of(item, "input"));
    }
  }
  const std::string why = text_of(response.find("incomplete_details"), "reason");
  sum.end = sum.calls.empty() ? "stop" : "tool_calls";
  if (text_of(response, "status") == "incomplete") {
    sum.end = why == "content_filter" ? "content_filter" : "length";
  }
  const auto usage = response.find("usage");
  if (usage && usage->is(Kind::object)) {
    sum.usage = number_of(usage, "input_tokens") + " " +
                number_of(usage->find("input_tokens_details"), "cached_tokens") + " " +
                number_of(usage, "output_tokens") + " " +
                number_of(usage->find("output_tokens_details"), "reasoning_tokens");
  }
  return sum;
}

struct Counts {
  int whole = 0, streams = 0, errors = 0, failed_streams = 0;
};

void check_whole(const RecordedExchange& exchange, Counts& counts) {
  ResponsesReader reader({.provider = "acme"});
  Listener listener;
  json::Index index;
  const auto error = reader.read_whole(exchange.body, index, listener);
  ASSERT_TRUE(index.build(exchange.body));
  const Value top = json::root(index);
  if (!top.find("output")) {
    EXPECT_TRUE(error);
    ++counts.errors;
    return;
  }
  ASSERT_FALSE(error) << error->message;
  EXPECT_EQ(listener.sum, expected_sum(top));
  ++counts.whole;
}

void check_stream(std::span<const RecordedEvent> events, Counts& counts) {
  ResponsesReader reader({.provider = "acme"});
  Listener listener;
  json::Index index;
  std::optional<ApiError> error;
  std::optional<Sum> expected;
  std::string sealed;  // OpenAI seals a thought anew each time it shows it
  for (const RecordedEvent& event : events) {
    if (event.data == "[DONE]") continue;
    ASSERT_TRUE(index.build(event.data)) << event.data;
    const Value top = json::root(index);
    const std::string type = text_of(top, "type");
    if (type == "response.output_item.done") sealed += sealed_in(*top.find("item"));
    if (type == "response.completed" || type == "response.incomplete") {
      expected = expected_sum(*top.find("response"));
      expected->sealed = sealed;
    }
    const ReadResult result = reader.read_event(event.name, event.data, index, listener);
    EXPECT_FALSE(result.odd) << event.data;
    if (result.error) error = result.error;
  }
  if (!expected) {
    EXPECT_TRUE(error);
    EXPECT_EQ(reader.finish(listener), StreamEnd::failed);
    ++counts.failed_streams;
    return;
  }
  EXPECT_FALSE(error);
  EXPECT_EQ(reader.finish(listener), StreamEnd::complete);
  EXPECT_EQ(listener.sum, *expected);
  ++counts.streams;
}

// Some files hold several streams, one behind the other.
void check_streams(const std::string& body, Counts& counts) {
  const std::vector<RecordedEvent> events = split_events(body);
  const auto begins = [](const RecordedEvent& event) {
    return event.data.find("\"response.created\"") != std::string::npos;
  };
  for (auto at = events.begin(); at != events.end();) {
    const auto end = std::find_if(at + 1, events.end(), begins);
    check_stream({at, end}, counts);
    at = end;
  }
}

TEST(ResponsesReader, ReadsEveryRecordedAnswer) {
  Counts counts;
  for (const RecordedExchange& exchange :
       recorded_exchanges({"openai", "azure", "openai-compat", "cross", "bedrock/mantle"})) {
    if (recorded_operation(exchange) != Operation::responses || exchange.body.empty()) continue;
    SCOPED_TRACE(exchange.name);
    if (is_event_stream(exchange.body)) {
      check_streams(exchange.body, counts);
    } else {
      check_whole(exchange, counts);
    }
  }
  EXPECT_EQ(counts.whole, 93);
  EXPECT_EQ(counts.streams, 45);
  EXPECT_EQ(counts.errors, 5);
  EXPECT_EQ(counts.failed_streams, 3);
}

}  // namespace
}  // namespace sluice::llm
