#include "sluice/llm/anthropic_error.h"

#include <gtest/gtest.h>

#include "recorded.h"
#include "sluice/llm/provider_error.h"

namespace sluice::llm {
namespace {

TEST(AnthropicError, IsABodyAndAnEventInAnthropicsShape) {
  const ApiError error = errors::field_missing("messages.0.content", "Say \"something\".");
  const std::string body =
      R"({"type":"error","error":{"type":"invalid_request_error","message":"Missing required parameter: 'messages.0.content'. Say \"something\"."},"request_id":"req_1"})";
  EXPECT_EQ(render_error_body(error, Dialect::anthropic, "req_1"), body);
  EXPECT_EQ(render_error_event(error, Dialect::anthropic, "req_1"),
            "event: error\ndata: " + body + "\n\n");
}

TEST(AnthropicError, HasATypeForEachKind) {
  const std::pair<ApiErrorKind, std::string_view> cases[] = {
      {ApiErrorKind::bad_request, "invalid_request_error"},
      {ApiErrorKind::unauthenticated, "authentication_error"},
      {ApiErrorKind::forbidden, "permission_error"},
      {ApiErrorKind::not_found, "not_found_error"},
      {ApiErrorKind::method_not_allowed, "invalid_request_error"},
      {ApiErrorKind::too_large, "request_too_large"},
      {ApiErrorKind::client_timeout, "timeout_error"},
      {ApiErrorKind::context_length, "invalid_request_error"},
      {ApiErrorKind::content_filter, "invalid_request_error"},
      {ApiErrorKind::rate_limited, "rate_limit_error"},
      {ApiErrorKind::quota_exhausted, "billing_error"},
      {ApiErrorKind::overloaded, "overloaded_error"},
      {ApiErrorKind::upstream_auth, "api_error"},
      {ApiErrorKind::upstream_failed, "api_error"},
      {ApiErrorKind::upstream_timeout, "timeout_error"},
      {ApiErrorKind::unsupported, "invalid_request_error"},
      {ApiErrorKind::shutting_down, "overloaded_error"},
  };
  static_assert(std::size(cases) == static_cast<std::size_t>(ApiErrorKind::shutting_down) + 1);
  for (const auto& [kind, type] : cases) {
    EXPECT_EQ(anthropic_error_type({.kind = kind, .status = 502}), type) << to_string(kind);
  }
  EXPECT_EQ(anthropic_error_type({.status = 409}), "conflict_error");
  // The model wrote no usable tool call: a 400 that is no fault of ours.
  EXPECT_EQ(anthropic_error_type(errors::generation_unusable("tool_use_failed", "m", "g")),
            "invalid_request_error");
}

struct PassCase {
  const char* name;
  int status;
  std::string_view body;
  std::string_view passed;  // empty: it does not pass
};

const PassCase pass_cases[] = {
    {"the client's fault, without an id of the request", 400,
     R"({"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: Field required"}})",
     R"({"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: Field required"},"request_id":"ours"})"},
    {"the provider's id is replaced by ours", 404,
     R"({"type":"error","error":{"type":"not_found_error","message":"model: x"},"request_id":"req_theirs"})",
     R"({"type":"error","error":{"type":"not_found_error","message":"model: x"},"request_id":"ours"})"},
    {"a body in another dialect", 400, R"({"error":{"type":"t","message":"m"}})", ""},
    {"no JSON", 400, "<html>", ""},
    {"a refusal of the gateway's key", 401,
     R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}})",
     ""},
    {"a rate limit of the gateway's account", 429,
     R"({"type":"error","error":{"type":"rate_limit_error","message":"m"}})", ""},
    {"the provider's own failure", 529,
     R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})", ""},
    {"two ids, of which one could be believed", 400,
     R"({"type":"error","error":{"type":"t","message":"m"},"request_id":"a","request_id":"b"})",
     ""},
};

TEST(AnthropicError, PassesWhatIsTheClientsBusiness) {
  json::Index index;
  for (const PassCase& c : pass_cases) {
    SCOPED_TRACE(c.name);
    const ProviderAnswer answer{.provider = "acme", .status = c.status, .body = c.body};
    const ApiError error = read_provider_error(answer, index);
    json::Splice splice;
    const bool passes = anthropic_error_passes(answer, error, "ours", index, splice);
    EXPECT_EQ(passes, !c.passed.empty());
    if (passes) {
      EXPECT_EQ(splice.apply(Slice::copy_of(c.body)).to_string(), c.passed);
    }
  }
}

}  // namespace
}  // namespace sluice::llm
