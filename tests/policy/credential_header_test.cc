#include "sluice/policy/credential_header.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::policy {
namespace {

TEST(CredentialHeader, IsKnownByNameInAnyCase) {
  EXPECT_EQ(credential_header("Authorization"), CredentialHeader::authorization);
  EXPECT_EQ(credential_header("authorization"), CredentialHeader::authorization);
  EXPECT_EQ(credential_header("X-Api-Key"), CredentialHeader::key);
  EXPECT_EQ(credential_header("api-key"), CredentialHeader::key);
  EXPECT_EQ(credential_header("x-goog-api-key"), CredentialHeader::key);
  EXPECT_EQ(credential_header("X-Sluice-Provider-Key"), CredentialHeader::provider_key);
  for (const std::string_view other :
       {"", "accept", "proxy-authorization", "authorizatiom", "x-api-kez", "api_key"}) {
    EXPECT_EQ(credential_header(other), CredentialHeader::none) << other;
  }
}

struct HeaderCase {
  std::string_view name;
  std::vector<std::pair<std::string_view, std::string>> headers;
  std::string_view key;  // when there is no error
  std::optional<ErrorKind> error = {};
};
const HeaderCase header_cases[] = {
    {"none", {}, ""},
    {"others are passed over", {{"accept", "k"}, {"x-sluice-provider-key", "a=b"}}, ""},
    {"bearer", {{"authorization", "Bearer k"}}, "k"},
    {"bearer in any case", {{"authorization", "bEARER k"}}, "k"},
    {"blanks around", {{"authorization", " Bearer \t k\t "}}, "k"},
    {"raw", {{"authorization", "k"}}, "k"},
    {"a key that begins like the scheme", {{"authorization", "bearerk"}}, "bearerk"},
    {"x-api-key", {{"x-api-key", "k"}}, "k"},
    {"api-key", {{"api-key", " k "}}, "k"},
    {"one key in two headers", {{"authorization", "Bearer k"}, {"x-api-key", "k"}}, "k"},
    {"the longest", {{"x-api-key", std::string(4096, 'k')}}, ""},
    {"two keys", {{"authorization", "Bearer k"}, {"x-api-key", "l"}}, "", ErrorKind::malformed},
    {"a header twice", {{"x-api-key", "k"}, {"x-api-key", "kk"}}, "", ErrorKind::malformed},
    {"basic", {{"authorization", "Basic dTpw"}}, "", ErrorKind::unsupported},
    {"two words", {{"authorization", "Bearer k l"}}, "", ErrorKind::malformed},
    {"a scheme alone", {{"authorization", "Bearer"}}, "", ErrorKind::malformed},
    {"a scheme and a blank", {{"authorization", "Bearer "}}, "", ErrorKind::malformed},
    {"empty", {{"x-api-key", ""}}, "", ErrorKind::malformed},
    {"empty beside a good one", {{"x-api-key", "k"}, {"api-key", " "}}, "", ErrorKind::malformed},
    {"a control byte", {{"x-api-key", "k\x01"}}, "", ErrorKind::malformed},
    {"a byte above ASCII", {{"x-api-key", "k\xc3\xa4"}}, "", ErrorKind::malformed},
    {"a blank inside", {{"x-api-key", "k k"}}, "", ErrorKind::malformed},
    {"too long", {{"x-api-key", std::string(4097, 'k')}}, "", ErrorKind::too_large},
};

TEST(PresentedKey, IsFoundInEveryUsualSpellingAndNeverGuessed) {
  for (const HeaderCase& c : header_cases) {
    SCOPED_TRACE(c.name);
    PresentedKey presented;
    std::optional<Error> error;
    for (const auto& [name, value] : c.headers) {
      const Result<void> added = presented.add(credential_header(name), value);
      if (!added && !error) error = added.error();
    }
    ASSERT_EQ(error.has_value(), c.error.has_value()) << (error ? error->what : "");
    if (error) {
      EXPECT_EQ(error->kind, *c.error);
      EXPECT_EQ(error->fault, Fault::client);
    } else if (c.name != "the longest") {
      EXPECT_EQ(presented.key(), c.key);
    } else {
      EXPECT_EQ(presented.key().size(), credential_bytes_max);
    }
  }
}

}  // namespace
}  // namespace sluice::policy
