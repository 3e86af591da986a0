#include "sluice/llm/anthropic_response.h"

#include <gtest/gtest.h>

#include "recorded.h"

namespace sluice::llm {
namespace {

ResponseFacts inspect(std::string_view body, Operation operation = Operation::messages) {
  json::Index index;
  return inspect_anthropic_response(operation, "acme", body, index);
}

TEST(AnthropicResponse, ReadsTheUsageAndWhereToAddMembers) {
  const std::string_view body =
      R"({"id":"msg_1","content":[{"type":"text","text":"a"}],"usage":{"input_tokens":3,"cache_read_input_tokens":2,"output_tokens":1}})";
  const ResponseFacts facts = inspect(body);
  EXPECT_FALSE(facts.error.has_value());
  EXPECT_EQ(facts.usage.input, 5U);
  EXPECT_EQ(facts.usage.cached_input, 2U);
  EXPECT_EQ(facts.usage.output, 1U);
  const std::string tagged = tag_answer(facts.tag_place, body.size(), "req_1", "acme")
                                 .apply(Slice::copy_of(body))
                                 .to_string();
  EXPECT_TRUE(tagged.ends_with(R"(,"request_id":"req_1","provider":"acme"})"));
}

TEST(AnthropicResponse, KnowsACountOfTokens) {
  const ResponseFacts facts = inspect(R"({"input_tokens":14})", Operation::messages_count_tokens);
  EXPECT_FALSE(facts.error.has_value());
  EXPECT_FALSE(facts.usage.known());
  EXPECT_TRUE(inspect("{}", Operation::messages_count_tokens).error.has_value());
}

TEST(AnthropicResponse, RefusesWhatIsNoAnswer) {
  for (const std::string_view body :
       {"", "<html>", "[]", "{}", R"({"id":"msg_1"})",
        R"({"type":"error","error":{"type":"api_error","message":"m"},"content":[]})"}) {
    const ResponseFacts facts = inspect(body);
    ASSERT_TRUE(facts.error.has_value()) << body;
    EXPECT_EQ(facts.error->kind, ApiErrorKind::upstream_failed) << body;
  }
  EXPECT_EQ(
      inspect(R"({"type":"error","error":{"type":"overloaded_error","message":"m"}})").error->kind,
      ApiErrorKind::overloaded);
}

TEST(AnthropicResponse, UnderstandsEveryRecordedAnswer) {
  std::size_t answers = 0;
  for (const RecordedExchange& exchange : recorded_exchanges({"anthropic/messages", "cross"})) {
    const bool is_anthropic = exchange.name.starts_with("anthropic/") ||
                              exchange.url.find("api.anthropic.com") != std::string::npos;
    if (!is_anthropic || exchange.status != 200 || is_event_stream(exchange.body)) continue;
    SCOPED_TRACE(exchange.name);
    if (exchange.body.find("\"type\"") == std::string::npos) continue;  // none was kept
    ++answers;
    const ResponseFacts facts = inspect(exchange.body);
    EXPECT_FALSE(facts.error.has_value());
    EXPECT_TRUE(facts.usage.input.has_value());
    EXPECT_TRUE(facts.usage.output.has_value());
  }
  EXPECT_GE(answers, 100U);
}

}  // namespace
}  // namespace sluice::llm
