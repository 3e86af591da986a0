// What the simulator says and how it goes wrong, as scripts: no socket, no clock.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "load/scenario.h"
#include "simulator/misshape.h"
#include "simulator/provider.h"
#include "simulator/text.h"
#include "sluice/http/chunked.h"
#include "sluice/http/head_parser.h"
#include "sluice/http/sse.h"
#include "sluice/json/value.h"

namespace sluice::simulator {
namespace {

const WallTime moment{std::chrono::seconds(1'760'000'000)};

// One provider and what it says to one request, taken apart by the codec's own parsers.
class Asked {
 public:
  explicit Asked(SimulatorConfig& config, const Recordings* recordings = nullptr)
      : provider_(config, recordings, occasions_, 7) {}

  static std::string head_of(std::string_view path, const std::string& body,
                             std::string_view more = {}) {
    return std::string("POST ") + std::string(path) +
           " HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n" + std::string(more) +
           "content-length: " + std::to_string(body.size()) + "\r\n\r\n";
  }

  Script& post(std::string_view path, const std::string& body, std::string_view more = {}) {
    request_ = head_of(path, body, more);
    http::RequestHead head;
    EXPECT_EQ(http::parse_request_head(request_, head).status, http::ParseStatus::complete);
    script = provider_.answer(head, *http::request_framing(head), body, moment, request_);
    return script;
  }

  // A chat request with this prompt, as answer() has it.
  Script& prompt(const std::string& text, const std::string& front = R"({"model":"m",)") {
    return post("/v1/chat/completions", chat_of(text, front));
  }
  // The same, answered only if it is like the last: else no bytes.
  Slice prompt_alike(const std::string& text, const std::string& front = R"({"model":"m",)",
                     WallTime now = moment) {
    const std::string body = chat_of(text, front);
    return alike(head_of("/v1/chat/completions", body) + body, now);
  }
  Slice alike(const std::string& received, WallTime now = moment) {
    Provider::Alike found = provider_.answer_like_the_last(received, now);
    EXPECT_EQ(found.request_bytes == 0, found.bytes.empty());
    EXPECT_LE(found.request_bytes, received.size());
    return std::move(found.bytes);
  }
  static std::string chat_of(const std::string& text, const std::string& front) {
    return front +
           R"("messages":[{"role":"system","content":"be kind"},{"role":"user","content":")" +
           text + R"("}]})";
  }

  Script& chat(const std::string& rest, std::string_view more = {}) {
    return post("/v1/chat/completions",
                R"({"model":"m","messages":[{"role":"user","content":"hello"}])" + rest + "}",
                more);
  }

  // The decoded body of a well-formed answer.
  std::string body() {
    http::ResponseHead head;
    const http::HeadParse parse = http::parse_response_head(script.bytes, head);
    EXPECT_EQ(parse.status, http::ParseStatus::complete) << script.bytes;
    status = head.status;
    const auto framing = http::response_framing(head, http::Method::post);
    EXPECT_TRUE(framing.has_value());
    std::string_view rest = std::string_view(script.bytes).substr(parse.bytes_consumed);
    if (framing->kind != http::BodyKind::chunked) return std::string(rest);
    http::ChunkedDecoder decoder;
    std::string out;
    http::ChunkedStep step;
    while ((step = decoder.next(rest)).status == http::ChunkedStatus::data) {
      out += step.data;
      rest.remove_prefix(step.bytes_consumed);
    }
    complete = step.status == http::ChunkedStatus::complete;
    return out;
  }

  std::vector<std::string> events() {
    std::vector<std::string> data;
    http::SseParser parser;
    parser.feed(Slice::copy_of(body()));
    http::SseEvent event;
    while (parser.next(event) == http::SseStatus::event) {
      if (event.kind == http::SseKind::event) data.emplace_back(event.data);
    }
    return data;
  }

  Script script;
  http::StatusCode status = 0;
  bool complete = true;  // of a chunked body

 private:
  Occasions occasions_;
  Provider provider_;
  std::string request_;
};

TEST(SimulatorAnswer, FollowsFromTheLastUserMessage) {
  SimulatorConfig config;
  Asked asked(config);
  asked.chat("");
  const std::string body = asked.body();
  EXPECT_EQ(asked.status, 200);
  EXPECT_NE(body.find(text_of(seed_of("hello"), 64, true)), std::string::npos);
  json::Index index;
  EXPECT_TRUE(index.build(body).has_value());
}

