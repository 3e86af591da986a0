#include "sluice/llm/openai_stream.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "recorded.h"

namespace sluice::llm {
namespace {

struct EventCase {
  const char* name;
  Operation operation;
  std::string_view event_name;
  std::string_view data;
  StreamEventKind kind;
  bool carries_content;
};

constexpr Operation chat = Operation::chat_completions;
constexpr Operation responses = Operation::responses;
using Kind = StreamEventKind;

const EventCase event_cases[] = {
    {"the role alone", chat, "",
     R"({"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}]})",
     Kind::lifecycle, false},
    {"an empty delta", chat, "", R"({"choices":[{"index":0,"delta":{},"finish_reason":null}]})",
     Kind::lifecycle, false},
    {"text", chat, "", R"({"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]})",
     Kind::content, true},
    {"the role with text", chat, "",
     R"({"choices":[{"delta":{"role":"assistant","content":"Hi"}}]})", Kind::content, true},
    {"text under an escaped name", chat, "",
     R"({"\u0063hoices":[{"d\u0065lta":{"content":"Hi"}}]})", Kind::content, true},
    {"a tool call", chat, "",
     R"({"choices":[{"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1"}]}}]})",
     Kind::content, true},
    {"no tool calls", chat, "", R"({"choices":[{"delta":{"role":"assistant","tool_calls":[]}}]})",
     Kind::lifecycle, false},
    {"a refusal", chat, "", R"({"choices":[{"delta":{"refusal":"I"}}]})", Kind::content, true},
    {"a thought", chat, "", R"({"choices":[{"delta":{"reasoning_content":"Hm"}}]})", Kind::content,
     true},
    {"a thought by another name", chat, "", R"({"choices":[{"delta":{"reasoning":"Hm"}}]})",
     Kind::content, true},
    {"content in parts", chat, "",
     R"({"choices":[{"delta":{"content":[{"type":"thinking","thinking":[]}]}}]})", Kind::content,
     true},
    {"the second choice has the text", chat, "",
     R"({"choices":[{"index":0,"delta":{}},{"index":1,"delta":{"content":"x"}}]})", Kind::content,
     true},
    {"the end", chat, "", R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})",
     Kind::finish, false},
    {"the end with the last text", chat, "",
     R"({"choices":[{"index":0,"delta":{"content":"."},"finish_reason":"length"}]})", Kind::finish,
     true},
    {"an empty finish reason is none", chat, "",
     R"({"choices":[{"index":0,"delta":{"content":"."},"finish_reason":""}]})", Kind::content,
     true},
    {"usage alone", chat, "", R"({"choices":[],"usage":{"prompt_tokens":1}})", Kind::usage_only,
     false},
    {"no choices and no usage", chat, "", R"({"choices":[],"prompt_filter_results":[]})",
     Kind::lifecycle, false},
    {"no choices and usage null", chat, "", R"({"choices":[],"usage":null})", Kind::lifecycle,
     false},
    {"the end in so many words", chat, "", "[DONE]", Kind::done, false},
    {"the end with blanks", chat, "", " [DONE] ", Kind::done, false},
    {"nothing", chat, "", "", Kind::lifecycle, false},
    {"an error", chat, "", R"({"error":{"message":"no","type":"server_error","code":null}})",
     Kind::error, false},
    {"an error beside choices", chat, "",
     R"({"choices":[{"delta":{},"finish_reason":"error"}],"error":{"code":502,"message":"no"}})",
     Kind::error, false},
    {"a finish that is an error", chat, "", R"({"choices":[{"finish_reason":"error"}]})",
     Kind::error, false},
    {"an event named error", chat, "error", R"({"message":"no"})", Kind::error, false},
    {"an event named error, not JSON", chat, "error", "upstream connect error", Kind::error, false},
    {"error null is none", chat, "", R"({"error":null,"choices":[{"delta":{"content":"x"}}]})",
     Kind::content, true},
    {"a word that only looks like the end", chat, "", "[DONE", Kind::malformed, false},
    {"not JSON", chat, "", "Internal Server Error", Kind::malformed, false},
    {"HTML", chat, "", "<html><body>502</body></html>", Kind::malformed, false},
    {"a chunk that was cut", chat, "", R"({"choices":[{"index":0,"delta":{"content":"Hi)",
     Kind::malformed, false},
    {"two chunks in one event", chat, "", "{\"choices\":[]}\n{\"choices\":[]}", Kind::malformed,
     false},
    {"bytes that are no UTF-8", chat, "", "{\"choices\":[{\"delta\":{\"content\":\"\xFF\"}}]}",
     Kind::malformed, false},
    {"no object", chat, "", "[1,2,3,4,5,6,7,8,9,10]", Kind::malformed, false},
    {"a chunk without choices", chat, "", R"({"object":"something.new"})", Kind::unknown, false},
    {"legacy text", Operation::completions, "",
     R"({"choices":[{"text":"Hi","index":0,"finish_reason":null}]})", Kind::content, true},
    {"legacy end", Operation::completions, "",
     R"({"choices":[{"text":"","index":0,"finish_reason":"stop"}]})", Kind::finish, false},
    {"a response begins", responses, "response.created",
     R"({"type":"response.created","response":{"error":null}})", Kind::lifecycle, false},
    {"the payload is trusted, not the event's name", responses, "response.created",
     R"({"type":"response.output_text.delta","delta":"Hi"})", Kind::content, true},
    {"the name serves where the payload has none", responses, "response.output_text.delta",
     R"({"delta":"Hi"})", Kind::content, true},
    {"a message item begins", responses, "",
     R"({"type":"response.output_item.added","item":{"type":"message","content":[]}})",
     Kind::lifecycle, false},
    {"a tool call begins", responses, "",
     R"({"type":"response.output_item.added","item":{"type":"function_call","name":"f"}})",
     Kind::content, true},
    {"a response ends", responses, "",
     R"({"type":"response.completed","response":{"usage":{"input_tokens":1}}})", Kind::finish,
     false},
    {"a response fails", responses, "",
     R"({"type":"response.failed","response":{"error":{"code":"server_error","message":"no"}}})",
     Kind::error, false},
    {"a response's error event", responses, "error",
     R"({"type":"error","code":"rate_limit_exceeded","message":"slow down","param":null})",
     Kind::error, false},
    {"an event of the future", responses, "", R"({"type":"response.telepathy"})", Kind::unknown,
     false},
    {"a piece of an image", Operation::images_generations, "",
     R"({"type":"image_generation.partial_image","b64_json":"AA"})", Kind::content, true},
    {"the image", Operation::images_generations, "",
     R"({"type":"image_generation.completed","b64_json":"AA"})", Kind::finish, true},
    {"transcribed text", Operation::audio_transcriptions, "",
     R"({"type":"transcript.text.delta","delta":"Hi"})", Kind::content, true},
    {"the whole transcript", Operation::audio_transcriptions, "",
     R"({"type":"transcript.text.done","text":"Hi"})", Kind::finish, true},
    {"speech", Operation::audio_speech, "", R"({"type":"speech.audio.delta","audio":"AA"})",
     Kind::content, true},
};

