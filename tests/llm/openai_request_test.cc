#include "sluice/llm/openai_request.h"

#include <gtest/gtest.h>

#include "recorded.h"

namespace sluice::llm {
namespace {

Endpoint endpoint_of(std::string_view path) { return *find_endpoint("POST", path); }

std::expected<Request, ApiError> understand(std::string_view body,
                                            std::string_view path = "/v1/chat/completions") {
  json::Index index;
  return understand_openai_json(endpoint_of(path), body, index);
}

std::string upstream(std::string_view body, std::string_view model,
                     std::string_view path = "/v1/chat/completions") {
  const auto request = understand(body, path);
  if (!request) return "refused: " + request.error().message;
  return openai_upstream_body(*request, Slice::copy_of(body), model).to_string();
}

TEST(OpenaiRequest, UnderstandsWhatTheGatewayNeedsToKnow) {
  const std::string_view body =
      R"({"mod\u0065l":"a\/b","messages":[],"stream":true,"stream_options":{"include_usage":true},"user":"\u0041da"})";
  const auto request = understand(body);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->model, "a/b");
  EXPECT_EQ(body.substr(request->model_span.offset, request->model_span.size_bytes), R"("a\/b")");
  EXPECT_TRUE(request->stream);
  EXPECT_TRUE(request->usage_shown);
  EXPECT_FALSE(request->usage_added);
  EXPECT_EQ(request->user, "Ada");
}

TEST(OpenaiRequest, ABodyThatIsAllForUsIsSentAsItsModelAlone) {
  EXPECT_EQ(upstream(R"({"models":["a"],"debug":[]})", "up", "/v1/completions"),
            R"({"model":"up"})");
}

TEST(OpenaiRequest, KnowsWhetherSeveralChoicesMayCome) {
  EXPECT_TRUE(understand(R"({"model":"m","messages":[],"n":2})")->may_have_several_choices);
  EXPECT_TRUE(understand(R"({"model":"m","messages":[],"\u006e":1})")->may_have_several_choices);
  const std::string_view in_a_text =
      R"({"model":"m","messages":[{"content":"\"n\""}],"x":{"n":2}})";
  EXPECT_FALSE(understand(in_a_text)->may_have_several_choices);
  EXPECT_TRUE(understand(R"({"model":"m","prompt":["a","b"]})", "/v1/completions")
                  ->may_have_several_choices);
  EXPECT_FALSE(
      understand(R"({"model":"m","prompt":"a"})", "/v1/completions")->may_have_several_choices);
}

TEST(OpenaiRequest, ForwardsABodyThatNeedsNoEditAsItIs) {
  const std::string_view body =
      R"({ "model" : "m" , "messages":[{"role":"user","content":"\ud83d"}],"temperature":1.0,"unknown":{"a":[1e5]}})";
  const auto request = understand(body);
  ASSERT_TRUE(request.has_value());
  const Slice received = Slice::copy_of(body);
  const SliceChain sent = openai_upstream_body(*request, received, "m");
  ASSERT_EQ(sent.count(), 1U);
  EXPECT_EQ(sent[0].data(), received.data());
}

TEST(OpenaiRequest, RenamesTheModelOncePerAttempt) {
  const std::string_view body = R"({"model":"fast","messages":[]})";
  const auto request = understand(body);
  const Slice received = Slice::copy_of(body);
  EXPECT_EQ(openai_upstream_body(*request, received, "gpt-5").to_string(),
            R"({"model":"gpt-5","messages":[]})");
  EXPECT_EQ(openai_upstream_body(*request, received, "a\"b").to_string(),
            R"({"model":"a\"b","messages":[]})");
}

TEST(OpenaiRequest, TakesGatewayOnlyFieldsOut) {
  EXPECT_EQ(
      upstream(
          R"({"models":["a"],"model":"m","route":"fallback","messages":[],"provider":{"order":["x"]}})",
          "m"),
      R"({"model":"m","messages":[]})");
  EXPECT_EQ(upstream(R"({"model":"m","messages":[{"provider":"kept"}],"f\u0061llbacks":[]})", "m"),
            R"({"model":"m","messages":[{"provider":"kept"}]})");
  for (const std::string_view field : openai_gateway_only_fields()) {
    // What the others hold is looked at; tests of routing and of repairs send them.
    const bool is_unread = field == "preset" || field == "transforms" || field == "transcript_id" ||
                           field == "trace" || field == "debug" || field == "free_models_only" ||
                           field == "no_reasoning" || field == "provider";
    const std::string value = is_unread ? R"({"a":[1]})" : "null";
    const std::string body =
        R"({"model":"m",")" + std::string(field) + "\":" + value + R"(,"messages":[]})";
    EXPECT_EQ(upstream(body, "m"), R"({"model":"m","messages":[]})");
  }
}

