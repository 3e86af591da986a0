#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "building.h"
#include "sluice/config/spelling.h"
#include "sluice/llm/vertex_target.h"

namespace sluice::config {

using catalog::CatalogDeployment;
using catalog::CatalogModel;
using catalog::Deployment;
using catalog::Model;

const CatalogDeployment* catalogue_deployment(const Building& building, const CatalogModel& model,
                                              const ResolvedProvider& provider,
                                              std::string_view region) {
  if (provider.catalogue == nullptr) return nullptr;
  const auto position = provider.catalogue - building.catalogue.providers().data();
  for (const CatalogDeployment& deployment : model.deployments) {
    if (deployment.provider == position && deployment.serves(region)) return &deployment;
  }
  return nullptr;
}

namespace {

// What the catalogue knows about a model, for GET /v1/models and for routing.
void describe(Model& model, const CatalogModel* known) {
  if (known == nullptr) return;
  model.owned_by = known->creator;
  model.mode = known->mode;
  model.created = known->released;
  model.capabilities = known->capabilities;
  model.context_tokens = known->context_tokens;
  model.output_tokens_max = known->output_tokens_max;
}

// What a host says of its own entry, then what it cannot carry whatever the model could.
void fit_to_host(const CatalogDeployment* catalogued, Deployment& deployment) {
  if (catalogued != nullptr && catalogued->output_tokens_max) {
    deployment.traits.output_tokens_max = catalogued->output_tokens_max;
  }
  if (catalogued != nullptr && !catalogued->publisher.empty()) {
    deployment.traits.publisher = catalogued->publisher;
  }
  if (has_quirks(deployment.provider->dialect)) {
    narrow(deployment.traits, deployment.provider->host);
  }
  // Vertex AI gives calls no ids and takes none.
  if (deployment.provider->dialect == catalog::Dialect::vertex) {
    deployment.traits.takes_call_ids = false;
    deployment.traits.takes_custom_tools = false;
    // Of Claude there: "URL sources are not supported" (observed, 2026).
    if (deployment.traits.publisher == "anthropic") deployment.traits.takes_media_urls = false;
  }
}

// What the host does with what it is sent: by the deployment, the provider, the catalogue, in this
// order. The catalogue speaks of its provider's own address, not of another one under its name.
void take_policies(const ResolvedProvider& provider, const DeploymentConfig* config,
                   Deployment& deployment) {
  const ProviderConfig& of = *provider.config;
  if (provider.catalogue != nullptr && !of.base_url) {
    deployment.data_policy = provider.catalogue->data_policy;
  }
  deployment.data_policy = deployment.data_policy.overlaid_with(of.data_policy);
  deployment.quantization = of.quantization.value_or(llm::Quantization::unknown);
  if (config == nullptr) return;
  deployment.data_policy = deployment.data_policy.overlaid_with(config->data_policy);
  deployment.quantization = config->quantization.value_or(deployment.quantization);
}

// On Vertex AI the publisher is a part of the path: it is known of every deployment there.
void settle_publisher(Deployment& deployment) {
  if (deployment.provider->dialect != catalog::Dialect::vertex) return;
  llm::VertexModel named =
      llm::vertex_model(deployment.upstream_model, deployment.traits.publisher);
  deployment.traits.publisher = std::move(named.publisher);
  deployment.upstream_model = std::move(named.model);
}

// Without a project (API keys of express mode) Vertex AI serves Google's own models alone.
bool is_out_of_reach(const ResolvedProvider& provider, const CatalogDeployment& deployment) {
  return provider.dialect == catalog::Dialect::vertex && !provider.config->base_url &&
         provider.project.empty() && deployment.publisher != "google";
}

/// A deployment as the catalogue has it, at the provider's own region; nothing when it has none.
std::optional<Deployment> deploy_as_catalogued(Building& building, ResolvedProvider& provider,
                                               const CatalogModel& known,
                                               const catalog::TimeoutOverrides& timeouts) {
  const CatalogDeployment* found = catalogue_deployment(building, known, provider, provider.region);
  if (found == nullptr || is_out_of_reach(provider, *found)) return std::nullopt;
  std::string complaint;
  Deployment deployment;
  deployment.provider = provider_at(building, provider, provider.region, complaint);
  if (deployment.provider == nullptr) return std::nullopt;
  deployment.upstream_model = found->upstream_model;
  deployment.region = provider.region;
  deployment.price = found->price_in(provider.region);
  deployment.timeouts = narrowed(deployment.provider->timeouts, timeouts);
  deployment.traits = building.catalogue.traits_of(known);
  fit_to_host(found, deployment);
  take_policies(provider, nullptr, deployment);
  settle_publisher(deployment);
  return deployment;
}

/// An entry of the catalogue, and the model it is one of.
struct Catalogued {
  const CatalogModel* model = nullptr;            // null: not known by that name
  const CatalogDeployment* deployment = nullptr;  // null: not known there
};

// The provider's own entry for what a deployment calls there: by the name it has upstream, else by
// a name of the model.
Catalogued catalogued_as(const Building& building, const ResolvedProvider& provider,
                         std::string_view upstream, std::string_view region) {
  if (upstream.empty()) return {};
  for (const CatalogModel& model : building.catalogue.models()) {
    const CatalogDeployment* found = catalogue_deployment(building, model, provider, region);
    if (found != nullptr && found->upstream_model == upstream) return {&model, found};
  }
  const CatalogModel* const named = building.catalogue.find_model(upstream);
  if (named == nullptr) return {};
  return {named, catalogue_deployment(building, *named, provider, region)};
}

// By what is called upstream, which is what is written to; by what the model is here where that
// name tells nothing ("prod-1" at Azure).
void take_traits(const Building& building, const DeploymentConfig& config, const Catalogued& called,
                 const CatalogModel* known, std::string_view model_name, Deployment& deployment) {
  std::optional<llm::ModelTraits> traits;
  if (called.model != nullptr) traits = building.catalogue.traits_of(*called.model);
  if (!traits) traits = building.catalogue.traits_of(deployment.upstream_model);
  if (!traits && known != nullptr) traits = building.catalogue.traits_of(*known);
  if (!traits) traits = building.catalogue.traits_of(model_name);
  deployment.traits = traits.value_or(llm::ModelTraits{});
  fit_to_host(called.deployment, deployment);
  config.traits.apply_to(deployment.traits);
}

// A price that is not known is found out here and not by a cost_usd of null.
void take_price(Building& building, const DeploymentConfig& config,
                const CatalogDeployment* catalogued, Deployment& deployment) {
  if (config.price) {
    deployment.price.tokens = *config.price;
  } else if (catalogued != nullptr) {
    deployment.price = catalogued->price_in(deployment.region);
  } else {
    building.complaints.warning(
        config.place, config.key,
        fmt::format(
            "the catalogue has no price of {} at {} in region {}, so what it costs will not "
            "be known: write price = {{ input = ..., output = ... }}",
            shown(deployment.upstream_model), config.provider, shown(deployment.region)));
  }
}

// As the catalogue spells it: "google/gemini-2.5-pro" is its gemini-2.5-pro on Vertex AI.
std::string name_upstream(const ResolvedProvider& provider, const DeploymentConfig& config) {
  if (config.model.empty() || provider.dialect != catalog::Dialect::vertex) return config.model;
  return llm::vertex_model(config.model, config.traits.publisher.value_or("")).model;
}

/// A deployment as the file has it. Nothing when its provider is not usable or has no such region.
std::optional<Deployment> deploy_as_configured(Building& building, const ModelConfig& model,
                                               const DeploymentConfig& config,
                                               const CatalogModel* known) {
  const auto found =
      std::find_if(building.providers.begin(), building.providers.end(),
                   [&](const auto& each) { return each.config->name == config.provider; });
  if (found == building.providers.end() || !found->usable) return std::nullopt;
  const std::string& region = config.region.empty() ? found->region : config.region;
  std::string complaint;
  Deployment deployment;
  deployment.provider = provider_at(building, *found, region, complaint);
  if (deployment.provider == nullptr) {
    building.complaints.error(config.place, config.key, complaint);
    return std::nullopt;
  }
  const std::string name = name_upstream(*found, config);
  const Catalogued called = catalogued_as(building, *found, name, region);
  const CatalogDeployment* catalogued = called.deployment;
  // A model that was found by what another deployment calls says nothing of this one's price.
  const bool is_said =
      !model.catalogue.empty() || building.catalogue.find_model(model.name) == known;
  if (catalogued == nullptr && known != nullptr && (name.empty() || is_said)) {
    catalogued = catalogue_deployment(building, *known, *found, region);
  }
  deployment.upstream_model = !name.empty()           ? name
                              : catalogued != nullptr ? catalogued->upstream_model
                                                      : model.name;
  deployment.weight = config.weight;
  deployment.region = region;
  take_price(building, config, catalogued, deployment);
  take_traits(building, config, {called.model, catalogued}, known, model.name, deployment);
  take_policies(*found, &config, deployment);
  settle_publisher(deployment);
  deployment.timeouts = narrowed(deployment.provider->timeouts, model.timeouts);
  return deployment;
}

// The catalogue's model behind a configured one: the one named, or the one of its name, or the
// first that a deployment calls upstream.
const CatalogModel* catalogue_model(Building& building, const ModelConfig& config) {
  if (!config.catalogue.empty()) {
    const CatalogModel* named = building.catalogue.find_model(config.catalogue);
    if (named == nullptr) {
      std::vector<std::string_view> ids;
      for (const CatalogModel& each : building.catalogue.models()) ids.push_back(each.id);
      const std::string_view meant = nearest(config.catalogue, ids);
      building.complaints.error(
          config.place, config.key + ".catalogue",
          "the catalogue has no model " + shown(config.catalogue) +
              (meant.empty() ? "; leave it out" : "; did you mean " + shown(meant) + "?"));
    }
    return named;
  }
  if (const CatalogModel* same = building.catalogue.find_model(config.name)) return same;
  for (const DeploymentConfig& each : config.deployments) {
    if (const CatalogModel* called = building.catalogue.find_model(each.model)) return called;
  }
  return nullptr;
}

void deploy_everywhere(Building& building, const ModelConfig& config, const CatalogModel* known,
                       Model& model) {
  bool any_unusable = false;
  for (ResolvedProvider& provider : building.providers) {
    any_unusable = any_unusable || !provider.usable;
    if (known == nullptr || !provider.usable) continue;
    auto deployment = deploy_as_catalogued(building, provider, *known, config.timeouts);
    if (deployment) model.deployments.push_back(std::move(*deployment));
  }
  if (!model.deployments.empty() || any_unusable) return;
  building.complaints.error(
      config.place, config.key,
      known == nullptr
          ? "the catalogue does not know this model: write [[model.deployment]] with a provider"
          : "by the catalogue no [[provider]] of this file serves it: add one, or write "
            "[[model.deployment]]");
}

// It takes its name before the catalogue's models and their aliases do, for which it may stand.
void build_list(Building& building, const ModelConfig& config, std::uint32_t position) {
  Model model;
  model.name = config.name;
  model.aliases = config.aliases;
  model.owned_by = "sluice";
  model.file_position = position;
  model.members = config.members;
  building.table.add_model(std::move(model));
}

// A member that is left out, which a note has told of, is left out of the list too.
void settle_members(Building& building, const ModelConfig& list) {
  std::vector<std::string> served;
  const auto wrong = [&](std::string text) {
    building.complaints.error(list.place, list.key + ".members", std::move(text));
  };
  for (const std::string& name : list.members) {
    const Model* member = building.table.find(name);
    const bool in_file = std::ranges::any_of(
        building.config.models, [&](const ModelConfig& each) { return each.name == name; });
    if (member != nullptr && member->is_list()) {
      wrong(shown(name) + " is a list itself; name the models it stands for");
    } else if (member != nullptr) {
      served.push_back(name);
    } else if (!in_file) {
      wrong(shown(name) +
            " is not served here: add a [[model]] of that name, or a [[provider]] of it");
    }
  }
  if (served.empty() && !building.complaints.failed()) {
    wrong("can none of them be served, as the notes say; name one that can");
  }
  if (!served.empty()) building.table.set_members(list.name, std::move(served));
}

void build_configured(Building& building, const ModelConfig& config, std::uint32_t position) {
  const CatalogModel* known = catalogue_model(building, config);
  Model model;
  model.name = config.name;
  model.aliases = config.aliases;
  model.file_position = position;
  describe(model, known);
  if (config.deployments.empty()) {
    deploy_everywhere(building, config, known, model);
  } else {
    for (const DeploymentConfig& each : config.deployments) {
      auto deployment = deploy_as_configured(building, config, each, known);
      if (deployment) model.deployments.push_back(std::move(*deployment));
    }
  }
  if (model.deployments.empty()) {
    building.complaints.note("model " + shown(config.name) +
                             " is left out: none of its providers can be used");
    return;
  }
  if (model.owned_by.empty()) model.owned_by = model.deployments.front().provider->name;
  building.table.add_model(std::move(model));
}

// Names of the file go first: an alias of the catalogue must not take one away.
void build_catalogued(Building& building, const CatalogModel& known) {
  if (building.table.has(known.id)) return;
  Model model;
  model.name = known.id;
  model.aliases = known.aliases;
  describe(model, &known);
  for (ResolvedProvider& provider : building.providers) {
    if (!provider.usable || !provider.all_models) continue;
    // The creator has switched it off; other hosts may still have it.
    if (known.retired && provider.catalogue != nullptr && provider.catalogue->id == known.creator) {
      continue;
    }
    auto deployment = deploy_as_catalogued(building, provider, known, {});
    if (deployment) model.deployments.push_back(std::move(*deployment));
  }
  if (model.deployments.empty()) return;
  if (model.owned_by.empty()) model.owned_by = model.deployments.front().provider->name;
  building.table.add_model(std::move(model));
}

}  // namespace

void build_models(Building& building) {
  const std::vector<ModelConfig>& configured = building.config.models;
  for (std::uint32_t position = 0; position < configured.size(); ++position) {
    const ModelConfig& config = configured[position];
    if (config.members.empty()) {
      build_configured(building, config, position);
    } else {
      build_list(building, config, position);
    }
  }
  for (const CatalogModel& known : building.catalogue.models()) build_catalogued(building, known);
  for (const ModelConfig& config : configured) {
    if (!config.members.empty()) settle_members(building, config);
  }
}

}  // namespace sluice::config
