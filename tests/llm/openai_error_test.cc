#include "sluice/llm/openai_error.h"

#include <gtest/gtest.h>

#include "recorded.h"

namespace sluice::llm {
namespace {

using namespace std::chrono_literals;
using Kind = ApiErrorKind;

ApiError read(int status, std::string_view body) {
  json::Index index;
  return read_openai_error({.provider = "acme", .status = status, .body = body}, index);
}

struct ErrorCase {
  const char* name;
  int status;
  std::string_view body;
  Kind kind;
  int status_out;
  std::string_view code;
};

const ErrorCase error_cases[] = {
    {"a wrong value", 400,
     R"({"error":{"message":"bad temperature","type":"invalid_request_error","param":"temperature","code":"decimal_above_max_value"}})",
     Kind::bad_request, 400, "decimal_above_max_value"},
    {"a prompt too long", 400,
     R"({"error":{"message":"This model's maximum context length is 128000 tokens.","type":"invalid_request_error","code":"context_length_exceeded"}})",
     Kind::context_length, 400, "context_length_exceeded"},
    {"a prompt too long, vLLM's old shape", 400,
     R"({"object":"error","message":"This model's maximum context length is 4096","type":"BadRequestError","code":400})",
     Kind::context_length, 400, "context_length_exceeded"},
    {"a prompt too long, llama.cpp", 400,
     R"({"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}})",
     Kind::context_length, 400, "context_length_exceeded"},
    {"a content filter", 400,
     R"({"error":{"message":"The response was filtered","code":"content_filter","param":"prompt"}})",
     Kind::content_filter, 400, "content_filter"},
    {"a bad key", 401,
     R"({"error":{"message":"Incorrect API key provided: sk-abc","code":"invalid_api_key"}})",
     Kind::upstream_auth, 502, "upstream_auth_failed"},
    {"a bad key without a body", 401, "", Kind::upstream_auth, 502, "upstream_auth_failed"},
    {"a bad key with status 400", 400,
     R"({"code":"Client specified an invalid argument","error":"Incorrect API key provided: xai-abc."})",
     Kind::upstream_auth, 502, "upstream_auth_failed"},
    {"no permission", 403, R"({"error":{"message":"Country not supported"}})", Kind::upstream_auth,
     502, "upstream_auth_failed"},
    {"no credit", 402, R"({"error":{"message":"Insufficient Balance"}})", Kind::quota_exhausted,
     429, "insufficient_quota"},
    {"no quota", 429,
     R"({"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}})",
     Kind::quota_exhausted, 429, "insufficient_quota"},
    {"too often", 429,
     R"({"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}})",
     Kind::rate_limited, 429, "rate_limit_exceeded"},
    {"too often without a body", 429, "", Kind::rate_limited, 429, "rate_limit_exceeded"},
    {"an unknown model", 404,
     R"({"error":{"message":"The model `x` does not exist","type":"invalid_request_error","param":null,"code":"model_not_found"}})",
     Kind::not_found, 404, "model_not_found"},
    {"an unknown model, vLLM's old shape", 404,
     R"({"object":"error","message":"The model `x` does not exist.","type":"NotFoundError","code":404})",
     Kind::not_found, 404, "model_not_found"},
    {"a bad field, Mistral", 422, R"({"detail":[{"loc":["body"],"msg":"extra"}]})",
     Kind::bad_request, 422, ""},
    {"too large", 413, "<html>413</html>", Kind::too_large, 413, ""},
    {"a server's failure", 500,
     R"({"error":{"message":"The server had an error","type":"server_error"}})",
     Kind::upstream_failed, 502, "upstream_error"},
    {"an edge's HTML", 502, "<html><h1>502 Bad Gateway</h1></html>", Kind::upstream_failed, 502,
     "upstream_error"},
    {"nothing at all", 500, "", Kind::upstream_failed, 502, "upstream_error"},
    {"overloaded", 503, R"({"error":{"message":"overloaded"}})", Kind::overloaded, 503,
     "overloaded"},
    {"overloaded, by another number", 529, "", Kind::overloaded, 503, "overloaded"},
    {"overloaded, by name", 500, R"({"error":{"code":"server_is_overloaded"}})", Kind::overloaded,
     503, "overloaded"},
    {"its own timeout", 504, "", Kind::upstream_timeout, 504, "timeout"},
    {"an edge's timeout", 524, "error code: 524", Kind::upstream_timeout, 504, "timeout"},
    {"a redirect", 302, "", Kind::upstream_failed, 502, "upstream_error"},
    {"a wrong method", 405, "", Kind::upstream_failed, 502, "upstream_error"},
    {"a conflict", 409, R"({"error":{"message":"locked"}})", Kind::bad_request, 409, ""},
};

