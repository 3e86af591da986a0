#include "sluice/catalog/token_source.h"

#include <gtest/gtest.h>

namespace sluice::catalog {
namespace {

Secret secret(std::string_view text) { return Secret(std::string(text)); }

TEST(GoogleCredentials, AreAServiceAccountsKey) {
  const auto read = parse_google_credentials(secret(R"({
    "type": "service_account", "project_id": "p-1", "private_key_id": "k",
    "private_key": "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n",
    "client_email": "a@p-1.iam.gserviceaccount.com", "client_id": "1",
    "token_uri": "https://oauth2.googleapis.com/token"})"));
  ASSERT_TRUE(read.has_value()) << read.error();
  EXPECT_EQ(read->project, "p-1");
  EXPECT_EQ(read->source.grant, TokenGrant::service_account);
  EXPECT_EQ(read->source.client, "a@p-1.iam.gserviceaccount.com");
  EXPECT_EQ(read->source.key_id, "k");
  EXPECT_TRUE(
      read->source.secret.equals("-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n"));
  EXPECT_EQ(read->source.url.text(), "https://oauth2.googleapis.com/token");
  EXPECT_EQ(read->source.scope, google_cloud_scope);
}

TEST(GoogleCredentials, AreWhatGcloudLeavesBehindToo) {
  const auto read = parse_google_credentials(secret(
      R"({"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r"})"));
  ASSERT_TRUE(read.has_value()) << read.error();
  EXPECT_EQ(read->source.grant, TokenGrant::refresh_token);
  EXPECT_TRUE(read->source.secret.equals("r"));
  EXPECT_TRUE(read->source.client_secret.equals("s"));
  EXPECT_EQ(read->project, "");
}

TEST(GoogleCredentials, OfAnotherKindAreRefusedWithoutRepeatingThem) {
  for (
      const std::string_view text :
      {"", "{", "[]", R"({"type":"external_account","canary":"canary"})", R"({"canary":1})",
       R"({"type":"service_account","private_key":"canary"})",
       R"({"type":"service_account","client_email":"canary"})",
       R"({"type":"service_account","client_email":"a","private_key":7})",
       R"({"type":"authorized_user","client_id":"canary"})",
       R"({"type":"service_account","client_email":"a","private_key":"b","token_uri":"canary"})"}) {
    const auto read = parse_google_credentials(secret(text));
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().find("canary"), std::string::npos) << read.error();
  }
}

TEST(TokenSource, IsTheSameByAccountAndSecret) {
  TokenSource one;
  one.client = "a";
  one.secret = secret("s");
  TokenSource other = one.clone();
  EXPECT_TRUE(one.is_same_as(other));
  other.secret = secret("t");
  EXPECT_FALSE(one.is_same_as(other)) << "a new key is there for a reason";
  other = one.clone();
  other.client = "b";
  EXPECT_FALSE(one.is_same_as(other));
}

TEST(TokenSource, IsToldFromAKeyByItsBrace) {
  EXPECT_TRUE(is_credentials_file(secret("{}")));
  EXPECT_FALSE(is_credentials_file(secret("AIzaX")));
  EXPECT_FALSE(is_credentials_file(Secret{}));
}

}  // namespace
}  // namespace sluice::catalog
