#include "sluice/llm/openai_response.h"

#include <gtest/gtest.h>

#include "recorded.h"

namespace sluice::llm {
namespace {

ResponseFacts inspect(std::string_view body, Operation operation = Operation::chat_completions) {
  json::Index index;
  AnswerShapes shapes;
  return inspect_openai_response(operation, "acme", body, index, shapes);
}

TEST(OpenaiResponse, ReadsTheUsageOfAGoodAnswer) {
  const ResponseFacts facts = inspect(R"({"choices":[{}],"usage":{"prompt_tokens":3}})");
  EXPECT_FALSE(facts.error.has_value());
  EXPECT_EQ(facts.usage.input, 3U);
}

// What was learned of one answer must not be believed of another that says something else.
TEST(OpenaiResponse, ReadsTheNumbersOfEachAnswerOfAShape) {
  json::Index index;
  AnswerShapes shapes;
  const auto read = [&](std::string_view body) {
    return inspect_openai_response(Operation::chat_completions, "acme", body, index, shapes);
  };
  const auto body = [](std::string_view content, std::string_view input) {
    return R"({"id":"a","choices":[{"message":{"content":")" + std::string(content) +
           R"("}}],"usage":{"prompt_tokens":)" + std::string(input) + "}}";
  };
  EXPECT_EQ(read(body("one", "3")).usage.input, 3U);
  index.clear();
  EXPECT_EQ(read(body("another", "41")).usage.input, 41U);
  EXPECT_FALSE(index.has_document());  // it was not needed
  EXPECT_FALSE(read(body("another", "-1")).usage.known());
  EXPECT_TRUE(read(body("a\xff", "41")).error.has_value());
  EXPECT_TRUE(read(body("another", "41") + "}").error.has_value());
  const ResponseFacts other =
      inspect_openai_response(Operation::embeddings, "acme", body("another", "41"), index, shapes);
  EXPECT_TRUE(other.error.has_value());  // to that request it is no answer
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

TEST(OpenaiResponse, AcceptsEveryRecordedSuccess) {
  std::size_t count = 0;
  for (const RecordedExchange& exchange :
       recorded_exchanges({"openai", "openai-compat", "azure"})) {
    const Operation operation = recorded_operation(exchange);
    const bool is_json = exchange.body.find('{') < 8;
    if (exchange.status != 200 || operation == Operation::models || !is_json) continue;
    if (is_event_stream(exchange.body)) continue;
    SCOPED_TRACE(exchange.name);
    ++count;
    const ResponseFacts facts = inspect(exchange.body, operation);
    // Azure refuses a prompt with a status of 200 here, and an error in the body.
    const bool is_error_sample =
        exchange.name.contains("error") || exchange.name.contains("prompt_content_filtering");
    EXPECT_TRUE(is_error_sample || !facts.error.has_value());
    EXPECT_EQ(facts.usage.known(), exchange.body.find("_tokens\"") != std::string::npos &&
                                       exchange.body.find("\"usage\"") != std::string::npos);
  }
  EXPECT_GE(count, 20U);
}

// Usage that is not the top object's own is read anew each time.
TEST(OpenaiResponse, ReadsUsageInOtherPlacesOfEachAnswer) {
  json::Index index;
  AnswerShapes shapes;
  for (const std::string_view count : {"3", "4", "5"}) {
    const std::string in_choice =
        R"({"id":"a","choices":[{"usage":{"prompt_tokens":)" + std::string(count) + "}}]}";
    const std::string in_groq = R"({"id":"a","choices":[],"x_groq":{"usage":{"prompt_tokens":)" +
                                std::string(count) + "}}}";
    for (const std::string& body : {in_choice, in_groq}) {
      const ResponseFacts facts =
          inspect_openai_response(Operation::chat_completions, "acme", body, index, shapes);
      EXPECT_EQ(facts.usage.input, static_cast<std::uint64_t>(count[0] - '0')) << body;
    }
  }
}

// Shapes kept from all answers before change nothing of what is read.
TEST(OpenaiResponse, ReadsEveryRecordedAnswerAlikeWhateverItSawBefore) {
  json::Index index;
  AnswerShapes shapes;
  for (int pass = 0; pass < 2; ++pass) {
    for (const RecordedExchange& exchange :
         recorded_exchanges({"openai", "openai-compat", "azure"})) {
      if (exchange.status != 200 || is_event_stream(exchange.body)) continue;
      SCOPED_TRACE(exchange.name);
      const Operation operation = recorded_operation(exchange);
      const ResponseFacts fresh = inspect(exchange.body, operation);
      const ResponseFacts warm =
          inspect_openai_response(operation, "acme", exchange.body, index, shapes);
      EXPECT_EQ(warm.usage, fresh.usage);
      EXPECT_EQ(warm.error.has_value(), fresh.error.has_value());
      EXPECT_EQ(warm.tag_place, fresh.tag_place);
    }
  }
}

}  // namespace
}  // namespace sluice::llm
