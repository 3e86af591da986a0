#include "sluice/llm/responses_writer.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "event_trace.h"
#include "recorded.h"
#include "responses_grammar.h"
#include "shown_messages.h"
#include "sluice/llm/gemini_reader.h"
#include "sluice/llm/responses_reader.h"
#include "sluice/llm/responses_request.h"

namespace sluice::llm {
namespace {

json::Text text(std::string_view bytes) { return {.bytes = bytes}; }
json::Text escaped(std::string_view bytes) { return {.bytes = bytes, .escaped = true}; }

AnswerFrame frame() {
  return {.request_id = "req_1", .provider = "acme", .model = "claude", .created = 7};
}

constexpr ReasoningOrigin claude = ReasoningOrigin::anthropic;

const std::vector<ChatEvent>& whole_answer() {
  static const std::vector<ChatEvent> events = {
      {.kind = ChatEventKind::started, .id = text("msg_1"), .model = text("claude-x")},
      {.kind = ChatEventKind::reasoning, .text = text("Hm"), .origin = claude},
      {.kind = ChatEventKind::reasoning_signed, .text = text("s/g"), .origin = claude},
      {.kind = ChatEventKind::reasoning_sealed, .text = text("xyz"), .origin = claude},
      {.kind = ChatEventKind::text, .text = escaped("He said \\\"")},
      {.kind = ChatEventKind::text, .text = text("hi\"\n")},
      {.kind = ChatEventKind::citation,
       .json = R"({"type":"url_citation","url_citation":{"start_index":0,"end_index":2,)"
               R"("title":"t","url":"u"}})"},
      {.kind = ChatEventKind::refusal, .text = text("no")},
      {.kind = ChatEventKind::tool_call, .call = 0, .id = text("t1"), .name = text("weather")},
      {.kind = ChatEventKind::tool_arguments, .call = 0, .text = escaped("{\\\"city\\\":")},
      {.kind = ChatEventKind::tool_arguments, .call = 0, .text = text("\"Rome\"}")},
      {.kind = ChatEventKind::tool_call,
       .call = 1,
       .text = text("th"),
       .id = text("t2"),
       .name = text("now")},
      {.kind = ChatEventKind::tool_call,
       .call = 2,
       .is_custom = true,
       .id = text("t3"),
       .name = text("sql")},
      {.kind = ChatEventKind::tool_arguments, .call = 2, .text = text("select 1")},
      {.kind = ChatEventKind::image, .text = text("iVBO"), .name = text("image/png")},
      {.kind = ChatEventKind::finished, .reason = FinishReason::tool_calls},
      {.kind = ChatEventKind::usage, .usage = {.input = 12, .cached_input = 4, .output = 5}},
  };
  return events;
}

std::string written(ChatWriter& writer, const std::vector<ChatEvent>& events) {
  for (const ChatEvent& event : events) writer.take(event);
  writer.end();
  return writer.take_bytes();
}

std::string output_of(const std::string& response) {
  json::Index index;
  EXPECT_TRUE(index.build(response)) << response;
  return index.has_document() ? std::string(json::root(index).find("output")->raw()) : "";
}

const std::string whole_output =
    R"([{"id":"rs_1_0","type":"reasoning","summary":[{"type":"summary_text","text":"Hm"}],)"
    R"("encrypted_content":"sluice1:anthropic:signature:s/g"},)"
    R"({"id":"rs_1_1","type":"reasoning","summary":[],)"
    R"("encrypted_content":"sluice1:anthropic:sealed:xyz"},)"
    R"({"id":"msg_1_2","type":"message","status":"completed","role":"assistant","content":[)"
    R"({"type":"output_text","annotations":[{"type":"url_citation","start_index":0,"end_index":2,)"
    R"("title":"t","url":"u"}],"logprobs":[],"text":"He said \"hi\"\n"},)"
    R"({"type":"refusal","refusal":"no"}]},)"
    R"({"id":"fc_1_3","type":"function_call","status":"completed","call_id":"t1",)"
    R"("name":"weather","arguments":"{\"city\":\"Rome\"}"},)"
    R"({"id":"rs_1_4","type":"reasoning","summary":[],)"
    R"("encrypted_content":"sluice1:google:call:th"},)"
    R"({"id":"fc_1_5","type":"function_call","status":"completed","call_id":"t2","name":"now",)"
    R"("arguments":"{}"},)"
    R"({"id":"ct_1_6","type":"custom_tool_call","status":"completed","call_id":"t3","name":"sql",)"
    R"("input":"select 1"},)"
    R"({"id":"ig_1_7","type":"image_generation_call","status":"completed","output_format":"png",)"
    R"("result":"iVBO"}])";

