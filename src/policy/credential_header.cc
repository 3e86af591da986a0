#include "sluice/policy/credential_header.h"

#include <algorithm>

#include "sluice/base/byte_scan.h"
#include "sluice/http/text.h"

namespace sluice::policy {
namespace {

Error refused(ErrorKind kind, const char* what) noexcept {
  return {.kind = kind, .fault = Fault::client, .what = what};
}

bool is_visible(std::string_view text) noexcept {
  return !any_byte(text, [](ByteBlock block) {
    return (block <= every_byte(' ')) | (block == every_byte('\x7f'));
  });
}

/// The key in an Authorization header: after "Bearer " (RFC 6750 section 2.1, the scheme in any
/// case by RFC 9110 section 11.1), or the whole value when it is one word.
Result<std::string_view> key_of_authorization(std::string_view value) noexcept {
  constexpr std::string_view usual = "Bearer ";
  if (value.starts_with(usual)) return http::trim_blanks(value.substr(usual.size()));
  const auto blank = std::ranges::find_if(value, http::is_blank);
  if (blank == value.end()) {
    // A scheme with nothing behind it is a client without its key, not a key named "Bearer".
    if (http::equal_ignoring_case(value, "bearer")) {
      return fail(refused(ErrorKind::malformed, "the Authorization header holds no key"));
    }
    return value;
  }
  const auto scheme_bytes = static_cast<std::size_t>(blank - value.begin());
  if (!http::equal_ignoring_case(value.substr(0, scheme_bytes), "bearer")) {
    return fail(
        refused(ErrorKind::unsupported, "the Authorization header must be 'Bearer' and a key"));
  }
  return http::trim_blanks(value.substr(scheme_bytes));
}

}  // namespace

CredentialHeader credential_header_of_length(std::string_view name) noexcept {
  switch (name.size()) {
    case 7:
      return http::equal_ignoring_case(name, "api-key") ? CredentialHeader::key
                                                        : CredentialHeader::none;
    case 9:
      return http::equal_ignoring_case(name, "x-api-key") ? CredentialHeader::key
                                                          : CredentialHeader::none;
    case 13:
      return http::equal_ignoring_case(name, "authorization") ? CredentialHeader::authorization
                                                              : CredentialHeader::none;
    case 14:
      return http::equal_ignoring_case(name, "x-goog-api-key") ? CredentialHeader::key
                                                               : CredentialHeader::none;
    case 21:
      return http::equal_ignoring_case(name, "x-sluice-provider-key")
                 ? CredentialHeader::provider_key
                 : CredentialHeader::none;
    default: return CredentialHeader::none;
  }
}

Result<void> PresentedKey::add(CredentialHeader header, std::string_view value) noexcept {
  if (header == CredentialHeader::none || header == CredentialHeader::provider_key) return {};
  std::string_view key = http::trim_blanks(value);
  if (header == CredentialHeader::authorization) {
    const Result<std::string_view> bearer = key_of_authorization(key);
    if (!bearer) return fail(bearer.error());
    key = *bearer;
  }
  if (key.empty()) return fail(refused(ErrorKind::malformed, "a credential header is empty"));
  if (key.size() > credential_bytes_max) {
    return fail(refused(ErrorKind::too_large, "the key is longer than 4096 characters"));
  }
  if (!is_visible(key)) {
    return fail(refused(ErrorKind::malformed, "the key holds a blank or an unprintable character"));
  }
  // Some clients send one key in two headers; which of two different ones is meant, nobody knows.
  if (!key_.empty() && key != key_) {
    return fail(refused(ErrorKind::malformed, "the request presents two different keys"));
  }
  key_ = key;
  return {};
}

}  // namespace sluice::policy
