#include "simulator/token.h"

#include <fmt/format.h>

#include <algorithm>

#include "simulator/route.h"
#include "simulator/shape.h"
#include "sluice/http/status.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

namespace status = http::status;

constexpr std::string_view without_key = "sim-token";

Answer refusal(http::StatusCode code, std::string_view error, std::string_view description) {
  Answer answer;
  answer.status = code;
  answer.body = fmt::format(R"({{"error":"{}","error_description":"{}"}})", error, description);
  return answer;
}

Answer token(const Secret& key) {
  Answer answer;
  answer.body = fmt::format(R"({{"access_token":{},"expires_in":3599,"token_type":"Bearer"}})",
                            json::quote(key.empty() ? without_key : key.reveal()));
  return answer;
}

// Three parts in base64url's letters; whose signature it is nobody here can tell.
bool is_statement(std::string_view text) {
  return std::ranges::count(text, '.') == 2 && is_name(text, 100, 20'000, "_-.");
}

Answer grant(std::string_view form, const Secret& key) {
  const auto value = [&](std::string_view name) { return query_value(form, name).value_or(""); };
  const std::string_view type = value("grant_type");
  if (type == "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer") {
    if (is_statement(value("assertion"))) return token(key);
    return refusal(status::bad_request, "invalid_grant", "Invalid JWT: not a valid JWT.");
  }
  if (type == "refresh_token" && !value("refresh_token").empty()) return token(key);
  if (type == "client_credentials") {
    if (value("scope").empty() || value("client_id").empty()) {
      return refusal(status::bad_request, "invalid_request", "AADSTS900144: a parameter misses.");
    }
    if (!value("client_secret").empty()) return token(key);
    return refusal(status::unauthorized, "invalid_client", "AADSTS7000218: no client_secret.");
  }
  return refusal(status::bad_request, "unsupported_grant_type", "Invalid grant_type.");
}

}  // namespace

std::optional<Answer> answer_token(const http::RequestHead& head, std::string_view body,
                                   const Secret& key) {
  if (head.path.starts_with("/computeMetadata/v1/instance/service-accounts/") &&
      head.path.ends_with("/token")) {
    if (head.headers.value("metadata-flavor").value_or("") == "Google") return token(key);
    return refusal(status::forbidden, "forbidden", "Missing Metadata-Flavor:Google header.");
  }
  if (head.path != "/token" && !head.path.ends_with("/oauth2/v2.0/token")) return std::nullopt;
  if (head.method != http::Method::post) {
    return refusal(status::method_not_allowed, "invalid_request", "Only POST is allowed.");
  }
  return grant(body, key);
}

}  // namespace sluice::simulator