RepairWanted repair_of(std::string_view members) {
  json::Index index;
  const Endpoint chat{.operation = Operation::chat_completions,
                      .body = BodyForm::json,
                      .streaming = Streaming::by_field};
  const auto request = understand_openai_json(
      chat, R"({"model":"m","messages":[],)" + std::string(members) + "}", index);
  EXPECT_TRUE(request.has_value());
  return request ? request->repair : RepairWanted{};
}

TEST(OpenaiRequest, ReadsWhatOfTheAnswerIsToBeMended) {
  const RepairWanted both = repair_of(R"("post_processing_steps":[{"type":"json-repair"}])");
  EXPECT_TRUE(both.text && both.arguments);
  const RepairWanted text = repair_of(
      R"("plugins":[{"id":"web"},{"id":"response-healing"}],"response_format":{"type":"json_object"})");
  EXPECT_TRUE(text.text && !text.arguments);
  EXPECT_FALSE(repair_of(R"("plugins":[{"id":"response-healing"}])").any())
      << "no JSON was asked for";
  EXPECT_FALSE(repair_of(R"("post_processing_steps":[])").any());
}

TEST(OpenaiRequest, RefusesStepsThatItDoesNotKnow) {
  EXPECT_NE(upstream(R"({"model":"m","messages":[],"post_processing_steps":[{"type":"x"}]})", "m")
                .find("json-repair"),
            std::string::npos);
}

TEST(OpenaiRequest, AsksForUsageWhereTheClientDidNot) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"model":"m","messages":[],"stream":true})",
       R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}})"},
      {R"({"model":"m","messages":[],"stream":true,"stream_options":null})",
       R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}})"},
      {R"({"model":"m","messages":[],"stream":true,"stream_options":{}})",
       R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}})"},
      {R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":false}})",
       R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}})"},
      {R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":null}})",
       R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}})"},
      {R"({"stream_options":{"include_obfuscation":false},"model":"m","messages":[],"stream":true})",
       R"({"stream_options":{"include_obfuscation":false,"include_usage":true},"model":"m","messages":[],"stream":true})"},
      {R"({"model":"m","messages":[],"stream":true,"models":[]})",
       R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}})"},
  };
  for (const auto& [body, expected] : cases) {
    EXPECT_EQ(upstream(body, "m"), expected);
    const auto request = understand(body);
    EXPECT_TRUE(request->usage_added);
    EXPECT_FALSE(request->usage_shown);
  }
}

TEST(OpenaiRequest, DoesNotAskForUsageWhereItIsNotAskedFor) {
  for (const std::string_view body :
       {R"({"model":"m","messages":[]})", R"({"model":"m","messages":[],"stream":false})",
        R"({"model":"m","messages":[],"stream":null,"stream_options":null})",
        R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}})"}) {
    EXPECT_EQ(upstream(body, "m"), body);
  }
  const std::string_view response = R"({"model":"m","input":"x","stream":true})";
  EXPECT_EQ(upstream(response, "m", "/v1/responses"), response);
  EXPECT_TRUE(understand(response, "/v1/responses")->stream);
  const std::string_view embedding = R"({"model":"m","input":"x","stream":true})";
  EXPECT_FALSE(understand(embedding, "/v1/embeddings")->stream);
}

TEST(OpenaiRequest, StreamsSpeechOnlyWhenEventsAreAskedFor) {
  EXPECT_FALSE(understand(R"({"model":"m","input":"x"})", "/v1/audio/speech")->stream);
  EXPECT_TRUE(
      understand(R"({"model":"m","input":"x","stream_format":"sse"})", "/v1/audio/speech")->stream);
}

TEST(OpenaiRequest, LetsAModerationLeaveTheModelOut) {
  EXPECT_EQ(understand(R"({"input":"x"})", "/v1/moderations")->model, "omni-moderation-latest");
  EXPECT_EQ(upstream(R"({"input":"x"})", "other", "/v1/moderations"),
            R"({"model":"other","input":"x"})");
  EXPECT_EQ(upstream(R"({"input":"x"})", "omni-moderation-latest", "/v1/moderations"),
            R"({"input":"x"})");
  EXPECT_EQ(upstream(R"({"input":"x","model":null})", "other", "/v1/moderations"),
            R"({"input":"x","model":"other"})");
}

