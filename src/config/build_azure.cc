// Azure OpenAI: the paths of its deployments, and an application's tokens in place of a key.
#include <fmt/format.h>

#include <utility>

#include "building.h"

namespace sluice::config {
namespace {

constexpr std::string_view default_authority = "https://login.microsoftonline.com";

// What Azure's own programs read ("EnvironmentCredential", learn.microsoft.com, October 2026).
constexpr const char* tenant_variable = "AZURE_TENANT_ID";
constexpr const char* client_variable = "AZURE_CLIENT_ID";
constexpr const char* secret_variable = "AZURE_CLIENT_SECRET";
constexpr const char* authority_variable = "AZURE_AUTHORITY_HOST";

std::string value_of(const Building& building, const char* name) {
  return building.environment.variable(name).value_or("");
}

std::optional<EntraConfig> entra_of_environment(const Building& building,
                                                const ResolvedProvider& provider) {
  EntraConfig entra;
  entra.tenant = value_of(building, tenant_variable);
  entra.client_id = value_of(building, client_variable);
  const bool has_secret = !value_of(building, secret_variable).empty();
  const bool fits = entra.tenant.find_first_of("/?#%\\") == std::string::npos;
  if (entra.tenant.empty() || entra.client_id.empty() || !has_secret || !fits) return std::nullopt;
  entra.client_secret = {.kind = SecretSource::Kind::env,
                         .name = secret_variable,
                         .place = provider.config->place,
                         .key = key_of(building, *provider.config) + ".entra"};
  entra.place = provider.config->place;
  return entra;
}

std::optional<catalog::Url> token_url(const Building& building, const EntraConfig& entra) {
  std::string text;
  if (entra.authority) {
    text = entra.authority->text();
  } else {
    text = value_of(building, authority_variable);
    if (text.empty()) text = default_authority;
  }
  while (text.ends_with('/')) text.pop_back();
  if (text.find("://") == text.npos) text.insert(0, "https://");
  auto url = catalog::parse_url(text + "/" + entra.tenant + "/oauth2/v2.0/token");
  if (!url) return std::nullopt;
  return std::move(*url);
}

}  // namespace

catalog::Url azure_classic_url(catalog::Url url) {
  constexpr std::string_view version = "/v1";
  constexpr std::string_view api = "/openai";
  if (url.path_prefix.ends_with(version)) {
    url.path_prefix.resize(url.path_prefix.size() - version.size());
  }
  if (!url.path_prefix.ends_with(api)) url.path_prefix += api;
  return url;
}

bool add_entra_credential(Building& building, ResolvedProvider& provider) {
  const ProviderConfig& config = *provider.config;
  if (config.entra && provider.dialect != catalog::Dialect::azure) {
    building.complaints.error(config.entra->place, key_of(building, config) + ".entra",
                              "is of a provider that speaks azure");
    return false;
  }
  std::optional<EntraConfig> entra = config.entra;
  const bool may_be_of_environment =
      provider.dialect == catalog::Dialect::azure && !config.keys && provider.credentials.empty();
  if (!entra && may_be_of_environment) entra = entra_of_environment(building, provider);
  if (!entra) return true;
  auto secret = fetch(entra->client_secret, building.environment, building.config.folder(),
                      building.complaints);
  if (!secret) return false;
  auto url = token_url(building, *entra);
  if (!url || (url->scheme != catalog::Scheme::https && !url->loopback())) {
    building.complaints.error(
        entra->place, key_of(building, config) + ".entra.authority",
        fmt::format("or the tenant makes no https:// URL; {} is usual", default_authority));
    return false;
  }
  catalog::Credential credential;
  credential.label = entra->client_secret.label() + " at Entra";
  credential.tokens.emplace();
  credential.tokens->grant = catalog::TokenGrant::client_credentials;
  credential.tokens->url = std::move(*url);
  credential.tokens->client = entra->client_id;
  credential.tokens->secret = std::move(*secret);
  credential.tokens->scope = entra->scope;
  provider.credentials.push_back(std::move(credential));
  return true;
}

}  // namespace sluice::config
