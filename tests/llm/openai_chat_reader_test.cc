#include "sluice/llm/openai_chat_reader.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "event_trace.h"

namespace sluice::llm {
namespace {

struct Stream {
  const char* name;
  std::vector<std::string> events;  // [DONE] follows
  std::string_view trace;           // behind `started`
};

// A chunk whose one choice has this delta, and perhaps more members.
std::string delta(std::string_view delta, std::string_view more = "") {
  return R"({"id":"c1","model":"m","choices":[{"index":0,"delta":)" + std::string(delta) +
         std::string(more) + "}]}";
}
std::string calls(std::string_view elements) {
  return delta(R"({"tool_calls":[)" + std::string(elements) + "]}");
}

std::string read(const std::vector<std::string>& events, const AskedFor& asked = {}) {
  OpenaiChatReader reader(asked);
  EventTrace trace;
  json::Index index;
  for (const std::string& data : events) {
    const ReadResult result = reader.read_event("", data, index, trace);
    if (result.error)
      return trace.take_text() + "error " + std::string(to_string(result.error->kind));
    if (result.odd) return trace.take_text() + "odd";
  }
  // Without a reason a [DONE] is an end only where the tokens have been counted.
  const bool says_why = std::ranges::any_of(events, [](const std::string& data) {
    const std::size_t at = data.find(R"("finish_reason":")");
    return at != std::string::npos && data[at + 17] != '"';
  });
  constexpr std::string_view count = "usage input=0\n";
  if (!says_why) {
    (void)reader.read_event("", R"({"choices":[],"usage":{"prompt_tokens":0}})", index, trace);
  }
  const ReadResult result = reader.read_event("", "[DONE]", index, trace);
  EXPECT_TRUE(result.ended || result.error);
  std::string out = trace.take_text();
  if (!says_why && out.ends_with(count)) out.resize(out.size() - count.size());
  constexpr std::string_view head = "started id=c1 model=m\n";
  return out.starts_with(head) ? out.substr(head.size()) : out;
}

TEST(OpenaiChatReader, AToolThatIsKnownByAnotherNameOrKindIsTheCallersAgain) {
  const AskedFor asked{
      .custom_tools = "sh_1\n",
      .renamed_tools = {{.sent = "sh_1", .name = "sh!"}, {.sent = "f_1", .name = "f!"}}};
  const std::string_view told =
      "custom call 0 id=a name=sh!\narguments 0 l\narguments 0 s\ncall 1 id=b name=f!\n"
      "arguments 1 {}\nfinished tool_calls ()\n";
  EXPECT_EQ(
      read({calls(
                R"({"index":0,"id":"a","function":{"name":"sh_1","arguments":"{\"input\": \"l"}})"),
            calls(R"({"index":1,"id":"b","function":{"name":"f_1","arguments":"{}"}})"),
            calls(R"({"index":0,"function":{"arguments":"s\"}"}})")},
           asked),
      told);
  OpenaiChatReader reader(asked);
  EventTrace trace;
  json::Index index;
  EXPECT_FALSE(reader.read_whole(
      R"({"id":"c1","choices":[{"message":{"tool_calls":[{"id":"a","type":"function","function":)"
      R"({"name":"sh_1","arguments":"{\"input\":\"ls\"}"}}]},"finish_reason":"tool_calls"}]})",
      index, trace));
  EXPECT_EQ(trace.take_text(),
            "started id=c1\ncustom call 0 id=a name=sh!\narguments 0 ls\n"
            "finished tool_calls (tool_calls)\n");
}