TEST(ResponsesAnswerWriter, WritesOneResponseOfAllEvents) {
  ResponsesAnswerWriter writer(frame());
  const std::string answer = written(writer, whole_answer());
  EXPECT_EQ(output_of(answer), whole_output);
  const std::string_view head =
      R"({"id":"resp_1","object":"response","created_at":7,"status":"completed",)"
      R"("background":false,"error":null,"incomplete_details":null,)";
  EXPECT_EQ(answer.substr(0, head.size()), head);
  EXPECT_NE(answer.find(R"("usage":{"input_tokens":12,"input_tokens_details":{"cached_tokens":4},)"
                        R"("output_tokens":5,"output_tokens_details":{"reasoning_tokens":0},)"
                        R"("total_tokens":17})"),
            answer.npos);
  EXPECT_TRUE(answer.ends_with(R"("request_id":"req_1","provider":"acme"})"));
}

TEST(ResponsesStreamWriter, WritesTheSameAsEvents) {
  ResponsesStreamWriter writer(frame());
  const std::string stream = written(writer, whole_answer());
  EXPECT_EQ(output_of(ResponsesGrammar().check(stream)), whole_output);
  EXPECT_EQ(split_events(stream).size(), writer.events());
}

TEST(ResponsesStreamWriter, WritesTheTripleOfAText) {
  ResponsesStreamWriter writer(frame());
  writer.take({.kind = ChatEventKind::started});
  EXPECT_EQ(split_events(writer.take_bytes()).size(), 2U);
  writer.take({.kind = ChatEventKind::text, .text = text("a")});
  EXPECT_EQ(
      writer.take_bytes(),
      "event: response.output_item.added\n"
      R"(data: {"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":)"
      R"({"id":"msg_1_0","type":"message","status":"in_progress","role":"assistant","content":[]}})"
      "\n\nevent: response.content_part.added\n"
      R"(data: {"type":"response.content_part.added","sequence_number":3,"item_id":"msg_1_0",)"
      R"("output_index":0,"content_index":0,"part":{"type":"output_text","annotations":[],)"
      R"("logprobs":[],"text":""}})"
      "\n\nevent: response.output_text.delta\n"
      R"(data: {"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1_0",)"
      R"("output_index":0,"content_index":0,"delta":"a","logprobs":[]})"
      "\n\n");
  writer.take({.kind = ChatEventKind::finished});
  const auto events = split_events(writer.take_bytes());
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].name, "response.output_text.done");
  EXPECT_EQ(events[1].name, "response.content_part.done");
  EXPECT_EQ(events[2].name, "response.output_item.done");
}

TEST(ResponsesStreamWriter, SealsAThoughtOfOpenAisWithinItsItem) {
  ResponsesStreamWriter writer(frame());
  const ReasoningOrigin openai = ReasoningOrigin::openai;
  const std::string stream = written(
      writer,
      {{.kind = ChatEventKind::reasoning, .text = text("a"), .id = text("rs_x"), .origin = openai},
       {.kind = ChatEventKind::reasoning_sealed,
        .text = text("gA"),
        .id = text("rs_x"),
        .origin = openai},
       {.kind = ChatEventKind::reasoning_sealed,
        .text = text("gB"),
        .id = text("rs_y"),
        .origin = openai},
       {.kind = ChatEventKind::finished}});
  EXPECT_EQ(output_of(ResponsesGrammar().check(stream)),
            R"([{"id":"rs_x","type":"reasoning","summary":[{"type":"summary_text","text":"a"}],)"
            R"("encrypted_content":"gA"},)"
            R"({"id":"rs_y","type":"reasoning","summary":[],"encrypted_content":"gB"}])");
}

