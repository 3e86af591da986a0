// The model table: what clients may ask for, and the deployments each name leads to, in order.
//
//   configuration + catalogue --config::build()--> ModelTable --Snapshot--> every core
//
// Immutable once built; find() allocates nothing and may be called from any thread. The answers of
// GET /v1/models are rendered once, when the table is built.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/attributes.h"
#include "sluice/catalog/catalog.h"
#include "sluice/catalog/deployment.h"

namespace sluice::catalog {

struct Model {
  std::string name;  // what clients ask for
  std::vector<std::string> aliases;
  std::string owned_by;
  Mode mode = Mode::chat;
  std::int64_t created = 0;  // seconds since 1970
  Capabilities capabilities;
  std::optional<std::uint64_t> context_tokens;
  std::optional<std::uint64_t> output_tokens_max;
  std::vector<Deployment> deployments;  // in order of preference; none of a list's
  std::vector<std::string> members;     // of a list: the models it stands for, each one's name
  std::optional<std::uint32_t> file_position;  // in Config::models; nothing: the catalogue's
  std::string json;  // the object of GET /v1/models/{id}, filled in by the table

  /// Whether the name stands for other models of the table, none of which is a list. In a table a
  /// model has either deployments or members.
  [[nodiscard]] bool is_list() const noexcept { return !members.empty(); }
};

/// What a name leads to: a model, and where it was asked for as "provider/model" the provider whose
/// deployments alone will do.
struct Selection {
  const Model* model = nullptr;  // null: not served here
  std::string_view provider;     // empty: any; a view into the name that was asked for

  [[nodiscard]] bool includes(const Deployment& deployment) const noexcept {
    return provider.empty() || deployment.provider->name == provider;
  }
};

class ModelTable {
 public:
  /// Collects providers and models, then seals them. One use.
  class Builder {
   public:
    /// Takes a provider and numbers it. The reference stays good for the table's life.
    const Provider& add_provider(Provider provider);
    /// Takes a model, numbers its deployments and renders it. False, and nothing is taken, when its
    /// name is there already or it has neither deployments nor members; aliases that clash are
    /// dropped.
    bool add_model(Model model);
    /// What a list that was taken stands for, once all models are there; not empty.
    void set_members(std::string_view list, std::vector<std::string> members);
    /// The model or list of that name or alias, or null; good until the next one is taken.
    [[nodiscard]] const Model* find(std::string_view name) const noexcept SLUICE_LIFETIMEBOUND;
    /// Whether a model or alias of that name is there.
    [[nodiscard]] bool has(std::string_view name) const noexcept;
    [[nodiscard]] bool empty() const noexcept { return models_.empty(); }
    [[nodiscard]] ModelTable seal() &&;

   private:
    friend class ModelTable;
    std::vector<std::unique_ptr<Provider>> providers_;
    std::vector<Model> models_;
    NameIndex index_;
    std::uint32_t deployments_ = 0;
  };

  ModelTable() = default;
  ModelTable(ModelTable&&) noexcept = default;
  ModelTable& operator=(ModelTable&&) noexcept = default;

  /// By name or alias, in any letter case; null when it is not served here.
  [[nodiscard]] const Model* find(std::string_view name) const noexcept SLUICE_LIFETIMEBOUND;

  /// As find(), and where no model has that name by "provider/model", split at the first slash: the
  /// provider's name as it is configured, and a model that is deployed there.
  [[nodiscard]] Selection select(std::string_view name) const noexcept SLUICE_LIFETIMEBOUND;

  [[nodiscard]] const std::vector<Model>& models() const noexcept SLUICE_LIFETIMEBOUND {
    return models_;
  }
  [[nodiscard]] const std::vector<std::unique_ptr<Provider>>& providers() const noexcept
      SLUICE_LIFETIMEBOUND {
    return providers_;
  }
  /// The provider configured under that exact name (its first region), or null.
  [[nodiscard]] const Provider* find_provider(std::string_view name) const noexcept
      SLUICE_LIFETIMEBOUND;
  [[nodiscard]] std::uint32_t deployment_count() const noexcept { return deployments_; }

  /// The body of GET /v1/models with every model, in the order of their names.
  [[nodiscard]] std::string_view models_json() const noexcept SLUICE_LIFETIMEBOUND {
    return models_json_;
  }
  /// The same with the models a caller may see.
  [[nodiscard]] std::string models_json(const std::function<bool(const Model&)>& visible) const;

 private:
  std::vector<std::unique_ptr<Provider>> providers_;
  std::vector<Model> models_;
  NameIndex index_;
  std::string models_json_;
  std::uint32_t deployments_ = 0;
};

/// The object of GET /v1/models/{id}: OpenAI's members, then ours (mode, context_length, ...).
[[nodiscard]] std::string render_model_json(const Model& model);

}  // namespace sluice::catalog