TEST(SimulatorText, FollowsFromEveryByteAndFromTheLength) {
  std::set<std::uint64_t> seeds;
  std::size_t texts = 0;
  for (std::size_t size = 0; size < 100; ++size) {
    std::string text(size, 'a');
    seeds.insert(seed_of(text));
    ++texts;
    for (char& byte : text) {
      byte = 'b';
      seeds.insert(seed_of(text));
      byte = 'a';
      ++texts;
    }
  }
  EXPECT_EQ(seeds.size(), texts);
}

TEST(SimulatorText, IsItsWordsJoined) {
  for (const std::uint64_t tokens : {0U, 1U, 2U, 10U, 11U, 64U, 1000U}) {
    Words words(5);
    std::string joined;
    std::vector<std::uint32_t> joined_ends;
    for (std::uint64_t i = 0; i < tokens; ++i) {
      joined.append(i == 0 ? "" : " ").append(words.next());
      joined_ends.push_back(static_cast<std::uint32_t>(joined.size()));
    }
    EXPECT_EQ(text_of(5, tokens, false), joined);
    std::vector<std::uint32_t> ends(tokens);
    std::string text = "before";
    append_text(text, 5, tokens, true, ends.data());
    if (tokens != 0) {
      joined += '.';
      ++joined_ends.back();
    }
    EXPECT_EQ(text, "before" + joined);
    EXPECT_EQ(ends, joined_ends);
  }
}

TEST(SimulatorAnswer, IsTheSameBytesForTheSameSeed) {
  SimulatorConfig config;
  Asked one(config);
  Asked two(config);
  EXPECT_EQ(one.chat(R"(,"stream":true)").bytes, two.chat(R"(,"stream":true)").bytes);
}

TEST(SimulatorAnswer, IsTheSameBytesWhetherOrNotTheRequestWasReadAnew) {
  for (const char* front : {
           R"({"model":"m",)",
           R"({"model":"m","max_tokens":1,)",
           R"({"model":"\u00e9\"","max_tokens":7,)",
           R"({"model":"m","stream":true,)",
           R"({"model":"m","stream":true,"max_tokens":1,)",
           R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"max_tokens":33,)",
       }) {
    SCOPED_TRACE(front);
    SimulatorConfig config;
    Asked reading(config);
    Asked recalling(config);
    for (Asked* asked : {&reading, &recalling}) {
      asked->prompt("hello", front);
      asked->prompt("hello", front);
    }
    for (const char* text : {"world", "hello", "water", "\u00e9\u00e9!", "\x7f\tz__"}) {
      const std::string written = reading.prompt(text, front).bytes;
      const bool plain = std::string_view(text).find('\t') == std::string_view::npos;
      if (plain) {
        EXPECT_EQ(recalling.prompt_alike(text, front).view(), written) << text;
      } else {
        EXPECT_TRUE(recalling.prompt_alike(text, front).empty()) << "no tab stands in a string";
      }
    }
  }
}

TEST(SimulatorAnswer, IsGivenAnewToWhatOnlySeemsLikeTheLastRequest) {
  SimulatorConfig config;
  Asked asked(config);
  EXPECT_TRUE(asked.prompt_alike("hello").empty()) << "nothing is remembered yet";
  asked.prompt("hello");
  EXPECT_TRUE(asked.prompt_alike("hello").empty()) << "one alone is not worth remembering";
  asked.prompt("hello");
  EXPECT_FALSE(asked.prompt_alike("world").empty());
  for (const char* text : {"worl\"", "w\"rld", "worl\\", "w\\nld", "wor\n!", "worl\xff",
                           "\xc3\xc3\xc3!!", "\xa9wor!", "wor\x01!", "worlds", "word"}) {
    EXPECT_TRUE(asked.prompt_alike(text).empty()) << text;
  }
  EXPECT_TRUE(asked.prompt_alike("world", R"({"model":"n",)").empty()) << "another model";
  EXPECT_TRUE(
      asked.prompt_alike("world", R"({"model":"m",)", moment + std::chrono::seconds(1)).empty())
      << "the date is another one";
  const std::string body = Asked::chat_of("world", R"({"model":"m",)");
  const std::string whole = Asked::head_of("/v1/chat/completions", body) + body;
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_TRUE(asked.alike(whole.substr(0, cut)).empty()) << "cut at byte " << cut;
    std::string bent = whole;
    bent[cut] = static_cast<char>(bent[cut] ^ 1);
    const bool in_prompt = cut >= whole.size() - 9 && cut < whole.size() - 4;
    EXPECT_EQ(asked.alike(bent).empty(), !in_prompt) << "bent at byte " << cut;
  }
  EXPECT_FALSE(asked.alike(whole + "POST /").empty()) << "the next one may be on its way";
}

