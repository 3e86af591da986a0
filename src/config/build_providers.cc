#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "building.h"
#include "sluice/config/spelling.h"
#include "sluice/http/text.h"

namespace sluice::config {

using catalog::Auth;
using catalog::Dialect;

std::string key_of(const Building& building, const ProviderConfig& provider) {
  if (building.config.file.empty()) return "provider " + provider.name;
  return fmt::format("provider[{}]", &provider - building.config.providers.data());
}

namespace {

// How each dialect carries its key; the sources are the providers' own references.
Auth default_auth(Dialect dialect) {
  switch (dialect) {
    case Dialect::anthropic:
      return {.header = "x-api-key",
              .format = "{key}",
              .extra_headers = {{"anthropic-version", "2023-06-01"}}};
    case Dialect::gemini:
      return {.header = "x-goog-api-key", .format = "{key}", .extra_headers = {}};
    case Dialect::azure: return {.header = "api-key", .format = "{key}", .extra_headers = {}};
    case Dialect::openai:
    case Dialect::vertex:
    case Dialect::bedrock: break;
  }
  return {};
}

// A value that becomes part of a host name: nothing in it may end the host.
bool safe_in_host(std::string_view value) {
  return !value.empty() && value.size() <= 63 &&
         std::all_of(value.begin(), value.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-';
         });
}

// The variable that fills {resource}, {region}, {account_id}: AZURE_RESOURCE_NAME, AWS_REGION, ...
std::optional<std::string> variable_for(const catalog::CatalogProvider& provider,
                                        std::string_view placeholder) {
  std::string upper(placeholder);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 0x20);
  }
  for (const std::string& name : provider.extra_env) {
    if (name.ends_with("_" + upper) || name.ends_with("_" + upper + "_NAME")) return name;
  }
  return std::nullopt;
}

/// Fills the braces of a catalogue URL from the environment; says what is missing otherwise.
std::optional<catalog::Url> fill_url(const Building& building,
                                     const catalog::CatalogProvider& provider, std::string url,
                                     std::string& complaint) {
  if (url.empty()) {
    complaint = "base_url is missing: the catalogue knows none for it";
    return std::nullopt;
  }
  for (std::size_t open = url.find('{'); open != std::string::npos; open = url.find('{')) {
    const std::size_t close = url.find('}', open);
    if (close == std::string::npos) break;  // parse_url() refuses it
    const std::string placeholder = url.substr(open + 1, close - open - 1);
    const auto variable = variable_for(provider, placeholder);
    const auto value = variable ? building.environment.variable(*variable) : std::nullopt;
    if (!value || !safe_in_host(*value)) {
      complaint = fmt::format(
          "its URL needs {}; {}", placeholder,
          variable ? "set " + *variable + " to letters, digits and hyphens" : "write base_url");
      return std::nullopt;
    }
    url.replace(open, close - open + 1, *value);
  }
  auto parsed = catalog::parse_url(url);
  if (!parsed) {
    complaint = "base_url: " + parsed.error();
    return std::nullopt;
  }
  return std::move(*parsed);
}

/// The base URL in that region, by the file or the catalogue.
std::optional<catalog::Url> url_at(const Building& building, const ResolvedProvider& provider,
                                   const std::string& region, std::string& complaint) {
  if (provider.dialect == Dialect::vertex) {
    return vertex_url(building, provider, region, complaint);
  }
  if (provider.config->base_url) return provider.config->base_url;
  const catalog::CatalogProvider* known = provider.catalogue;
  if (known == nullptr) {
    complaint = "base_url is missing: the catalogue does not know this provider";
    return std::nullopt;
  }
  if (provider.dialect != known->dialect) {
    for (const auto& [dialect, url] : known->other_dialects) {
      if (dialect == provider.dialect) return fill_url(building, *known, url, complaint);
    }
    complaint = fmt::format("base_url is missing: the catalogue knows none for the dialect {}",
                            to_string(provider.dialect));
    return std::nullopt;
  }
  const catalog::CatalogRegion* found = known->region(region);
  if (found == nullptr && region != known->default_region) {
    std::vector<std::string_view> ids;
    for (const auto& each : known->regions) ids.push_back(each.id);
    complaint = fmt::format("region {}: the catalogue knows {} in {} only; write base_url",
                            shown(region), known->id, fmt::join(ids, ", "));
    return std::nullopt;
  }
  const bool own_url = found != nullptr && !found->base_url.empty();
  return fill_url(building, *known, own_url ? found->base_url : known->base_url, complaint);
}