const std::vector<Stream> streams = {
    {"text, its end, and usage in a chunk of its own",
     {delta(R"({"role":"assistant","content":"","refusal":null})"), delta(R"({"content":"Hel"})"),
      delta(R"({"content":"lo"})"), delta("{}", R"(,"finish_reason":"stop")"),
      R"({"id":"c1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}})"},
     "text \"Hel\"\ntext \"lo\"\nfinished stop (stop)\nusage input=3 output=2\n"},
    {"Azure's first chunk, and one about filters alone",
     {R"({"id":"","model":"","choices":[],"prompt_filter_results":[]})",
      R"({"id":"c1","model":"m","choices":[{"index":0,"content_filter_offsets":{},"delta":null}]})",
      delta(R"({"content":"a"})")},
     "text \"a\"\nfinished stop ()\n"},
    {"usage in the chunk that ends, in x_groq, and in the choice",
     {delta(R"({"content":"a"})", R"(,"finish_reason":"length","usage":{"prompt_tokens":1})"),
      R"({"id":"c1","choices":[],"x_groq":{"id":"r","usage":{"prompt_tokens":4,"completion_tokens":5}}})"},
     "text \"a\"\nfinished length (length)\nusage input=4 output=5\n"},
    {"finish reasons that are none, and content behind one",
     {delta(R"({"content":"a"})", R"(,"finish_reason":"")"),
      delta(R"({"content":"b"})", R"(,"finish_reason":"eos_token")"),
      delta(R"({"content":"c"})", R"(,"finish_reason":null)")},
     "text \"a\"\ntext \"b\"\ntext \"c\"\nfinished stop (eos_token)\n"},
    {"the stop sequence that vLLM met, and SGLang",
     {delta(R"({"content":"a"})", R"(,"finish_reason":"stop","stop_reason":"\nEND")")},
     "text \"a\"\nfinished stop (stop) stop=\nEND\n"},
    {"a stop token, and a word for nothing special",
     {delta(R"({"content":"a"})",
            R"(,"finish_reason":"stop","stop_reason":151645,"matched_stop":"eos")")},
     "text \"a\"\nfinished stop (stop)\n"},
    {"a refusal",
     {delta(R"({"content":null,"refusal":"No"})"), delta(R"({"refusal":"."})")},
     "refusal \"No\"\nrefusal \".\"\nfinished stop ()\n"},
    {"several choices",
     {R"({"id":"c1","model":"m","choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]})",
      R"({"id":"c1","choices":[{"index":1,"delta":{},"finish_reason":"length"}]})"},
     "[1] text \"b\"\ntext \"a\"\n[1] finished length (length)\nfinished stop (stop)\n"},
    {"a whole message in place of deltas",
     {R"({"id":"c1","model":"m","choices":[{"message":{"content":"a"},"finish_reason":"stop"}]})"},
     "text \"a\"\nfinished stop (stop)\n"},
    {"a whole message behind its deltas",
     {delta(R"({"content":"a"})"),
      R"({"id":"c1","choices":[{"message":{"content":"a"},"finish_reason":"stop"}]})"},
     "text \"a\"\nfinished stop (stop)\n"},

    {"reasoning under either name, and under both at once",
     {delta(R"({"reasoning_content":"a"})"), delta(R"({"reasoning":"b"})"),
      delta(R"({"reasoning":"c","reasoning_content":"c","content":""})"),
      delta(R"({"reasoning_content":null,"reasoning":"d"})")},
     "reasoning \"a\"\nreasoning \"b\"\nreasoning \"c\"\nreasoning \"d\"\nfinished stop ()\n"},
    {"details of reasoning beside the text",
     {delta(
          R"({"reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a","format":"anthropic-claude-v1"}]})"),
      delta(
          R"({"reasoning_details":[{"type":"reasoning.text","text":"","signature":"Ei","format":"anthropic-claude-v1"}]})"),
      delta(
          R"({"reasoning":"b","reasoning_details":[{"type":"reasoning.summary","summary":"b","id":"rs_1","format":"openai-responses-v1"},{"type":"reasoning.encrypted","data":"gA","id":"rs_1","format":"openai-responses-v1"}]})")},
     "reasoning \"a\"\nsigned Ei\nreasoning \"b\" id=rs_1\nsealed gA id=rs_1\nfinished stop ()\n"},
    {"details without a text, beside the text",
     {delta(
         R"({"reasoning":"a","reasoning_details":[{"type":"reasoning.encrypted","data":"x"}]})")},
     "reasoning \"a\"\nsealed x\nfinished stop ()\n"},
    {"Mistral's content",
     {delta(
          R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"h"},{"type":"text","text":"m"}]}]})"),
      delta(
          R"({"content":[{"type":"text","text":"a"},{"type":"reference","reference_ids":[1]}]})")},
     "reasoning \"h\"\nreasoning \"m\"\ntext \"a\"\nfinished stop ()\n"},
    {"tags of thinking stay text",
     {delta(R"({"content":"<think>a</think>b"})")},
     "text \"<think>a</think>b\"\nfinished stop ()\n"},

    {"an image, and a link to one",
     {delta(
         R"({"images":[{"type":"image_url","image_url":{"url":"data:image\/png;base64,AAAA"}}]})")},
     "image image/png AAAA\nfinished stop ()\n"},
    {"annotations",
     {delta(R"({"annotations":[{"type":"url_citation","url_citation":{"url":"u"}}]})")},
     "citation {\"type\":\"url_citation\",\"url_citation\":{\"url\":\"u\"}}\nfinished stop ()\n"},

    {"calls as OpenAI writes them",
     {calls(R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}})"),
      calls(R"({"index":0,"function":{"arguments":"{\"x\":"}})"),
      calls(R"({"index":0,"function":{"arguments":"1}"}})"),
      calls(R"({"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{}"}})"),
      delta("{}", R"(,"finish_reason":"tool_calls")")},
     "call 0 id=a name=f\narguments 0 {\"x\":\narguments 0 1}\ncall 1 id=b name=g\narguments 1 "
     "{}\nfinished tool_calls (tool_calls)\n"},
    {"calls by turns",
     {calls(
          R"({"index":0,"id":"a","function":{"name":"f","arguments":"{"}},{"index":1,"id":"b","function":{"name":"g","arguments":"{"}})"),
      calls(
          R"({"index":1,"function":{"arguments":"}"}},{"index":0,"function":{"arguments":"}"}})")},
     "call 0 id=a name=f\narguments 0 {\narguments 0 }\ncall 1 id=b name=g\narguments 1 {}\n"
     "finished tool_calls ()\n"},
    {"all of index 0, told apart by their ids",
     {calls(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{}"}})"),
      calls(R"({"index":0,"id":"b","function":{"name":"f","arguments":"{}"}})"),
      delta("{}", R"(,"finish_reason":"stop")")},
     "call 0 id=a name=f\narguments 0 {}\ncall 1 id=b name=f\narguments 1 {}\n"
     "finished tool_calls (stop)\n"},
    {"ids in every piece, or empty in later ones",
     {calls(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{"}})"),
      calls(R"({"index":0,"id":"a","function":{"name":"f","arguments":"\"x\""}})"),
      calls(R"({"index":0,"id":"","type":"","function":{"name":"","arguments":":1}"}})")},
     "call 0 id=a name=f\narguments 0 {\narguments 0 \"x\"\narguments 0 :1}\n"
     "finished tool_calls ()\n"},
    {"the name in every piece, and no id",
     {calls(R"({"index":0,"function":{"name":"f","arguments":"{"}})"),
      calls(R"({"index":0,"function":{"name":"f","arguments":"}"}})"),
      calls(R"({"index":0,"function":{"name":"f","arguments":"{}"}})")},
     "call 0 name=f\narguments 0 {\narguments 0 }\ncall 1 name=f\narguments 1 {}\n"
     "finished tool_calls ()\n"},
    {"another id in every piece",
     {calls(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{"}})"),
      calls(R"({"index":0,"id":"b","function":{"arguments":"}"}})")},
     "call 0 id=a name=f\narguments 0 {\narguments 0 }\nfinished tool_calls ()\n"},
    {"no index, whole calls",
     {calls(
         R"({"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}},{"id":"b","function":{"name":"f","arguments":"{\"x\":2}"}})")},
     "call 0 id=a name=f\narguments 0 {\"x\":1}\ncall 1 id=b name=f\narguments 1 {\"x\":2}\n"
     "finished tool_calls ()\n"},
    {"no index, in pieces",
     {calls(R"({"id":"a","function":{"name":"f","arguments":"{"}})"),
      calls(R"({"function":{"arguments":"}"}})"),
      calls(R"({"id":"b","function":{"name":"g","arguments":"{"}})"),
      calls(R"({"id":"b","function":{"arguments":"}"}})")},
     "call 0 id=a name=f\narguments 0 {\narguments 0 }\ncall 1 id=b name=g\narguments 1 {\n"
     "arguments 1 }\nfinished tool_calls ()\n"},
    {"neither index nor id",
     {calls(
         R"({"function":{"name":"f","arguments":{"x": 1.0}}},{"function":{"name":"f","arguments":{}}})")},
     "call 0 name=f\narguments 0 {\"x\": 1.0}\ncall 1 name=f\narguments 1 {}\n"
     "finished tool_calls ()\n"},
    {"indexes from 1",
     {calls(R"({"index":1,"id":"a","function":{"name":"f","arguments":"{}"}})"),
      calls(R"({"index":2,"id":"b","function":{"name":"g","arguments":null}})")},
     "call 0 id=a name=f\narguments 0 {}\ncall 1 id=b name=g\nfinished tool_calls ()\n"},
    {"the name behind the id and the first arguments",
     {calls(R"({"index":0,"id":"a","function":{"arguments":"{\"\\u00e9\":"}})"),
      calls(R"({"index":0,"function":{"name":"f"}})"),
      calls(R"({"index":0,"function":{"arguments":"1}"}})")},
     "call 0 id=a name=f\narguments 0 {\"\\u00e9\":\narguments 0 1}\nfinished tool_calls ()\n"},
    {"the function_call of old",
     {delta(R"({"function_call":{"name":"f","arguments":"{"}})"),
      delta(R"({"function_call":{"arguments":"}"}})", R"(,"finish_reason":"function_call")")},
     "call 0 name=f\narguments 0 {\narguments 0 }\nfinished tool_calls (function_call)\n"},
    {"a custom tool",
     {calls(R"({"index":0,"id":"a","type":"custom","custom":{"name":"sh","input":"ls -"}})"),
      calls(R"({"index":0,"custom":{"input":"l"}})")},
     "custom call 0 id=a name=sh\narguments 0 ls -\narguments 0 l\nfinished tool_calls ()\n"},
    {"a custom tool's call that waits for another",
     {calls(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{"}})"),
      calls(R"({"index":1,"id":"b","type":"custom","custom":{"name":"sh","input":"ls"}})"),
      calls(R"({"index":0,"function":{"arguments":"}"}})")},
     "call 0 id=a name=f\narguments 0 {\narguments 0 }\ncustom call 1 id=b name=sh\n"
     "arguments 1 ls\nfinished tool_calls ()\n"},
    {"Snowflake's call, with two that say nothing",
     {delta(
         R"({"function_call":{"name":"","arguments":""},"tool_calls":[{"custom":{"name":"","input":""},"function":{"name":"f","arguments":"{}"},"id":"a","type":"function"}]})")},
     "call 0 id=a name=f\narguments 0 {}\nfinished tool_calls ()\n"},
    {"a call that Gemini signed",
     {calls(
         R"({"index":0,"id":"a","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"Cp"}}})")},
     "call 0 id=a name=f signature=Cp\narguments 0 {}\nfinished tool_calls ()\n"},
    {"a call that was cut",
     {calls(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{\"x"}})"),
      delta("{}", R"(,"finish_reason":"length")")},
     "call 0 id=a name=f\narguments 0 {\"x\nfinished length (length)\n"},

    {"an error",
     {delta(R"({"content":"a"})"), R"({"error":{"message":"m"},"choices":[]})"},
     "started id=c1 model=m\ntext \"a\"\nerror upstream_failed"},
    {"an error behind the end of a choice",
     {delta("{}", R"(,"finish_reason":"stop")"),
      R"({"choices":[],"error":{"code":429,"message":"m"}})"},
     "started id=c1 model=m\nerror rate_limited"},
    {"an error as vLLM had it",
     {R"({"object":"error","message":"m","code":400})"},
     "error bad_request"},
    {"an error as a reason",
     {delta("{}", R"(,"finish_reason":"error")")},
     "started id=c1 model=m\nerror upstream_failed"},
    {"DeepSeek that broke off",
     {delta(R"({"content":"a"})", R"(,"finish_reason":"insufficient_system_resource")")},
     "started id=c1 model=m\ntext \"a\"\nerror overloaded"},
    {"no JSON", {"{\"choices\":["}, "error upstream_failed"},
    {"no object", {"[]"}, "error upstream_failed"},
    {"nothing at all", {" "}, ""},
    {"something else", {R"({"hello":1})"}, "odd"},
    {"a choice out of all bounds",
     {R"({"choices":[{"index":1000000,"delta":{"content":"a"}}]})"},
     "started\nodd"},
};

