#include "sluice/llm/openai_error.h"

#include <gtest/gtest.h>

#include "recorded.h"

namespace sluice::llm {
namespace {

TEST(OpenaiError, PassesAClientsErrorUnchangedButForTheRequestId) {
  json::Index index;
  const std::string_view body = R"({"error":{"message":"bad","type":"t","param":null,"code":"c"}})";
  const ProviderAnswer answer{.provider = "acme", .status = 400, .body = body};
  const ApiError error = read_provider_error(answer, index);
  json::Splice splice;
  ASSERT_TRUE(openai_error_passes(answer, error, "req_1", index, splice));
  EXPECT_EQ(
      splice.apply(Slice::copy_of(body)).to_string(),
      R"({"error":{"message":"bad","type":"t","param":null,"code":"c"},"request_id":"req_1"})");
}

struct HeldCase {
  const char* name;
  int status;
  std::string_view body;
};

const HeldCase held_cases[] = {
    {"a bad key", 401, R"({"error":{"message":"Incorrect API key provided: sk-abc"}})"},
    {"a bad key with status 400", 400, R"({"error":{"code":"invalid_api_key"}})"},
    {"no permission", 403, R"({"error":{"message":"Country not supported"}})"},
    {"no credit", 402, R"({"error":{"message":"Insufficient Balance"}})"},
    {"no credit with status 400", 400, R"({"error":{"message":"Your credit balance is too low"}})"},
    {"too often", 429, R"({"error":{"message":"Rate limit reached","type":"requests"}})"},
    {"a server's failure", 500, R"({"error":{"message":"The server had an error"}})"},
    {"overloaded", 503, R"({"error":{"message":"overloaded"}})"},
    {"an error of another shape", 400, R"({"object":"error","message":"bad"})"},
    {"an error that is a text", 400, R"({"error":"bad"})"},
    {"no JSON", 413, "<html>413</html>"},
    {"nothing", 400, ""},
};

TEST(OpenaiError, HoldsBackWhatSpeaksOfTheGatewaysAccountOrHasAnotherShape) {
  json::Index index;
  for (const HeldCase& c : held_cases) {
    const ProviderAnswer answer{.provider = "acme", .status = c.status, .body = c.body};
    const ApiError error = read_provider_error(answer, index);
    json::Splice splice;
    EXPECT_FALSE(openai_error_passes(answer, error, "r", index, splice)) << c.name;
  }
}

TEST(OpenaiError, IsRenderedAsTheDialectHasIt) {
  ApiError error;
  error.type = "t";
  error.message = "say \"hi\"\n";
  EXPECT_EQ(
      render_openai_error_body(error, "r"),
      R"({"error":{"message":"say \"hi\"\n","type":"t","param":null,"code":null},"request_id":"r"})");
}

// The value of the `error` member in the last event of a recorded stream.
std::string_view last_error(std::string_view stream) {
  constexpr std::string_view begin = R"(data: {"error":)";
  const std::size_t at = stream.rfind(begin);
  if (at == std::string_view::npos) return {};
  const std::string_view data = stream.substr(at + begin.size());
  return data.substr(0, data.find('\n') - 1);
}

TEST(OpenaiError, AToolCallThatTheModelWroteWrongIsToldToTheClientInAStreamToo) {
  json::Index index;
  std::size_t count = 0;
  for (const RecordedExchange& exchange : recorded_exchanges({"openai-compat"})) {
    const std::string_view value = last_error(exchange.body);
    if (exchange.status != 200 || !value.contains("tool_use_failed")) continue;
    SCOPED_TRACE(exchange.name);
    ++count;
    ASSERT_TRUE(index.build(value));
    const ApiError error = read_provider_error_value("groq", json::root(index));
    EXPECT_EQ(error.status, 400);
    EXPECT_EQ(error.fault, Fault::provider);
    EXPECT_TRUE(error.retryable) << "another deployment may do better";
    EXPECT_EQ(error.message, quotable(*json::root(index).find("message")->string(), 500));
    const auto generation = json::root(index).find("failed_generation")->string();
    ASSERT_TRUE(generation);
    EXPECT_EQ(error.failed_generation, *generation);
    const std::string shown = render_openai_error_body(error, "r");
    EXPECT_TRUE(shown.contains(R"("type":"invalid_request_error","param":null,)"
                               R"("code":"tool_use_failed","failed_generation":")"))
        << shown;
  }
  EXPECT_GE(count, 2U);
}

}  // namespace
}  // namespace sluice::llm
