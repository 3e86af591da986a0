#include "header_rules.h"

#include <algorithm>

#include "sluice/http/text.h"

namespace sluice::gateway {
namespace {

using http::equal_ignoring_case;

using enum http::FieldName;

constexpr http::FieldNames forwarded{
    accept,          accept_encoding,     accept_language, content_type, user_agent,
    idempotency_key, x_client_request_id, openai_beta,     traceparent,  tracestate};
// Of a request that is written anew only these are still true.
constexpr http::FieldNames forwarded_translated{user_agent, traceparent, tracestate};
constexpr http::FieldNames callers_account{openai_organization, openai_project};
constexpr std::string_view stainless_prefix = "x-stainless-";  // the official clients' telemetry

constexpr http::FieldNames dropped_from_response{
    set_cookie, set_cookie2, alt_svc, strict_transport_security,
    // The account behind the gateway's key.
    openai_organization, openai_project, anthropic_organization_id,
    // Ours take their place.
    x_request_id, x_sluice_provider, x_upstream_request_id,
    // Of a body we may edit.
    content_md5, digest, content_digest};

constexpr http::FieldNames dropped_from_translated{
    set_cookie, set_cookie2, alt_svc, strict_transport_security, openai_organization,
    openai_project, anthropic_organization_id, x_request_id, x_sluice_provider,
    x_upstream_request_id, content_md5, digest, content_digest,
    // Of the body that came.
    content_type, content_encoding};

bool is_stainless(std::string_view name) noexcept {
  return name.size() > stainless_prefix.size() &&
         equal_ignoring_case(name.substr(0, stainless_prefix.size()), stainless_prefix);
}

bool is_callers_account_field(const http::ReceivedHeader& header,
                              const UpstreamRequestFields& from) noexcept {
  return from.is_callers_account && callers_account.contains(header.known) &&
         from.provider.dialect == catalog::Dialect::openai;
}

bool goes_on(const http::ReceivedHeader& header, const UpstreamRequestFields& from) noexcept {
  if (header.known == anthropic_beta) return from.takes_betas;
  if (from.is_translated && !is_callers_account_field(header, from)) {
    return forwarded_translated.contains(header.known);
  }
  if (header.known == other) return is_stainless(header.name);
  // Events are found in plain bytes: a stream is never asked for compressed.
  if (header.known == accept_encoding && from.is_stream) return false;
  return forwarded.contains(header.known) || is_callers_account_field(header, from);
}

// Whether `holds` is true of every element of a comma-separated list.
template <typename Predicate>
bool all_in_list(std::string_view list, const Predicate& holds) noexcept {
  while (true) {
    const std::size_t comma = list.find(',');
    if (!holds(http::trim_blanks(list.substr(0, comma)))) return false;
    if (comma == list.npos) return true;
    list.remove_prefix(comma + 1);
  }
}

// One element of Accept-Encoding, such as "gzip;q=0.5": whether it lets `coding` through.
bool allows(std::string_view element, std::string_view coding) noexcept {
  const std::size_t semicolon = element.find(';');
  const std::string_view name = http::trim_blanks(element.substr(0, semicolon));
  if (name != "*" && !equal_ignoring_case(name, coding)) return false;
  if (semicolon == element.npos) return true;
  const std::string_view weight = http::trim_blanks(element.substr(semicolon + 1));
  const bool is_zero = weight.size() > 2 && equal_ignoring_case(weight.substr(0, 2), "q=") &&
                       weight.find_first_not_of("0.", 2) == weight.npos;
  return !is_zero;
}

bool is_configured(const catalog::Provider& provider, std::string_view name) noexcept {
  return std::any_of(provider.auth.extra_headers.begin(), provider.auth.extra_headers.end(),
                     [name](const auto& extra) { return equal_ignoring_case(extra.first, name); });
}

}  // namespace

void upstream_request_fields(const UpstreamRequestFields& from, std::vector<http::Header>& out) {
  out.clear();
  for (const http::ReceivedHeader& header : from.received) {
    if (goes_on(header, from) && !is_configured(from.provider, header.name)) {
      out.push_back(header);
    }
  }
  if (from.is_translated) out.push_back({"Content-Type", "application/json"});
  for (const auto& [name, value] : from.provider.auth.extra_headers) out.push_back({name, value});
  if (!from.auth.value.empty()) out.push_back({from.auth.name, from.auth.value});
}

bool accepts_encoding(const std::vector<http::Header>& fields,
                      std::string_view content_encoding) noexcept {
  return all_in_list(content_encoding, [&](std::string_view coding) {
    return coding.empty() || equal_ignoring_case(coding, "identity") ||
           std::ranges::any_of(fields, [&](const http::Header& field) {
             return equal_ignoring_case(field.name, "accept-encoding") &&
                    !all_in_list(field.value,
                                 [&](std::string_view wanted) { return !allows(wanted, coding); });
           });
  });
}

http::FieldNames dropped_response_fields(bool is_translated) noexcept {
  return is_translated ? dropped_from_translated : dropped_from_response;
}

std::string_view upstream_request_id(const http::HeaderList& headers) noexcept {
  if (const auto id = headers.value(x_request_id)) return *id;
  // Anthropic's, Amazon's and Azure's.
  for (const std::string_view name : {"request-id", "x-amzn-requestid", "apim-request-id"}) {
    if (const auto id = headers.value(name)) return *id;
  }
  return {};
}

}  // namespace sluice::gateway
