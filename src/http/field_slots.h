// The table behind field_name(), for the parser's loop over the lines of a head.
#pragma once
#include <array>
#include <cstddef>
#include <string_view>

#include "letter_case.h"
#include "sluice/base/assert.h"
#include "sluice/http/field_name.h"

namespace sluice::http {

struct KnownField {
  FieldName name;
  std::string_view text;  // in lower case
};
inline constexpr KnownField known_fields[] = {
    {FieldName::accept, "accept"},
    {FieldName::accept_encoding, "accept-encoding"},
    {FieldName::accept_language, "accept-language"},
    {FieldName::alt_svc, "alt-svc"},
    {FieldName::anthropic_beta, "anthropic-beta"},
    {FieldName::anthropic_organization_id, "anthropic-organization-id"},
    {FieldName::api_key, "api-key"},
    {FieldName::authorization, "authorization"},
    {FieldName::connection, "connection"},
    {FieldName::content_digest, "content-digest"},
    {FieldName::content_encoding, "content-encoding"},
    {FieldName::content_length, "content-length"},
    {FieldName::content_md5, "content-md5"},
    {FieldName::content_type, "content-type"},
    {FieldName::date, "date"},
    {FieldName::digest, "digest"},
    {FieldName::expect, "expect"},
    {FieldName::host, "host"},
    {FieldName::idempotency_key, "idempotency-key"},
    {FieldName::keep_alive, "keep-alive"},
    {FieldName::openai_beta, "openai-beta"},
    {FieldName::openai_organization, "openai-organization"},
    {FieldName::openai_project, "openai-project"},
    {FieldName::proxy_authenticate, "proxy-authenticate"},
    {FieldName::proxy_authorization, "proxy-authorization"},
    {FieldName::proxy_connection, "proxy-connection"},
    {FieldName::retry_after, "retry-after"},
    {FieldName::retry_after_ms, "retry-after-ms"},
    {FieldName::set_cookie, "set-cookie"},
    {FieldName::set_cookie2, "set-cookie2"},
    {FieldName::strict_transport_security, "strict-transport-security"},
    {FieldName::te, "te"},
    {FieldName::traceparent, "traceparent"},
    {FieldName::tracestate, "tracestate"},
    {FieldName::trailer, "trailer"},
    {FieldName::transfer_encoding, "transfer-encoding"},
    {FieldName::upgrade, "upgrade"},
    {FieldName::user_agent, "user-agent"},
    {FieldName::x_api_key, "x-api-key"},
    {FieldName::x_client_request_id, "x-client-request-id"},
    {FieldName::x_goog_api_key, "x-goog-api-key"},
    {FieldName::x_request_id, "x-request-id"},
    {FieldName::x_should_retry, "x-should-retry"},
    {FieldName::x_sluice_provider, "x-sluice-provider"},
    {FieldName::x_sluice_provider_key, "x-sluice-provider-key"},
    {FieldName::x_upstream_request_id, "x-upstream-request-id"},
};
static_assert(std::size(known_fields) + 1 == field_name_count,
              "every name but `other` has its text");

// Three bytes and the length tell the known names apart: the factors were found by trying.
inline constexpr std::size_t field_slot_count = 128;
constexpr std::size_t field_slot_of(std::string_view text) noexcept {
  const auto folded = [text](std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(text.data()[at]) | 0x20U);
  };
  const std::size_t size = text.size();
  return (size * 10 + folded(0) + folded(size / 2) * 16 + folded(size - 1) * 2) % field_slot_count;
}

struct FieldSlots {
  std::array<KnownField, field_slot_count> of{};
  constexpr FieldSlots() {
    for (const KnownField& entry : known_fields) {
      KnownField& slot = of[field_slot_of(entry.text)];
      SLUICE_ASSERT(slot.text.empty());  // does not compile: find other factors
      slot = entry;
    }
  }
};
inline constexpr FieldSlots field_slots;

/// field_name() of a text that is not empty.
[[nodiscard]] inline FieldName look_up_field_name(std::string_view text) noexcept {
  const KnownField& candidate = field_slots.of[field_slot_of(text)];
  return equal_to_small(text, candidate.text) ? candidate.name : FieldName::other;
}

}  // namespace sluice::http