/// Finds the catalogue's entry: the one the file names, else the one of the provider's name.
bool resolve_catalogue(Building& building, ResolvedProvider& provider) {
  const ProviderConfig& config = *provider.config;
  const bool named = !config.catalogue.empty();
  provider.catalogue = building.catalogue.find_provider(named ? config.catalogue : config.name);
  if (provider.catalogue != nullptr || !named) return true;
  std::vector<std::string_view> ids;
  for (const auto& each : building.catalogue.providers()) ids.push_back(each.id);
  const std::string_view meant = nearest(config.catalogue, ids);
  building.complaints.error(
      config.place, key_of(building, config) + ".catalogue",
      "the catalogue has no provider " + shown(config.catalogue) +
          (meant.empty() ? "; sluice models lists them" : "; did you mean " + shown(meant) + "?"));
  return false;
}

/// Chooses the wire format: the file's, the catalogue's, or where that one is not spoken here
/// another one the provider offers.
bool resolve_dialect(Building& building, ResolvedProvider& provider) {
  const ProviderConfig& config = *provider.config;
  const catalog::CatalogProvider* known = provider.catalogue;
  if (!config.dialect && known == nullptr) {
    building.complaints.error(config.place, key_of(building, config) + ".dialect",
                              "is missing: the catalogue does not know this provider; most speak "
                              "\"openai\"");
    return false;
  }
  provider.dialect = config.dialect ? *config.dialect : known->dialect;
  if (building.servable(provider.dialect)) return true;
  if (!config.dialect && !config.base_url) {
    for (const auto& [dialect, url] : known->other_dialects) {
      if (!building.servable(dialect)) continue;
      building.complaints.note(
          fmt::format("provider {} is spoken to in the dialect {}, not its own", config.name,
                      to_string(dialect)));
      provider.dialect = dialect;
      return true;
    }
  }
  provider.left_out = fmt::format("speaks the dialect {}, which this release does not",
                                  to_string(provider.dialect));
  building.complaints.note(
      fmt::format("provider {} {}: its models are left out", config.name, provider.left_out));
  return false;
}

void resolve_auth(ResolvedProvider& provider) {
  const ProviderConfig& config = *provider.config;
  if (config.auth) {
    provider.auth = *config.auth;
  } else if (provider.catalogue != nullptr && provider.catalogue->dialect == provider.dialect) {
    provider.auth = provider.catalogue->auth;
  } else {
    provider.auth = default_auth(provider.dialect);
  }
  // The operator's header replaces one of ours of the same name.
  for (const auto& [name, value] : config.headers) {
    std::erase_if(provider.auth.extra_headers,
                  [&](const auto& ours) { return http::equal_ignoring_case(ours.first, name); });
    provider.auth.extra_headers.emplace_back(name, value);
  }
}

/// The conventional variable of a provider whose keys the file does not name, when it is set.
std::vector<SecretSource> conventional_sources(const Building& building,
                                               const ResolvedProvider& provider) {
  if (provider.catalogue == nullptr) return {};
  for (const std::string& name : provider.catalogue->key_env) {
    const auto value = building.environment.variable(name);
    if (!value || value->empty()) continue;
    if (name == "AWS_ACCESS_KEY_ID") break;  // half of a key: see add_aws_key_of_environment()
    if (auto file = google_source_of_environment(building.environment, name)) {
      file->place = provider.config->place;
      file->key = key_of(building, *provider.config) + ".keys";
      return {std::move(*file)};
    }
    return {{.kind = SecretSource::Kind::env,
             .name = name,
             .place = provider.config->place,
             .key = key_of(building, *provider.config) + ".keys"}};
  }
  return {};
}

// The variables that all of AWS's own programs read. Together they are one key.
constexpr const char* aws_id_variable = "AWS_ACCESS_KEY_ID";
constexpr const char* aws_secret_variable = "AWS_SECRET_ACCESS_KEY";
constexpr const char* aws_token_variable = "AWS_SESSION_TOKEN";