TEST(OpenaiStream, TellsWhatAnEventMeans) {
  json::Index index;
  for (const EventCase& c : event_cases) {
    SCOPED_TRACE(c.name);
    AnswerShapes stream_shapes;
    OpenaiStream stream(c.operation, "acme", stream_shapes);
    const StreamEvent event = stream.inspect(c.event_name, c.data, index);
    EXPECT_EQ(to_string(event.kind), to_string(c.kind));
    EXPECT_EQ(event.carries_content, c.carries_content);
    EXPECT_EQ(event.error.has_value(), c.kind == Kind::error);
  }
}

// A cut event is never taken for a whole one.
TEST(OpenaiStream, CallsEveryStrictPrefixOfAnEventMalformed) {
  json::Index index;
  for (const EventCase& c : event_cases) {
    if (c.kind == Kind::malformed || !c.data.starts_with("{") || c.event_name == "error") continue;
    for (std::size_t cut = 1; cut < c.data.size(); ++cut) {
      AnswerShapes stream_shapes;
      OpenaiStream stream(c.operation, "acme", stream_shapes);
      EXPECT_EQ(stream.inspect("", c.data.substr(0, cut), index).kind, Kind::malformed) << c.name;
    }
  }
}

StreamEnd end_of(Operation operation, std::initializer_list<std::string_view> events) {
  json::Index index;
  AnswerShapes stream_shapes;
  OpenaiStream stream(operation, "acme", stream_shapes);
  for (const std::string_view data : events) (void)stream.inspect("", data, index);
  return stream.end();
}

