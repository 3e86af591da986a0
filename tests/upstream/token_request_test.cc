#include "sluice/upstream/token_request.h"

#include <gtest/gtest.h>

#include "signing_key.h"

namespace sluice::upstream {
namespace {

using catalog::TokenGrant;
using catalog::TokenSource;
using std::chrono::seconds;

const WallTime now{seconds(1'700'000'000)};

TokenSource source(TokenGrant grant, std::string_view url) {
  TokenSource made;
  made.grant = grant;
  made.url = catalog::parse_url(url).value();
  return made;
}

TEST(TokenRequest, OfAServiceAccountIsASignedStatement) {
  TokenSource account = source(TokenGrant::service_account, "https://oauth2.googleapis.com/token");
  account.client = "a@b";
  account.secret = Secret(testing::pem_of(testing::signing_key()));
  const auto request = make_token_request(account, now);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->target, "/token");
  const std::string_view body = request->body.reveal();
  EXPECT_TRUE(body.starts_with(
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=eyJ"))
      << body.substr(0, 90);
  account.secret = Secret(std::string("no key"));
  EXPECT_FALSE(make_token_request(account, now).has_value());
}

TEST(TokenRequest, OfAnApplicationAndOfAPersonIsAForm) {
  TokenSource application = source(TokenGrant::client_credentials,
                                   "https://login.microsoftonline.com/t/oauth2/v2.0/token");
  application.client = "id";
  application.secret = Secret(std::string("a+b&c=d~"));
  application.scope = "https://x/.default";
  const auto asked = make_token_request(application, now);
  EXPECT_EQ(asked->target, "/t/oauth2/v2.0/token");
  EXPECT_EQ(asked->body.reveal(),
            "grant_type=client_credentials&client_id=id&client_secret=a%2Bb%26c%3Dd~"
            "&scope=https%3A%2F%2Fx%2F.default");

  TokenSource person = source(TokenGrant::refresh_token, "https://oauth2.googleapis.com/token");
  person.client = "id";
  person.secret = Secret(std::string("1//r"));
  person.client_secret = Secret(std::string("s"));
  EXPECT_EQ(make_token_request(person, now)->body.reveal(),
            "grant_type=refresh_token&refresh_token=1%2F%2Fr&client_id=id&client_secret=s");
}

TEST(TokenRequest, OfAMachineHasNoBody) {
  TokenSource machine = source(TokenGrant::metadata_server, "http://metadata.google.internal");
  machine.client = "a@b";
  const auto asked = make_token_request(machine, now);
  EXPECT_EQ(asked->target, "/computeMetadata/v1/instance/service-accounts/a%40b/token");
  EXPECT_TRUE(asked->body.empty());
}

TEST(TokenAnswer, HoldsATokenAndHowLongItLives) {
  const std::pair<std::string_view, seconds> answers[] = {
      {R"({"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"})", seconds(3599)},
      {R"({"token_type":"Bearer","expires_in":"3600","access_token":"ya29.x"})", seconds(3600)},
      {R"({"access_token":"ya29.x","expires_in":3599.0})", seconds(3599)},
      {R"({"access_token":"ya29.x","expires_in":999999999999})", token_lifetime_max},
  };
  for (const auto& [body, lifetime] : answers) {
    const auto token = read_token_answer(200, body);
    ASSERT_TRUE(token.has_value()) << body;
    EXPECT_TRUE(token->header_value.equals("Bearer ya29.x"));
    EXPECT_EQ(token->lifetime, lifetime);
  }
}

struct Bad {
  int status;
  std::string body;
  std::string_view problem;
};

TEST(TokenAnswer, OfAnyOtherShapeIsAProblemInWordsOfOurs) {
  const std::string deep(200'000, '[');
  const Bad cases[] = {
      {401, R"({"error":"invalid_client","error_description":"AADSTS7000215 s3cret"})",
       "its token server answered 401 (invalid_client)"},
      {400, R"({"error":"has blanks and s3cret"})", "its token server answered 400"},
      {403, R"({"error":{"code":403}})", "its token server answered 403"},
      {503, "<html>", "its token server answered 503"},
      {302, "", "its token server answered 302"},
      {200, "", "its token server answered 200 with no JSON object"},
      {200, "[]", "its token server answered 200 with no JSON object"},
      {200, "{}", "its token server answered without an access_token"},
      {200, R"({"access_token":7,"expires_in":9})",
       "its token server answered without an access_token"},
      {200, R"({"access_token":"a\r\nX: y","expires_in":9})",
       "its token server answered with an access_token that is none"},
      {200, R"({"access_token":"a"})", "its token server does not say how long its token lives"},
      {200, R"({"access_token":"a","expires_in":0})",
       "its token server does not say how long its token lives"},
      {200, R"({"access_token":"a","expires_in":-5})",
       "its token server does not say how long its token lives"},
      {200, R"({"access_token":"a","expires_in":"soon"})",
       "its token server does not say how long its token lives"},
      {200, R"({"access_token":")" + std::string(20'000, 'a') + R"(","expires_in":9})",
       "its token server answered with an access_token that is none"},
      {200, std::string(70'000, ' '), "its token server answered more than any token"},
      {200, deep.substr(0, 60'000), "its token server answered 200 with no JSON object"},
  };
  for (const Bad& c : cases) {
    const auto token = read_token_answer(c.status, c.body);
    ASSERT_FALSE(token.has_value()) << c.body.substr(0, 80);
    EXPECT_EQ(token.error(), c.problem) << c.body.substr(0, 80);
  }
}

}  // namespace
}  // namespace sluice::upstream
