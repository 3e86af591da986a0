// Asking a token server for an access token, and reading what it says (RFC 6749 sections 4.4, 5 and
// 6; RFC 7523; "Authenticate workloads to Google Cloud APIs", cloud.google.com, October 2026).
//
//   service_account      POST token_uri            grant_type=...:jwt-bearer & assertion
//   refresh_token        POST token_uri            grant_type=refresh_token & refresh_token &
//   client client_credentials   POST /T/oauth2/v2.0/token grant_type=client_credentials & client &
//   scope metadata_server      GET /computeMetadata/v1/instance/service-accounts/default/token
//
// No I/O and no clock. Answers are bounded here, of whatever shape they are.
#pragma once
#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/secret.h"
#include "sluice/catalog/token_source.h"

namespace sluice::upstream {

/// Larger answers of token servers are refused; theirs have 1 to 4 KiB.
inline constexpr std::size_t token_answer_bytes_max = std::size_t{64} * 1024;
/// Tokens said to live longer are fetched anew all the same.
inline constexpr std::chrono::seconds token_lifetime_max = std::chrono::hours(24);

struct TokenRequest {
  std::string target;  // origin-form
  Secret body;         // a form; empty: GET, with the header that metadata servers want
};

/// Nothing where the source's key cannot sign, which the configuration makes sure of.
[[nodiscard]] std::optional<TokenRequest> make_token_request(const catalog::TokenSource& source,
                                                             WallTime now);

struct AccessToken {
  Secret header_value;  // "Bearer " and the token
  std::chrono::seconds lifetime{};
};

/// Reads an answer. Else the end of a sentence: what is wrong, in words of ours and, of the
/// server's, the code of its error alone.
[[nodiscard]] std::expected<AccessToken, std::string> read_token_answer(int status,
                                                                        std::string_view body);

}  // namespace sluice::upstream
