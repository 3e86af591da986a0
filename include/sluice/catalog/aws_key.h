// An AWS access key: what signs requests to Amazon Bedrock where there is no API key.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/secret.h"

namespace sluice::catalog {

struct AwsKey {
  std::string access_key_id = {};  // names the key; no secret
  Secret secret_access_key = {};
  Secret session_token = {};  // of temporary keys; else empty

  [[nodiscard]] AwsKey clone() const;
};

/// Reads "ACCESS_KEY_ID:SECRET" or "ACCESS_KEY_ID:SECRET:SESSION_TOKEN"; nothing where the text is
/// something else, an API key as a rule. Access key ids begin with AKIA, temporary ones with ASIA
/// (AWS IAM user guide, "IAM identifiers").
[[nodiscard]] std::optional<AwsKey> parse_aws_key(const Secret& text);

/// The region in the host of a Bedrock endpoint ("bedrock-runtime.eu-central-1.amazonaws.com"), or
/// empty.
[[nodiscard]] std::string_view aws_region_of_host(std::string_view host) noexcept;

/// Whether a text is the name of an AWS region: "us-east-1", "us-gov-west-1".
[[nodiscard]] bool is_aws_region(std::string_view text) noexcept;

}  // namespace sluice::catalog
