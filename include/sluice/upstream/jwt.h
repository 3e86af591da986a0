// Signed statements (JSON Web Tokens, RFC 7519; RS256 of RFC 7518): what a service account gives
// its token server for an access token.
//
//   base64url({"alg":"RS256","typ":"JWT","kid":..}) . base64url(claims) . base64url(signature)
//
// No I/O and no clock. Signing with a key of 2048 bits costs about a millisecond.
#pragma once
#include <chrono>
#include <optional>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/secret.h"

namespace sluice::upstream {

struct JwtClaims {
  std::string_view issuer;    // iss: who signs
  std::string_view audience;  // aud: whom it is for
  std::string_view scope;     // what is asked for; Google's
  std::string_view key_id;    // kid; may be empty
  WallTime issued_at;
  std::chrono::seconds lifetime{3600};
};

/// Whether a PEM text holds an unencrypted RSA key that signs: of 2048 to 16384 bits.
[[nodiscard]] bool is_signing_key(const Secret& pem);

/// The statement; nothing where the key is none. Whoever has it is given a token until it expires.
[[nodiscard]] std::optional<Secret> sign_jwt(const Secret& pem, const JwtClaims& claims);

}  // namespace sluice::upstream
