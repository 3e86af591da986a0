#include "sluice/llm/token_count.h"

#include <gtest/gtest.h>

#include <map>

#include "event_trace.h"
#include "recorded.h"
#include "sorted_json.h"

namespace sluice::llm {
namespace {

constexpr std::string_view chat =
    R"({"model":"m","system":"Be terse.","messages":[{"role":"user","content":"Hi"}],)"
    R"("tools":[{"name":"f","input_schema":{"type":"object"}}],"temperature":0.5,)"
    R"("stop_sequences":["x"]})";

std::expected<ChatCall, ApiError> question(ChatDialect dialect, std::string_view body,
                                           std::string_view model) {
  json::Index index;
  const auto request = read_chat(Operation::messages_count_tokens, body, index);
  if (!request) return std::unexpected(request.error());
  const ModelTraits traits;
  return write_count_call(dialect, *request, {.upstream_model = model, .traits = traits}, index);
}

struct Asked {
  ChatDialect dialect;
  std::string_view target;
  std::string_view body;  // members sorted
};
const Asked asked[] = {
    {ChatDialect::anthropic, "/messages/count_tokens",
     R"({"messages":[{"content":[{"text":"Hi","type":"text"}],"role":"user"}],"model":"up",)"
     R"("system":[{"text":"Be terse.","type":"text"}],)"
     R"("tools":[{"input_schema":{"type":"object"},"name":"f"}]})"},
    {ChatDialect::responses, "/responses/input_tokens",
     R"({"input":[{"content":[{"text":"Be terse.","type":"input_text"}],"role":"system"},)"
     R"({"content":[{"text":"Hi","type":"input_text"}],"role":"user"}],)"
     R"("model":"up","tools":[{"name":"f","parameters":{"type":"object"},"strict":false,)"
     R"("type":"function"}]})"},
    {ChatDialect::gemini, "/models/up:countTokens",
     R"({"generateContentRequest":{"contents":[{"parts":[{"text":"Hi"}],"role":"user"}],)"
     R"("generationConfig":{"stopSequences":["x"],"temperature":0.5},"model":"models/up",)"
     R"("systemInstruction":{"parts":[{"text":"Be terse."}]},)"
     R"("tools":[{"functionDeclarations":[{"name":"f"}]}]}})"},
    {ChatDialect::bedrock, "/model/up/count-tokens",
     R"({"input":{"converse":{"messages":[{"content":[{"text":"Hi"}],"role":"user"}],)"
     R"("system":[{"text":"Be terse."}],"toolConfig":{"tools":[{"toolSpec":{"inputSchema":)"
     R"({"json":{"type":"object"}},"name":"f"}}]}}}})"},
};

TEST(TokenCount, IsAskedForInEachProvidersWay) {
  for (const Asked& each : asked) {
    const auto call = question(each.dialect, chat, "up");
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(call->target, each.target);
    EXPECT_EQ(sorted_json(call->body), each.body);
  }
}

TEST(TokenCount, AsksBedrockForTheModelAndNotForAProfileOfIt) {
  for (const std::string_view model :
       {"us.anthropic.claude-x", "global.anthropic.claude-x", "anthropic.claude-x"}) {
    const auto call = question(ChatDialect::bedrock, chat, model);
    ASSERT_TRUE(call);
    EXPECT_EQ(call->target, "/model/anthropic.claude-x/count-tokens");
  }
}

TEST(TokenCount, ComesWholeThoughAStreamBeAskedFor) {
  const auto call =
      question(ChatDialect::gemini,
               R"({"model":"m","stream":true,"messages":[{"role":"user","content":"Hi"}]})", "up");
  ASSERT_TRUE(call);
  EXPECT_EQ(call->target, "/models/up:countTokens");
}

TEST(TokenCount, RefusesWhatCannotBeSent) {
  const auto call =
      question(ChatDialect::gemini, R"({"model":"m","messages":[{"role":"user"}]})", "up");
  ASSERT_FALSE(call);
  EXPECT_EQ(call.error().status, 400);
}

std::string told_by(std::string_view body, std::optional<ApiError>* error = nullptr) {
  json::Index index;
  EventTrace trace;
  const auto failed = TokenCountReader("p").read_whole(body, index, trace);
  if (error != nullptr) *error = failed;
  return failed ? "" : trace.text();
}

TEST(TokenCount, IsReadFromEachProvidersAnswer) {
  for (const std::string_view body :
       {R"({"input_tokens":14})", R"({"object":"response.input_tokens","input_tokens":14})",
        R"({"totalTokens":14,"promptTokensDetails":[{"modality":"TEXT","tokenCount":14}]})",
        R"({"inputTokens":14})"}) {
    EXPECT_EQ(told_by(body), told_by(R"({"input_tokens":14})")) << body;
    EXPECT_NE(told_by(body).find("14"), std::string::npos) << body;
  }
}

TEST(TokenCount, IsNeverInvented) {
  for (const std::string_view body :
       {"", "[]", "{}", R"({"input_tokens":"14"})", R"({"input_tokens":-1})",
        R"({"input_tokens":1.5})", R"({"input_tokens":null})", "<html>"}) {
    std::optional<ApiError> error;
    EXPECT_EQ(told_by(body, &error), "");
    ASSERT_TRUE(error) << body;
    EXPECT_EQ(error->fault, Fault::provider);
  }
  json::Index index;
  EventTrace trace;
  TokenCountReader reader("p");
  EXPECT_TRUE(reader.read_event("", "{}", index, trace).error);
  EXPECT_EQ(reader.finish(trace), StreamEnd::truncated);
}

TEST(TokenCount, IsToldInTheCallersWay) {
  for (const auto& [operation, answer] :
       {std::pair{Operation::messages_count_tokens, R"({"input_tokens":14})"},
        std::pair{Operation::responses_input_tokens,
                  R"({"object":"response.input_tokens","input_tokens":14})"}}) {
    TokenCountWriter writer(operation);
    writer.take({.kind = ChatEventKind::usage, .usage = {.input = 14}});
    writer.end();
    EXPECT_EQ(writer.take_bytes(), answer);
  }
}

// Members sorted, from the parameters of the tool on nothing.
std::string without_schema(std::string_view body) {
  const std::string sorted = sorted_json(body);
  return sorted.substr(0, sorted.find(R"("parameters)"));
}

// The same questions were put to Anthropic and to Gemini: what one was asked, written for the
// other, is what the other was asked, but for the tool's schema, which is sent as JSON Schema.
TEST(TokenCount, AsksGeminiAsARecordedClientDid) {
  std::map<std::string, std::string> anthropic;
  const auto case_of = [](const std::string& name) { return name.substr(name.find("_counts_")); };
  std::size_t at = 0;
  for (const RecordedExchange& exchange : recorded_exchanges({"anthropic/count_tokens"})) {
    if (exchange.name.find("ruby_llm") == exchange.name.npos || exchange.status != 200) continue;
    anthropic[case_of(exchange.name) + std::to_string(exchange.request_body.size() > 200)] =
        exchange.request_body;
  }
  json::Index index;
  for (const RecordedExchange& exchange : recorded_exchanges({"gemini/count_tokens"})) {
    const auto same =
        anthropic.find(case_of(exchange.name) + std::to_string(exchange.request_body.size() > 200));
    ASSERT_NE(same, anthropic.end()) << exchange.name;
    const auto call = question(ChatDialect::gemini, same->second, "gemini-3.5-flash");
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_TRUE(exchange.url.ends_with(call->target)) << exchange.url;
    EXPECT_EQ(without_schema(call->body), without_schema(exchange.request_body));
    EXPECT_NE(told_by(exchange.body), "") << exchange.body;
    ++at;
  }
  EXPECT_EQ(at, 3u);
}

}  // namespace
}  // namespace sluice::llm
