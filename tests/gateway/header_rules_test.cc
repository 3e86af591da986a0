#include "header_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace sluice::gateway {
namespace {

class HeaderRules : public ::testing::Test {
 protected:
  HeaderRules() {
    provider.name = "p";
    provider.auth.header = "Authorization";
  }
  bool crosses(std::string_view name, std::string_view value = "canary") {
    http::HeaderList received;
    received.add(name, value);
    std::vector<http::Header> out;
    upstream_request_fields({.received = received,
                             .provider = provider,
                             .auth = auth,
                             .is_callers_account = is_callers_account,
                             .is_stream = is_stream,
                             .is_translated = is_translated,
                             .takes_betas = takes_betas},
                            out);
    return std::any_of(out.begin(), out.end(),
                       [&](const http::Header& header) { return header.value == value; });
  }
  catalog::Provider provider;
  AuthField auth;
  bool is_callers_account = false;
  bool is_stream = false;
  bool is_translated = false;
  bool takes_betas = false;
};

TEST_F(HeaderRules, NoCredentialOfTheCallersCrosses) {
  for (const bool callers : {false, true}) {
    is_callers_account = callers;
    for (const char* name :
         {"authorization", "Authorization", "AUTHORIZATION", "x-api-key", "X-Api-Key", "api-key",
          "x-goog-api-key", "cookie", "Cookie", "proxy-authorization", "x-sluice-provider-key",
          "X-Sluice-Key", "x-sluice-anything", "x-amz-security-token", "x-forwarded-for",
          "x-internal-token", "forwarded", "anthropic-api-key"}) {
      EXPECT_FALSE(crosses(name)) << name;
    }
  }
}

TEST_F(HeaderRules, WhatTheProviderMayKnowCrosses) {
  for (const char* name : {"accept", "Accept-Language", "content-type", "User-Agent",
                           "idempotency-key", "X-Client-Request-Id", "openai-beta", "traceparent",
                           "tracestate", "x-stainless-lang", "X-Stainless-Retry-Count"}) {
    EXPECT_TRUE(crosses(name)) << name;
  }
  EXPECT_FALSE(crosses("x-stainless-"));  // the prefix alone is no field of theirs
}

TEST_F(HeaderRules, AStreamIsNeverAskedForCompressed) {
  EXPECT_TRUE(crosses("Accept-Encoding", "gzip"));
  is_stream = true;
  EXPECT_FALSE(crosses("Accept-Encoding", "gzip"));
}

TEST_F(HeaderRules, AnAccountIsNamedOnlyBesideItsOwnKey) {
  EXPECT_FALSE(crosses("OpenAI-Organization"));
  EXPECT_FALSE(crosses("openai-project"));
  is_callers_account = true;
  EXPECT_TRUE(crosses("OpenAI-Organization"));
  EXPECT_TRUE(crosses("openai-project"));
}

TEST_F(HeaderRules, ConfiguredFieldsAndTheKeyComeOnceAndWin) {
  provider.auth.extra_headers = {{"User-Agent", "configured"}, {"OpenAI-Project", "ours"}};
  auth = {.name = "Authorization", .value = "Bearer secret"};
  is_callers_account = true;
  http::HeaderList received;
  received.add("user-agent", "callers");
  received.add("openai-project", "callers");
  received.add("authorization", "callers");
  std::vector<http::Header> out = {{"left", "over"}};
  upstream_request_fields({.received = received,
                           .provider = provider,
                           .auth = auth,
                           .is_callers_account = true,
                           .is_stream = false},
                          out);
  const std::vector<http::Header> expected = {
      {"User-Agent", "configured"}, {"OpenAI-Project", "ours"}, {"Authorization", "Bearer secret"}};
  EXPECT_EQ(out, expected);
}

TEST_F(HeaderRules, NothingOfTheGatewaysAccountComesBack) {
  const auto dropped = dropped_response_fields(false);
  for (const char* name :
       {"set-cookie", "set-cookie2", "alt-svc", "strict-transport-security", "openai-organization",
        "openai-project", "anthropic-organization-id", "x-request-id", "x-sluice-provider",
        "x-upstream-request-id", "content-md5", "digest", "content-digest"}) {
    EXPECT_TRUE(dropped.contains(http::field_name(name))) << name;
  }
  for (const char* name : {"content-type", "content-encoding", "retry-after",
                           "x-ratelimit-remaining-requests", "openai-processing-ms"}) {
    EXPECT_FALSE(dropped.contains(http::field_name(name))) << name;
  }
}

TEST_F(HeaderRules, OfAnAnswerWrittenAnewNothingIsSaidOfTheBodyThatCame) {
  const auto dropped = dropped_response_fields(true);
  for (const char* name : {"content-type", "content-encoding", "x-request-id", "set-cookie",
                           "anthropic-organization-id"}) {
    EXPECT_TRUE(dropped.contains(http::field_name(name))) << name;
  }
  EXPECT_FALSE(dropped.contains(http::FieldName::retry_after));
}

TEST_F(HeaderRules, OfARequestWrittenAnewLittleIsStillTrue) {
  is_translated = true;
  EXPECT_TRUE(crosses("user-agent"));
  EXPECT_TRUE(crosses("traceparent"));
  for (const char* name : {"accept", "accept-encoding", "openai-beta", "x-stainless-lang",
                           "idempotency-key", "anthropic-beta"}) {
    EXPECT_FALSE(crosses(name)) << name;
  }
  takes_betas = true;
  EXPECT_TRUE(crosses("Anthropic-Beta"));
}

TEST_F(HeaderRules, TheProvidersOwnIdHasManyNames) {
  for (const char* name : {"x-request-id", "Request-Id", "x-amzn-RequestId", "apim-request-id"}) {
    http::HeaderList headers;
    headers.add("a", "b");
    headers.add(name, "id");
    EXPECT_EQ(upstream_request_id(headers), "id") << name;
  }
  EXPECT_EQ(upstream_request_id({}), "");
}

}  // namespace
}  // namespace sluice::gateway
