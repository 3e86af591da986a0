#include "sluice/catalog/aws_key.h"

#include <gtest/gtest.h>

namespace sluice::catalog {
namespace {

std::optional<AwsKey> parsed(std::string_view text) {
  return parse_aws_key(Secret(std::string(text)));
}

TEST(AwsKey, IsToldFromAnApiKey) {
  const auto key = parsed("AKIAIOSFODNN7EXAMPLE:wJalr/+K");
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->access_key_id, "AKIAIOSFODNN7EXAMPLE");
  EXPECT_TRUE(key->secret_access_key.equals("wJalr/+K"));
  EXPECT_TRUE(key->session_token.empty());
  for (const char* text : {"ABSKQmVkcm9ja0FQSUtleQ==", "AKIAIOSFODNN7EXAMPLE", "a:b",
                           "AKIAIOSFODNN7EXAMPLE:", "AKIAiosfodnn7example:x", ""}) {
    EXPECT_FALSE(parsed(text).has_value()) << text;
  }
}

TEST(AwsKey, MayBeTemporary) {
  const auto key = parsed("ASIAIOSFODNN7EXAMPLE:secret:token:with:colons");
  ASSERT_TRUE(key.has_value());
  const AwsKey copy = key->clone();
  EXPECT_TRUE(copy.secret_access_key.equals("secret"));
  EXPECT_TRUE(copy.session_token.equals("token:with:colons"));
}

TEST(AwsRegion, IsInTheHostOfBedrock) {
  EXPECT_EQ(aws_region_of_host("bedrock-runtime.eu-central-1.amazonaws.com"), "eu-central-1");
  EXPECT_EQ(aws_region_of_host("bedrock-runtime-fips.us-gov-west-1.amazonaws.com"),
            "us-gov-west-1");
  EXPECT_EQ(aws_region_of_host("bedrock-runtime.evil"), "");
  EXPECT_EQ(aws_region_of_host("127.0.0.1"), "");
}

TEST(AwsRegion, HasAName) {
  EXPECT_TRUE(is_aws_region("ap-northeast-1"));
  EXPECT_FALSE(is_aws_region("us"));
  EXPECT_FALSE(is_aws_region("us-east-1a"));
  EXPECT_FALSE(is_aws_region("global"));
  EXPECT_FALSE(is_aws_region("--1"));
}

}  // namespace
}  // namespace sluice::catalog