void add_aws_key_of_environment(const Building& building, ResolvedProvider& provider) {
  const auto& variable = building.environment.variable;
  auto id = variable(aws_id_variable);
  auto secret = variable(aws_secret_variable);
  if (!id || !secret || id->empty() || secret->empty()) return;
  catalog::Credential credential;
  credential.label = std::string("env ") + aws_id_variable;
  credential.aws.emplace();
  credential.aws->access_key_id = std::move(*id);
  credential.aws->secret_access_key = Secret(std::move(*secret));
  if (auto token = variable(aws_token_variable)) {
    credential.aws->session_token = Secret(std::move(*token));
  }
  credential.key = credential.aws->secret_access_key.clone();
  provider.credentials.push_back(std::move(credential));
}

// The region that a signature is for: the host's, the operator's, or what AWS's programs default
// to.
std::string aws_region(const Building& building, const catalog::Url& url,
                       const std::string& region) {
  const std::string_view of_host = catalog::aws_region_of_host(url.host);
  if (!of_host.empty()) return std::string(of_host);
  if (catalog::is_aws_region(region)) return region;
  std::string named = building.environment.variable("AWS_REGION").value_or("");
  return catalog::is_aws_region(named) ? named : "us-east-1";
}

std::optional<catalog::Credential> credential_of(Building& building, ResolvedProvider& provider,
                                                 const SecretSource& source) {
  if (provider.dialect == Dialect::vertex) return google_credential(building, provider, source);
  if (source.kind == SecretSource::Kind::metadata) {
    building.complaints.error(source.place, source.key,
                              "the metadata server gives tokens for a provider that speaks vertex");
    return std::nullopt;
  }
  auto secret = fetch(source, building.environment, building.config.folder(), building.complaints);
  if (!secret) return std::nullopt;
  catalog::Credential credential;
  credential.label = source.label();
  if (provider.dialect == Dialect::bedrock) credential.aws = catalog::parse_aws_key(*secret);
  if (!credential.aws) credential.header_value = render_auth(provider.auth, *secret);
  credential.key = std::move(*secret);
  return credential;
}

// What is missing, for the operator.
std::string keys_missing(const ResolvedProvider& provider) {
  std::string_view places;
  if (provider.dialect == Dialect::vertex) {
    places =
        ", or { file = \"key.json\" } of a service account, or { metadata = \"default\" } on a "
        "machine of Google's";
  }
  if (provider.dialect == Dialect::azure) places = ", or entra = { ... }";
  const bool has_variable = provider.catalogue != nullptr && !provider.catalogue->key_env.empty();
  return fmt::format(
      "is missing: write keys = [{{ env = \"NAME\" }}]{}{}, or keys = [] when the provider "
      "asks for none",
      places, has_variable ? ", or set " + provider.catalogue->key_env.front() : "");
}

bool resolve_credentials(Building& building, ResolvedProvider& provider) {
  const ProviderConfig& config = *provider.config;
  const auto sources = config.keys ? *config.keys : conventional_sources(building, provider);
  bool complete = true;
  for (const SecretSource& source : sources) {
    auto credential = credential_of(building, provider, source);
    complete = complete && credential.has_value();
    if (!credential) continue;
    credential->weight = source.weight;
    credential->concurrency_max = source.concurrency_max;
    provider.credentials.push_back(std::move(*credential));
  }
  if (!add_entra_credential(building, provider) || !complete) return false;
  if (!config.keys && sources.empty() && provider.dialect == Dialect::bedrock) {
    add_aws_key_of_environment(building, provider);
  }
  // keys = [] says that the provider asks for none, unless the callers bring theirs.
  if (config.keys && sources.empty() && !config.byok && !config.entra) {
    provider.auth.optional = true;
  }
  if (!provider.credentials.empty() || provider.auth.optional || config.byok) return true;
  building.complaints.error(config.place, key_of(building, config) + ".keys",
                            keys_missing(provider));
  return false;
}