TEST(SimulatorAnswer, RemembersNoRequestWhoseAnswerHoldsMoreThanItsText) {
  SimulatorConfig plain;
  SimulatorConfig faulty;
  faulty.fault_rates.push_back({0.5, {FaultKind::reset_after, 1, 0}});
  SimulatorConfig paced;
  paced.pace.gap = std::chrono::milliseconds(1);
  struct Case {
    SimulatorConfig* config;
    const char* front;
  };
  for (const Case& c :
       {Case{&faulty, R"({"model":"m",)"}, Case{&paced, R"({"model":"m","stream":true,)"},
        Case{&paced, R"({"model":"m",)"}, Case{&plain, R"({"model":"sim-fault-status:503",)"},
        Case{&plain, R"({"model":"sim-echo",)"}, Case{&plain, R"({"model":"m","n":2,)"},
        Case{&plain, R"({"model":"m","stop":"x",)"},
        Case{&plain, R"({"model":"m","response_format":{"type":"json_object"},)"},
        Case{&plain, R"({"model":"m","tools":[{"function":{"name":"f"}}],)"}}) {
    Asked asked(*c.config);
    for (int i = 0; i < 4; ++i) asked.prompt("hello", c.front);
    EXPECT_TRUE(asked.prompt_alike("world", c.front).empty()) << c.front;
  }
}

TEST(SimulatorAnswer, StreamsARoleOneEventPerTokenAFinishReasonAndDone) {
  SimulatorConfig config;
  Asked asked(config);
  asked.chat(R"(,"stream":true,"max_tokens":3)");
  const std::vector<std::string> events = asked.events();
  ASSERT_EQ(events.size(), 6U);
  EXPECT_EQ(events.back(), "[DONE]");
  EXPECT_NE(events[4].find(R"("finish_reason":"length")"), std::string::npos);
  for (const std::string& event : events) EXPECT_EQ(event.find("usage"), std::string::npos);
  EXPECT_EQ(asked.script.steps.size(), 1U) << "unpaced, everything is one write";
}

TEST(SimulatorAnswer, ShowsUsageInAStreamOnlyWhenAsked) {
  SimulatorConfig config;
  Asked asked(config);
  asked.chat(R"(,"stream":true,"max_tokens":2,"stream_options":{"include_usage":true})");
  const std::vector<std::string> events = asked.events();
  ASSERT_EQ(events.size(), 6U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NE(events[i].find(R"("usage":null)"), std::string::npos);
  }
  EXPECT_NE(events[4].find(R"("choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2)"),
            std::string::npos);
}

TEST(SimulatorAnswer, StopsBeforeAStopSequence) {
  SimulatorConfig config;
  Asked asked(config);
  asked.chat("");
  const std::string whole = text_of(seed_of("hello"), 64, true);
  const std::string third = text_of(seed_of("hello"), 3, false);
  const std::string stop = whole.substr(third.size(), 5);
  asked.chat(R"(,"stop":)" + std::string("\"") + stop + "\"");
  EXPECT_NE(asked.body().find("\"" + whole.substr(0, whole.find(stop)) + "\""), std::string::npos);
}

TEST(SimulatorAnswer, CallsToolsWithArgumentsThatFitTheirSchema) {
  SimulatorConfig config;
  Asked asked(config);
  const std::string tool =
      R"({"type":"function","function":{"name":"NAME","parameters":{"type":"object",)"
      R"("properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":3}}}}})";
  asked.chat(R"(,"tools":[)" + tool + "," + tool + "]");
  const std::string body = asked.body();
  json::Index index;
  ASSERT_TRUE(index.build(body).has_value());
  const json::Value choice = *(*json::root(index).find("choices")).elements().begin();
  EXPECT_TRUE(choice.find("finish_reason")->string_equals("tool_calls"));
  int calls = 0;
  for (const json::Value call : choice.find("message")->find("tool_calls")->elements()) {
    ++calls;
    json::Index inner;
    const std::string arguments = *call.find("function")->find("arguments")->string();
    ASSERT_TRUE(inner.build(arguments).has_value()) << arguments;
    EXPECT_EQ(json::root(inner).find("days")->integer(), 3);
  }
  EXPECT_EQ(calls, 2) << "in parallel";
  asked.chat(R"(,"parallel_tool_calls":false,"tools":[)" + tool + "," + tool + "]");
  EXPECT_EQ(asked.body().find("call_", asked.body().find("call_") + 1), std::string::npos);
}