TEST(OpenaiStream, TellsACompleteStreamFromABrokenOne) {
  constexpr std::string_view text0 = R"({"choices":[{"index":0,"delta":{"content":"a"}}]})";
  constexpr std::string_view text1 = R"({"choices":[{"index":1,"delta":{"content":"b"}}]})";
  constexpr std::string_view end0 =
      R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";
  constexpr std::string_view end1 =
      R"({"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]})";
  EXPECT_EQ(end_of(chat, {}), StreamEnd::truncated);
  EXPECT_EQ(end_of(chat, {text0}), StreamEnd::truncated);
  EXPECT_EQ(end_of(chat, {text0, end0}), StreamEnd::finished);
  EXPECT_EQ(end_of(chat, {text0, text1, end0}), StreamEnd::truncated);
  EXPECT_EQ(end_of(chat, {text0, text1, end0, end1}), StreamEnd::finished);
  EXPECT_EQ(end_of(chat, {text0, end0, "[DONE]"}), StreamEnd::complete);
  constexpr std::string_view counted = R"({"choices":[],"usage":{"prompt_tokens":3}})";
  EXPECT_EQ(end_of(chat, {text0, "[DONE]"}), StreamEnd::truncated);
  EXPECT_EQ(end_of(chat, {text0, counted, "[DONE]"}), StreamEnd::complete);
  EXPECT_EQ(end_of(chat, {counted, text0, "[DONE]"}), StreamEnd::truncated);
  EXPECT_EQ(end_of(chat, {text0, counted}), StreamEnd::truncated);
  EXPECT_EQ(end_of(chat, {text0, R"({"error":{"message":"x"}})"}), StreamEnd::failed);
  EXPECT_EQ(end_of(chat, {text0, R"({"error":{"message":"x"}})", "[DONE]"}), StreamEnd::failed);
  EXPECT_EQ(end_of(responses, {R"({"type":"response.output_text.delta","delta":"a"})"}),
            StreamEnd::truncated);
  EXPECT_EQ(end_of(responses, {R"({"type":"response.completed","response":{}})"}),
            StreamEnd::complete);
  EXPECT_EQ(end_of(responses, {R"({"type":"response.incomplete","response":{}})"}),
            StreamEnd::complete);
}

TEST(OpenaiStream, KeepsTheLastUsageSeen) {
  json::Index index;
  AnswerShapes stream_shapes;
  OpenaiStream stream(chat, "acme", stream_shapes);
  (void)stream.inspect(
      "", R"({"choices":[{"delta":{"content":"a"}}],"usage":{"completion_tokens":1}})", index);
  (void)stream.inspect(
      "", R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}})",
      index);
  EXPECT_EQ(stream.usage().input, 5U);
  EXPECT_EQ(stream.usage().output, 2U);
  EXPECT_EQ(stream.usage().total, 7U);
}

TEST(OpenaiStream, ReadsUsageInTheEventThatEndsTheStream) {
  json::Index index;
  AnswerShapes stream_shapes;
  OpenaiStream stream(responses, "acme", stream_shapes);
  const StreamEvent event = stream.inspect(
      "",
      R"({"type":"response.completed","response":{"usage":{"input_tokens":5,"output_tokens":2}}})",
      index);
  EXPECT_EQ(event.usage.input, 5U);
  EXPECT_EQ(stream.usage().output, 2U);
}

struct KnownCase {
  const char* name;
  std::string_view event;
  bool known;
};

// After the event of each operation that teaches.
const KnownCase known_chat_cases[] = {
    {"another text", "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b \\n\"}}]}\n\n",
     true},
    {"no text", "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"}}]}\n\n", false},
    {"no UTF-8", "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\xff\"}}]}\n\n", false},
    {"another choice", "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"}}]}\n\n",
     false},
    {"another name",
     "event: x\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"}}]}\n\n", false},
    {"another data line",
     "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"}}]}\ndata: x\n\n", false},
    {"the end", "data: [DONE]\n\n", false},
};
const KnownCase known_typed_cases[] = {
    {"another text",
     "event: t.delta\ndata: {\"type\":\"t.delta\",\"sequence_number\":10,\"delta\":\"b\"}\n\n",
     true},
    {"another name",
     "event: t.done\ndata: {\"type\":\"t.delta\",\"sequence_number\":10,\"delta\":\"b\"}\n\n",
     false},
    {"no name", "data: {\"type\":\"t.delta\",\"sequence_number\":10,\"delta\":\"b\"}\n\n", false},
    {"no number",
     "event: t.delta\ndata: {\"type\":\"t.delta\",\"sequence_number\":01,\"delta\":\"b\"}\n\n",
     false},
};