TEST(OpenaiChatReader, ReadsStreamsOfEveryHabit) {
  for (const Stream& c : streams) EXPECT_EQ(read(c.events), c.trace) << c.name;
}

TEST(OpenaiChatReader, TellsTheOutputToolsCallAsText) {
  EXPECT_EQ(read({calls(R"({"index":0,"id":"a","function":{"name":"out","arguments":"{\"x\":"}})"),
                  calls(R"({"index":0,"function":{"arguments":"1}"}})"),
                  delta("{}", R"(,"finish_reason":"tool_calls")")},
                 {.output_tool = "out"}),
            "text \"{\"x\":\"\ntext \"1}\"\nfinished stop (tool_calls)\n");
}

TEST(OpenaiChatReader, ReadsWholeAnswers) {
  json::Index index;
  OpenaiChatReader reader({.provider = "acme"});
  EventTrace trace;
  const std::string_view body =
      R"({"id":"c1","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"a","reasoning_content":"h","tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1}}})";
  EXPECT_FALSE(reader.read_whole(body, index, trace).has_value());
  EXPECT_EQ(trace.text(),
            "started id=c1 model=m\nreasoning \"h\"\ntext \"a\"\ncall 0 id=t name=f\n"
            "arguments 0 {}\nfinished tool_calls (stop)\nusage input=3 cached=1 output=2\n");
}

