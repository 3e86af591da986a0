// The names of header fields that somebody here acts upon, as numbers.
//
// A received name is looked at once, when its line is parsed; whoever asks about it later (framing,
// what goes on to the other side, what a request says) compares an integer or tests a bit.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace sluice::http {

enum class FieldName : std::uint8_t {
  other,  // any further token
  accept,
  accept_encoding,
  accept_language,
  alt_svc,
  anthropic_beta,
  anthropic_organization_id,
  api_key,
  authorization,
  connection,
  content_digest,
  content_encoding,
  content_length,
  content_md5,
  content_type,
  date,
  digest,
  expect,
  host,
  idempotency_key,
  keep_alive,
  openai_beta,
  openai_organization,
  openai_project,
  proxy_authenticate,
  proxy_authorization,
  proxy_connection,
  retry_after,
  retry_after_ms,
  set_cookie,
  set_cookie2,
  strict_transport_security,
  te,
  traceparent,
  tracestate,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  x_api_key,
  x_client_request_id,
  x_goog_api_key,
  x_request_id,
  x_should_retry,
  x_sluice_provider,
  x_sluice_provider_key,
  x_upstream_request_id,
};
inline constexpr std::size_t field_name_count =
    static_cast<std::size_t>(FieldName::x_upstream_request_id) + 1;

/// In any letter case.
[[nodiscard]] FieldName field_name(std::string_view text) noexcept;

/// A set of them. `other` may be a member like any: then some name is none of the listed.
class FieldNames {
 public:
  constexpr FieldNames() noexcept = default;
  constexpr FieldNames(std::initializer_list<FieldName> names) noexcept {
    for (const FieldName name : names) add(name);
  }
  constexpr void add(FieldName name) noexcept { bits_ |= bit(name); }
  [[nodiscard]] constexpr bool contains(FieldName name) const noexcept {
    return (bits_ & bit(name)) != 0;
  }
  [[nodiscard]] friend constexpr FieldNames operator|(FieldNames a, FieldNames b) noexcept {
    a.bits_ |= b.bits_;
    return a;
  }

 private:
  static constexpr std::uint64_t bit(FieldName name) noexcept {
    return std::uint64_t{1} << static_cast<unsigned>(name);
  }
  std::uint64_t bits_ = 0;
};
static_assert(field_name_count <= 64, "one bit each");

}  // namespace sluice::http