void expect_known(const OpenaiStream& stream, std::span<const KnownCase> cases) {
  for (const KnownCase& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string two = std::string(cases[0].event) + std::string(c.event);
    for (std::size_t cut = 0; cut <= two.size(); ++cut) {
      const std::uint32_t whole =
          (cut >= cases[0].event.size() ? 1U : 0U) + (c.known && cut == two.size() ? 1U : 0U);
      const auto run = stream.known_events(std::string_view(two).substr(0, cut), 1000);
      ASSERT_EQ(run.count, whole) << cut;
      ASSERT_EQ(run.size_bytes, whole == 2 ? two.size() : whole == 1 ? cases[0].event.size() : 0U);
    }
  }
}

TEST(OpenaiStream, KnowsWholeFramedEventsLikeOneItInspected) {
  json::Index index;
  AnswerShapes stream_shapes;
  OpenaiStream stream(chat, "acme", stream_shapes);
  EXPECT_EQ(stream.known_events(known_chat_cases[0].event, 1000).count, 0U);
  (void)stream.inspect("", R"({"choices":[{"index":0,"delta":{"content":"a"}}]})", index);
  expect_known(stream, known_chat_cases);
  EXPECT_EQ(stream.known_events(known_chat_cases[0].event, 20).count, 0U);

  AnswerShapes typed_shapes;
  OpenaiStream typed(responses, "acme", typed_shapes);
  (void)typed.inspect("t.delta", R"({"type":"t.delta","sequence_number":9,"delta":"a"})", index);
  expect_known(typed, known_typed_cases);
}

TEST(OpenaiStream, KnowsTwoChoicesThatTakeTurns) {
  json::Index index;
  AnswerShapes stream_shapes;
  OpenaiStream stream(chat, "acme", stream_shapes);
  std::string text;
  for (const char* choice : {"0", "1", "0", "0", "1"}) {
    const std::string data =
        R"({"choices":[{"index":)" + std::string(choice) + R"(,"delta":{"content":"a"}}]})";
    (void)stream.inspect("", data, index);
    text += "data: " + data + "\n\n";
  }
  EXPECT_EQ(stream.known_events(text, 1000).count, 5U);
  EXPECT_EQ(stream.known_events(text, 1000).size_bytes, text.size());
}

// Data of two lines reads as one with a line feed in it, but does not stand so in the stream.
TEST(OpenaiStream, BehindACountOfTokensNothingIsKnownWithoutALook) {
  json::Index index;
  AnswerShapes stream_shapes;
  OpenaiStream stream(chat, "acme", stream_shapes);
  const std::string data = R"({"choices":[{"index":0,"delta":{"content":"a"}}]})";
  const std::string framed = "data: " + data + "\n\n";
  (void)stream.inspect("", data, index);
  EXPECT_EQ(stream.known_events(framed, 1000).count, 1U);
  (void)stream.inspect("", R"({"choices":[],"usage":{"prompt_tokens":3}})", index);
  EXPECT_EQ(stream.known_events(framed, 1000).count, 0U);
  (void)stream.inspect("", data, index);
  EXPECT_EQ(stream.known_events(framed, 1000).count, 1U);
  (void)stream.inspect("", "[DONE]", index);
  EXPECT_EQ(stream.end(), StreamEnd::truncated);
}

TEST(OpenaiStream, LearnsNoDataOfSeveralLines) {
  json::Index index;
  AnswerShapes stream_shapes;
  OpenaiStream stream(chat, "acme", stream_shapes);
  const std::string data = "{\"choices\":[{\"index\":0,\n\"delta\":{\"content\":\"a\"}}]}";
  EXPECT_EQ(stream.inspect("", data, index).kind, Kind::content);
  EXPECT_EQ(stream.known_events("data: " + data + "\n\n", 1000).count, 0U);
}

