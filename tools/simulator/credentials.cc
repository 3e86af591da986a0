#include "simulator/credentials.h"

#include "simulator/dialect.h"
#include "simulator/shape.h"
#include "sluice/http/text.h"

namespace sluice::simulator {
namespace {

namespace status = http::status;
using Refusal = std::optional<Answer>;

std::string_view bearer_of(const http::RequestHead& head) {
  constexpr std::string_view scheme = "bearer ";
  const std::string_view value = head.headers.value("authorization").value_or("");
  const bool fits = value.size() > scheme.size() &&
                    http::equal_ignoring_case(value.substr(0, scheme.size()), scheme);
  return fits ? http::trim_blanks(value.substr(scheme.size())) : std::string_view{};
}

bool is_right(std::string_view given, const Secret& key) {
  return !given.empty() && (key.empty() || key.equals(given));
}

/// `name`'s value, or the bearer's.
std::string_view key_of(const http::RequestHead& head, std::string_view name) {
  const std::string_view value = head.headers.value(name).value_or("");
  return value.empty() ? bearer_of(head) : value;
}

Refusal anthropic(const http::RequestHead& head, const Secret& key, std::string_view id) {
  const std::string_view given = key_of(head, "x-api-key");
  if (given.empty()) {
    return host_error(Host::anthropic, status::unauthorized, "x-api-key header is required", id);
  }
  if (!is_right(given, key))
    return host_error(Host::anthropic, status::unauthorized, "invalid x-api-key", id);
  const std::string_view version = head.headers.value("anthropic-version").value_or("");
  if (version.empty()) {
    return host_error(Host::anthropic, status::bad_request, "anthropic-version: header is required",
                      id);
  }
  if (!is_one_of(version, {"2023-06-01", "2026-10-21", "2023-01-01"})) {
    return host_error(Host::anthropic, status::bad_request,
                      "anthropic-version: \"" + std::string(version) +
                          "\" is not a valid version. A recommended version is 2023-06-01.",
                      id);
  }
  return std::nullopt;
}

Refusal gemini(const http::RequestHead& head, const Secret& key, std::string_view id) {
  std::string_view given = key_of(head, "x-goog-api-key");
  if (given.empty()) given = query_value(head.query, "key").value_or("");
  if (given.empty()) {
    return host_error(Host::gemini, status::forbidden,
                      "Method doesn't allow unregistered callers (callers without established "
                      "identity). Please use API Key or other form of API consumer identity to "
                      "call this API.",
                      id);
  }
  if (is_right(given, key)) return std::nullopt;
  return host_error(Host::gemini, status::bad_request,
                    "API key not valid. Please pass a valid API key.", id, "API_KEY_INVALID");
}

Refusal vertex(const http::RequestHead& head, const Secret& key, std::string_view id) {
  if (is_right(key_of(head, "x-goog-api-key"), key)) return std::nullopt;
  return host_error(Host::vertex, status::unauthorized,
                    "Request had invalid authentication credentials. Expected OAuth 2 access "
                    "token, login cookie or other valid authentication credential.",
                    id);
}

/// "Credential=AKID/20261001/us-east-1/bedrock/aws4_request, SignedHeaders=..., Signature=64 hex".
bool is_signature(const http::RequestHead& head, std::string_view value) {
  const auto part = [&](std::string_view name) {
    const std::size_t at = value.find(name);
    if (at == value.npos) return std::string_view{};
    const std::string_view rest = value.substr(at + name.size());
    return http::trim_blanks(rest.substr(0, rest.find(',')));
  };
  const std::string_view names = part("SignedHeaders=");
  const std::string_view date = head.headers.value("x-amz-date").value_or("");
  return part("Credential=").ends_with("/bedrock/aws4_request") &&
         is_name(part("Signature="), 64, 64, "") && names.find("host") != names.npos &&
         names.find("x-amz-date") != names.npos && date.size() == 16 && date.ends_with('Z');
}

Refusal bedrock(const http::RequestHead& head, const Secret& key, std::string_view id) {
  const std::string_view value = head.headers.value("authorization").value_or("");
  if (value.empty()) {
    return host_error(Host::bedrock, status::forbidden, "Missing Authentication Token", id,
                      "MissingAuthenticationTokenException");
  }
  if (value.starts_with("AWS4-HMAC-SHA256 ")) {
    if (is_signature(head, value)) return std::nullopt;
    return host_error(Host::bedrock, status::bad_request,
                      "Authorization header requires 'Credential', 'SignedHeaders' (host and "
                      "x-amz-date among them) and 'Signature', and an 'X-Amz-Date' header.",
                      id, "IncompleteSignatureException");
  }
  if (is_right(bearer_of(head), key)) return std::nullopt;
  return host_error(Host::bedrock, status::forbidden,
                    "The security token included in the request is invalid.", id,
                    "UnrecognizedClientException");
}

Refusal azure(const Route& route, const http::RequestHead& head, const Secret& key,
              std::string_view id) {
  if (!is_right(key_of(head, "api-key"), key)) {
    return host_error(route.host, status::unauthorized,
                      "Access denied due to invalid subscription key or wrong API endpoint. Make "
                      "sure to provide a valid key for an active subscription and use a correct "
                      "regional API endpoint for your resource.",
                      id);
  }
  const bool dated = !query_value(head.query, "api-version").value_or("").empty();
  if (route.host == Host::azure && !dated)
    return host_error(route.host, status::not_found, "Resource not found", id);
  return std::nullopt;
}

}  // namespace

Refusal refuse_caller(const Route& route, const http::RequestHead& head, const Secret& key,
                      std::string_view request_id) {
  switch (route.host) {
    case Host::anthropic: return anthropic(head, key, request_id);
    case Host::gemini: return gemini(head, key, request_id);
    case Host::vertex:
    case Host::vertex_anthropic: return vertex(head, key, request_id);
    case Host::bedrock: return bedrock(head, key, request_id);
    case Host::azure:
    case Host::azure_v1: return azure(route, head, key, request_id);
  }
  __builtin_unreachable();
}

}  // namespace sluice::simulator