TEST(OpenaiChatReader, RefusesWholeAnswersThatAreNone) {
  json::Index index;
  for (const std::string_view body :
       {"", "<html>", "[]", "{}", R"({"choices":[]})", R"({"choices":{}})",
        R"({"error":{"message":"m"}})", R"({"code":"c","error":"text"})",
        R"({"object":"error","message":"m"})",
        R"({"choices":[{"message":{},"finish_reason":"error"}]})"}) {
    OpenaiChatReader reader({.provider = "acme"});
    EventTrace trace;
    EXPECT_TRUE(reader.read_whole(body, index, trace).has_value()) << body;
  }
}

TEST(OpenaiChatReader, KnowsHowAStreamWithoutItsLastEventStands) {
  const auto stand = [](const std::vector<std::string>& events, std::string_view name = "") {
    OpenaiChatReader reader({.provider = "acme"});
    EventTrace trace;
    json::Index index;
    for (const std::string& data : events) (void)reader.read_event(name, data, index, trace);
    const StreamEnd end = reader.finish(trace);
    EXPECT_EQ(trace.text().find("finished") != std::string::npos,
              end == StreamEnd::finished || end == StreamEnd::complete);
    return end;
  };
  EXPECT_EQ(stand({}), StreamEnd::truncated);
  EXPECT_EQ(stand({delta(R"({"content":"a"})")}), StreamEnd::truncated);
  EXPECT_EQ(stand({delta(R"({"content":"a"})", R"(,"finish_reason":"stop")")}),
            StreamEnd::finished);
  EXPECT_EQ(
      stand(
          {R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"},{"index":1,"delta":{}}]})"}),
      StreamEnd::truncated);
  EXPECT_EQ(stand({delta(R"({"content":"a"})", R"(,"finish_reason":"stop")"), "[DONE]"}),
            StreamEnd::complete);
  EXPECT_EQ(stand({R"({"error":{"message":"m"}})"}), StreamEnd::failed);
  EXPECT_EQ(stand({"not json"}, "error"), StreamEnd::failed);
  EXPECT_EQ(stand({R"({"message":"m"})"}, "error"), StreamEnd::failed);
  EXPECT_EQ(stand({"[DONE]"}), StreamEnd::failed);
}

