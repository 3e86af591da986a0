#include "sluice/catalog/deployment.h"

namespace sluice::catalog {

Credential Credential::clone() const {
  Credential copy{.label = label,
                  .key = key.clone(),
                  .header_value = header_value.clone(),
                  .header = header,
                  .weight = weight,
                  .concurrency_max = concurrency_max};
  if (aws) copy.aws = aws->clone();
  if (tokens) copy.tokens = tokens->clone();
  return copy;
}

Auth auth_of_key(Dialect dialect, const Auth& auth, const Secret& key) {
  const std::string_view text = key.reveal();
  // "AIza..." since ever, "AQ...." since 2025; access tokens begin with "ya29.".
  const bool is_google_key = text.starts_with("AIza") || text.starts_with("AQ.");
  if (dialect != Dialect::vertex || !is_google_key || auth.header != Auth{}.header) return auth;
  return {.header = std::string(google_key_header), .format = "{key}", .extra_headers = {}};
}

Secret render_auth(const Auth& auth, const Secret& key) {
  constexpr std::string_view mark = "{key}";
  const std::size_t at = auth.format.find(mark);
  if (at == std::string::npos) return key.clone();
  const std::string_view format = auth.format;
  std::string value;
  value.reserve(format.size() + key.size());  // once: a string that grows leaves copies behind
  value += format.substr(0, at);
  value += key.reveal();
  value += format.substr(at + mark.size());
  return Secret(std::move(value));
}

}  // namespace sluice::catalog
