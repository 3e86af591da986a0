#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "building.h"
#include "sluice/config/spelling.h"

namespace sluice::config {
namespace {

constexpr std::size_t pem_bytes_max = 1024 * 1024;

void check_pem(Building& building, const TlsConfig& tls, const std::string& key,
               const std::string& written, std::string_view mark, bool secret) {
  const std::string path =
      written.starts_with('/') ? written : building.config.folder() + "/" + written;
  Result<FileContents> contents = building.environment.read_file(path, pem_bytes_max);
  const std::string name = showable(written.substr(written.rfind('/') + 1)) ? path : "the file";
  if (!contents) {
    return building.complaints.error(
        tls.place, key,
        name + (contents.error().kind == ErrorKind::not_found
                    ? ": there is no such file"
                    : " cannot be read: this process needs the right to"));
  }
  const bool fits = contents->bytes.find(mark) != std::string::npos;
  if (secret) wipe_memory(contents->bytes.data(), contents->bytes.size());
  if (!fits) {
    building.complaints.error(
        tls.place, key,
        name + (secret ? " holds no PEM private key" : " holds no PEM certificate"));
  }
  if (secret && (contents->mode & 0004) != 0) {
    building.complaints.warning(tls.place, key, name + " can be read by everybody; chmod 600 it");
  }
}

void check_certificates(Building& building) {
  for (std::size_t i = 0; i < building.config.listeners.size(); ++i) {
    for (const TlsConfig& tls : building.config.listeners[i].tls) {
      const std::string key = "listener[" + std::to_string(i) + "].tls.";
      check_pem(building, tls, key + "certificate", tls.certificate, "-----BEGIN CERTIFICATE-----",
                false);
      check_pem(building, tls, key + "key", tls.key, "PRIVATE KEY-----", true);
    }
  }
}

// A key that names a model nobody serves is a slip of the pen, not a danger.
void check_keys(Building& building, const catalog::ModelTable& table) {
  for (std::size_t i = 0; i < building.config.keys.size(); ++i) {
    const KeyConfig& key = building.config.keys[i];
    for (const std::string& pattern : key.models) {
      if (pattern.find('*') != std::string::npos || table.find(pattern) != nullptr) continue;
      std::vector<std::string_view> names;
      for (const catalog::Model& model : table.models()) names.push_back(model.name);
      const std::string_view meant = nearest(pattern, names);
      building.complaints.warning(
          key.place, "key[" + std::to_string(i) + "].models",
          shown(pattern) + " is not served here" +
              (meant.empty() ? "" : "; did you mean " + shown(meant) + "?"));
    }
  }
}

// As for models. Where every deployment of a key's models is elsewhere it could call nothing.
void check_key_regions(Building& building, const catalog::ModelTable& table) {
  std::vector<std::string_view> regions;
  for (const catalog::Model& model : table.models()) {
    for (const catalog::Deployment& deployment : model.deployments) {
      if (std::find(regions.begin(), regions.end(), deployment.region) == regions.end()) {
        regions.emplace_back(deployment.region);
      }
    }
  }
  for (std::size_t i = 0; i < building.config.keys.size(); ++i) {
    const KeyConfig& key = building.config.keys[i];
    for (const std::string& region : key.regions) {
      if (std::find(regions.begin(), regions.end(), region) != regions.end()) continue;
      building.complaints.warning(key.place, "key[" + std::to_string(i) + "].regions",
                                  fmt::format("nothing is served in {}; deployments here are in {}",
                                              shown(region), fmt::join(regions, ", ")));
    }
  }
}

// What the catalogue does not know serves what a [[model]] names, and nothing by itself.
void check_unused_providers(Building& building) {
  for (std::size_t i = 0; i < building.providers.size(); ++i) {
    const ResolvedProvider& provider = building.providers[i];
    if (!provider.usable || provider.catalogue != nullptr || !provider.by_region.empty()) continue;
    const ProviderConfig& config = *provider.config;
    const std::string key = "provider[" + std::to_string(i) + "]";
    std::string text = fmt::format(
        "serves nothing: the catalogue does not know its models, so name one with [[model]] name = "
        "\"...\" and under it [[model.deployment]] provider = \"{}\"",
        config.name);
    if (building.config.models.empty() && building.table.empty()) {
      building.complaints.error(config.place, key, std::move(text));
    } else {
      building.complaints.warning(config.place, key, std::move(text));
    }
  }
}

}  // namespace

catalog::ModelTable build(const Config& config, const catalog::Catalog& catalogue,
                          const Environment& environment, const Servable& servable,
                          Complaints& complaints) {
  Building building{config, catalogue, environment, servable, complaints};
  check_certificates(building);
  build_providers(building);
  build_models(building);
  check_unused_providers(building);
  catalog::ModelTable table = std::move(building.table).seal();
  check_not_empty(building, table);
  check_keys(building, table);
  if (!table.models().empty()) check_key_regions(building, table);
  return table;
}

}  // namespace sluice::config