TEST(OpenaiChatReader, TakesADoneWithoutAReasonForAnEndOnlyWhereTheTokensAreCounted) {
  const std::string said = delta(R"({"content":"a"})");
  const std::string counted = R"({"choices":[],"usage":{"prompt_tokens":3}})";
  const auto error_of = [](const std::vector<std::string>& events) {
    OpenaiChatReader reader({.provider = "acme"});
    EventTrace trace;
    json::Index index;
    for (const std::string& data : events)
      EXPECT_FALSE(reader.read_event("", data, index, trace).error);
    const ReadResult result = reader.read_event("", "[DONE]", index, trace);
    EXPECT_NE(result.ended, result.error.has_value());
    EXPECT_EQ(reader.finish(trace), result.error ? StreamEnd::failed : StreamEnd::complete);
    return result.error ? result.error->code : "";
  };
  EXPECT_EQ(error_of({said}), "upstream_truncated");
  EXPECT_EQ(error_of({counted, said}), "upstream_truncated");
  EXPECT_EQ(error_of({delta(R"({"content":"a"})", R"(,"usage":{"prompt_tokens":3})")}),
            "upstream_truncated")
      << "counted with every piece";
  EXPECT_EQ(error_of({said, counted}), "");
  EXPECT_EQ(error_of({said, delta(R"({"content":""})", R"(,"usage":{"prompt_tokens":3})")}), "");
}