struct RefusedCase {
  std::string_view path, body, param, code, words;
};

const RefusedCase refused_cases[] = {
    {"/v1/chat/completions", "", "", "invalid_json", "no body"},
    {"/v1/chat/completions", "  \n", "", "invalid_json", "no body"},
    {"/v1/chat/completions", "{\"model\":\"m\",}", "", "invalid_json", "byte 13"},
    {"/v1/chat/completions", "model=m", "", "invalid_json", "byte 0"},
    {"/v1/chat/completions", "[]", "", "invalid_json", "an array"},
    {"/v1/chat/completions", "\"x\"", "", "invalid_json", "a string"},
    {"/v1/chat/completions", "{\"a\":\"\xFF\"}", "", "invalid_utf8", "byte 6"},
    {"/v1/chat/completions", "{\"model\":\"m\",\"messages\":[],\"x\":[tru]}", "", "invalid_json",
     "byte 32"},
    {"/v1/chat/completions", "{}", "model", "missing_required_parameter", "/v1/models"},
    {"/v1/chat/completions", R"({"model":null})", "model", "missing_required_parameter", "model"},
    {"/v1/chat/completions", R"({"model":1})", "model", "invalid_type", "a number"},
    {"/v1/chat/completions", R"({"model":""})", "model", "invalid_value", "empty"},
    {"/v1/chat/completions", R"({"model":"m","m\u006fdel":"n","messages":[]})", "model",
     "duplicate_parameter", "more than once"},
    {"/v1/chat/completions", R"({"model":"m","stream":true,"messages":[],"stream":false})",
     "stream", "duplicate_parameter", "more than once"},
    {"/v1/chat/completions", R"({"model":"m","messages":[],"messages":[]})", "messages",
     "duplicate_parameter", "more than once"},
    {"/v1/chat/completions", R"({"model":"m","messages":[],"temperature":0,"temperature":1})",
     "temperature", "duplicate_parameter", "more than once"},
    {"/v1/chat/completions", R"({"model":"m","messages":[],"t\u006fp_p":0,"top_p":0})", "top_p",
     "duplicate_parameter", "more than once"},
    {"/v1/chat/completions", R"({"":0,"model":"m","messages":[],"":0})", "", "duplicate_parameter",
     "more than once"},
    {"/v1/chat/completions", R"({"model":"m","messages":[],"route":"a","route":"b"})", "route",
     "duplicate_parameter", "more than once"},
    {"/v1/chat/completions", R"({"model":"m"})", "messages", "missing_required_parameter", "array"},
    {"/v1/chat/completions", R"({"model":"m","messages":"hi"})", "messages", "invalid_type",
     "a string"},
    {"/v1/chat/completions", R"({"model":"m","messages":null})", "messages", "invalid_type",
     "null"},
    {"/v1/chat/completions", R"({"model":"m","messages":[],"stream":"true"})", "stream",
     "invalid_type", "a boolean"},
    {"/v1/chat/completions", R"({"model":"m","messages":[],"stream":1})", "stream", "invalid_type",
     "a number"},
    {"/v1/chat/completions", R"({"model":"m","messages":[],"stream":true,"stream_options":[]})",
     "stream_options", "invalid_type", "an object"},
    {"/v1/chat/completions", R"({"model":"m","messages":[],"stream_options":{}})", "stream_options",
     "invalid_value", "stream"},
    {"/v1/chat/completions",
     R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":"yes"}})",
     "stream_options.include_usage", "invalid_type", "a boolean"},
    {"/v1/chat/completions",
     R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true,"include_usage":false}})",
     "stream_options.include_usage", "duplicate_parameter", "more than once"},
    {"/v1/chat/completions", R"({"model":"m","messages":[],"user":7})", "user", "invalid_type",
     "a number"},
    {"/v1/chat/completions", R"({"model":"m","messages":[],"provider":[]})", "provider",
     "invalid_type", "an array"},
    {"/v1/chat/completions",
     R"({"model":"m","messages":[],"provider":{"require_parameters":"yes"}})",
     "provider.require_parameters", "invalid_type", "a string"},
    {"/v1/embeddings", R"({"model":"m"})", "input", "missing_required_parameter", "string"},
    {"/v1/embeddings", R"({"model":"m","input":5})", "input", "invalid_type", "a number"},
    {"/v1/responses", R"({"model":"m"})", "input", "missing_required_parameter", "string"},
    {"/v1/moderations", R"({"model":"m"})", "input", "missing_required_parameter", "string"},
};

