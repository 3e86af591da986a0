#include "sluice/catalog/token_source.h"

#include <optional>
#include <utility>

#include "sluice/json/index.h"
#include "sluice/json/value.h"

namespace sluice::catalog {
namespace {

constexpr std::string_view google_token_url = "https://oauth2.googleapis.com/token";

// A member's text; empty where there is none.
std::string text_of(json::Value file, std::string_view name) {
  const auto value = file.find(name);
  return value ? value->string().value_or("") : std::string();
}

std::unexpected<std::string> lacks(std::string_view name) {
  return std::unexpected("holds no " + std::string(name) +
                         ": use a credentials file as Google made it, whole");
}

std::expected<GoogleCredentials, std::string> read_service_account(json::Value file) {
  GoogleCredentials read;
  TokenSource& source = read.source;
  source.grant = TokenGrant::service_account;
  source.client = text_of(file, "client_email");
  source.key_id = text_of(file, "private_key_id");
  source.secret = Secret(text_of(file, "private_key"));
  source.scope = google_cloud_scope;
  read.project = text_of(file, "project_id");
  if (source.client.empty()) return lacks("client_email");
  if (source.secret.empty()) return lacks("private_key");
  std::string endpoint = text_of(file, "token_uri");
  auto url = parse_url(endpoint.empty() ? google_token_url : endpoint);
  if (!url) return std::unexpected("has a token_uri that is no URL: " + url.error());
  source.url = std::move(*url);
  return read;
}

std::expected<GoogleCredentials, std::string> read_authorized_user(json::Value file) {
  GoogleCredentials read;
  TokenSource& source = read.source;
  source.grant = TokenGrant::refresh_token;
  source.client = text_of(file, "client_id");
  source.secret = Secret(text_of(file, "refresh_token"));
  source.client_secret = Secret(text_of(file, "client_secret"));
  read.project = text_of(file, "quota_project_id");
  if (source.client.empty()) return lacks("client_id");
  if (source.secret.empty()) return lacks("refresh_token");
  source.url = *parse_url(google_token_url);
  return read;
}

}  // namespace

TokenSource TokenSource::clone() const {
  return {.grant = grant,
          .url = url,
          .client = client,
          .key_id = key_id,
          .secret = secret.clone(),
          .client_secret = client_secret.clone(),
          .scope = scope};
}

bool TokenSource::is_same_as(const TokenSource& other) const noexcept {
  return grant == other.grant && url == other.url && client == other.client &&
         key_id == other.key_id && scope == other.scope && secret.equals(other.secret.reveal()) &&
         client_secret.equals(other.client_secret.reveal());
}

bool is_credentials_file(const Secret& secret) noexcept { return secret.reveal().starts_with('{'); }

std::expected<GoogleCredentials, std::string> parse_google_credentials(const Secret& json) {
  json::Index index({.depth_max = 8, .tokens_max = 1024, .retained_bytes_max = 0});
  if (!index.build(json.reveal())) return std::unexpected("is not JSON");
  const json::Value file = json::root(index);
  if (!file.is(json::Kind::object)) return std::unexpected("is no JSON object");
  const std::string type = text_of(file, "type");
  if (type == "service_account") return read_service_account(file);
  if (type == "authorized_user") return read_authorized_user(file);
  return std::unexpected(
      "is of a type that is not taken here: use the key of a service account, what gcloud auth "
      "application-default login wrote, or { metadata = \"default\" } on a machine of Google's");
}

}  // namespace sluice::catalog