TEST(SimulatorAnswer, GivesEveryEndpointAWellFormedAnswer) {
  SimulatorConfig config;
  Asked asked(config);
  struct Case {
    const char* path;
    const char* body;
  };
  for (
      const Case& c : {
          Case{"/v1/completions", R"({"model":"m","prompt":"p","n":2})"},
          Case{"/v1/embeddings", R"({"model":"m","input":["a","b"],"dimensions":4})"},
          Case{"/v1/embeddings", R"({"model":"m","input":"a","encoding_format":"base64"})"},
          Case{"/v1/responses", R"({"model":"m","input":"a"})"},
          Case{"/v1/responses/input_tokens", R"({"model":"m","input":"a"})"},
          Case{"/v1/images/generations", R"({"model":"m","prompt":"a"})"},
          Case{"/v1/moderations", R"({"input":["a","b"]})"},
          Case{
              "/v1/chat/completions",
              R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],)"
              R"("response_format":{"type":"json_schema","json_schema":{"schema":)"
              R"({"$defs":{"s":{"enum":["x"]}},"properties":{"a":{"$ref":"#/$defs/s"}}}}}})"},
      }) {
    asked.post(c.path, c.body);
    const std::string body = asked.body();
    json::Index index;
    EXPECT_EQ(asked.status, 200) << c.path << body;
    EXPECT_TRUE(index.build(body).has_value()) << c.path << body;
  }
  asked.post("/v1/responses", R"({"model":"m","input":"a","stream":true})");
  const std::vector<std::string> events = asked.events();
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_NE(events[i].find("\"sequence_number\":" + std::to_string(i)), std::string::npos);
  }
  EXPECT_NE(events.back().find("response.completed"), std::string::npos);
}

TEST(SimulatorAnswer, RefusesWhatIsNoRequestInOpenAisShape) {
  SimulatorConfig config;
  Asked asked(config);
  for (const char* body :
       {"", "[]", "{", R"({"messages":[]})", R"({"model":"m"})", R"({"model":1,"messages":[]})"}) {
    asked.post("/v1/chat/completions", body);
    const std::string answer = asked.body();
    EXPECT_EQ(asked.status, 400) << body;
    EXPECT_TRUE(answer.starts_with(R"({"error":{"message":)")) << answer;
  }
  asked.post("/v1/nowhere", "{}");
  static_cast<void>(asked.body());
  EXPECT_EQ(asked.status, 404);
}

TEST(SimulatorAnswer, AsksForItsKeyWhenItHasOne) {
  SimulatorConfig config;
  config.key = Secret(std::string("sk-right"));
  Asked asked(config);
  asked.chat("", "authorization: Bearer sk-wrong\r\n");
  static_cast<void>(asked.body());
  EXPECT_EQ(asked.status, 401);
  asked.chat("", "authorization: bearer sk-right\r\n");
  static_cast<void>(asked.body());
  EXPECT_EQ(asked.status, 200);
}

TEST(SimulatorAnswer, ReplaysARecordingByteForByte) {
  Recordings recordings;
  const std::string stream = ": hi\r\n\r\ndata:{\"a\":1}\r\n\r\ndata: [DONE]\n\n";
  ASSERT_TRUE(recordings.add("odd.sse", stream).has_value());
  ASSERT_TRUE(
      recordings
          .add("x.pairs.jsonl",
               R"({"case":"c","seq":1,"response":{"status":429,"headers":{},"body_text":"1"}})"
               "\n"
               R"({"case":"c","seq":2,"response":{"status":200,"headers":{},"body_text":"2"}})"
               "\n")
          .has_value());
  SimulatorConfig config;
  Asked asked(config, &recordings);
  asked.chat("", "x-sim-replay: odd\r\n");
  EXPECT_EQ(asked.body(), stream);
  asked.chat("", "x-sim-replay: c#2\r\n");
  EXPECT_EQ(asked.body(), "2");
  asked.chat("", "x-sim-replay: x/c\r\n");
  EXPECT_EQ(asked.body(), "1");
  EXPECT_EQ(asked.status, 429);
}

