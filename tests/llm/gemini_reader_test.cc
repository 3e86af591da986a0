#include "sluice/llm/gemini_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "event_trace.h"

namespace sluice::llm {
namespace {

AskedFor asked() { return {.provider = "google"}; }

std::string read_whole(std::string_view body, AskedFor asked_for = asked()) {
  GeminiReader reader(std::move(asked_for));
  json::Index index;
  EventTrace trace;
  const auto error = reader.read_whole(body, index, trace);
  return error ? trace.text() + "error " + error->message + "\n" : trace.text();
}

// Each line one event.
std::string read_stream(const std::vector<std::string>& events, AskedFor asked_for = asked()) {
  GeminiReader reader(std::move(asked_for));
  json::Index index;
  EventTrace trace;
  std::string out;
  for (const std::string& event : events) {
    const ReadResult result = reader.read_event("", event, index, trace);
    out += trace.take_text();
    if (result.error) out += "error " + std::string(to_string(result.error->kind)) + "\n";
    if (result.odd) out += "odd\n";
    EXPECT_FALSE(result.ended);
  }
  const StreamEnd end = reader.finish(trace);
  return out + trace.take_text() + std::string(to_string(end)) + "\n";
}

std::string parts(std::string_view parts, std::string_view more = R"("finishReason":"STOP")") {
  return R"({"candidates":[{"content":{"role":"model","parts":[)" + std::string(parts) + "]}" +
         (more.empty() ? "" : "," + std::string(more)) + "}]}";
}

struct PartCase {
  std::string_view name, parts, events;
};

TEST(GeminiReader, TellsEachKindOfPart) {
  const PartCase cases[] = {
      {"text", R"({"text":"Hi \u00e9"})", "text \"Hi é\"\n"},
      {"two texts", R"({"text":"a"},{"text":"b"})", "text \"a\"\ntext \"b\"\n"},
      {"an empty text", R"({"text":""})", ""},
      {"a thought", R"({"text":"hm","thought":true})", "reasoning \"hm\"\n"},
      {"a signed thought", R"({"text":"hm","thought":true,"thoughtSignature":"S"})",
       "reasoning \"hm\"\nsigned S\n"},
      {"the signature stands before its text", R"({"text":"a","thoughtSignature":"S"})",
       "signed S\ntext \"a\"\n"},
      {"a signature alone", R"({"text":"","thoughtSignature":"S"})", "signed S\n"},
      {"a call", R"({"functionCall":{"id":"i","name":"f","args":{"a": 1.0}}})",
       "call 0 id=i name=f\narguments 0 {\"a\": 1.0}\n"},
      {"a signed call",
       R"({"thoughtSignature":"S","functionCall":{"id":"i","name":"f","args":{}}})",
       "call 0 id=i name=f signature=S\narguments 0 {}\n"},
      {"calls without arguments",
       R"({"functionCall":{"id":"i","name":"f"}},{"functionCall":{"id":"j","name":"g","args":null}})",
       "call 0 id=i name=f\narguments 0 {}\ncall 1 id=j name=g\narguments 1 {}\n"},
      {"an image", R"({"inlineData":{"mimeType":"image/png","data":"iVBORw"}})",
       "image image/png iVBORw\n"},
      {"other media", R"({"text":"a"},{"inlineData":{"mimeType":"audio/wav","data":"UklG"}})",
       "text \"a\"\n"},
      {"code that Google ran",
       R"({"executableCode":{"language":"PYTHON","code":"1"}},{"codeExecutionResult":{"output":"1"}},{"text":"a"})",
       "text \"a\"\n"},
      {"parts of no known kind", R"({"x":1},7,null,{"text":5},{"functionCall":[]})", ""},
  };
  for (const PartCase& c : cases) {
    SCOPED_TRACE(c.name);
    const bool called = c.events.find("call ") != c.events.npos;
    const std::string end = called ? "finished tool_calls (STOP)\n" : "finished stop (STOP)\n";
    EXPECT_EQ(read_whole(parts(c.parts)), "started\n" + std::string(c.events) + end);
    EXPECT_EQ(read_stream({parts(c.parts)}),
              "started\n" + std::string(c.events) + end + "complete\n");
  }
}

struct ReasonCase {
  std::string_view word, reason;
};

TEST(GeminiReader, KnowsWhyItFinished) {
  const ReasonCase cases[] = {
      {"STOP", "stop"},
      {"MAX_TOKENS", "length"},
      {"SAFETY", "content_filter"},
      {"RECITATION", "content_filter"},
      {"BLOCKLIST", "content_filter"},
      {"PROHIBITED_CONTENT", "content_filter"},
      {"SPII", "content_filter"},
      {"MODEL_ARMOR", "content_filter"},
      {"IMAGE_SAFETY", "content_filter"},
      {"IMAGE_PROHIBITED_CONTENT", "content_filter"},
      {"IMAGE_RECITATION", "content_filter"},
      {"MALFORMED_FUNCTION_CALL", "stop"},
      {"UNEXPECTED_TOOL_CALL", "stop"},
      {"TOO_MANY_TOOL_CALLS", "stop"},
      {"LANGUAGE", "stop"},
      {"OTHER", "stop"},
      {"NO_IMAGE", "stop"},
      {"SOMETHING_NEW", "stop"},
  };
  for (const ReasonCase& c : cases) {
    const std::string reason = R"("finishReason":")" + std::string(c.word) + "\"";
    EXPECT_EQ(read_whole(parts("", reason)),
              "started\nfinished " + std::string(c.reason) + " (" + std::string(c.word) + ")\n");
  }
  EXPECT_EQ(read_whole(parts(R"({"functionCall":{"id":"i","name":"f"}})",
                             R"("finishReason":"MAX_TOKENS")")),
            "started\ncall 0 id=i name=f\narguments 0 {}\nfinished length (MAX_TOKENS)\n");
}

TEST(GeminiReader, TakesWhatIsNoAnswerForAnError) {
  for (const std::string_view body :
       {"", "no JSON", "7", "[]", "{}", R"({"this":[]})", R"({"candidates":[]})",
        R"({"candidates":[{"content":{},"index":0}]})", R"([{"candidates":[]}])",
        R"({"usageMetadata":{"promptTokenCount":1}})"}) {
    EXPECT_NE(read_whole(body).find("error Provider 'google' gave an answer"), std::string::npos)
        << body;
  }
  for (const std::string_view body :
       {R"({"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}})",
        R"([{"error":{"code":500,"message":"x"}}])"}) {
    EXPECT_NE(read_whole(body).find("error "), std::string::npos) << body;
    EXPECT_NE(read_stream({std::string(body)}).find("error "), std::string::npos) << body;
  }
}

