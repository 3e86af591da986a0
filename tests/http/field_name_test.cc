#include "sluice/http/field_name.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>

namespace sluice::http {
namespace {

struct NameCase {
  std::string text;
  FieldName name;
};
const NameCase name_cases[] = {
    {"accept", FieldName::accept},
    {"accept-encoding", FieldName::accept_encoding},
    {"accept-language", FieldName::accept_language},
    {"alt-svc", FieldName::alt_svc},
    {"anthropic-beta", FieldName::anthropic_beta},
    {"anthropic-organization-id", FieldName::anthropic_organization_id},
    {"api-key", FieldName::api_key},
    {"authorization", FieldName::authorization},
    {"connection", FieldName::connection},
    {"content-digest", FieldName::content_digest},
    {"content-encoding", FieldName::content_encoding},
    {"content-length", FieldName::content_length},
    {"content-md5", FieldName::content_md5},
    {"content-type", FieldName::content_type},
    {"date", FieldName::date},
    {"digest", FieldName::digest},
    {"expect", FieldName::expect},
    {"host", FieldName::host},
    {"idempotency-key", FieldName::idempotency_key},
    {"keep-alive", FieldName::keep_alive},
    {"openai-beta", FieldName::openai_beta},
    {"openai-organization", FieldName::openai_organization},
    {"openai-project", FieldName::openai_project},
    {"proxy-authenticate", FieldName::proxy_authenticate},
    {"proxy-authorization", FieldName::proxy_authorization},
    {"proxy-connection", FieldName::proxy_connection},
    {"retry-after", FieldName::retry_after},
    {"retry-after-ms", FieldName::retry_after_ms},
    {"set-cookie", FieldName::set_cookie},
    {"set-cookie2", FieldName::set_cookie2},
    {"strict-transport-security", FieldName::strict_transport_security},
    {"te", FieldName::te},
    {"traceparent", FieldName::traceparent},
    {"tracestate", FieldName::tracestate},
    {"trailer", FieldName::trailer},
    {"transfer-encoding", FieldName::transfer_encoding},
    {"upgrade", FieldName::upgrade},
    {"user-agent", FieldName::user_agent},
    {"x-api-key", FieldName::x_api_key},
    {"x-client-request-id", FieldName::x_client_request_id},
    {"x-goog-api-key", FieldName::x_goog_api_key},
    {"x-request-id", FieldName::x_request_id},
    {"x-should-retry", FieldName::x_should_retry},
    {"x-sluice-provider", FieldName::x_sluice_provider},
    {"x-sluice-provider-key", FieldName::x_sluice_provider_key},
    {"x-upstream-request-id", FieldName::x_upstream_request_id},
};

TEST(FieldName, IsFoundInAnyLetterCase) {
  ASSERT_EQ(std::size(name_cases) + 1, field_name_count);
  for (const NameCase& c : name_cases) {
    EXPECT_EQ(field_name(c.text), c.name) << c.text;
    std::string other_case = c.text;
    std::ranges::transform(other_case, other_case.begin(), [](char letter) {
      return static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    });
    EXPECT_EQ(field_name(other_case), c.name) << other_case;
    other_case[0] = c.text[0];
    EXPECT_EQ(field_name(other_case), c.name) << other_case;
  }
}

TEST(FieldName, OneByteMoreLessOrElseIsAnotherName) {
  for (const NameCase& c : name_cases) {
    for (std::size_t at = 0; at < c.text.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string changed = c.text;
        changed[at] = static_cast<char>(byte);
        const bool same = std::tolower(byte) == c.text[at];
        EXPECT_EQ(field_name(changed) == c.name, same) << changed;
      }
    }
    EXPECT_NE(field_name(c.text + "-"), c.name) << c.text;
    EXPECT_NE(field_name(c.text.substr(1)), c.name) << c.text;
    EXPECT_NE(field_name(c.text.substr(0, c.text.size() - 1)), c.name) << c.text;
  }
  EXPECT_EQ(field_name(""), FieldName::other);
}

TEST(FieldNames, HoldWhatTheyWereGiven) {
  constexpr FieldNames names{FieldName::te, FieldName::x_upstream_request_id};
  static_assert(names.contains(FieldName::te));
  static_assert(names.contains(FieldName::x_upstream_request_id));
  static_assert(!names.contains(FieldName::other));
  static_assert(!FieldNames{}.contains(FieldName::other));
  const FieldNames both = names | FieldNames{FieldName::date};
  EXPECT_TRUE(both.contains(FieldName::te));
  EXPECT_TRUE(both.contains(FieldName::date));
  EXPECT_FALSE(both.contains(FieldName::host));
}

}  // namespace
}  // namespace sluice::http