TEST(SimulatorFault, EndsTheConnectionAsItsNameSays) {
  SimulatorConfig config;
  Asked asked(config);
  struct Case {
    const char* fault;
    Script::End end;
  };
  for (const Case& c :
       {Case{"reset-before-head", Script::End::reset},
        Case{"close-before-head", Script::End::close}, Case{"hang", Script::End::hang},
        Case{"reset-after:2", Script::End::reset}, Case{"close-after:2", Script::End::close},
        Case{"truncate:2", Script::End::close}, Case{"stall-after:2", Script::End::hang},
        Case{"malformed-chunk", Script::End::close}, Case{"garbage", Script::End::close},
        Case{"keepalive-close", Script::End::close}, Case{"no-done", Script::End::keep_alive},
        Case{"none", Script::End::keep_alive}}) {
    asked.chat(R"(,"stream":true)", std::string("x-sim-fault: ") + c.fault + "\r\n");
    EXPECT_EQ(asked.script.end, c.end) << c.fault;
    if (!asked.script.steps.empty()) {
      EXPECT_EQ(asked.script.steps.back().end, asked.script.bytes.size()) << c.fault;
    }
  }
}

TEST(SimulatorFault, CutsAStreamBehindTheEventsAskedFor) {
  SimulatorConfig config;
  Asked asked(config);
  for (const char* fault : {"close-after:3", "reset-after:3", "truncate:3", "malformed-chunk:3"}) {
    asked.chat(R"(,"stream":true)", std::string("x-sim-fault: ") + fault + "\r\n");
    EXPECT_EQ(asked.events().size(), 3U) << fault;
    EXPECT_FALSE(asked.complete) << fault;
  }
}

TEST(SimulatorFault, SpellsEventsOddlyWithoutChangingWhatTheySay) {
  SimulatorConfig config;
  Asked plain(config);
  plain.chat(R"(,"stream":true,"max_tokens":5)");
  const std::vector<std::string> said = plain.events();
  for (const char* fault : {"crlf", "cr", "no-space", "comments", "blank-first", "bom",
                            "cut-everywhere:1", "one-per-write", "slow-drip", "1xx:0"}) {
    Asked odd(config);
    odd.chat(R"(,"stream":true,"max_tokens":5)", std::string("x-sim-fault: ") + fault + "\r\n");
    EXPECT_EQ(odd.events(), said) << fault;
    EXPECT_TRUE(odd.complete) << fault;
  }
}

TEST(SimulatorFault, IsAskedForByModelNameToo) {
  SimulatorConfig config;
  Asked asked(config);
  asked.post("/v1/chat/completions",
             R"({"model":"sim-fault-status:429:7","messages":[{"role":"user","content":"a"}]})");
  static_cast<void>(asked.body());
  EXPECT_EQ(asked.status, 429);
  EXPECT_NE(asked.script.bytes.find("retry-after: 7\r\n"), std::string::npos);
}

TEST(SimulatorFault, NamesAreReadStrictly) {
  for (const FaultRow& row : fault_table()) {
    std::string text(row.name);
    if (row.arguments_min > 0) text += ":500";
    EXPECT_TRUE(parse_fault(text).has_value()) << text;
  }
  for (const char* wrong : {"", "nothing", "status", "status:99", "reset-after:x",
                            "reset-after:", "reset-after:1:2", "hang:1", "status:500:1:2"}) {
    EXPECT_FALSE(parse_fault(wrong).has_value()) << wrong;
  }
  EXPECT_TRUE(parse_fault_rate("0.5:hang").has_value());
  EXPECT_FALSE(parse_fault_rate("1.5:hang").has_value());
  EXPECT_FALSE(parse_fault_rate("hang").has_value());
}

TEST(SimulatorPace, SpreadsTheEventsOverTime) {
  SimulatorConfig config;
  config.pace = {.first_token = std::chrono::milliseconds(300),
                 .gap = std::chrono::milliseconds(20)};
  Asked asked(config);
  const Script& script = asked.chat(R"(,"stream":true,"max_tokens":4)");
  ASSERT_EQ(script.steps.size(), 6U);
  EXPECT_EQ(script.steps[0].at, std::chrono::milliseconds(300));
  EXPECT_EQ(script.steps[1].at, std::chrono::milliseconds(320));
  EXPECT_EQ(script.steps[5].at, std::chrono::milliseconds(400));
}

}  // namespace
}  // namespace sluice::simulator
