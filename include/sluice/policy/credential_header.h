// Where a request carries credentials: which headers, in which spellings.
//
//   Authorization: Bearer <key>      OpenAI's clients
//   Authorization: <key>             some gateways' clients
//   x-api-key: <key>                 Anthropic's clients
//   api-key: <key>                   Azure's clients
//   x-goog-api-key: <key>            Google's clients
//   x-sluice-provider-key: <provider>=<key>    a caller's own key, see own_key.h
//
// A header named here is for the gateway alone and is never forwarded.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice::policy {

enum class CredentialHeader : std::uint8_t {
  none,           // not a header of credentials
  authorization,  // Authorization
  key,            // x-api-key, api-key, x-goog-api-key
  provider_key,   // x-sluice-provider-key
};

/// What a header holds whose name is as long as one of those above.
[[nodiscard]] CredentialHeader credential_header_of_length(std::string_view name) noexcept;

/// What a header of this name holds; the case of the name does not matter.
[[nodiscard]] inline CredentialHeader credential_header(std::string_view name) noexcept {
  switch (name.size()) {
    case 7:
    case 9:
    case 13:
    case 14:
    case 21: return credential_header_of_length(name);
    default: return CredentialHeader::none;
  }
}

inline constexpr std::size_t credential_bytes_max = 4096;  // Google's access tokens reach 2 KiB

/// Collects the one key a request presents. Give it every credential header in turn; the views
/// must outlive it.
class PresentedKey {
 public:
  /// Takes one header's value, `header` as credential_header() named it; `none` and `provider_key`
  /// are passed over. Errors, all the client's: malformed (two different keys, an empty or
  /// unprintable one), too_large, unsupported (a scheme other than Bearer).
  [[nodiscard]] Result<void> add(CredentialHeader header, std::string_view value) noexcept;

  /// The key presented, or empty when there is none.
  [[nodiscard]] std::string_view key() const noexcept { return key_; }

 private:
  std::string_view key_;
};

}  // namespace sluice::policy