TEST(OpenaiChatReader, ArgumentsOfACallThatHasEndedAreOdd) {
  OpenaiChatReader reader({.provider = "acme"});
  EventTrace trace;
  json::Index index;
  const auto is_odd = [&](const std::string& data) {
    return reader.read_event("", data, index, trace).odd;
  };
  EXPECT_FALSE(is_odd(calls(R"({"index":0,"id":"a","function":{"name":"f","arguments":"{"}})")));
  EXPECT_FALSE(is_odd(delta(R"({"content":"t"})")));
  EXPECT_TRUE(is_odd(calls(R"({"index":0,"function":{"arguments":"}"}})")));
  EXPECT_FALSE(is_odd(calls(R"({"index":0,"function":{"arguments":""}})")));
}

TEST(OpenaiChatReader, BoundsTheWordsThatAreKeptOfCalls) {
  OpenaiChatReader reader({.provider = "acme"});
  EventTrace trace;
  json::Index index;
  const std::string id(OpenaiChatReader::call_words_bytes_max / 4, 'i');
  std::optional<ApiError> error;
  int begun = 0;
  for (; begun < 8 && !error; ++begun) {
    const std::string n = std::to_string(begun);
    error = reader
                .read_event("",
                            calls(R"({"index":)" + n + R"(,"id":")" + id + n +
                                  R"(","function":{"name":"f"}})"),
                            index, trace)
                .error;
  }
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code, "upstream_malformed");
  EXPECT_EQ(begun, 4);
}

// A host that begins calls without end is not followed for ever.
TEST(OpenaiChatReader, BoundsTheCallsOfAChoice) {
  OpenaiChatReader reader({.provider = "acme"});
  EventTrace trace;
  json::Index index;
  bool odd = false;
  for (std::uint32_t i = 0; i <= OpenaiChatReader::calls_max; ++i) {
    EXPECT_FALSE(odd);
    const std::string n = std::to_string(i);
    odd =
        reader
            .read_event(
                "", calls(R"({"index":)" + n + R"(,"id":"i)" + n + R"(","function":{"name":"f"}})"),
                index, trace)
            .odd;
  }
  EXPECT_TRUE(odd);
}

}  // namespace
}  // namespace sluice::llm
