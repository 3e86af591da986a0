// Signs a request to an AWS service with Signature Version 4: what Amazon Bedrock takes in place of
// an API key.
//
//   canonical request   method, path, query, signed fields, hash of the payload
//   string to sign      AWS4-HMAC-SHA256, time, scope (day/region/service), hash of the above
//   signing key         HMAC over day, region, service and "aws4_request", begun with the secret
//   authorization       access key id, scope, names of the signed fields, HMAC of the string
//
// A pure function: the time is an argument (AWS takes a clock that is wrong by up to 5 minutes).
// Source: AWS IAM user guide, "Create a signed AWS API request" (2026).
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/secret.h"
#include "sluice/catalog/aws_key.h"

namespace sluice::upstream {

struct AwsScope {
  std::string_view region;   // "us-east-1"
  std::string_view service;  // "bedrock"
};

struct AwsField {
  std::string_view name;  // letters of either case
  std::string_view value;
};

/// The request as it is sent.
struct AwsRequest {
  std::string_view method;
  std::string_view path;  // percent-encoded: it is signed encoded once more, as all services want
                          // it but S3; empty is "/"
  std::string_view query = {};  // percent-encoded, without its '?'; "%41" and "A" are not the same
  /// What is to be signed beside x-amz-date and x-amz-security-token: `host` at least; proxies
  /// must not change them. A name may come more than once.
  std::span<const AwsField> fields;
  std::string_view payload_hash;  // from aws_payload_hash()
};

/// The fields to be added.
struct AwsSignature {
  std::string authorization;  // holds no secret
  std::string date;           // x-amz-date
  /// x-amz-security-token, to be added when the credentials have one.
  Secret security_token;
};

/// SHA-256 of a body that lies in these parts, one behind the other, in hexadecimal.
[[nodiscard]] std::string aws_payload_hash(std::span<const std::string_view> parts);

[[nodiscard]] AwsSignature sign_aws_request(const catalog::AwsKey& credentials,
                                            const AwsScope& scope, const AwsRequest& request,
                                            WallTime now);

}  // namespace sluice::upstream
