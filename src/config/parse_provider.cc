#include <algorithm>
#include <array>
#include <utility>

#include "parsing.h"
#include "sluice/config/spelling.h"
#include "sluice/http/text.h"
#include "sluice/llm/azure_target.h"
#include "syntax.h"

namespace sluice::config {
namespace {

constexpr std::array<std::string_view, 6> dialects = {"openai", "anthropic", "gemini",
                                                      "vertex", "azure",     "bedrock"};

// What may be sent as it stands: a field value, and besides not empty, ASCII, trimmed.
bool is_plain_value(std::string_view text) {
  return !text.empty() && http::is_field_value(text) && http::trim_blanks(text) == text &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0; });
}

void parse_dialect(Section& section, ProviderConfig& provider) {
  std::string text;
  if (!section.text("dialect", text)) return;
  provider.dialect = catalog::parse_dialect(text);
  if (provider.dialect) return;
  const std::string_view meant = nearest(text, dialects);
  section.error("dialect",
                meant.empty()
                    ? "must be one of openai, anthropic, gemini, vertex, azure, bedrock"
                    : shown(text) + " is no dialect; did you mean \"" + std::string(meant) + "\"?");
}

void parse_base_url(Section& section, ProviderConfig& provider) {
  std::string text;
  if (!section.text("base_url", text)) return;
  auto url = catalog::parse_url(text);
  if (!url) return section.error("base_url", url.error());
  provider.base_url = std::move(*url);
}

// Headers that HTTP itself or the gateway sets.
bool is_reserved(const std::string& name) {
  constexpr std::array<std::string_view, 10> reserved = {
      "host",         "content-length", "transfer-encoding", "connection",
      "content-type", "keep-alive",     "upgrade",           "te",
      "trailer",      "expect"};
  return std::any_of(reserved.begin(), reserved.end(), [&](std::string_view header) {
    return http::equal_ignoring_case(header, name);
  });
}

void parse_headers(Section& parent, ProviderConfig& provider) {
  const toml::node* node = parent.take("headers");
  if (node == nullptr) return;
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    return parent.error("headers", "must be a table: headers = { \"x-name\" = \"value\" }");
  }
  for (const auto& [key, value] : *table) {
    const std::string name(key.str());
    const auto wrong = [&](std::string text) {
      parent.complaints().error(place_of(key.source()),
                                parent.path("headers.") + (showable(name) ? name : "(hidden)"),
                                std::move(text));
    };
    const auto* text = value.as_string();
    if (!http::is_token(name)) {
      wrong("is no header name");
    } else if (is_reserved(name)) {
      wrong("is set by the gateway itself; take it out");
    } else if (http::equal_ignoring_case(name, "accept-encoding")) {
      wrong(
          "would have every answer compressed, and compressed streams cannot be read; take it out");
    } else if (http::equal_ignoring_case(name, "authorization")) {
      wrong("a key does not belong in this file; use keys = [{ env = \"NAME\" }]");
    } else if (text == nullptr || !is_plain_value(text->get())) {
      wrong("must be a text of printable ASCII without spaces at its ends");
    } else {
      provider.headers.emplace_back(name, text->get());
    }
  }
}

void parse_auth(Section& parent, ProviderConfig& provider) {
  parent.table("auth", [&](Section& section) {
    catalog::Auth auth;
    section.text("header", auth.header);
    section.text("format", auth.format);
    if (!http::is_token(auth.header) || is_reserved(auth.header)) {
      section.error("header", "must be the name of the header that carries the key");
    }
    const std::size_t mark = auth.format.find("{key}");
    if (mark == std::string::npos || auth.format.find("{key}", mark + 1) != std::string::npos ||
        !is_plain_value(auth.format)) {
      section.error("format",
                    "must hold {key} once, as in \"Bearer {key}\"; the key itself does not "
                    "belong in this file");
    }
    provider.auth = std::move(auth);
  });
}

