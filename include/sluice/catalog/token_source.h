// Where the access tokens come from that a provider wants in place of a key.
//
//   service_account     a statement signed by its key, for a token (RFC 7523)        Google
//   refresh_token       what `gcloud auth application-default login` left behind     Google
//   metadata_server     the machine's own account, by the server its cloud runs      Google Cloud
//   client_credentials  an application's id and secret, for a token (RFC 6749 4.4)   Microsoft
//   Entra
//
// The tokens are fetched by upstream::TokenHolder. Immutable once built.
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "sluice/base/secret.h"
#include "sluice/catalog/url.h"

namespace sluice::catalog {

enum class TokenGrant : std::uint8_t {
  service_account,
  refresh_token,
  metadata_server,
  client_credentials,
};

struct TokenSource {
  TokenGrant grant = TokenGrant::metadata_server;
  Url url = {};               // of the token endpoint, path and all
  std::string client = {};    // e-mail of the account, id of the client, account of the machine
  std::string key_id = {};    // of a service account's key; may be empty
  Secret secret = {};         // its key (PEM), the refresh token, the client's secret
  Secret client_secret = {};  // of refresh_token
  std::string scope = {};

  [[nodiscard]] TokenSource clone() const;
  /// Whether both name the same account by the same secret: a token of one is one of the other.
  [[nodiscard]] bool is_same_as(const TokenSource& other) const noexcept;
};

/// What a credentials file of Google's holds.
struct GoogleCredentials {
  TokenSource source;
  std::string project;  // may be empty: an account of a person's has none
};

/// Whether a secret is a JSON object, as credentials files are, and no key or token.
[[nodiscard]] bool is_credentials_file(const Secret& secret) noexcept;

/// Reads a service account's key file or gcloud's application default credentials (JSON). Else the
/// end of a sentence for the operator, which holds nothing of the file.
[[nodiscard]] std::expected<GoogleCredentials, std::string> parse_google_credentials(
    const Secret& json);

/// What tokens for Google Cloud are asked for.
inline constexpr std::string_view google_cloud_scope =
    "https://www.googleapis.com/auth/cloud-platform";

}  // namespace sluice::catalog