struct EndCase {
  FinishReason reason;
  std::string_view status;
  std::string_view details;
  std::string_view arguments;
};
const EndCase end_cases[] = {
    {FinishReason::stop, "completed", "null", "{}"},
    {FinishReason::paused, "completed", "null", "{}"},
    {FinishReason::tool_calls, "completed", "null", "{}"},
    {FinishReason::length, "incomplete", R"({"reason":"max_output_tokens"})", ""},
    {FinishReason::content_filter, "incomplete", R"({"reason":"content_filter"})", ""},
};

TEST(ResponsesStreamWriter, SaysHowTheAnswerEnded) {
  for (const EndCase& c : end_cases) {
    SCOPED_TRACE(to_string(c.reason));
    ResponsesStreamWriter writer(frame());
    const std::string response = ResponsesGrammar().check(
        written(writer, {{.kind = ChatEventKind::tool_call, .id = text("t"), .name = text("f")},
                         {.kind = ChatEventKind::finished, .reason = c.reason}}));
    json::Index index;
    ASSERT_TRUE(index.build(response));
    const json::Value top = json::root(index);
    EXPECT_EQ(top.find("status")->string(), c.status);
    EXPECT_EQ(top.find("incomplete_details")->raw(), c.details);
    const json::Value item = *top.find("output")->elements().begin();
    EXPECT_EQ(item.find("arguments")->string(), c.arguments);
    EXPECT_EQ(item.find("status")->string(), c.status);
    EXPECT_EQ(top.find("usage")->raw(), "null");
  }
}

TEST(ResponsesStreamWriter, HidesThoughtsThatNobodyWantsToSee) {
  AnswerFrame asked = frame();
  asked.reasoning_shown = false;
  ResponsesStreamWriter writer(asked);
  const std::string stream = written(writer, whole_answer());
  EXPECT_EQ(stream.find("anthropic"), stream.npos);
  EXPECT_EQ(stream.find("summary_text"), stream.npos);
}

TEST(ResponsesStreamWriter, EndsAFailedStreamWithTheError) {
  ResponsesStreamWriter writer(frame());
  writer.take({.kind = ChatEventKind::started});
  (void)writer.take_bytes();
  writer.fail(errors::upstream_truncated("acme"));
  const auto events = split_events(writer.take_bytes());
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].name, "error");
  ResponsesReader reader({.provider = "acme"});
  EventTrace trace;
  json::Index index;
  EXPECT_TRUE(reader.read_event("", events[0].data, index, trace).error);
}

TEST(ResponsesStreamWriter, IsWholeEvenWhenNothingWasSaid) {
  ResponsesStreamWriter writer(frame());
  EXPECT_EQ(output_of(ResponsesGrammar().check(written(writer, {}))), "[]");
}

// A client sends back what it was given: signatures and origins must be there again.
TEST(ResponsesAnswerWriter, WritesThoughtsThatComeBackAsTheyWere) {
  ResponsesAnswerWriter writer(frame());
  const std::string output = output_of(written(writer, whole_answer()));
  std::string items = output.substr(0, output.find(R"(,{"id":"ig_)")) + "]";
  const std::string body = R"({"input":)" + items + "}";
  json::Index index;
  ASSERT_TRUE(index.build(body));
  const auto request = read_responses_chat(json::root(index));
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(shown_messages(*request),
            "assistant [thought Hm signed=s/g id=rs_1_0 of=anthropic] "
            "[thought  sealed=xyz id=rs_1_1 of=anthropic] [text He said \"hi\"\n] [refusal no] "
            "[call t1 weather {\"city\":\"Rome\"}] [call t2 now {} signature=th] "
            "[custom call t3 sql select 1]\n");
}