TEST(OpenaiError, TellsTheKindOfAProvidersError) {
  for (const ErrorCase& c : error_cases) {
    SCOPED_TRACE(c.name);
    const ApiError error = read(c.status, c.body);
    EXPECT_EQ(to_string(error.kind), to_string(c.kind));
    EXPECT_EQ(error.status, c.status_out);
    EXPECT_EQ(error.code, c.code);
    EXPECT_EQ(error.upstream_status, c.status);
    EXPECT_FALSE(error.message.empty());
    EXPECT_EQ(error.message.find("sk-abc"), std::string::npos);
    EXPECT_EQ(error.message.find("xai-abc"), std::string::npos);
  }
}

TEST(OpenaiError, ReadsCutBodiesWithoutFail) {
  for (const ErrorCase& c : error_cases) {
    for (std::size_t cut = 0; cut < c.body.size(); ++cut) {
      const ApiError error = read(c.status, c.body.substr(0, cut));
      EXPECT_FALSE(error.message.empty());
      EXPECT_NE(error.status, 401);
    }
  }
}

TEST(OpenaiError, BlamesTheCallersOwnKeyOnTheCaller) {
  json::Index index;
  const ApiError error =
      read_openai_error({.provider = "acme", .status = 401, .key_is_callers = true}, index);
  EXPECT_EQ(error.status, 401);
  EXPECT_EQ(error.code, "provider_key_refused");
}

TEST(OpenaiError, CapsWhatItQuotes) {
  const ApiError error =
      read(400, R"({"error":{"message":")" + std::string(100'000, 'x') + R"("}})");
  EXPECT_LT(error.message.size(), 1000U);
}

TEST(OpenaiError, QuotesWhatIsSaidOfTheRequestAndNothingOfTheAccount) {
  for (const int status : {200, 302, 401, 402, 403, 429, 500, 503, 504, 599}) {
    const ApiError error = read(status, R"({"error":{"message":"org-42 owes us. Pay!"}})");
    EXPECT_EQ(error.message.find("org-42"), std::string::npos) << status << ": " << error.message;
  }
  const ApiError teapot = read(418, R"({"error":{"message":"Sorry about that!"}})");
  EXPECT_EQ(teapot.status, 502);
  EXPECT_NE(teapot.message.find("status 418: Sorry about that! Try again"), std::string::npos)
      << teapot.message;
  json::Index index;
  ASSERT_TRUE(index.build(R"({"message":"org-42 owes us"})"));
  const ApiError within = read_openai_error_value("acme", json::root(index));
  EXPECT_EQ(within.message.find("org-42"), std::string::npos) << within.message;
}

TEST(OpenaiError, PassesTheWaitThroughAndObeysShouldRetry) {
  json::Index index;
  ProviderAnswer answer{.provider = "acme", .status = 429, .retry_after = "7"};
  EXPECT_EQ(read_openai_error(answer, index).retry_after, 7000ms);
  answer.retry_after_ms = "250";
  EXPECT_EQ(read_openai_error(answer, index).retry_after, 250ms);
  EXPECT_TRUE(read_openai_error(answer, index).retryable);
  answer.should_retry = "false";
  EXPECT_FALSE(read_openai_error(answer, index).retryable);
  EXPECT_FALSE(read(400, "").retryable);
  EXPECT_TRUE(read(500, "").retryable);
}

