#include "sluice/llm/api_error.h"

#include <gtest/gtest.h>

#include <vector>

#include "sluice/json/value.h"

namespace sluice::llm {
namespace {

using namespace std::chrono_literals;

std::vector<ApiError> every_error() {
  using namespace errors;
  const json::IndexLimits limits;
  std::vector<ApiError> all = {
      body_missing(),
      body_not_object("an array"),
      body_too_large(10),
      form_malformed("the boundary is missing"),
      field_missing("model", "Name it."),
      field_type_wrong("stream", "a boolean", "a string"),
      field_empty("model"),
      field_duplicate("model"),
      parameters_unsupported("p", std::vector<std::string>{"seed", "top_k"}),
      field_invalid("x", "x is wrong. Correct it."),
      media_type_wrong("text/plain", "application/json"),
      media_type_wrong("", "multipart/form-data"),
      head_malformed("a header field has no colon"),
      head_too_large(),
      target_too_long(),
      path_unknown("/x", ""),
      path_unknown("/chat/completions", "/chat/completions"),
      method_wrong("GET", "/v1/chat/completions", "POST"),
      request_too_slow("body"),
      http_feature_unsupported("CONNECT is not supported"),
      expectation_unsupported(),
      version_unsupported(),
      key_missing(),
      key_unknown(),
      own_key_unusable(),
      origin_foreign(),
      model_unknown("m"),
      model_forbidden("m"),
      operation_unsupported("embeddings", "m"),
      region_unavailable("m"),
      gateway_overloaded(1s),
      upstream_auth("acme", 401),
      upstream_token_missing("acme", "its token server took too long"),
      credentials_refused("m"),
      caller_key_refused("acme", 401),
      upstream_rate_limited("acme", {}),
      upstream_quota("acme", 429),
      upstream_overloaded("acme", 529, 3s),
      upstream_failed("acme", 500, "oops"),
      upstream_failed("acme", 0, ""),
      upstream_malformed("acme", "it is not JSON"),
      upstream_truncated("acme"),
  };
  for (const auto defect :
       {json::Defect::empty, json::Defect::malformed, json::Defect::invalid_utf8,
        json::Defect::too_deep, json::Defect::too_large, json::Defect::too_many}) {
    all.push_back(body_not_json({defect, 7, "a comma was expected"}, limits));
  }
  for (const auto deadline : {Deadline::connect, Deadline::first_byte, Deadline::first_content,
                              Deadline::idle, Deadline::total}) {
    all.push_back(upstream_timeout("acme", deadline, 500ms));
  }
  for (const auto kind :
       {ErrorKind::resolve_failed, ErrorKind::connect_failed, ErrorKind::connection_closed,
        ErrorKind::connection_reset, ErrorKind::tls_failed, ErrorKind::certificate_invalid,
        ErrorKind::malformed, ErrorKind::too_large, ErrorKind::io}) {
    all.push_back(upstream_unreachable("acme", {.kind = kind}));
    all.push_back(media_unavailable("The image at acme", "its name is not known", kind));
  }
  return all;
}

TEST(ApiError, AlwaysSaysEnoughInAValidShape) {
  for (const ApiError& error : every_error()) {
    SCOPED_TRACE(error.message);
    EXPECT_GE(error.status, 400);
    EXPECT_FALSE(error.type.empty());
    EXPECT_FALSE(error.code.empty());
    EXPECT_GT(error.message.size(), 20U);
    EXPECT_TRUE(error.message.ends_with('.'));
    EXPECT_EQ(error.retry_after.has_value(), error.status == 429 || error.status == 503);
    // A client is never told that it is at fault with a 5xx, but for HTTP we do not speak.
    if (error.status >= 500 && error.status != 501 && error.status != 505) {
      EXPECT_NE(error.fault, Fault::client);
    }
    json::Index index;
    ASSERT_TRUE(index.build(render_error_body(error, Dialect::openai, "req_1")).has_value());
    const auto body = render_error_body(error, Dialect::openai, "req_1");
    ASSERT_TRUE(index.build(body).has_value());
    const json::Value top = json::root(index);
    EXPECT_TRUE(top.find("request_id")->string_equals("req_1"));
    EXPECT_TRUE(top.find("error")->find("message")->string_equals(error.message));
    EXPECT_TRUE(top.find("error")->find("type")->string_equals(error.type));
    EXPECT_TRUE(top.find("error")->find("code")->string_equals(error.code));
    EXPECT_EQ(top.find("error")->find("param")->is_null(), error.param.empty());
  }
}

TEST(ApiError, ReportsAProvidersRefusalOfOurKeyAsOurs) {
  for (const int status : {401, 403}) {
    const ApiError error = errors::upstream_auth("acme", status);
    EXPECT_EQ(error.status, 502);
    EXPECT_EQ(error.upstream_status, status);
    EXPECT_EQ(error.kind, ApiErrorKind::upstream_auth);
  }
}

TEST(ApiError, IsAnEventOfAStreamToo) {
  EXPECT_EQ(render_error_event(errors::upstream_truncated("acme"), Dialect::openai, "r"),
            "data: " + render_error_body(errors::upstream_truncated("acme"), Dialect::openai, "r") +
                "\n\n");
}

TEST(ApiError, GivesRetryAfterInWholeSecondsRoundedUp) {
  ApiError error;
  EXPECT_FALSE(retry_after_value(error).has_value());
  const std::pair<std::chrono::milliseconds, std::string> cases[] = {
      {0ms, "1"}, {1ms, "1"}, {1000ms, "1"}, {1001ms, "2"}, {1h, "3600"}};
  for (const auto& [wait, value] : cases) {
    error.retry_after = wait;
    EXPECT_EQ(retry_after_value(error), value);
  }
}

TEST(ApiError, QuotesPeersWithoutTheirSecretsAndTricks) {
  EXPECT_EQ(quotable("plain text, as it is.", 100), "plain text, as it is.");
  EXPECT_EQ(quotable("Incorrect API key provided: sk-proj-abc***xyz1. See", 100),
            "Incorrect API key provided: [removed]. See");
  EXPECT_EQ(quotable("Authorization: Bearer abc was", 100), "Authorization: Bearer [removed] was");
  EXPECT_EQ(quotable("key 0123456789abcdef0123456789abcdef!", 100), "key [removed]!");
  EXPECT_EQ(quotable("Llama-4-Maverick-17B-128E-Instruct-FP8", 100),
            "Llama-4-Maverick-17B-128E-Instruct-FP8");
  EXPECT_EQ(quotable("a\r\n\tb\x01\x7f c  ", 100), "a b c");
  EXPECT_EQ(quotable("a\xFFz", 100), "a\xEF\xBF\xBDz");
  EXPECT_EQ(quotable("abcdef", 3), "abc...");
  EXPECT_EQ(quotable("ab\xE2\x82\xAC", 3), "ab...");
  EXPECT_EQ(quotable("see sk-0123456789abcdef", 8), "see [rem...");
  EXPECT_EQ(quotable(std::string(1'000'000, 'x'), 10), "xxxxxxxxxx...");
}

TEST(ApiError, NamesItsKindForLogs) {
  EXPECT_EQ(to_string(ApiErrorKind::upstream_auth), "upstream_auth");
  EXPECT_EQ(to_string(ApiErrorKind::context_length), "context_length");
}

}  // namespace
}  // namespace sluice::llm