void check_ca_file(Building& building, const ProviderConfig& config) {
  if (config.ca_file.empty()) return;
  const std::string path = config.ca_file.starts_with('/')
                               ? config.ca_file
                               : building.config.folder() + "/" + config.ca_file;
  const auto contents = building.environment.read_file(path, 16 * 1024 * 1024);
  if (contents && contents->bytes.find("-----BEGIN CERTIFICATE-----") != std::string::npos) return;
  const std::string name =
      showable(config.ca_file.substr(config.ca_file.rfind('/') + 1)) ? path : "the file";
  building.complaints.error(
      config.ca_file_place, key_of(building, config) + ".ca_file",
      name + (contents ? " holds no PEM certificate" : ": " + why_unreadable(contents.error())));
}

void check_plaintext(Building& building, const ResolvedProvider& provider,
                     const catalog::Url& url) {
  if (url.scheme == catalog::Scheme::https || url.loopback()) return;
  if (provider.credentials.empty() && !provider.config->byok) return;
  building.complaints.warning(provider.config->place,
                              key_of(building, *provider.config) + ".base_url",
                              "is http://, so prompts and keys cross the network in the clear");
}

void check_quirks(Building& building, const ResolvedProvider& provider) {
  const ProviderConfig& config = *provider.config;
  if (!config.quirks_place || has_quirks(provider.dialect)) return;
  building.complaints.error(
      *config.quirks_place, key_of(building, config) + ".quirks",
      fmt::format("are of hosts that speak openai or azure, and this one speaks {}; what a model "
                  "takes is said with traits = {{ ... }} in its [[model.deployment]]",
                  to_string(provider.dialect)));
}

// A key that nobody obeys is not accepted.
void check_parts(Building& building, const ResolvedProvider& provider) {
  const ProviderConfig& config = *provider.config;
  const auto refuse = [&](std::string_view part, Dialect dialect) {
    building.complaints.error(config.place, fmt::format("{}.{}", key_of(building, config), part),
                              fmt::format("is of a provider that speaks {}, and this one speaks {}",
                                          to_string(dialect), to_string(provider.dialect)));
  };
  if (provider.dialect != Dialect::vertex) {
    if (!config.project.empty()) refuse("project", Dialect::vertex);
    if (!config.location.empty()) refuse("location", Dialect::vertex);
  }
  if (provider.dialect != Dialect::azure && !config.api_version.empty()) {
    refuse("api_version", Dialect::azure);
  }
}

// With a version Azure is spoken to at /openai/deployments/NAME, which two of its APIs have not.
void check_api_version(Building& building, const ResolvedProvider& provider,
                       const catalog::Url& url) {
  constexpr std::string_view models = "/models";
  const ProviderConfig& config = *provider.config;
  if (provider.dialect != Dialect::azure || config.api_version.empty()) return;
  if (url.path_prefix.ends_with(models)) {
    catalog::Url root = url;
    root.path_prefix.resize(root.path_prefix.size() - models.size());
    building.complaints.error(
        config.place, key_of(building, config) + ".api_version",
        fmt::format("is not of the API at {}: write base_url = \"{}/openai/v1\" and leave "
                    "api_version out, or base_url = \"{}/openai\" with it",
                    url.text(), root.text(), root.text()));
  } else if (config.base_url && url.path_prefix.ends_with("/v1")) {
    building.complaints.error(
        config.place, key_of(building, config) + ".api_version",
        fmt::format("is not of the API at {}, which has no versions: leave api_version out, or "
                    "write base_url = \"{}\"",
                    url.text(), azure_classic_url(url).text()));
  }
}

// Where the list of models is, which costs nothing to ask for; empty: the dialect has none there.
std::string_view model_list_path(Dialect dialect) noexcept {
  switch (dialect) {
    case Dialect::openai:
    case Dialect::anthropic:
    case Dialect::azure: return "/models";
    case Dialect::gemini: return "/models?pageSize=1";
    case Dialect::vertex:
    case Dialect::bedrock: return "";
  }
  __builtin_unreachable();
}