TEST(GeminiReader, TellsWhenThePromptWasBlocked) {
  const std::string body =
      R"({"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":8,"totalTokenCount":8},"modelVersion":"gemini-x","responseId":"r"})";
  EXPECT_EQ(read_whole(body),
            "started id=r model=gemini-x\nfinished content_filter (SAFETY)\nusage input=8 "
            "total=8\n");
  EXPECT_EQ(read_stream({body}),
            "started id=r model=gemini-x\nusage input=8 total=8\nfinished content_filter "
            "(SAFETY)\nusage input=8 total=8\ncomplete\n");
}

TEST(GeminiReader, RemembersTheEndUntilTheStreamIsOver) {
  EXPECT_EQ(
      read_stream({parts(R"({"text":"a"})"), parts(R"({"text":"b"})", ""),
                   parts(R"({"text":"c"})", R"("finishReason":"MAX_TOKENS")")}),
      "started\ntext \"a\"\ntext \"b\"\ntext \"c\"\nfinished length (MAX_TOKENS)\ncomplete\n");
}

TEST(GeminiReader, CallsAStreamTruncatedWhoseCandidatesDidNotAllFinish) {
  EXPECT_EQ(read_stream({parts(R"({"text":"a"})", "")}), "started\ntext \"a\"\ntruncated\n");
  EXPECT_EQ(
      read_stream({parts(R"({"text":"a"})", R"("finishReason":"FINISH_REASON_UNSPECIFIED")")}),
      "started\ntext \"a\"\ntruncated\n");
  EXPECT_EQ(read_stream({}), "truncated\n");
  EXPECT_EQ(
      read_stream(
          {R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"},{"index":1,"content":{"parts":[{"text":"b"}]}}]})"}),
      "started\ntext \"a\"\n[1] text \"b\"\ntruncated\n");
}

