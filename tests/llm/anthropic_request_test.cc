#include "sluice/llm/anthropic_request.h"

#include <gtest/gtest.h>

#include "recorded.h"
#include "sluice/llm/openai_request.h"

namespace sluice::llm {
namespace {

std::expected<Request, ApiError> understand(std::string_view body,
                                            std::string_view path = "/v1/messages") {
  json::Index index;
  return understand_anthropic_json(*find_endpoint("POST", path), body, index);
}

std::string upstream(std::string_view body, std::string_view model = "m") {
  const auto request = understand(body);
  if (!request) return "refused: " + request.error().message;
  return openai_upstream_body(*request, Slice::copy_of(body), model).to_string();
}

TEST(AnthropicRequest, UnderstandsWhatTheGatewayNeedsToKnow) {
  const std::string_view body =
      R"({"mod\u0065l":"a\/b","messages":[],"max_tokens":1,"stream":true,"metadata":{"user_id":"\u0041da"}})";
  const auto request = understand(body);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->operation, Operation::messages);
  EXPECT_EQ(request->model, "a/b");
  EXPECT_EQ(body.substr(request->model_span.offset, request->model_span.size_bytes), R"("a\/b")");
  EXPECT_TRUE(request->stream);
  EXPECT_TRUE(request->usage_shown);
  EXPECT_FALSE(request->usage_added);
  EXPECT_EQ(request->user, "Ada");
}

TEST(AnthropicRequest, ForwardsABodyThatNeedsNoEditAsItIs) {
  const std::string_view body =
      R"({ "model" : "m" , "messages":[{"role":"user","content":"\ud83d"}],"temperature":1.0,"fallbacks":"default","unknown":{"a":[1e5]}})";
  const auto request = understand(body);
  ASSERT_TRUE(request.has_value());
  const Slice received = Slice::copy_of(body);
  const SliceChain sent = openai_upstream_body(*request, received, "m");
  ASSERT_EQ(sent.count(), 1U);
  EXPECT_EQ(sent[0].data(), received.data());
  EXPECT_EQ(upstream(R"({"model":"fast","messages":[]})", "claude"),
            R"({"model":"claude","messages":[]})");
}

TEST(AnthropicRequest, TakesGatewayOnlyFieldsOut) {
  for (const std::string_view field : anthropic_gateway_only_fields()) {
    // What the others hold is looked at; tests of routing send them.
    const bool is_unread = field == "preset" || field == "transforms" || field == "transcript_id" ||
                           field == "trace" || field == "debug" || field == "free_models_only" ||
                           field == "no_reasoning" || field == "provider";
    const std::string value = is_unread ? R"({"a":[1]})" : "null";
    const std::string body =
        R"({"model":"m",")" + std::string(field) + "\":" + value + R"(,"messages":[]})";
    EXPECT_EQ(upstream(body), R"({"model":"m","messages":[]})");
  }
}

TEST(AnthropicRequest, TakesThoughtsOfOthersModelsOut) {
  const auto sent = [](std::string_view blocks) {
    const std::string head = R"({"model":"m","messages":[{"role":"assistant","content":[)";
    const std::string tail = R"(]},{"role":"user","content":"sluice: \"sluice:"}]})";
    std::string body = upstream(head + std::string(blocks) + tail);
    if (!body.ends_with(tail)) return body;
    body.resize(body.size() - tail.size());
    return body.starts_with(head) ? body.substr(head.size()) : body;
  };
  const std::string text = R"({"type":"text","text":"a"})";
  const std::string own = R"({"type":"thinking","thinking":"t","signature":"Ei"})";
  const std::string other = R"({"type":"thinking","thinking":"t","signature":"sluice:other::"})";
  const std::string sealed = R"({"type":"redacted_thinking","data":"sluice:openai:rs:gA"})";
  EXPECT_EQ(sent(own + "," + text), own + "," + text);
  EXPECT_EQ(sent(other + " , " + text), text);
  EXPECT_EQ(sent(other + "," + sealed + "," + text), text);
  EXPECT_EQ(sent(text + "," + other), text);
  EXPECT_EQ(sent(text + "," + other + "," + sealed + "," + own), text + "," + own);
  EXPECT_EQ(sent(other + "," + text + "," + other + "," + own + "," + sealed), text + "," + own);
  EXPECT_EQ(sent(other + "," + sealed), R"({"type":"text","text":"."})");
}

TEST(AnthropicRequest, CountsTokensOfABodyThatNeverStreams) {
  const auto request =
      understand(R"({"model":"m","messages":[],"stream":5})", "/v1/messages/count_tokens");
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->operation, Operation::messages_count_tokens);
  EXPECT_FALSE(request->stream);
}

TEST(AnthropicRequest, SaysWhatIsWrong) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"messages":[]})", "model"},
      {R"({"model":null,"messages":[]})", "model"},
      {R"({"model":"","messages":[]})", "model"},
      {R"({"model":5,"messages":[]})", "model"},
      {R"({"model":"m"})", "messages"},
      {R"({"model":"m","messages":"hi"})", "messages"},
      {R"({"model":"m","messages":[],"stream":"yes"})", "stream"},
      {R"({"model":"m","messages":[],"metadata":[]})", "metadata"},
      {R"({"model":"m","messages":[],"metadata":{"user_id":1}})", "metadata.user_id"},
      {R"({"model":"m","messages":[],"provider":"p"})", "provider"},
      {R"({"model":"m","messages":[],"provider":{"require_parameters":1}})",
       "provider.require_parameters"},
      {R"({"model":"m","messages":[],"m\u006fdel":"n"})", "model"},
      {R"({"model":"m","messages":[],"x":1,"x":2})", "x"},
      {"[]", ""},
      {"", ""},
      {"{", ""},
  };
  for (const auto& [body, param] : cases) {
    const auto request = understand(body);
    ASSERT_FALSE(request.has_value()) << body;
    EXPECT_EQ(request.error().param, param) << body;
    EXPECT_EQ(request.error().status, 400) << body;
  }
}

TEST(AnthropicRequest, UnderstandsEveryRecordedRequestThatAProviderAccepted) {
  json::Index index;
  std::size_t requests = 0;
  for (const RecordedExchange& exchange : recorded_exchanges({"anthropic", "cross"})) {
    if (exchange.url.find("api.anthropic.com/v1/messages") == std::string::npos) continue;
    if (exchange.status != 200 || !exchange.request_body.starts_with('{')) continue;
    SCOPED_TRACE(exchange.name);
    ++requests;
    const std::string& body = exchange.request_body;
    const auto request = understand(body);
    ASSERT_TRUE(request.has_value()) << request.error().message;
    EXPECT_TRUE(request->edits.empty());
    std::string expected = body;
    expected.replace(request->model_span.offset, request->model_span.size_bytes, "\"renamed\"");
    EXPECT_EQ(upstream(body, "renamed"), expected);
  }
  EXPECT_GE(requests, 250U);
}

}  // namespace
}  // namespace sluice::llm
