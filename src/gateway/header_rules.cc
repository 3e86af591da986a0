#include "header_rules.h"

#include <algorithm>
#include <array>

#include "sluice/http/text.h"

namespace sluice::gateway {
namespace {

using http::equal_ignoring_case;

constexpr std::array<std::string_view, 10> forwarded = {
    "accept",          "accept-encoding",     "accept-language", "content-type", "user-agent",
    "idempotency-key", "x-client-request-id", "openai-beta",     "traceparent",  "tracestate"};
constexpr std::array<std::string_view, 2> callers_account = {"openai-organization",
                                                             "openai-project"};
constexpr std::string_view stainless_prefix = "x-stainless-";  // the official clients' telemetry

constexpr std::array<std::string_view, 12> dropped_from_response = {
    "set-cookie", "set-cookie2", "alt-svc", "strict-transport-security",
    // The account behind the gateway's key.
    "openai-organization", "openai-project",
    // Ours take their place.
    "x-request-id", "x-sluice-provider", "x-upstream-request-id",
    // Of a body we may edit.
    "content-md5", "digest", "content-digest"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) noexcept {
  return std::any_of(names.begin(), names.end(), [name](std::string_view candidate) {
    return equal_ignoring_case(candidate, name);
  });
}

bool goes_on(std::string_view name, const UpstreamRequestFields& from) noexcept {
  if (is_one_of(forwarded, name)) {
    // Events are found in plain bytes: a stream is never asked for compressed.
    return !(from.is_stream && equal_ignoring_case(name, "accept-encoding"));
  }
  if (name.size() > stainless_prefix.size() &&
      equal_ignoring_case(name.substr(0, stainless_prefix.size()), stainless_prefix)) {
    return true;
  }
  return from.is_callers_account && is_one_of(callers_account, name);
}

bool is_configured(const catalog::Provider& provider, std::string_view name) noexcept {
  return std::any_of(provider.auth.extra_headers.begin(), provider.auth.extra_headers.end(),
                     [name](const auto& extra) { return equal_ignoring_case(extra.first, name); });
}

}  // namespace

void upstream_request_fields(const UpstreamRequestFields& from, std::vector<http::Header>& out) {
  out.clear();
  for (const http::Header& header : from.received) {
    if (goes_on(header.name, from) && !is_configured(from.provider, header.name)) {
      out.push_back(header);
    }
  }
  for (const auto& [name, value] : from.provider.auth.extra_headers) out.push_back({name, value});
  if (!from.auth.empty()) out.push_back({from.provider.auth.header, from.auth});
}

std::span<const std::string_view> dropped_response_fields() noexcept {
  return dropped_from_response;
}

}  // namespace sluice::gateway
