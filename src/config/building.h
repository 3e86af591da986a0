// The state of one build(): what has been resolved so far.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/config/load.h"

namespace sluice::config {

/// A provider of the file with its defaults filled in. It becomes one catalog::Provider per region
/// that a deployment uses, for each has a base URL of its own.
struct ResolvedProvider {
  const ProviderConfig* config = nullptr;
  const catalog::CatalogProvider* catalogue = nullptr;  // null: the catalogue does not know it
  catalog::Dialect dialect = catalog::Dialect::openai;
  catalog::Auth auth;
  std::vector<catalog::Credential> credentials;
  std::string region;
  std::string project;     // of Vertex AI; empty: none is known, or base_url names it
  bool usable = false;     // false: its models are left out; an error or a note has been given
  std::string left_out{};  // why, of those that only a note tells of
  bool all_models = false;
  std::vector<std::pair<std::string, const catalog::Provider*>> by_region;
};

/// Whether hosts of that dialect differ by quirks: Azure serves OpenAI's own bodies.
[[nodiscard]] constexpr bool has_quirks(catalog::Dialect dialect) noexcept {
  return dialect == catalog::Dialect::openai || dialect == catalog::Dialect::azure;
}

struct Building {
  const Config& config;
  const catalog::Catalog& catalogue;
  const Environment& environment;
  const Servable& servable;
  Complaints& complaints;
  catalog::ModelTable::Builder table{};
  std::vector<ResolvedProvider> providers{};  // in the order of config.providers
};

/// "provider[2]", for complaints; "provider NAME" without a file.
[[nodiscard]] std::string key_of(const Building& building, const ProviderConfig& provider);

// --- build_vertex.cc ---

/// The project, and a complaint where what the URL is made of stands beside a base_url.
void resolve_project(Building& building, ResolvedProvider& provider);
/// The base URL of Vertex AI in that region; nothing, with a complaint.
[[nodiscard]] std::optional<catalog::Url> vertex_url(const Building& building,
                                                     const ResolvedProvider& provider,
                                                     const std::string& region,
                                                     std::string& complaint);
/// A credential of Google's: a key file's, the metadata server's, an API key or a bearer token.
/// Nothing, with a complaint in `building`, when it cannot be used.
[[nodiscard]] std::optional<catalog::Credential> google_credential(Building& building,
                                                                   ResolvedProvider& provider,
                                                                   const SecretSource& source);
/// The variables that Google's programs read, where the file names no keys.
[[nodiscard]] std::optional<SecretSource> google_source_of_environment(
    const Environment& environment, const std::string& name);

// --- build_azure.cc ---

/// The base URL below which "/deployments/..." stands.
[[nodiscard]] catalog::Url azure_classic_url(catalog::Url url);
/// Adds the application's credential, of the file or of the variables that Azure's programs read.
/// False, with a complaint, when it cannot be used.
[[nodiscard]] bool add_entra_credential(Building& building, ResolvedProvider& provider);

void build_providers(Building& building);
void build_models(Building& building);

/// Complains when there is nothing to serve and no error yet that says why.
void check_not_empty(Building& building, const catalog::ModelTable& table);

/// The provider at that region, made on first use. Null when it has no endpoint there; `complaint`
/// then says so.
[[nodiscard]] const catalog::Provider* provider_at(Building& building, ResolvedProvider& provider,
                                                   const std::string& region,
                                                   std::string& complaint);

/// The catalogue's deployment of a model at a provider and region, or null.
[[nodiscard]] const catalog::CatalogDeployment* catalogue_deployment(
    const Building& building, const catalog::CatalogModel& model, const ResolvedProvider& provider,
    std::string_view region);

}  // namespace sluice::config