// Streams whose source cut or made them up, so that they do not end as the dialect says.
bool is_cut_by_its_source(const std::string& name) {
  for (const std::string_view part :
       {"eof_without_done", "multiline_data", "vllm_stream_error_payload", "gemini_", "anthropic_",
        "bedrock_"}) {
    if (name.find(part) != std::string::npos) return true;
  }
  return false;
}

TEST(OpenaiStream, UnderstandsEveryRecordedStream) {
  json::Index index;
  std::size_t streams = 0;
  for (const RecordedExchange& exchange :
       recorded_exchanges({"openai", "openai-compat", "azure", "synthetic"})) {
    const Operation operation = recorded_operation(exchange);
    if (exchange.status != 200 || !is_event_stream(exchange.body)) continue;
    if (operation == Operation::models || is_cut_by_its_source(exchange.name)) continue;
    SCOPED_TRACE(exchange.name);
    ++streams;
    AnswerShapes stream_shapes;
    OpenaiStream stream(operation, "acme", stream_shapes);
    bool content = false;
    for (const RecordedEvent& recorded : split_events(exchange.body)) {
      const StreamEvent event = stream.inspect(recorded.name, recorded.data, index);
      EXPECT_NE(event.kind, Kind::malformed) << recorded.data;
      EXPECT_NE(event.kind, Kind::unknown) << recorded.data;
      content = content || event.carries_content;
      if (!content && event.kind == Kind::content) ADD_FAILURE() << "content without content";
    }
    EXPECT_NE(stream.end(), StreamEnd::truncated);
    const bool reports_usage = exchange.body.find("_tokens\"") != std::string::npos;
    if (stream.end() != StreamEnd::failed) {
      EXPECT_EQ(stream.usage().known(), reports_usage);
    }
  }
  EXPECT_GE(streams, 20U);
}

void expect_same(const StreamEvent& warm, const StreamEvent& fresh) {
  EXPECT_EQ(warm.kind, fresh.kind);
  EXPECT_EQ(warm.carries_content, fresh.carries_content);
  EXPECT_EQ(warm.usage, fresh.usage);
  EXPECT_EQ(warm.is_last, fresh.is_last);
  EXPECT_EQ(warm.error.has_value(), fresh.error.has_value());
  if (warm.tag_place) {
    EXPECT_EQ(warm.tag_place, fresh.tag_place);
  }
}

// Shapes kept from all streams before, its own first reading among them, change nothing.
TEST(OpenaiStream, UnderstandsEveryRecordedStreamAlikeWhateverItSawBefore) {
  json::Index index;
  AnswerShapes shared;
  for (int pass = 0; pass < 2; ++pass) {
    for (const RecordedExchange& exchange :
         recorded_exchanges({"openai", "openai-compat", "azure", "synthetic"})) {
      const Operation operation = recorded_operation(exchange);
      if (exchange.status != 200 || !is_event_stream(exchange.body)) continue;
      SCOPED_TRACE(exchange.name);
      OpenaiStream warm(operation, "acme", shared);
      AnswerShapes own;
      OpenaiStream cold(operation, "acme", own);
      for (const RecordedEvent& recorded : split_events(exchange.body)) {
        const StreamEvent event = warm.inspect(recorded.name, recorded.data, index);
        (void)cold.inspect(recorded.name, recorded.data, index);
        AnswerShapes none;
        OpenaiStream fresh(operation, "acme", none);
        expect_same(event, fresh.inspect(recorded.name, recorded.data, index));
      }
      EXPECT_EQ(warm.end(), cold.end());
      EXPECT_EQ(warm.usage(), cold.usage());
    }
  }
}

struct WarmCase {
  const char* name;
  Operation operation;
  std::vector<std::pair<std::string_view, std::string_view>> events;  // name, data
};

