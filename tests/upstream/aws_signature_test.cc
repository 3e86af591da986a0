#include "sluice/upstream/aws_signature.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace sluice::upstream {
namespace {

using namespace std::chrono_literals;

// 2015-08-30T12:36:00Z, the moment of AWS's own examples, whose credentials these are too.
constexpr WallTime example_time{1'440'938'160s};
constexpr std::string_view example_token =
    "AQoDYXdzEPT//////////"
    "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIe"
    "oIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/"
    "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq"
    "5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
    "scqKmlzm8FDrypNC"
    "9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

catalog::AwsKey example_credentials(std::string_view token = {}) {
  return {.access_key_id = "AKIDEXAMPLE",
          .secret_access_key = Secret(std::string("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")),
          .session_token = Secret(std::string(token))};
}

struct SignatureCase {
  std::string_view name;
  std::string_view method;
  std::string_view path;
  std::string_view query;
  std::string_view body;
  std::vector<AwsField> fields;
  std::string_view token;
  std::string_view service;
  std::string_view names;  // of the signed fields
  std::string_view signature;
};

const std::vector<AwsField> host = {{"Host", "example.amazonaws.com"}};
constexpr std::string_view vanilla =
    "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";

// The first part is published by AWS: its test suite for Signature Version 4, and the example of
// the IAM user guide ("iam"). The paths below "get-vanilla" are another spelling of its "/".
const SignatureCase signature_cases[] = {
    {"get-vanilla", "GET", "/", "", "", host, "", "service", "host;x-amz-date", vanilla},
    {"get-relative", "GET", "/example/..", "", "", host, "", "service", "host;x-amz-date", vanilla},
    {"get-slash", "GET", "//", "", "", host, "", "service", "host;x-amz-date", vanilla},
    {"get-slash-dot-slash", "GET", "/./", "", "", host, "", "service", "host;x-amz-date", vanilla},
    {"no path", "GET", "", "", "", host, "", "service", "host;x-amz-date", vanilla},
    {"post-vanilla", "POST", "/", "", "", host, "", "service", "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"get-vanilla-query-order-key-case", "GET", "/", "Param2=value2&Param1=value1", "", host, "",
     "service", "host;x-amz-date",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     "",
     "Param1=value1",
     {{"Content-Type", "application/x-www-form-urlencoded"}, {"Host", "example.amazonaws.com"}},
     "",
     "service",
     "content-type;host;x-amz-date",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    {"post-header-key-sort",
     "POST",
     "/",
     "",
     "",
     {{"My-Header1", "value1"}, {"Host", "example.amazonaws.com"}},
     "",
     "service",
     "host;my-header1;x-amz-date",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"post-sts-header-before", "POST", "/", "", "", host, example_token, "service",
     "host;x-amz-date;x-amz-security-token",
     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
    {"iam",
     "GET",
     "/",
     "Action=ListUsers&Version=2010-05-08",
     "",
     {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
      {"host", "iam.amazonaws.com"}},
     "",
     "iam",
     "content-type;host;x-amz-date",
     "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"},
};

AwsSignature sign(const SignatureCase& c) {
  const std::string hash = aws_payload_hash({&c.body, 1});
  return sign_aws_request(example_credentials(c.token), {"us-east-1", c.service},
                          {.method = c.method,
                           .path = c.path,
                           .query = c.query,
                           .fields = c.fields,
                           .payload_hash = hash},
                          example_time);
}

TEST(AwsSignature, IsTheOneThatAwsPublished) {
  for (const SignatureCase& c : signature_cases) {
    SCOPED_TRACE(c.name);
    const AwsSignature signature = sign(c);
    EXPECT_EQ(signature.authorization,
              "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/" +
                  std::string(c.service) + "/aws4_request, SignedHeaders=" + std::string(c.names) +
                  ", Signature=" + std::string(c.signature));
    EXPECT_EQ(signature.date, "20150830T123600Z");
    EXPECT_EQ(signature.security_token.reveal(), c.token);
  }
}

// What the path is for: "%3A" is signed as "%253A". Computed with Python's hmac and hashlib.
TEST(AwsSignature, EncodesAnEncodedPathOnceMore) {
  const SignatureCase c{"",
                        "POST",
                        "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
                        "",
                        R"({"messages":[]})",
                        {{"host", "bedrock-runtime.us-east-1.amazonaws.com"}},
                        "",
                        "bedrock",
                        "",
                        ""};
  EXPECT_EQ(sign(c).authorization,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/bedrock/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=e093f52e9f3cb40f5ed10d98a50a1e8f7bdbd9cac36fe2149690255d8743de54");
}

TEST(AwsSignature, FoldsSpacesAndJoinsFieldsOfOneName) {
  const auto with = [](std::vector<AwsField> fields) {
    return sign({"", "GET", "/", "", "", std::move(fields), "", "service", "", ""}).authorization;
  };
  EXPECT_EQ(with({{"host", "h"}, {"A", "  1   2\t "}}), with({{"Host", " h"}, {"a", "1 2"}}));
  EXPECT_EQ(with({{"host", "h"}, {"a", "1"}, {"A", "2"}}), with({{"host", "h"}, {"a", "1,2"}}));
  EXPECT_NE(with({{"host", "h"}, {"a", "1"}, {"a", "2"}}),
            with({{"host", "h"}, {"a", "2"}, {"a", "1"}}));
}

TEST(AwsSignature, ChangesWithEverythingThatIsSigned) {
  const SignatureCase plain = signature_cases[0];
  const auto changed = [&plain](auto change) {
    SignatureCase other = plain;
    change(other);
    return sign(other).authorization != sign(plain).authorization;
  };
  EXPECT_TRUE(changed([](SignatureCase& c) { c.method = "POST"; }));
  EXPECT_TRUE(changed([](SignatureCase& c) { c.path = "/a"; }));
  EXPECT_TRUE(changed([](SignatureCase& c) { c.path = "/a/"; }));
  EXPECT_TRUE(changed([](SignatureCase& c) { c.query = "a"; }));
  EXPECT_TRUE(changed([](SignatureCase& c) { c.body = "{}"; }));
  EXPECT_TRUE(changed([](SignatureCase& c) { c.fields = {{"host", "other"}}; }));
  EXPECT_TRUE(changed([](SignatureCase& c) { c.token = "token"; }));
  EXPECT_TRUE(changed([](SignatureCase& c) { c.service = "bedrock"; }));
}

TEST(AwsSignature, ShowsNoSecret) {
  const AwsSignature signature = sign(signature_cases[9]);
  EXPECT_EQ(signature.authorization.find("wJalr"), std::string::npos);
  EXPECT_EQ(signature.authorization.find("AQoDY"), std::string::npos);
}

TEST(AwsSignature, HashesABodyInParts) {
  const std::string_view whole = "hello";
  const std::string_view parts[] = {"he", "", "llo"};
  EXPECT_EQ(aws_payload_hash(parts), aws_payload_hash({&whole, 1}));
  EXPECT_EQ(aws_payload_hash({}),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace sluice::upstream
