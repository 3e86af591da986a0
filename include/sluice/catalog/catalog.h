// The catalogue: which providers exist, which models they serve, under what name and at what price.
//
// A copy of data/models.json is part of the program (builtin_catalog_json()). data/README.md tells
// its schema. The catalogue is facts, not decisions: what this gateway serves is the ModelTable.
// Immutable once loaded; may be read from any thread.
#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/attributes.h"
#include "sluice/catalog/dialect.h"
#include "sluice/catalog/name_index.h"
#include "sluice/catalog/price.h"
#include "sluice/catalog/trait_rules.h"
#include "sluice/llm/trait_overrides.h"

namespace sluice::catalog {

/// How a provider wants its key: `header: format`, with "{key}" in the format standing for the key.
struct Auth {
  std::string header = "Authorization";
  std::string format = "Bearer {key}";
  std::vector<std::pair<std::string, std::string>> extra_headers;
  bool optional = false;  // a local engine: works without a key
  friend bool operator==(const Auth&, const Auth&) = default;
};

enum class ProviderKind : std::uint8_t { cloud, gateway, local, custom };

/// What a model is for: decides which endpoints it answers on.
enum class Mode : std::uint8_t {
  chat,
  embedding,
  image,
  video,
  rerank,
  transcription,
  speech,
  moderation,
};
[[nodiscard]] std::string_view to_string(Mode mode) noexcept;

struct CatalogRegion {
  std::string id;        // "eu"; "global" promises nothing
  std::string base_url;  // may be empty: same as the provider's
};

/// What a host does with what it is sent; nothing where nobody said.
struct DataPolicy {
  std::optional<bool> trains;   // uses it to train models
  std::optional<bool> retains;  // keeps it once it has answered, for whatever reason

  /// What `over` says goes before what is said here.
  [[nodiscard]] DataPolicy overlaid_with(const DataPolicy& over) const noexcept {
    return {.trains = over.trains ? over.trains : trains,
            .retains = over.retains ? over.retains : retains};
  }
  friend bool operator==(const DataPolicy&, const DataPolicy&) = default;
};

struct CatalogProvider {
  std::string id;
  std::string name;
  ProviderKind kind = ProviderKind::cloud;
  Dialect dialect = Dialect::openai;
  /// May hold {resource}, {region}, {location}, {account_id}; empty: the operator gives it.
  std::string base_url;
  /// The same service in other wire formats; formats we have no name for are left out.
  std::vector<std::pair<Dialect, std::string>> other_dialects;
  Auth auth;
  std::vector<std::string> key_env;    // conventional variables, the preferred one first
  std::vector<std::string> extra_env;  // variables that fill the braces of base_url
  std::vector<CatalogRegion> regions;
  std::string default_region;
  llm::HostTraitOverrides quirks;  // where it differs from OpenAI's own API
  DataPolicy data_policy;

  [[nodiscard]] const CatalogRegion* region(std::string_view wanted) const noexcept
      SLUICE_LIFETIMEBOUND;
};

/// What a model can do; nothing where no source said.
struct Capabilities {
  std::optional<bool> streaming;
  std::optional<bool> tools;
  std::optional<bool> parallel_tools;
  std::optional<bool> structured_output;
  std::optional<bool> json_mode;
  std::optional<bool> vision;
  std::optional<bool> reasoning;
};

struct CatalogDeployment {
  std::uint32_t provider = 0;  // position in Catalog::providers()
  std::string upstream_model;
  std::vector<std::string> regions;
  std::string publisher;  // on Vertex; empty elsewhere
  Price price;
  std::vector<std::pair<std::string, double>> region_multipliers;
  std::optional<std::uint64_t> context_tokens;  // only where the host differs from the model
  std::optional<std::uint64_t> output_tokens_max;
  bool maybe_retired = false;

  [[nodiscard]] bool serves(std::string_view region) const noexcept;
  /// The price when served in that region.
  [[nodiscard]] Price price_in(std::string_view region) const;
};

struct CatalogModel {
  std::string id;
  std::string name;
  std::string creator;
  std::vector<std::string> aliases;
  Mode mode = Mode::chat;
  bool retired = false;
  std::int64_t released = 0;  // seconds since 1970, midnight UTC; 0: not known
  Capabilities capabilities;
  std::optional<std::uint64_t> context_tokens;
  std::optional<std::uint64_t> input_tokens_max;
  std::optional<std::uint64_t> output_tokens_max;
  std::vector<std::string> input_modalities;
  std::vector<std::string> output_modalities;
  std::vector<std::string> reasoning_efforts;  // that it takes, weakest first
  std::vector<CatalogDeployment> deployments;
};

class Catalog {
 public:
  /// Reads a catalogue (UTF-8 JSON of schema 1). On failure one sentence for the operator that
  /// names the entry. Costs a few milliseconds and is not for the data path.
  [[nodiscard]] static std::expected<Catalog, std::string> parse(std::string_view json);

  Catalog() = default;  // knows nothing

  [[nodiscard]] const std::vector<CatalogProvider>& providers() const noexcept
      SLUICE_LIFETIMEBOUND {
    return providers_;
  }
  [[nodiscard]] const std::vector<CatalogModel>& models() const noexcept SLUICE_LIFETIMEBOUND {
    return models_;
  }
  /// By id or alias, in any letter case; null when unknown.
  [[nodiscard]] const CatalogModel* find_model(std::string_view name) const noexcept
      SLUICE_LIFETIMEBOUND;
  [[nodiscard]] const CatalogProvider* find_provider(std::string_view id) const noexcept
      SLUICE_LIFETIMEBOUND;

  /// What a request writer must know of a model: by the rules and by the model's own facts.
  [[nodiscard]] llm::ModelTraits traits_of(const CatalogModel& model) const;
  /// The same by a name, in whatever provider's spelling; nothing when neither a model nor a rule
  /// is of that name.
  [[nodiscard]] std::optional<llm::ModelTraits> traits_of(std::string_view name) const;

 private:
  friend class CatalogReader;
  std::vector<CatalogProvider> providers_;
  std::vector<CatalogModel> models_;
  std::vector<TraitRule> trait_rules_;
  NameIndex provider_index_;
  NameIndex model_index_;
};

/// The bytes of data/models.json as they were when the program was built.
[[nodiscard]] std::string_view builtin_catalog_json() noexcept;

}  // namespace sluice::catalog