TEST(GeminiReader, FailsWithAnErrorInTheStream) {
  EXPECT_EQ(read_stream({parts(R"({"text":"a"})"),
                         R"({"error":{"code":499,"message":"cancelled","status":"CANCELLED"}})"}),
            "started\ntext \"a\"\nerror upstream_failed\nfailed\n");
  EXPECT_EQ(read_stream({parts(R"({"text":"a"})"), R"({"candid)"}),
            "started\ntext \"a\"\nerror upstream_failed\nfailed\n");
}

TEST(GeminiReader, PassesOverWhatItDoesNotKnow) {
  EXPECT_EQ(read_stream({R"({"this":[{"is":1}]})", parts(R"({"text":"a"})")}),
            "odd\nstarted\ntext \"a\"\nfinished stop (STOP)\ncomplete\n");
  EXPECT_EQ(read_stream({R"({"candidates":[{"index":99,"content":{"parts":[{"text":"x"}]}}]})",
                         R"({"candidates":[{"index":"a"}]})", parts(R"({"text":"a"})")}),
            "started\nodd\nodd\ntext \"a\"\nfinished stop (STOP)\ncomplete\n");
}

TEST(GeminiReader, KeepsCandidatesApart) {
  const std::string body =
      R"({"candidates":[{"index":1,"content":{"parts":[{"functionCall":{"id":"i","name":"f"}}]},"finishReason":"STOP"},)"
      R"({"content":{"parts":[{"text":"a"}]},"finishReason":"MAX_TOKENS","index":0}]})";
  EXPECT_EQ(read_whole(body),
            "started\n[1] call 0 id=i name=f\n[1] arguments 0 {}\ntext \"a\"\n"
            "[1] finished tool_calls (STOP)\nfinished length (MAX_TOKENS)\n");
}

TEST(GeminiReader, CountsThoughtsAsOutputAndToolUseAsInput) {
  EXPECT_EQ(
      read_whole(
          R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":30,"totalTokenCount":222,"cachedContentTokenCount":4,"toolUsePromptTokenCount":73,"thoughtsTokenCount":109,"promptTokensDetails":[{"modality":"TEXT","tokenCount":3},{"modality":"AUDIO","tokenCount":5},{"modality":"IMAGE","tokenCount":2}],"candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":7},{"modality":"AUDIO","tokenCount":8}]}})"),
      "started\nfinished stop (STOP)\nusage input=83 cached=4 audio_input=5 image_input=2 "
      "output=139 reasoning=109 audio_output=8 image_output=7 total=222\n");
  EXPECT_EQ(
      read_whole(
          R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":-1,"candidatesTokenCount":1e30,"totalTokenCount":"x"}})"),
      "started\nfinished stop (STOP)\n");
}

TEST(GeminiReader, LetsTheLastCountsWin) {
  EXPECT_EQ(
      read_stream(
          {R"({"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9}})",
           R"({"candidates":[{"content":{"parts":[{"text":"b"}]}}],"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9}})",
           R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2,"totalTokenCount":11}})"}),
      "started\ntext \"a\"\nusage input=9 total=9\ntext \"b\"\nusage input=9 output=2 total=11\n"
      "finished stop (STOP)\nusage input=9 output=2 total=11\ncomplete\n");
}

TEST(GeminiReader, NamesCallsThatCameWithoutId) {
  const std::string body =
      R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}},{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}],"responseId":"r1"})";
  const std::string trace = read_whole(body);
  EXPECT_EQ(trace, read_whole(body)) << "the same answer, the same ids";
  const std::size_t first = trace.find("id=call_");
  const std::size_t second = trace.find("id=call_", first + 1);
  ASSERT_NE(second, std::string::npos);
  const std::string id = trace.substr(first + 3, trace.find(' ', first) - first - 3);
  EXPECT_LE(id.size(), 40u);
  EXPECT_EQ(trace.find(id, first + 4), std::string::npos) << "one call, one id: " << trace;
  std::string other = body;
  other.replace(other.find("r1"), 2, "r2");
  EXPECT_EQ(read_whole(other).find(id), std::string::npos) << "another answer, other ids";
}