TEST(OpenaiRequest, RefusesWhatIsWrongAndSaysWhy) {
  for (const RefusedCase& c : refused_cases) {
    SCOPED_TRACE(c.body);
    const auto request = understand(c.body, c.path);
    ASSERT_FALSE(request.has_value());
    EXPECT_EQ(request.error().status, 400);
    EXPECT_EQ(request.error().fault, Fault::client);
    EXPECT_EQ(request.error().type, "invalid_request_error");
    EXPECT_EQ(request.error().param, c.param);
    EXPECT_EQ(request.error().code, c.code);
    EXPECT_NE(request.error().message.find(c.words), std::string::npos) << request.error().message;
  }
}

TEST(OpenaiRequest, RefusesTooDeepAndTooLargeBodies) {
  json::Index index({.bytes_max = 1000, .depth_max = 4});
  const Endpoint endpoint = endpoint_of("/v1/chat/completions");
  const auto deep = understand_openai_json(endpoint, R"({"model":"m","messages":[[[[]]]]})", index);
  EXPECT_EQ(deep.error().code, "json_too_deep");
  const auto large = understand_openai_json(endpoint, std::string(1001, ' '), index);
  EXPECT_EQ(large.error().status, 413);
}

// Names alike and not, before and behind the count up to which they are compared one by one.
TEST(OpenaiRequest, AnyMemberGivenTwiceIsRefusedHoweverManyThereAre) {
  for (const int count : {1, 2, 15, 30, 31, 32, 33, 100, 200'000}) {
    std::string body = R"({"model":"m","messages":[])";
    for (int i = 0; i < count; ++i) {
      body += ",\"" + std::string(i % 7 == 0 ? "\\u0061" : "a") + std::to_string(i) + "\":0";
    }
    EXPECT_TRUE(understand(body + "}").has_value()) << count;
    for (const int again : {0, count / 2, count - 1}) {
      const std::string name = "a" + std::to_string(again);
      const auto refused = understand(body + ",\"" + name + "\":1}");
      ASSERT_FALSE(refused.has_value()) << count << " " << again;
      EXPECT_EQ(refused.error().status, 400);
      EXPECT_EQ(refused.error().param, name);
      EXPECT_EQ(refused.error().code, "duplicate_parameter");
    }
  }
}

TEST(OpenaiRequest, AMemberOfGatewaysGivenVeryOftenIsRefusedInLittleTime) {
  std::string body = R"({"model":"m","messages":[])";
  for (int i = 0; i < 400'000; ++i) body += R"(,"route":0)";  // minutes, were it quadratic
  const auto refused = understand(body + "}");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().param, "route");
}

TEST(OpenaiRequest, MembersBelowTheTopAreTheProvidersToJudge) {
  EXPECT_TRUE(
      understand(R"({"model":"m","messages":[{"role":"user","role":"user"}]})").has_value());
}

TEST(OpenaiRequest, ABodyOfTooManyValuesIsToldSoAndLeavesNothingBehind) {
  json::Index index({.tokens_max = 1000});
  const Endpoint endpoint = endpoint_of("/v1/embeddings");
  std::string body = R"({"model":"m","input":[1)";
  for (int i = 0; i < 500; ++i) body += ",1";
  const auto refused = understand_openai_json(endpoint, body + "]}", index);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().status, 413);
  EXPECT_EQ(refused.error().code, "request_too_large");
  EXPECT_NE(refused.error().message.find("more than the 1000 JSON values"), std::string::npos);

  const std::string large = R"({"model":"m","input":")" + std::string(4'000'000, 'x') + "\"}";
  ASSERT_TRUE(understand_openai_json(endpoint, large, index).has_value());
  EXPECT_EQ(index.storage_bytes(), 0U);
}

TEST(OpenaiRequest, AcceptsResponsesThatContinueInPlaceOfInput) {
  for (const std::string_view body :
       {R"({"model":"m","previous_response_id":"r"})", R"({"model":"m","prompt":{"id":"p"}})",
        R"({"model":"m","conversation":"c"})", R"({"model":"m","input":[]})"}) {
    EXPECT_TRUE(understand(body, "/v1/responses").has_value()) << body;
  }
}