TEST(OpenaiError, ReadsRetryAfterInItsForms) {
  const WallTime now(std::chrono::seconds(784111777));  // Sun, 06 Nov 1994 08:49:37 GMT
  const auto wait = [&](std::string_view value) { return read_retry_after(value, "", now); };
  EXPECT_EQ(wait("0"), 0ms);
  EXPECT_EQ(wait("120"), 120s);
  EXPECT_EQ(wait("1.5"), 1500ms);
  EXPECT_EQ(wait("99999999999999999999"), 1h);
  EXPECT_EQ(wait("Sun, 06 Nov 1994 08:49:47 GMT"), 10s);
  EXPECT_EQ(wait("Sun, 06 Nov 1994 08:49:07 GMT"), 0ms);
  EXPECT_EQ(wait("Mon, 07 Nov 1994 08:49:37 GMT"), 1h);
  for (const std::string_view value :
       {"", "soon", "-1", "1s", "nan", "inf", "1e3", " 5", "Sun, 06 Nov 1994 08:49:37",
        "Sun, 66 Nov 1994 08:49:37 GMT", "Sun, 06 Xyz 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(wait(value).has_value()) << value;
  }
  EXPECT_EQ(read_retry_after("5", "bad", now), 5s);
}

TEST(OpenaiError, PassesAClientsErrorUnchangedButForTheRequestId) {
  json::Index index;
  const std::string_view body = R"({"error":{"message":"bad","type":"t","param":null,"code":"c"}})";
  const ProviderAnswer answer{.provider = "acme", .status = 400, .body = body};
  const ApiError error = read_openai_error(answer, index);
  json::Splice splice;
  ASSERT_TRUE(openai_error_passes(answer, error, "req_1", index, splice));
  EXPECT_EQ(
      splice.apply(Slice::copy_of(body)).to_string(),
      R"({"error":{"message":"bad","type":"t","param":null,"code":"c"},"request_id":"req_1"})");
}

TEST(OpenaiError, HoldsBackWhatSpeaksOfTheGatewaysAccount) {
  json::Index index;
  for (const ErrorCase& c : error_cases) {
    const ProviderAnswer answer{.provider = "acme", .status = c.status, .body = c.body};
    const ApiError error = read_openai_error(answer, index);
    json::Splice splice;
    const bool passes = openai_error_passes(answer, error, "r", index, splice);
    if (c.status == 401 || c.status == 402 || c.status == 403 || c.status == 429 ||
        c.status >= 500) {
      EXPECT_FALSE(passes) << c.name;
    }
    if (c.kind == Kind::upstream_auth || !c.body.starts_with("{\"error\":{")) {
      EXPECT_FALSE(passes) << c.name;
    }
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
    const ApiError error = read_openai_error_value("groq", json::root(index));
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

TEST(OpenaiError, AnUnusableGenerationWithoutAWordIsExplained) {
  json::Index index;
  ASSERT_TRUE(index.build(R"({"code":"json_validate_failed"})"));
  const ApiError error = read_openai_error_value("groq", json::root(index));
  EXPECT_EQ(error.code, "json_validate_failed");
  EXPECT_TRUE(error.message.contains("Try again")) << error.message;
  EXPECT_FALSE(render_openai_error_body({}, "r").contains("failed_generation"));
}

TEST(OpenaiError, ReadsEveryRecordedError) {
  std::size_t count = 0;
  for (const RecordedExchange& exchange :
       recorded_exchanges({"openai", "openai-compat", "synthetic"})) {
    if (exchange.status < 400) continue;
    SCOPED_TRACE(exchange.name);
    ++count;
    const ApiError error = read(exchange.status, exchange.body);
    EXPECT_NE(error.status, 401);
    EXPECT_NE(error.status, 500);
    EXPECT_FALSE(error.message.empty());
    EXPECT_EQ(error.retry_after.has_value(), error.status == 429 || error.status == 503);
  }
  EXPECT_GE(count, 10U);
}

}  // namespace
}  // namespace sluice::llm