// How much of a provider's traffic a key gets.
void parse_share(Section& section, SecretSource& source) {
  section.number("weight", source.weight, 0.000'001, 1'000'000);
  section.count("concurrency_max", source.concurrency_max, 1, 1'000'000);
}

// { metadata = "default" }: no secret, and so of a provider's keys alone.
std::optional<SecretSource> parse_key_source(const toml::node& node, const std::string& path,
                                             Complaints& complaints) {
  const toml::table* table = node.as_table();
  if (table == nullptr || !table->contains("metadata")) {
    return parse_secret_source(node, path, complaints, parse_share);
  }
  Section section(*table, path, place_of(node.source()), complaints);
  SecretSource source{.kind = SecretSource::Kind::metadata,
                      .name = {},
                      .place = place_of(node.source()),
                      .key = path};
  const bool named = parse_name(section, "metadata", source.name);
  parse_share(section, source);
  section.finish();
  if (!named) return std::nullopt;
  if (source.name.find('/') != std::string::npos) {
    section.error("metadata", "must be \"default\" or the e-mail of a service account");
    return std::nullopt;
  }
  return source;
}

void parse_provider_keys(Section& section, ProviderConfig& provider) {
  const toml::node* node = section.take("keys");
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr) {
    return section.error("keys",
                         "must be a list of places: keys = [{ env = \"NAME\" }]; a key itself does "
                         "not belong in this file");
  }
  std::vector<SecretSource> sources;
  std::size_t index = 0;
  for (const toml::node& item : *list) {
    const std::string path = section.path("keys") + "[" + std::to_string(index++) + "]";
    auto source = parse_key_source(item, path, section.complaints());
    if (source) sources.push_back(std::move(*source));
  }
  provider.keys = std::move(sources);
}

void parse_entra(Section& parent, ProviderConfig& provider) {
  parent.table("entra", [&](Section& section) {
    EntraConfig entra;
    entra.place = section.place();
    parse_name(section, "tenant", entra.tenant);
    parse_name(section, "client_id", entra.client_id);
    if (entra.tenant.find_first_of("/?#%\\") != std::string::npos) {
      section.error("tenant", "must be the tenant's id (a GUID) or one of its domains");
    }
    const toml::node* secret = section.take("client_secret");
    if (secret == nullptr) {
      section.missing("client_secret",
                      "is missing: write client_secret = { env = \"AZURE_CLIENT_SECRET\" }");
    } else if (auto source = parse_secret_source(*secret, section.path("client_secret"),
                                                 section.complaints())) {
      entra.client_secret = std::move(*source);
    }
    section.text("scope", entra.scope);
    if (!is_plain_value(entra.scope) || entra.scope.find(' ') != std::string::npos) {
      section.error("scope", "must be one word, as in \"https://ai.azure.com/.default\"");
    }
    std::string authority;
    if (section.text("authority", authority)) {
      auto url = catalog::parse_url(authority);
      if (url) {
        entra.authority = std::move(*url);
      } else {
        section.error("authority", url.error());
      }
    }
    provider.entra = std::move(entra);
  });
}

// A part of Vertex AI's URLs.
void parse_url_part(Section& section, std::string_view key, std::string& part) {
  if (!parse_name(section, key, part, false)) return;
  const bool fits =
      part.size() <= 63 && std::ranges::all_of(part, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
      });
  if (!fits) {
    section.error(key, key == "project" ? "must be the id of a project, as in \"my-project-123\""
                                        : "must be a location, as in \"europe-west1\" or "
                                          "\"global\"");
  }
}

void parse_probe_path(Section& section, ProviderConfig& provider) {
  if (!section.text("probe_path", provider.probe_path)) return;
  const std::string& path = provider.probe_path;
  const bool fits =
      path.size() <= 512 && path.starts_with('/') &&
      std::ranges::all_of(path, [](char c) { return c > ' ' && c <= '~' && c != '#'; });
  if (!fits) {
    section.error("probe_path",
                  "must be what is behind base_url, as in \"/models\": a slash and printable ASCII "
                  "without spaces");
  } else if (provider.health.probe_interval_s == 0) {
    section.error("probe_path", "is never asked for without health = { probe_interval_s = 30 }");
  }
}