TEST(GeminiReader, PutsStreamedArgumentsTogether) {
  const auto call = [](std::string_view members) {
    return parts(R"({"functionCall":{)" + std::string(members) + "}}", "");
  };
  const std::string end = parts("");
  const std::string answer = "started\ncall 0 id=i name=f\narguments 0 ";
  const std::string finish = "\nfinished tool_calls (STOP)\ncomplete\n";
  const std::string begin = call(R"("id":"i","name":"f","willContinue":true)");
  const auto piece = [&](std::string_view members) {
    return call(R"("partialArgs":[{)" + std::string(members) + R"(}],"willContinue":true)");
  };
  EXPECT_EQ(
      read_stream({begin, piece(R"("jsonPath":"$.a","stringValue":"x\"","willContinue":true)"),
                   piece(R"("jsonPath":"$.a","stringValue":"y","willContinue":true)"),
                   piece(R"("jsonPath":"$.a","stringValue":"")"),
                   piece(R"("jsonPath":"$.b","numberValue":1.50)"),
                   piece(R"("jsonPath":"$.c","boolValue":true)"),
                   piece(R"("jsonPath":"$.d","nullValue":"NULL_VALUE")"), call(""), end}),
      answer + R"({"a":"x\"y","b":1.50,"c":true,"d":null})" + finish);
  EXPECT_EQ(read_stream({begin, piece(R"("jsonPath":"$.a[0].b","stringValue":"1")"),
                         piece(R"("jsonPath":"$.a[0].c","stringValue":"2")"),
                         piece(R"("jsonPath":"$.a[1].b","stringValue":"3")"),
                         piece(R"("jsonPath":"$['x.y'][0][0]","numberValue":4)"),
                         piece(R"("jsonPath":"$['x.y'][0][1]","numberValue":5)"), call(""), end}),
            answer + R"({"a":[{"b":"1","c":"2"},{"b":"3"}],"x.y":[[4,5]]})" + finish);
  EXPECT_EQ(read_stream({begin, call(""), end}), answer + "{}" + finish);
  EXPECT_EQ(
      read_stream({begin, call(R"("partialArgs":[{"jsonPath":"$.p","numberValue":0.3}])"), end}),
      answer + R"({"p":0.3})" + finish)
      << "the last piece may end the call";
  EXPECT_EQ(read_stream({begin, piece(R"("jsonPath":"$.a","stringValue":"x")"), end}),
            answer + R"({"a":"x"})" + finish)
      << "the end of the answer ends it too";
  EXPECT_EQ(read_stream({begin, piece(R"("jsonPath":"$.a","stringValue":"x")")}),
            "started\ntruncated\n")
      << "a call cut short is no call";
}

TEST(GeminiReader, FailsWhenPiecesMakeNoSense) {
  const std::string begin = parts(R"({"functionCall":{"name":"f","willContinue":true}})", "");
  const std::string first = R"({"jsonPath":"$.a[0]","numberValue":1},)";
  for (const std::string_view piece :
       {R"({"jsonPath":"a","numberValue":1})", R"({"jsonPath":"$","numberValue":1})",
        R"({"jsonPath":"$.a.b","numberValue":1})", R"({"jsonPath":"$[0]","numberValue":1})",
        R"({"jsonPath":"$.a[x]","numberValue":1})", R"({"jsonPath":"$.b"})", R"({})", "7",
        R"({"jsonPath":"$.a[99999999999999999999]","numberValue":1})",
        R"({"jsonPath":"$.b","stringValue":{}})"}) {
    const std::string event = parts(R"({"functionCall":{"partialArgs":[)" + first +
                                        std::string(piece) + R"(],"willContinue":true}})",
                                    "");
    const std::string trace = read_stream({begin, event});
    const bool other_branch = piece.find("$.a.b") != piece.npos;
    if (other_branch) {
      EXPECT_EQ(trace, "started\ntruncated\n") << "another value of the same name is relayed";
    } else {
      EXPECT_EQ(trace, "started\nerror upstream_failed\nfailed\n") << piece;
    }
  }
}

TEST(GeminiReader, BoundsWhatItBuffers) {
  GeminiReader reader(asked());
  json::Index index;
  EventTrace trace;
  const std::string begin = parts(R"({"functionCall":{"name":"f","willContinue":true}})", "");
  ASSERT_FALSE(reader.read_event("", begin, index, trace).error);
  const std::string piece =
      parts(R"({"functionCall":{"partialArgs":[{"jsonPath":"$.a","stringValue":")" +
                std::string(100'000, 'x') + R"(","willContinue":true}],"willContinue":true}})",
            "");
  bool refused = false;
  for (int pieces = 0; pieces < 20 && !refused; ++pieces) {
    refused = reader.read_event("", piece, index, trace).error.has_value();
  }
  EXPECT_TRUE(refused);
  EXPECT_EQ(reader.finish(trace), StreamEnd::failed);
}

TEST(GeminiReader, TellsTheAnswerOfTheOutputToolAsText) {
  AskedFor wanted = asked();
  wanted.output_tool = "answer";
  EXPECT_EQ(read_whole(parts(R"({"functionCall":{"name":"answer","args":{"a":"\n"}}})"), wanted),
            "started\ntext \"{\"a\":\"\\n\"}\"\nfinished stop (STOP)\n");
}

