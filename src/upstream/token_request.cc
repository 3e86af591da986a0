#include "sluice/upstream/token_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "sluice/base/percent.h"
#include "sluice/json/index.h"
#include "sluice/json/value.h"
#include "sluice/upstream/jwt.h"

namespace sluice::upstream {
namespace {

using std::chrono::seconds;

constexpr std::size_t token_bytes_max = std::size_t{16} * 1024;
// Behind Google's clocks, so that a statement is never of their future.
constexpr seconds clock_skew{10};

bool is_letter_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

using Field = std::pair<std::string_view, std::string_view>;

Secret form_of(std::initializer_list<Field> fields) {
  std::size_t bytes_max = 0;
  for (const auto& [name, value] : fields) bytes_max += name.size() + 3 * value.size() + 2;
  std::string out;
  out.reserve(bytes_max);  // so that no copy of a secret stays behind
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    if (!out.empty()) out += '&';
    out += name;
    out += '=';
    append_percent_encoded(out, value);
  }
  return Secret(std::move(out));
}

std::string path_of(const catalog::TokenSource& source) {
  return source.url.path_prefix.empty() ? "/" : source.url.path_prefix;
}

std::optional<Secret> signed_form(const catalog::TokenSource& source, WallTime now) {
  // The audience is the endpoint as the key file spells it.
  const std::string audience = source.url.text();
  const JwtClaims claims{.issuer = source.client,
                         .audience = audience,
                         .scope = source.scope,
                         .key_id = source.key_id,
                         .issued_at = now - clock_skew};
  const std::optional<Secret> assertion = sign_jwt(source.secret, claims);
  if (!assertion) return std::nullopt;
  return form_of({{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                  {"assertion", assertion->reveal()}});
}

std::string metadata_target(const catalog::TokenSource& source) {
  std::string target = source.url.path_prefix;
  target += "/computeMetadata/v1/instance/service-accounts/";
  append_percent_encoded(target, source.client);
  target += "/token";
  return target;
}

// The code of an error, where it is one word; servers' descriptions name tenants and accounts.
std::string error_code(json::Value top) {
  const auto error = top.find("error");
  const std::string code = error ? error->string().value_or("") : "";
  const bool is_word = !code.empty() && code.size() <= 60 && std::ranges::all_of(code, [](char c) {
    return is_letter_or_digit(c) || c == '_';
  });
  return is_word ? " (" + code + ")" : "";
}

// A number, or the same in quotes, which some of Microsoft's endpoints write.
std::optional<std::int64_t> whole_number(std::optional<json::Value> value) {
  if (!value) return std::nullopt;
  if (value->is(json::Kind::number)) return value->integer();
  const std::string text = value->string().value_or("");
  if (text.empty() || text.size() > 9 ||
      !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  std::int64_t number = 0;
  for (const char c : text) number = 10 * number + (c - '0');
  return number;
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && text.size() <= token_bytes_max &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::expected<AccessToken, std::string> read_object(json::Value top) {
  const auto value = top.find("access_token");
  Secret token(value ? value->string().value_or("") : std::string());
  const auto lifetime = whole_number(top.find("expires_in"));
  if (token.empty()) return std::unexpected("its token server answered without an access_token");
  if (!is_token(token.reveal())) {
    return std::unexpected("its token server answered with an access_token that is none");
  }
  if (!lifetime || *lifetime <= 0) {
    return std::unexpected("its token server does not say how long its token lives");
  }
  std::string header_value;
  header_value.reserve(7 + token.size());
  header_value += "Bearer ";
  header_value += token.reveal();
  return AccessToken{.header_value = Secret(std::move(header_value)),
                     .lifetime = std::min(seconds(*lifetime), token_lifetime_max)};
}

}  // namespace

std::optional<TokenRequest> make_token_request(const catalog::TokenSource& source, WallTime now) {
  TokenRequest request;
  request.target = path_of(source);
  switch (source.grant) {
    case catalog::TokenGrant::service_account: {
      auto form = signed_form(source, now);
      if (!form) return std::nullopt;
      request.body = std::move(*form);
      break;
    }
    case catalog::TokenGrant::refresh_token:
      request.body = form_of({{"grant_type", "refresh_token"},
                              {"refresh_token", source.secret.reveal()},
                              {"client_id", source.client},
                              {"client_secret", source.client_secret.reveal()}});
      break;
    case catalog::TokenGrant::client_credentials:
      request.body = form_of({{"grant_type", "client_credentials"},
                              {"client_id", source.client},
                              {"client_secret", source.secret.reveal()},
                              {"scope", source.scope}});
      break;
    case catalog::TokenGrant::metadata_server: request.target = metadata_target(source); break;
  }
  return request;
}

std::expected<AccessToken, std::string> read_token_answer(int status, std::string_view body) {
  if (body.size() > token_answer_bytes_max) {
    return std::unexpected("its token server answered more than any token");
  }
  json::Index index({.depth_max = 16, .tokens_max = 4096, .retained_bytes_max = 0});
  const bool is_object = index.build(body) && json::root(index).is(json::Kind::object);
  if (status != 200) {
    return std::unexpected(fmt::format("its token server answered {}{}", status,
                                       is_object ? error_code(json::root(index)) : ""));
  }
  if (!is_object) return std::unexpected("its token server answered 200 with no JSON object");
  return read_object(json::root(index));
}

}  // namespace sluice::upstream