TEST(OpenaiRequest, EveryPrefixOfABodyIsRefusedAsNotJson) {
  const std::string_view body =
      R"({"model":"m","messages":[{"role":"user","content":"a\nb"}],"stream":true,"x":[1,-2.5e3,null]})";
  ASSERT_TRUE(understand(body).has_value());
  for (std::size_t cut = 0; cut < body.size(); ++cut) {
    const auto request = understand(body.substr(0, cut));
    ASSERT_FALSE(request.has_value());
    EXPECT_EQ(request.error().code, "invalid_json");
  }
}

TEST(OpenaiRequest, UnderstandsAForm) {
  const std::string_view body = "..whisper-1..true..ada..";
  const FormField fields[] = {{"file", {0, 2}, true},
                              {"model", {2, 9}},
                              {"stream", {13, 4}},
                              {"user", {19, 3}},
                              {"model", {0, 2}, true}};
  const Endpoint endpoint = endpoint_of("/v1/audio/transcriptions");
  const auto request = understand_openai_form(endpoint, body, fields);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->model, "whisper-1");
  EXPECT_TRUE(request->stream);
  EXPECT_EQ(request->user, "ada");
  EXPECT_EQ(openai_upstream_body(*request, Slice::copy_of(body), "other").to_string(),
            "..other..true..ada..");
}

TEST(OpenaiRequest, RefusesAFormThatIsNotClear) {
  const Endpoint endpoint = endpoint_of("/v1/audio/transcriptions");
  const auto code = [&](std::vector<FormField> fields) {
    const auto request = understand_openai_form(endpoint, "m yes", fields);
    return request ? std::string() : request.error().param + " " + request.error().code;
  };
  EXPECT_EQ(code({{"model", {0, 1}}}), "");
  EXPECT_EQ(code({}), "model missing_required_parameter");
  EXPECT_EQ(code({{"model", {0, 0}}}), "model invalid_value");
  EXPECT_EQ(code({{"model", {0, 1}}, {"model", {0, 1}}}), "model duplicate_parameter");
  EXPECT_EQ(code({{"model", {0, 1}}, {"stream", {2, 3}}}), "stream invalid_value");
}

TEST(OpenaiRequest, SeesAStreamAskedForInTheQuery) {
  const auto stream = [](std::string_view target) {
    return understand_openai_bodiless(*find_endpoint("GET", target)).stream;
  };
  EXPECT_TRUE(stream("/v1/responses/r?stream=true"));
  EXPECT_TRUE(stream("/v1/responses/r?a=1&stream=true&b"));
  EXPECT_FALSE(stream("/v1/responses/r?stream=false"));
  EXPECT_FALSE(stream("/v1/responses/r?xstream=true"));
  EXPECT_FALSE(stream("/v1/responses/r"));
  EXPECT_FALSE(stream("/v1/models?stream=true"));
}

// Every recorded request a provider accepted is understood, and what goes upstream is JSON that
// differs only in the model and in what was asked for.
TEST(OpenaiRequest, UnderstandsEveryRecordedRequestThatAProviderAccepted) {
  json::Index index;
  std::size_t requests = 0;
  for (const RecordedExchange& exchange :
       recorded_exchanges({"openai", "openai-compat", "azure"})) {
    const Operation operation = recorded_operation(exchange);
    if (exchange.status != 200 || !exchange.request_body.starts_with('{')) continue;
    if (operation == Operation::models) continue;
    SCOPED_TRACE(exchange.name);
    ++requests;
    Endpoint endpoint;
    endpoint.operation = operation;
    endpoint.streaming = Streaming::by_field;
    const std::string& body = exchange.request_body;
    const auto request = understand_openai_json(endpoint, body, index);
    ASSERT_TRUE(request.has_value()) << request.error().message;
    const std::string sent =
        openai_upstream_body(*request, Slice::copy_of(body), "renamed").to_string();
    ASSERT_TRUE(index.build(sent).has_value());
    EXPECT_TRUE(json::root(index).find("model")->string_equals("renamed"));
    if (!request->usage_added && request->edits.empty()) {
      std::string expected = body;
      expected.replace(request->model_span.offset, request->model_span.size_bytes, "\"renamed\"");
      EXPECT_EQ(sent, expected);
    }
  }
  EXPECT_GE(requests, 20U);
}

}  // namespace
}  // namespace sluice::llm