void parse_api_version(Section& section, ProviderConfig& provider) {
  if (!section.text("api_version", provider.api_version)) return;
  if (llm::is_azure_api_version(provider.api_version)) return;
  section.error("api_version",
                "must be a date, as in \"2024-10-21\" or \"2025-04-01-preview\"; leave it out for "
                "the v1 API, which has none");
}

}  // namespace

std::optional<SecretSource> parse_secret_source(const toml::node& node, const std::string& path,
                                                Complaints& complaints,
                                                void (*others)(Section&, SecretSource&)) {
  const Place place = place_of(node.source());
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    complaints.error(place, path,
                     "must say where the key is: { env = \"NAME\" }, { file = \"/path\" } or "
                     "{ credential = \"name\" }; a key itself does not belong in this file");
    return std::nullopt;
  }
  Section section(*table, path, place, complaints);
  SecretSource source;
  source.place = place;
  source.key = path;
  int found = 0;
  constexpr std::pair<std::string_view, SecretSource::Kind> kinds[] = {
      {"env", SecretSource::Kind::env},
      {"file", SecretSource::Kind::file},
      {"credential", SecretSource::Kind::credential}};
  bool complete = true;
  for (const auto& [key, kind] : kinds) {
    if (section.has(key)) ++found;
    if (section.text(key, source.name)) {
      source.kind = kind;
    } else if (section.has(key)) {
      complete = false;
    }
  }
  if (others != nullptr) others(section, source);
  section.finish();
  const bool other_key =
      others != nullptr && (section.has("weight") || section.has("concurrency_max"));
  if (found == 0 && !table->empty() && !other_key) return std::nullopt;  // unknown keys: said
  if (found != 1) {
    complaints.error(place, path, "must have exactly one of env, file, credential");
    return std::nullopt;
  }
  if (source.kind == SecretSource::Kind::credential && source.name.find('/') != std::string::npos) {
    section.error("credential", "must be the name given to LoadCredential=, without slashes");
    return std::nullopt;
  }
  if (source.kind == SecretSource::Kind::env && source.name.find('=') != std::string::npos) {
    section.error("env", "must be the name of an environment variable");
    return std::nullopt;
  }
  if (!complete) return std::nullopt;
  return source;
}

void parse_providers(Section& root, Config& config) {
  catalog::NameIndex taken;
  root.tables("provider", false, [&](Section& section) {
    ProviderConfig provider;
    provider.place = section.place();
    provider.pool = config.pool;
    provider.health = config.health;
    if (parse_name(section, "name", provider.name)) {
      take_name(section, "name", provider.name, taken, "provider");
    }
    parse_name(section, "catalogue", provider.catalogue, false);
    parse_dialect(section, provider);
    parse_base_url(section, provider);
    parse_auth(section, provider);
    parse_headers(section, provider);
    parse_provider_keys(section, provider);
    parse_entra(section, provider);
    parse_url_part(section, "project", provider.project);
    parse_url_part(section, "location", provider.location);
    parse_api_version(section, provider);
    parse_name(section, "region", provider.region, false);
    bool all_models = false;
    if (section.flag("all_models", all_models)) provider.all_models = all_models;
    section.flag("byok", provider.byok);
    section.text("ca_file", provider.ca_file);
    provider.ca_file_place = section.place("ca_file");
    parse_timeouts(section, provider.timeouts);
    parse_pool(section, provider.pool);
    parse_health(section, provider.health);
    parse_probe_path(section, provider);
    parse_quantization(section, provider.quantization);
    parse_data_policy(section, provider.data_policy);
    if (section.has("quirks")) provider.quirks_place = section.place("quirks");
    parse_quirks(section, provider.quirks);
    config.providers.push_back(std::move(provider));
  });
}

}  // namespace sluice::config
