#include "sluice/config/load.h"

#include <cstring>
#include <utility>

namespace sluice::config {
namespace {

bool has_value(const Environment& environment, const std::string& name) {
  auto value = environment.variable(name);
  const bool set = value && !value->empty();
  if (value) wipe_memory(value->data(), value->size());
  return set;
}

}  // namespace

std::string why_unreadable(const Error& error) {
  if (error.kind == ErrorKind::not_found) return "there is no such file";
  if (error.kind == ErrorKind::too_large) return "larger than any such file";
  if (error.kind == ErrorKind::invalid) return "not a regular file";
  return std::string("cannot be read: ") +
         (error.os_errno != 0 ? std::strerror(error.os_errno) : error.what);
}

std::optional<std::string> find_file(const std::optional<std::string>& path,
                                     const Environment& environment) {
  if (path) return path;
  if (auto named = environment.variable("SLUICE_CONFIG"); named && !named->empty()) return named;
  const auto contents = environment.read_file(default_path, config_bytes_max);
  if (!contents && contents.error().kind == ErrorKind::not_found) return std::nullopt;
  return default_path;
}

Config config_of_environment(const catalog::Catalog& catalogue, const Environment& environment) {
  Config config;
  config.listeners.emplace_back();
  for (const catalog::CatalogProvider& known : catalogue.providers()) {
    for (const std::string& name : known.key_env) {
      if (!has_value(environment, name)) continue;
      ProviderConfig provider;
      provider.name = known.id;
      provider.catalogue = known.id;
      // GOOGLE_APPLICATION_CREDENTIALS is a path, which build() knows how to read.
      if (known.dialect != catalog::Dialect::vertex) {
        provider.keys = std::vector<SecretSource>{{.kind = SecretSource::Kind::env,
                                                   .name = name,
                                                   .place = {},
                                                   .key = "provider " + known.id}};
      }
      provider.all_models = true;
      config.providers.push_back(std::move(provider));
      break;
    }
  }
  return config;
}

Loaded load(const LoadOptions& options, const catalog::Catalog& catalogue,
            const Environment& environment) {
  Loaded loaded;
  const auto path = find_file(options.path, environment);
  if (path) {
    loaded.complaints = Complaints(*path);
    Result<FileContents> contents = environment.read_file(*path, config_bytes_max);
    if (!contents) {
      loaded.complaints.error({}, "", why_unreadable(contents.error()));
      return loaded;
    }
    loaded.config = parse(contents->bytes, *path, loaded.complaints, options.parse);
    // A file with faults in its text has been half read: what build() said of it would mislead.
    if (loaded.complaints.failed()) return loaded;
  } else {
    loaded.config = config_of_environment(catalogue, environment);
  }
  loaded.models = build(loaded.config, catalogue, environment, options.servable, loaded.complaints);
  return loaded;
}

}  // namespace sluice::config
