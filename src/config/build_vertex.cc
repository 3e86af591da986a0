// Vertex AI: whose project, where, and by which credentials.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "building.h"
#include "sluice/config/spelling.h"
#include "sluice/upstream/jwt.h"

namespace sluice::config {
namespace {

using catalog::Credential;
using catalog::TokenGrant;
using catalog::TokenSource;

constexpr const char* credentials_variable = "GOOGLE_APPLICATION_CREDENTIALS";
constexpr const char* metadata_variable = "GCE_METADATA_HOST";
constexpr std::string_view metadata_host = "metadata.google.internal";
constexpr std::string_view everywhere = "global";

// The first of these variables that is set; only what may be part of a URL is believed.
std::string variable_of(const Building& building, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto value = building.environment.variable(name);
    const bool fits =
        value && !value->empty() && value->size() <= 63 && std::ranges::all_of(*value, [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                 c == ':';
        });
    if (fits) return *value;
  }
  return {};
}

// "europe-west1", "us-central1", "northamerica-northeast2".
bool is_location(std::string_view text) noexcept {
  const std::size_t dash = text.find('-');
  return dash != text.npos && dash >= 2 && text.back() >= '0' && text.back() <= '9' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

// Whether a location keeps what a region of the catalogue's promises. Other names of regions are
// the operator's own, and promise what the operator knows.
bool keeps(std::string_view region, std::string_view location) noexcept {
  if (region == "eu") return location.starts_with("europe-") || location == "eu";
  if (region == "us") return location.starts_with("us-") || location == "us";
  return true;
}

// A multi-region has an endpoint of its own kind.
std::string host_of(std::string_view location) {
  if (location == everywhere) return "aiplatform.googleapis.com";
  if (location == "eu" || location == "us") {
    return fmt::format("aiplatform.{}.rep.googleapis.com", location);
  }
  return fmt::format("{}-aiplatform.googleapis.com", location);
}

std::string location_at(const Building& building, const ResolvedProvider& provider,
                        const std::string& region) {
  if (is_location(region)) return region;
  if (!provider.config->location.empty()) return provider.config->location;
  std::string named = variable_of(building, {"GOOGLE_CLOUD_LOCATION", "GOOGLE_VERTEX_LOCATION"});
  if (!named.empty()) return named;
  return region == everywhere ? std::string(everywhere) : std::string();
}

Credential token_credential(std::string label, TokenSource source) {
  Credential credential;
  credential.label = std::move(label);
  credential.tokens = std::move(source);
  return credential;
}

std::optional<Credential> metadata_credential(Building& building, const SecretSource& source) {
  const auto named = building.environment.variable(metadata_variable);
  const std::string host = named && !named->empty() ? *named : std::string(metadata_host);
  auto url = catalog::parse_url("http://" + host);
  if (!url) {
    building.complaints.error(source.place, source.key,
                              fmt::format("${} is no HOST or HOST:PORT", metadata_variable));
    return std::nullopt;
  }
  TokenSource tokens;
  tokens.grant = TokenGrant::metadata_server;
  tokens.url = std::move(*url);
  tokens.client = source.name;
  return token_credential(source.label(), std::move(tokens));
}

std::optional<Credential> file_credential(ResolvedProvider& provider, const SecretSource& source,
                                          const Secret& document, Complaints& complaints) {
  const auto wrong = [&](const std::string& text) {
    complaints.error(source.place, source.key, source.label() + " " + text);
    return std::nullopt;
  };
  auto read = catalog::parse_google_credentials(document);
  if (!read) return wrong(read.error());
  TokenSource& tokens = read->source;
  if (tokens.grant == TokenGrant::service_account && !upstream::is_signing_key(tokens.secret)) {
    return wrong("holds a private_key that is no RSA key: create a new key for the account");
  }
  if (tokens.url.scheme != catalog::Scheme::https && !tokens.url.loopback()) {
    return wrong("has a token_uri of http://, where tokens would cross the network in the clear");
  }
  if (provider.project.empty() && !provider.config->base_url) provider.project = read->project;
  return token_credential(source.label(), std::move(tokens));
}

std::optional<Credential> secret_credential(const Building& building, ResolvedProvider& provider,
                                            const SecretSource& source, Complaints& complaints) {
  auto secret = fetch(source, building.environment, building.config.folder(), complaints,
                      SecretForm::word_or_document);
  if (!secret) return std::nullopt;
  if (catalog::is_credentials_file(*secret)) {
    return file_credential(provider, source, *secret, complaints);
  }
  const catalog::Auth auth = catalog::auth_of_key(provider.dialect, provider.auth, *secret);
  Credential credential;
  credential.label = source.label();
  credential.header_value = render_auth(auth, *secret);
  credential.header = auth.header;
  credential.key = std::move(*secret);
  return credential;
}

}  // namespace

void resolve_project(Building& building, ResolvedProvider& provider) {
  const ProviderConfig& config = *provider.config;
  if (provider.dialect != catalog::Dialect::vertex) return;
  if (config.base_url && (!config.project.empty() || !config.location.empty())) {
    const char* const part = config.project.empty() ? "location" : "project";
    building.complaints.error(config.place, key_of(building, config) + "." + part,
                              "is a part of base_url: write base_url whole, as in "
                              "\"https://europe-west1-aiplatform.googleapis.com/v1/projects/P/"
                              "locations/europe-west1\", or leave it out");
    return;
  }
  if (config.base_url) return;
  provider.project = !config.project.empty()
                         ? config.project
                         : variable_of(building, {"GOOGLE_CLOUD_PROJECT", "GOOGLE_VERTEX_PROJECT"});
}

std::optional<catalog::Url> vertex_url(const Building& building, const ResolvedProvider& provider,
                                       const std::string& region, std::string& complaint) {
  if (provider.config->base_url) return provider.config->base_url;
  const bool has_tokens = std::ranges::any_of(
      provider.credentials, [](const Credential& each) { return each.tokens.has_value(); });
  if (provider.project.empty() && has_tokens) {
    complaint =
        "its URL needs a project: write project = \"my-project\", or set "
        "GOOGLE_CLOUD_PROJECT";
    return std::nullopt;
  }
  const std::string location = location_at(building, provider, region);
  if (location.empty()) {
    complaint = fmt::format(
        "its URL in region {} needs a location: write location = \"europe-west1\" or another one, "
        "or set GOOGLE_CLOUD_LOCATION",
        shown(region));
    return std::nullopt;
  }
  if (!keeps(region, location)) {
    complaint = fmt::format("location {} is not in region {}: write one that is, or another region",
                            shown(location), shown(region));
    return std::nullopt;
  }
  std::string text = "https://" + host_of(location) + "/v1";
  // Express mode's API keys belong to a project by themselves.
  if (!provider.project.empty()) {
    text += fmt::format("/projects/{}/locations/{}", provider.project, location);
  }
  auto url = catalog::parse_url(text);
  if (!url) {
    complaint = "project and location make no URL: " + url.error();
    return std::nullopt;
  }
  return std::move(*url);
}

std::optional<Credential> google_credential(Building& building, ResolvedProvider& provider,
                                            const SecretSource& source) {
  if (source.kind == SecretSource::Kind::metadata) return metadata_credential(building, source);
  if (!building.config.file.empty()) {
    return secret_credential(building, provider, source, building.complaints);
  }
  // Without a file nobody asked for Vertex AI by name: the variable may be for other programs, and
  // what it names of no use here.
  Complaints complaints;
  auto credential = secret_credential(building, provider, source, complaints);
  if (!credential && !complaints.all().empty()) {
    provider.left_out = complaints.all().front().text;
    building.complaints.note(
        fmt::format("provider {} is left out: {}", provider.config->name, provider.left_out));
  }
  return credential;
}

std::optional<SecretSource> google_source_of_environment(const Environment& environment,
                                                         const std::string& name) {
  if (name != credentials_variable) return std::nullopt;
  auto path = environment.variable(name);
  if (!path || path->empty()) return std::nullopt;
  return SecretSource{
      .kind = SecretSource::Kind::file, .name = std::move(*path), .place = {}, .key = {}};
}

}  // namespace sluice::config
