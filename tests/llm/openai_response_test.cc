#include "sluice/llm/openai_response.h"

#include <gtest/gtest.h>

#include "recorded.h"

namespace sluice::llm {
namespace {

ResponseFacts inspect(std::string_view body, Operation operation = Operation::chat_completions) {
  json::Index index;
  return inspect_openai_response(operation, "acme", body, index);
}

TEST(OpenaiResponse, ReadsTheUsageOfAGoodAnswer) {
  const ResponseFacts facts = inspect(R"({"choices":[{}],"usage":{"prompt_tokens":3}})");
  EXPECT_FALSE(facts.error.has_value());
  EXPECT_EQ(facts.usage.input, 3U);
}

TEST(OpenaiResponse, RefusesASuccessThatIsNone) {
  for (const std::string_view body :
       {"", " ", "null", "[]", "\"ok\"", "<html></html>", "{\"choices\":[", "{}", "{\"data\":[]}",
        R"({"choices":[],"error":{"message":"no"}})", R"({"error":"no"})"}) {
    const ResponseFacts facts = inspect(body);
    ASSERT_TRUE(facts.error.has_value()) << body;
    EXPECT_EQ(facts.error->fault, Fault::provider);
    EXPECT_EQ(facts.error->status, 502);
  }
  EXPECT_FALSE(inspect(R"({"choices":[],"error":null})").error.has_value());
  EXPECT_FALSE(inspect(R"({"anything":1})", Operation::responses_delete).error.has_value());
}

TEST(OpenaiResponse, TellsARateLimitInsideASuccess) {
  const ResponseFacts facts = inspect(R"({"error":{"code":429,"message":"slow down"}})");
  EXPECT_EQ(facts.error->status, 429);
  EXPECT_TRUE(facts.error->retry_after.has_value());
}

TEST(OpenaiResponse, TakesAFailedResponseForAnAnswer) {
  const std::string_view body =
      R"({"id":"r","object":"response","status":"failed","error":{"code":"server_error"}})";
  EXPECT_FALSE(inspect(body, Operation::responses).error.has_value());
}

std::string tagged(std::string_view body) {
  json::Index index;
  if (!index.build(body)) return "not JSON";
  return tag_openai_answer(json::root(index), "req_1", "acme")
      .apply(Slice::copy_of(body))
      .to_string();
}

TEST(OpenaiResponse, AddsWhoServedWhereItIsNotSaid) {
  EXPECT_EQ(tagged(R"({"id":"a"})"), R"({"id":"a","request_id":"req_1","provider":"acme"})");
  EXPECT_EQ(tagged("{}"), R"({"request_id":"req_1","provider":"acme"})");
  EXPECT_EQ(tagged(R"({"provider":"OpenAI"})"), R"({"provider":"OpenAI","request_id":"req_1"})");
  EXPECT_EQ(tagged(R"({"provider":null,"request_id":"x"})"),
            R"({"provider":null,"request_id":"x"})");
}

TEST(OpenaiResponse, AcceptsEveryRecordedSuccess) {
  std::size_t count = 0;
  for (const RecordedExchange& exchange : recorded_exchanges({"openai", "openai-compat"})) {
    const Operation operation = recorded_operation(exchange);
    const bool is_json = exchange.body.find('{') < 8;
    if (exchange.status != 200 || operation == Operation::models || !is_json) continue;
    if (is_event_stream(exchange.body)) continue;
    SCOPED_TRACE(exchange.name);
    ++count;
    const ResponseFacts facts = inspect(exchange.body, operation);
    const bool is_error_sample = exchange.name.find("error") != std::string::npos;
    EXPECT_TRUE(is_error_sample || !facts.error.has_value());
    EXPECT_EQ(facts.usage.known(), exchange.body.find("_tokens\"") != std::string::npos &&
                                       exchange.body.find("\"usage\"") != std::string::npos);
    json::Index index;
    ASSERT_TRUE(index.build(tagged(exchange.body)).has_value());
  }
  EXPECT_GE(count, 20U);
}

}  // namespace
}  // namespace sluice::llm