void check_probe(Building& building, const ResolvedProvider& provider) {
  const ProviderConfig& config = *provider.config;
  if (config.health.probe_interval_s == 0) return;
  const auto refuse = [&](std::string_view advice) {
    building.complaints.error(
        config.place, key_of(building, config) + ".health.probe_interval_s",
        fmt::format("cannot be kept: {} has nothing at this address that costs nothing to ask for. "
                    "Write health = {{ probe_interval_s = 0 }} for this provider{}",
                    to_string(provider.dialect), advice));
  };
  if (provider.dialect == Dialect::bedrock) return refuse("");
  if (!config.probe_path.empty() || !model_list_path(provider.dialect).empty()) return;
  refuse(", or probe_path = \"/...\" with what you know to be free");
}

std::string probe_target_of(const catalog::Provider& provider, const ProviderConfig& config) {
  if (provider.health.probe_interval_s == 0) return {};
  std::string target = provider.url.path_prefix;
  if (!config.probe_path.empty()) return target + config.probe_path;
  target += model_list_path(provider.dialect);
  if (!provider.api_version.empty()) target += "?api-version=" + provider.api_version;
  return target;
}

void build_provider(Building& building, const ProviderConfig& config) {
  ResolvedProvider& provider = building.providers.emplace_back();
  provider.config = &config;
  check_ca_file(building, config);
  if (!resolve_catalogue(building, provider) || !resolve_dialect(building, provider)) return;
  check_quirks(building, provider);
  resolve_auth(provider);
  if (!config.region.empty()) {
    provider.region = config.region;
  } else if (provider.catalogue != nullptr && !provider.catalogue->default_region.empty()) {
    provider.region = provider.catalogue->default_region;
  } else {
    provider.region = "global";
  }
  check_parts(building, provider);
  resolve_project(building, provider);
  // First, for a credential may know the project.
  const bool credentials = resolve_credentials(building, provider);
  if (!credentials && provider.dialect == Dialect::vertex) return;
  std::string complaint;
  const auto url = url_at(building, provider, provider.region, complaint);
  if (!url && building.config.file.empty()) {
    provider.left_out = complaint;
    building.complaints.note(fmt::format("provider {} is left out: {}", config.name, complaint));
    return;
  }
  if (!url) building.complaints.error(config.place, key_of(building, config), complaint);
  if (!url || !credentials) return;
  check_plaintext(building, provider, *url);
  check_api_version(building, provider, *url);
  check_probe(building, provider);
  provider.all_models = config.all_models.value_or(building.config.models.empty());
  provider.usable = true;
}

}  // namespace

const catalog::Provider* provider_at(Building& building, ResolvedProvider& provider,
                                     const std::string& region, std::string& complaint) {
  for (const auto& [known, made] : provider.by_region) {
    if (known == region) return made;
  }
  auto url = url_at(building, provider, region, complaint);
  if (!url) return nullptr;
  catalog::Provider made;
  made.name = provider.config->name;
  made.dialect = provider.dialect;
  if (made.dialect == Dialect::bedrock) made.aws_region = aws_region(building, *url, region);
  made.api_version = provider.config->api_version;
  made.url = made.api_version.empty() ? std::move(*url) : azure_classic_url(std::move(*url));
  made.auth = provider.auth;
  for (const catalog::Credential& each : provider.credentials) {
    made.credentials.push_back(each.clone());
  }
  made.region = region;
  made.timeouts = narrowed(building.config.timeouts, provider.config->timeouts);
  made.pool = provider.config->pool;
  made.health = provider.config->health;
  made.probe_target = probe_target_of(made, *provider.config);
  const std::string& ca_file = provider.config->ca_file;
  made.ca_file = ca_file.empty() || ca_file.starts_with('/')
                     ? ca_file
                     : building.config.folder() + "/" + ca_file;
  made.byok = provider.config->byok;
  // The catalogue's quirks are of its provider in the OpenAI dialect, not in another one it offers.
  const catalog::CatalogProvider* known = provider.catalogue;
  if (known != nullptr && known->dialect == provider.dialect) known->quirks.apply_to(made.host);
  provider.config->quirks.apply_to(made.host);
  const catalog::Provider& kept = building.table.add_provider(std::move(made));
  provider.by_region.emplace_back(region, &kept);
  return &kept;
}

void build_providers(Building& building) {
  building.providers.reserve(building.config.providers.size());
  for (const ProviderConfig& config : building.config.providers) build_provider(building, config);
}

}  // namespace sluice::config
