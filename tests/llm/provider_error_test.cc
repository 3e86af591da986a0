#include "sluice/llm/provider_error.h"

#include <gtest/gtest.h>

#include "recorded.h"
#include "sluice/llm/openai_error.h"

namespace sluice::llm {
namespace {

using namespace std::chrono_literals;
using Kind = ApiErrorKind;

ApiError read(const ProviderAnswer& answer) {
  json::Index index;
  return read_provider_error(answer, index);
}

ApiError read(int status, std::string_view body) {
  return read({.provider = "acme", .status = status, .body = body});
}

ApiError read_value(std::string_view value, std::string_view name = {}) {
  json::Index index;
  EXPECT_TRUE(index.build(value)) << value;
  return read_provider_error_value("acme", json::root(index), name);
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
     502, "upstream_permission_denied"},
    {"a firewall's page", 403, "<html>no</html>", Kind::upstream_auth, 502,
     "upstream_permission_denied"},
    {"a bad key with status 403", 403,
     R"({"error":{"message":"Incorrect API key provided: sk-abc","code":"invalid_api_key"}})",
     Kind::upstream_auth, 502, "upstream_auth_failed"},
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
    {"Anthropic: a prompt too long", 400,
     R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 3333404 tokens > 200000 maximum"},"request_id":"req_1"})",
     Kind::context_length, 400, "context_length_exceeded"},
    {"Anthropic: prompt and answer together too long", 400,
     R"({"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"}})",
     Kind::context_length, 400, "context_length_exceeded"},
    {"Anthropic: a wrong value", 400,
     R"({"error":{"message":"temperature: range: 0..1","type":"invalid_request_error"},"request_id":"req_1","type":"error"})",
     Kind::bad_request, 400, ""},
    {"Anthropic: a bad key", 401,
     R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}})",
     Kind::upstream_auth, 502, "upstream_auth_failed"},
    {"Anthropic: no credit", 402,
     R"({"type":"error","error":{"type":"billing_error","message":"Your credit balance is too low."}})",
     Kind::quota_exhausted, 429, "insufficient_quota"},
    {"Anthropic: no credit, as a bad request", 400,
     R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}})",
     Kind::quota_exhausted, 429, "insufficient_quota"},
    {"Anthropic: no permission", 403,
     R"({"type":"error","error":{"type":"permission_error","message":"Your API key does not have permission to use the specified resource."}})",
     Kind::upstream_auth, 502, "upstream_permission_denied"},
    {"Anthropic: an unknown model", 404,
     R"({"type":"error","error":{"type":"not_found_error","message":"model: claude-xyz"}})",
     Kind::not_found, 404, "model_not_found"},
    {"Anthropic: too large", 413,
     R"({"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}})",
     Kind::too_large, 413, ""},
    {"Anthropic: too often", 429,
     R"({"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your organization's rate limit."}})",
     Kind::rate_limited, 429, "rate_limit_exceeded"},
    {"Anthropic: a month's money is spent", 429,
     R"({"type":"error","error":{"type":"rate_limit_error","message":"You have reached your organization's spend limit."}})",
     Kind::quota_exhausted, 429, "insufficient_quota"},
    {"Anthropic: a failure", 500,
     R"({"type":"error","error":{"type":"api_error","message":"Internal server error"}})",
     Kind::upstream_failed, 502, "upstream_error"},
    {"Anthropic: out of time", 504, R"({"type":"error","error":{"type":"timeout_error"}})",
     Kind::upstream_timeout, 504, "timeout"},
    {"Anthropic: overloaded", 529,
     R"({"type":"error","error":{"details":null,"type":"overloaded_error","message":"Overloaded"}})",
     Kind::overloaded, 503, "overloaded"},
    {"Anthropic: its filter", 400,
     R"({"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy"}})",
     Kind::content_filter, 400, "content_filter"},
    {"Google: a bad key is a bad request", 400,
     R"({"error":{"code":400,"message":"Please pass a valid one.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}})",
     Kind::upstream_auth, 502, "upstream_auth_failed"},
    {"Google: a prompt too long", 400,
     R"({"error":{"code":400,"message":"The input token count (1250074) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}})",
     Kind::context_length, 400, "context_length_exceeded"},
    {"Google: a wrong value, in an array", 400,
     R"([{"error":{"code":400,"message":"Please use a valid role: user, model.","status":"INVALID_ARGUMENT"}}])",
     Kind::bad_request, 400, ""},
    {"Google: from the wrong place", 400,
     R"({"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}})",
     Kind::upstream_auth, 502, "upstream_permission_denied"},
    {"Google: no permission", 403,
     R"({"error":{"code":403,"message":"The caller does not have permission","status":"PERMISSION_DENIED"}})",
     Kind::upstream_auth, 502, "upstream_permission_denied"},
    {"Google: an expired cache", 403,
     R"_({"error":{"code":403,"message":"CachedContent not found (or permission denied)","status":"PERMISSION_DENIED"}})_",
     Kind::not_found, 404, ""},
    {"Google: an unknown model", 404,
     R"({"error":{"code":404,"message":"models/gemini-3.6-flahs is not found for API version v1beta","status":"NOT_FOUND"}})",
     Kind::not_found, 404, "model_not_found"},
    {"Google: too often", 429,
     R"({"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"GenerateContentPaidTierInputTokensPerModelPerMinute"}]}]}})",
     Kind::rate_limited, 429, "rate_limit_exceeded"},
    {"Google: the day's quota", 429,
     R"({"error":{"code":429,"message":"You exceeded your current quota.","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"PerMinute"},{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}]}})",
     Kind::quota_exhausted, 429, "insufficient_quota"},
    {"Google: overloaded", 503,
     R"({"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}})",
     Kind::overloaded, 503, "overloaded"},
    {"Google: a failure", 500, R"({"error":{"code":500,"message":"?","status":"INTERNAL"}})",
     Kind::upstream_failed, 502, "upstream_error"},
    {"AWS: a prompt too long", 400,
     R"({"message":"The model returned the following errors: Input Tokens Exceeded: Number of input tokens exceeds maximum length."})",
     Kind::context_length, 400, "context_length_exceeded"},
    {"AWS: an unknown model", 400, R"({"message":"The provided model identifier is invalid."})",
     Kind::not_found, 404, "model_not_found"},
    {"AWS: a model that is no more", 404,
     R"({"message":"This model version has reached the end of its life."})", Kind::not_found, 404,
     "model_not_found"},
    {"AWS: a bad key", 403,
     R"({"Message":"The security token included in the request is invalid."})", Kind::upstream_auth,
     502, "upstream_auth_failed"},
    {"AWS: its name in the body", 400,
     R"({"__type":"com.amazon.coral.service#ExpiredTokenException","message":"expired"})",
     Kind::upstream_auth, 502, "upstream_auth_failed"},
    {"AWS: the model failed", 424, R"({"message":"the model failed"})", Kind::upstream_failed, 502,
     "upstream_error"},
    {"Azure: no deployment", 404,
     R"({"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}})",
     Kind::not_found, 404, "model_not_found"},
    {"Azure: a bad key", 401, R"({"error":{"code":"401","message":"Access denied"}})",
     Kind::upstream_auth, 502, "upstream_auth_failed"},
    {"Azure: too often", 429,
     R"({"error":{"code":"RateLimitReached","message":"exceeded rate limit","details":"more"}})",
     Kind::rate_limited, 429, "rate_limit_exceeded"},
    {"Azure: its filter", 400,
     R"({"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","code":"content_filter","status":400}})",
     Kind::content_filter, 400, "content_filter"},
    {"an empty array", 400, "[]", Kind::bad_request, 400, ""},
    {"a conflict", 409, R"({"error":{"message":"locked"}})", Kind::bad_request, 409, ""},
};