// Streams that follow each other at one deployment: what the first taught must not be believed of
// the second where it says something else.
const std::vector<WarmCase> warm_cases = {
    {"usage in x_groq",
     chat,
     {{"", R"({"id":"a","choices":[],"x_groq":{"usage":{"prompt_tokens":5}}})"}}},
    {"usage in x_groq, other numbers",
     chat,
     {{"", R"({"id":"b","choices":[],"x_groq":{"usage":{"prompt_tokens":6}}})"}}},
    {"usage in a choice",
     chat,
     {{"", R"({"id":"a","choices":[{"delta":{"content":"x"},"usage":{"prompt_tokens":1}}]})"}}},
    {"usage in a choice, other numbers",
     chat,
     {{"", R"({"id":"b","choices":[{"delta":{"content":"x"},"usage":{"prompt_tokens":2}}]})"}}},
    {"usage in a choice and at the top",
     chat,
     {{"",
       R"({"id":"a","choices":[{"delta":{},"usage":{"prompt_tokens":1}}],"usage":{"completion_tokens":3}})"}}},
    {"usage in a choice and at the top, other numbers",
     chat,
     {{"",
       R"({"id":"b","choices":[{"delta":{},"usage":{"prompt_tokens":2}}],"usage":{"completion_tokens":4}})"}}},
    {"content with usage, again and again",
     chat,
     {{"", R"({"id":"a","choices":[{"delta":{"content":"x"}}],"usage":{"completion_tokens":1}})"},
      {"", R"({"id":"a","choices":[{"delta":{"content":"y"}}],"usage":{"completion_tokens":2}})"},
      {"", R"({"id":"a","choices":[{"delta":{"content":"z"}}],"usage":{"completion_tokens":3}})"}}},
    {"usage in a response",
     responses,
     {{"", R"({"type":"response.created","response":{"id":"a","usage":{"input_tokens":5}}})"}}},
    {"usage in a response, other numbers",
     responses,
     {{"", R"({"type":"response.created","response":{"id":"b","usage":{"input_tokens":6}}})"}}},
    {"one of two choices ends",
     chat,
     {{"", R"({"id":"a","choices":[{"index":0,"delta":{"content":"x"}}]})"},
      {"", R"({"id":"a","choices":[{"index":1,"delta":{"content":"x"}}]})"},
      {"", R"({"id":"a","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"}}},
    {"the other ends",
     chat,
     {{"", R"({"id":"b","choices":[{"index":0,"delta":{"content":"x"}}]})"},
      {"", R"({"id":"b","choices":[{"index":1,"delta":{"content":"x"}}]})"},
      {"", R"({"id":"b","choices":[{"index":1,"delta":{},"finish_reason":"stop"}]})"}}},
    {"both end",
     chat,
     {{"", R"({"id":"c","choices":[{"index":0,"delta":{"content":"x"}}]})"},
      {"", R"({"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"},
      {"", R"({"id":"c","choices":[{"index":1,"delta":{},"finish_reason":"stop"}]})"}}},
    {"known data under the name of an error",
     chat,
     {{"", R"({"id":"c","choices":[{"index":0,"delta":{"content":"x"}}]})"},
      {"", R"({"id":"c","choices":[{"index":0,"delta":{"content":"y"}}]})"},
      {"error", R"({"id":"c","choices":[{"index":0,"delta":{"content":"y"}}]})"}}},
};

TEST(OpenaiStream, BelievesNothingOfTheStreamsBefore) {
  json::Index index;
  AnswerShapes shared;
  for (int pass = 0; pass < 3; ++pass) {
    for (const WarmCase& c : warm_cases) {
      SCOPED_TRACE(testing::Message() << c.name << ", pass " << pass);
      OpenaiStream warm(c.operation, "acme", shared);
      AnswerShapes own;
      OpenaiStream cold(c.operation, "acme", own);
      for (const auto& [name, data] : c.events) {
        const StreamEvent event = warm.inspect(name, data, index);
        (void)cold.inspect(name, data, index);
        AnswerShapes none;
        OpenaiStream fresh(c.operation, "acme", none);
        expect_same(event, fresh.inspect(name, data, index));
      }
      EXPECT_EQ(warm.end(), cold.end());
      EXPECT_EQ(warm.usage(), cold.usage());
    }
  }
}

// Others that share its deployment may fill the table with what has no shape.
TEST(OpenaiStream, KnowsItsOwnContentWhateverOthersLearned) {
  json::Index index;
  AnswerShapes shapes;
  OpenaiStream other(chat, "acme", shapes);
  for (int i = 0; i < 500; ++i) {
    const std::string odds =
        R"({"id":"o","choices":[{"delta":{"content":"x"},"p":)" + std::to_string(i) + ".5}]}";
    EXPECT_EQ(other.inspect("", odds, index).kind, Kind::content);
  }
  OpenaiStream stream(chat, "acme", shapes);
  const std::string data = R"({"id":"a","choices":[{"delta":{"content":"x"}}]})";
  EXPECT_EQ(stream.inspect("", data, index).kind, Kind::content);
  EXPECT_EQ(stream.known_events("data: " + data + "\n\n", 1000).count, 1U);
}

std::string chunk_of(std::string_view id, std::string_view rest) {
  return R"({"id":")" + std::string(id) + R"(","created":1700000000,"choices":[{"index":0,)" +
         std::string(rest) + "}]}";
}

// A second stream of the provider: nothing of it is indexed, and yet it is followed to its end.
TEST(OpenaiStream, KnowsTheEventsOfTheStreamsBefore) {
  json::Index index;
  AnswerShapes shapes;
  for (const std::string_view id : {"first", "second"}) {
    OpenaiStream stream(chat, "acme", shapes);
    const auto see = [&](const std::string& data) {
      index.clear();
      const StreamEvent event = stream.inspect("", data, index);
      EXPECT_EQ(index.has_document(), id == "first") << data;
      return event;
    };
    const StreamEvent role = see(chunk_of(id, R"("delta":{"role":"assistant","content":""})"));
    EXPECT_EQ(role.kind, Kind::lifecycle);
    EXPECT_TRUE(role.tag_place.has_value());
    const std::string content = chunk_of(id, R"("delta":{"content":"Hi"})");
    EXPECT_EQ(see(content).kind, Kind::content);
    EXPECT_EQ(stream.end(), StreamEnd::truncated);
    EXPECT_EQ(stream.known_events("data: " + content + "\n\n", 1000).count, 1U);
    const std::string strange = chunk_of("strange", R"("delta":{"content":"Hi"})");
    EXPECT_EQ(stream.known_events("data: " + strange + "\n\n", 1000).count, 0U);
    EXPECT_EQ(see(chunk_of(id, R"("delta":{},"finish_reason":"stop")")).kind, Kind::finish);
    EXPECT_EQ(stream.end(), StreamEnd::finished);
    const std::string tokens = id == "first" ? "5" : "17";
    const StreamEvent usage = see(R"({"id":")" + std::string(id) +
                                  R"(","choices":[],"usage":{"prompt_tokens":)" + tokens + "}}");
    EXPECT_EQ(usage.kind, Kind::usage_only);
    EXPECT_EQ(stream.usage().input, id == "first" ? 5U : 17U);
  }
}

// What ends a typed stream is looked at each time.
TEST(OpenaiStream, IsCompleteOnlyWithItsOwnLastEvent) {
  json::Index index;
  AnswerShapes shapes;
  const std::string_view image =
      R"({"type":"image_generation.completed","b64_json":"AA","id":"i"})";
  for (int i = 0; i < 3; ++i) {
    OpenaiStream stream(Operation::images_generations, "acme", shapes);
    EXPECT_EQ(stream.end(), StreamEnd::truncated);
    EXPECT_EQ(stream.inspect("", image, index).kind, Kind::finish);
    EXPECT_EQ(stream.inspect("", image, index).kind, Kind::finish);
    EXPECT_EQ(stream.end(), StreamEnd::complete);
  }
}

// Wherever a recorded stream is cut before its last events, it does not look complete.
TEST(OpenaiStream, SeesThatARecordedStreamWasCut) {
  json::Index index;
  for (const RecordedExchange& exchange : recorded_exchanges({"openai/chat", "openai/responses"})) {
    const Operation operation = recorded_operation(exchange);
    if (exchange.status != 200 || !is_event_stream(exchange.body)) continue;
    if (operation != chat && operation != responses) continue;
    SCOPED_TRACE(exchange.name);
    AnswerShapes stream_shapes;
    OpenaiStream stream(operation, "acme", stream_shapes);
    for (const RecordedEvent& recorded : split_events(exchange.body)) {
      const StreamEvent event = stream.inspect(recorded.name, recorded.data, index);
      const bool may_end = event.kind == Kind::finish || event.kind == Kind::done ||
                           event.kind == Kind::error || stream.end() == StreamEnd::finished;
      if (may_end) break;
      EXPECT_EQ(stream.end(), StreamEnd::truncated);
    }
  }
}

}  // namespace
}  // namespace sluice::llm