// --- recorded answers, read and written again ---

// Tells several.
class Both : public ChatSink {
 public:
  explicit Both(std::vector<ChatSink*> sinks) : sinks_(std::move(sinks)) {}
  void take(const ChatEvent& event) override {
    for (ChatSink* sink : sinks_) sink->take(event);
  }

 private:
  std::vector<ChatSink*> sinks_;
};

// What was said, without what a writer may change: ids, and how thoughts are proved.
class Said : public ChatSink {
 public:
  void take(const ChatEvent& event) override {
    if (event.choice != 0) return;
    switch (event.kind) {
      case ChatEventKind::text:
      case ChatEventKind::refusal:
      case ChatEventKind::reasoning: words[to_string(event.kind)] += plain_text(event.text); break;
      case ChatEventKind::tool_call:
        calls.push_back(plain_text(event.id) + " " + plain_text(event.name) + " ");
        break;
      case ChatEventKind::tool_arguments: calls.back() += plain_text(event.text); break;
      case ChatEventKind::image: words["image"] += plain_text(event.text); break;
      case ChatEventKind::finished: words["end"] = to_string(event.reason); break;
      case ChatEventKind::usage: usage = event.usage; break;
      case ChatEventKind::started:
      case ChatEventKind::reasoning_signed:
      case ChatEventKind::reasoning_sealed:
      case ChatEventKind::logprobs:
      case ChatEventKind::citation: break;
    }
  }
  std::map<std::string_view, std::string> words;
  std::vector<std::string> calls;
  Usage usage;
};

// False: no answer to be written.
bool feed(ChatReader& reader, const std::string& body, ChatSink& sink) {
  json::Index index({.depth_max = 256});
  if (!is_event_stream(body)) return !reader.read_whole(body, index, sink);
  for (const RecordedEvent& event : split_events(body)) {
    const ReadResult result = reader.read_event(event.name, event.data, index, sink);
    if (result.error) return false;
    if (result.ended) break;
  }
  const StreamEnd end = reader.finish(sink);
  return end == StreamEnd::complete || end == StreamEnd::finished;
}

bool check_written(ChatReader& reader, const std::string& body) {
  ResponsesStreamWriter stream(frame());
  ResponsesAnswerWriter answer(frame());
  Said said;
  Both all({&stream, &answer, &said});
  if (!feed(reader, body, all)) return false;
  stream.end();
  answer.end();
  const std::string events = stream.take_bytes();
  const std::string response = answer.take_bytes();
  EXPECT_EQ(ResponsesGrammar().check(events), response) << "both writers agree";
  for (const std::string& again : {events, response}) {
    ResponsesReader own({.provider = "acme"});
    Said read_again;
    EXPECT_TRUE(feed(own, again, read_again));
    EXPECT_EQ(read_again.words, said.words);
    EXPECT_EQ(read_again.calls, said.calls);
    EXPECT_EQ(read_again.usage.output, said.usage.output);
  }
  return true;
}

TEST(ResponsesStreamWriter, WritesEveryRecordedAnswerByTheGrammar) {
  int responses = 0;
  int geminis = 0;
  for (const RecordedExchange& exchange :
       recorded_exchanges({"openai", "azure", "openai-compat", "cross", "bedrock/mantle"})) {
    if (recorded_operation(exchange) != Operation::responses || exchange.body.empty()) continue;
    SCOPED_TRACE(exchange.name);
    ResponsesReader reader({.provider = "acme"});
    if (check_written(reader, exchange.body)) ++responses;
  }
  for (const RecordedExchange& exchange : recorded_exchanges({"gemini", "vertex"})) {
    SCOPED_TRACE(exchange.name);
    GeminiReader reader({.provider = "acme"});
    if (check_written(reader, exchange.body)) ++geminis;
  }
  EXPECT_EQ(responses, 132);
  EXPECT_EQ(geminis, 231);
}

}  // namespace
}  // namespace sluice::llm