TEST(ProviderError, TellsTheKindOfAProvidersError) {
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

TEST(ProviderError, ReadsCutBodiesWithoutFail) {
  for (const ErrorCase& c : error_cases) {
    for (std::size_t cut = 0; cut < c.body.size(); ++cut) {
      const ApiError error = read(c.status, c.body.substr(0, cut));
      EXPECT_FALSE(error.message.empty());
      EXPECT_NE(error.status, 401);
    }
  }
}

TEST(ProviderError, BlamesTheCallersOwnKeyOnTheCaller) {
  json::Index index;
  const ApiError error =
      read_provider_error({.provider = "acme", .status = 401, .key_is_callers = true}, index);
  EXPECT_EQ(error.status, 401);
  EXPECT_EQ(error.code, "provider_key_refused");
}

TEST(ProviderError, CapsWhatItQuotes) {
  const ApiError error =
      read(400, R"({"error":{"message":")" + std::string(100'000, 'x') + R"("}})");
  EXPECT_LT(error.message.size(), 1000U);
}

TEST(ProviderError, SpeaksForItselfWhereTheProviderSaysNothingLegible) {
  const std::string silent = read(400, R"({"error":{"code":400}})").message;
  EXPECT_FALSE(silent.empty());
  EXPECT_EQ(read(400, "{\"error\":{\"code\":400,\"message\":\"\x7f\x7f\"}}").message, silent);
}

TEST(ProviderError, QuotesWhatIsSaidOfTheRequestAndNothingOfTheAccount) {
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
  const ApiError within = read_provider_error_value("acme", json::root(index));
  EXPECT_EQ(within.message.find("org-42"), std::string::npos) << within.message;
}

TEST(ProviderError, PassesTheWaitThroughAndObeysShouldRetry) {
  json::Index index;
  ProviderAnswer answer{.provider = "acme", .status = 429, .retry_after = "7"};
  EXPECT_EQ(read_provider_error(answer, index).retry_after, 7000ms);
  answer.retry_after_ms = "250";
  EXPECT_EQ(read_provider_error(answer, index).retry_after, 250ms);
  EXPECT_TRUE(read_provider_error(answer, index).retryable);
  answer.should_retry = "false";
  EXPECT_FALSE(read_provider_error(answer, index).retryable);
  EXPECT_FALSE(read(400, "").retryable);
  EXPECT_TRUE(read(500, "").retryable);
}

TEST(ProviderError, KnowsTheNamesOfAwsExceptions) {
  struct Case {
    int status;
    std::string_view name;
    Kind kind;
  };
  for (const Case& c : {
           Case{400, "ValidationException:http://internal.amazon.com/coral/", Kind::bad_request},
           Case{403, "UnrecognizedClientException:http://internal.amazon.com/",
                Kind::upstream_auth},
           Case{404, "ResourceNotFoundException", Kind::not_found},
           Case{429, "ThrottlingException:http://internal.amazon.com/coral/", Kind::rate_limited},
           Case{429, "ModelNotReadyException", Kind::overloaded},
           Case{408, "ModelTimeoutException", Kind::upstream_timeout},
           Case{503, "ServiceUnavailableException", Kind::overloaded},
       }) {
    const ApiError error = read({.provider = "aws",
                                 .status = c.status,
                                 .body = R"({"message":"?"})",
                                 .aws_error_type = c.name});
    EXPECT_EQ(to_string(error.kind), to_string(c.kind)) << c.name;
  }
  EXPECT_EQ(read({.status = 403, .aws_error_type = "AccessDeniedException"}).code,
            "upstream_permission_denied");
}

TEST(ProviderError, WaitsAsLongAsGoogleSaysUnlessAFieldSaysOtherwise) {
  constexpr std::string_view body =
      R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[)"
      R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.074824224s"}]}})";
  EXPECT_EQ(read(429, body).retry_after, 34074ms);
  EXPECT_EQ(read({.status = 429, .body = body, .retry_after = "7"}).retry_after, 7000ms);
  EXPECT_EQ(read_retry_delay("48s"), 48s);
  EXPECT_EQ(read_retry_delay("99999s"), 1h);
  for (const std::string_view delay : {"", "s", "48", "-1s", "1 s", "xs"}) {
    EXPECT_FALSE(read_retry_delay(delay)) << delay;
  }
}

TEST(ProviderError, AnErrorInsideA200IsWhatItWouldBeOutside) {
  struct Case {
    std::string_view value;
    std::string_view name;
    Kind kind;
    int status;
  };
  for (const Case& c : {
           Case{R"({"type":"overloaded_error","message":"Overloaded"})", "", Kind::overloaded, 503},
           Case{R"({"type":"rate_limit_error","message":"?"})", "", Kind::rate_limited, 429},
           Case{R"({"type":"api_error","message":"?"})", "", Kind::upstream_failed, 502},
           Case{R"({"type":"timeout_error","message":"?"})", "", Kind::upstream_timeout, 504},
           Case{R"({"type":"authentication_error"})", "", Kind::upstream_auth, 502},
           Case{R"({"type":"billing_error"})", "", Kind::quota_exhausted, 429},
           Case{R"({"type":"invalid_request_error","message":"prompt is too long: 9"})", "",
                Kind::context_length, 400},
           Case{R"({"type":"invalid_request_error","message":"no"})", "", Kind::bad_request, 400},
           Case{R"({"type":"request_too_large"})", "", Kind::too_large, 413},
           Case{R"({"type":"a_new_error","message":"?"})", "", Kind::upstream_failed, 502},
           Case{R"({"code":503,"status":"UNAVAILABLE"})", "", Kind::overloaded, 503},
           Case{R"({"code":499,"status":"CANCELLED"})", "", Kind::upstream_failed, 502},
           Case{R"({"code":429})", "", Kind::rate_limited, 429},
           Case{R"({"message":"slow down"})", "throttlingException", Kind::rate_limited, 429},
           Case{R"({"message":"?"})", "modelStreamErrorException", Kind::upstream_failed, 502},
           Case{R"({"message":"?"})", "serviceUnavailableException", Kind::overloaded, 503},
           Case{R"({"message":"?"})", "validationException", Kind::bad_request, 400},
           Case{R"("it broke")", "", Kind::upstream_failed, 502},
           Case{"null", "", Kind::upstream_failed, 502},
       }) {
    const ApiError error = read_value(c.value, c.name);
    EXPECT_EQ(to_string(error.kind), to_string(c.kind)) << c.value << c.name;
    EXPECT_EQ(error.status, c.status) << c.value << c.name;
    EXPECT_EQ(error.upstream_status, 200);
    EXPECT_FALSE(error.message.empty());
    EXPECT_EQ(error.retry_after.has_value(), error.status == 429 || error.status == 503);
  }
}

TEST(ProviderError, ReadsRetryAfterInItsForms) {
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

TEST(ProviderError, AnUnusableGenerationWithoutAWordIsExplained) {
  json::Index index;
  ASSERT_TRUE(index.build(R"({"code":"json_validate_failed"})"));
  const ApiError error = read_provider_error_value("groq", json::root(index));
  EXPECT_EQ(error.code, "json_validate_failed");
  EXPECT_TRUE(error.message.contains("Try again")) << error.message;
  EXPECT_FALSE(render_openai_error_body({}, "r").contains("failed_generation"));
}

TEST(ProviderError, ReadsEveryRecordedError) {
  std::size_t count = 0;
  for (const RecordedExchange& exchange :
       recorded_exchanges({"openai", "openai-compat", "azure", "synthetic"})) {
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