TEST(GeminiReader, UnwrapsWhatACustomToolIsGiven) {
  AskedFor wanted = asked();
  wanted.custom_tools = "x\nrun\n";
  const auto call = [](std::string_view args) {
    return parts(R"({"functionCall":{"id":"i","name":"run","args":)" + std::string(args) + "}}");
  };
  const std::string begin = "started\ncall 0 id=i name=run\narguments 0 ";
  const std::string end = "\nfinished tool_calls (STOP)\n";
  EXPECT_EQ(read_whole(call(R"({"input":"ls \"-l\""})"), wanted), begin + "ls \"-l\"" + end);
  EXPECT_EQ(read_whole(call(R"({"other":1})"), wanted), begin + R"({"other":1})" + end);
  EXPECT_EQ(
      read_stream(
          {parts(R"({"functionCall":{"id":"i","name":"run","willContinue":true}})", ""),
           parts(
               R"({"functionCall":{"partialArgs":[{"jsonPath":"$.input","stringValue":"ls"}]}})")},
          wanted),
      begin + "ls" + end + "complete\n");
}

TEST(GeminiReader, CallsToolsByTheCallersNames) {
  AskedFor wanted = asked();
  wanted.renamed_tools = {{.sent = "_1st", .name = "1st"}};
  EXPECT_EQ(read_whole(parts(R"({"functionCall":{"id":"i","name":"_1st"}})"), wanted),
            "started\ncall 0 id=i name=1st\narguments 0 {}\nfinished tool_calls (STOP)\n");
}

// "é" is two bytes and one character.
constexpr std::string_view grounding =
    R"("finishReason":"STOP","groundingMetadata":{"groundingChunks":[{"web":{"uri":"http://a","title":"A"}},{"retrievedContext":{"uri":"http://b","title":"B\""}},{"web":{}}],)"
    R"("groundingSupports":[{"segment":{"endIndex":3,"text":"é."},"groundingChunkIndices":[0,1,2,9]},{"segment":{"startIndex":4,"endIndex":99},"groundingChunkIndices":[1]},{"segment":{}},7]})";

TEST(GeminiReader, TellsSourcesWithTheirPlacesInCharacters) {
  const std::string answer = parts(R"({"text":"é. b"})", grounding);
  const std::string cited =
      R"(citation {"type":"url_citation","url_citation":{"start_index":0,"end_index":2,"url":"http://a","title":"A"}})"
      "\n"
      R"(citation {"type":"url_citation","url_citation":{"start_index":0,"end_index":2,"url":"http://b","title":"B\""}})"
      "\n"
      R"(citation {"type":"url_citation","url_citation":{"start_index":3,"end_index":4,"url":"http://b","title":"B\""}})"
      "\n";
  const std::string said = "started\ntext \"é. b\"\n" + cited + "finished stop (STOP)\n";
  EXPECT_EQ(read_whole(answer), said);
  AskedFor wanted = asked();
  wanted.searches = true;
  EXPECT_EQ(read_stream({answer}, wanted), said + "complete\n");
  EXPECT_NE(read_stream({answer}).find(R"("url_citation":{"url":"http://a")"), std::string::npos)
      << "of a text that was not kept no place is known";
}

// Recorded of Vertex AI, but for the zero that is left out and the token in two bytes.
constexpr std::string_view probable =
    R"("finishReason":"STOP","logprobsResult":{"chosenCandidates":[{"logProbability":-0.01972555,"token":"2","tokenId":236778},{"token":"é","tokenId":9},"x",{"logProbability":-2.3844768e-07,"token":"\"\n"}],)"
    R"("topCandidates":[{"candidates":[{"logProbability":-0.01972555,"token":"2"},{"logProbability":-4.1320033,"token":"4"}]},{}]})";

TEST(GeminiReader, TellsHowProbableItsTokensWere) {
  const std::string answer = parts(R"({"text":"2é\"\n"})", probable);
  const std::string said =
      "started\ntext \"2é\"\n\"\n"
      R"(logprobs {"token":"2","logprob":-0.01972555,"bytes":[50],"top_logprobs":[)"
      R"({"token":"2","logprob":-0.01972555,"bytes":[50]},{"token":"4","logprob":-4.1320033,"bytes":[52]}]},)"
      R"({"token":"é","logprob":0,"bytes":[195,169],"top_logprobs":[]},)"
      R"({"token":"\"\n","logprob":-2.3844768e-07,"bytes":[34,10],"top_logprobs":[]})"
      "\nfinished stop (STOP)\n";
  EXPECT_EQ(read_whole(answer), said);
  EXPECT_EQ(read_stream({answer}), said + "complete\n");
  for (const std::string_view none : {R"({})", R"([])", R"({"chosenCandidates":[]})",
                                      R"({"chosenCandidates":[1,"a"]})", "null"}) {
    const std::string with = R"("finishReason":"STOP","logprobsResult":)" + std::string(none);
    EXPECT_EQ(read_whole(parts(R"({"text":"2"})", with)),
              "started\ntext \"2\"\nfinished stop (STOP)\n");
  }
}

}  // namespace
}  // namespace sluice::llm
