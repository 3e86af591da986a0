#include "sluice/gateway/snapshot.h"

#include <set>
#include <string_view>
#include <utility>

#include "sluice/llm/endpoint.h"

namespace sluice::gateway {
namespace {

std::vector<policy::KeyConfig> ring_configs(const std::vector<config::KeyConfig>& keys) {
  std::vector<policy::KeyConfig> configs;
  configs.reserve(keys.size());
  for (const config::KeyConfig& key : keys) {
    configs.push_back(
        {.name = key.name, .hash = key.hash, .models = key.models, .regions = key.regions});
  }
  return configs;
}

std::string describe(const policy::KeyProblem& problem, const config::Config& config) {
  const config::Place& place = config.keys[problem.key_index].place;
  const std::string line = place.line == 0 ? "" : ":" + std::to_string(place.line);
  return config.file + line + ": [[key]] number " + std::to_string(problem.key_index + 1) + ": " +
         problem.field + " " + problem.error.what + "; make one with: sluice keygen";
}

}  // namespace

const route::RoutingPolicy& Snapshot::routing_of(const catalog::Model* model) const noexcept {
  return config.routing_of(model == nullptr ? std::nullopt : model->file_position);
}

telemetry::LabelIndex Snapshot::label_of(const catalog::Model& model) const noexcept {
  return model_labels[position_of(model)];
}

std::expected<std::shared_ptr<const Snapshot>, std::string> make_snapshot(
    config::Loaded loaded, telemetry::MetricLabels& labels) {
  auto keys = policy::KeyRing::build(ring_configs(loaded.config.keys));
  if (!keys) return std::unexpected(describe(keys.error(), loaded.config));

  auto snapshot = std::make_shared<Snapshot>();
  snapshot->config = std::move(loaded.config);
  snapshot->models = std::move(loaded.models);
  snapshot->keys = std::move(*keys);
  for (int i = 0; i <= static_cast<int>(llm::Operation::model); ++i) {
    snapshot->endpoint_labels.push_back(
        labels.endpoints.intern(llm::to_string(static_cast<llm::Operation>(i))));
  }
  std::set<std::string_view> own_key_takers;  // a provider in two regions is one
  for (const auto& provider : snapshot->models.providers()) {
    snapshot->provider_labels.push_back(labels.providers.intern(provider->name));
    snapshot->own_key_providers.push_back(
        {.name = provider->name, .takes_own_keys = provider->byok});
    if (provider->byok) own_key_takers.insert(provider->name);
  }
  snapshot->one_provider_takes_own_keys = own_key_takers.size() == 1;
  snapshot->any_provider_takes_own_keys = !own_key_takers.empty();
  for (const catalog::Model& model : snapshot->models.models()) {
    snapshot->model_labels.push_back(labels.models.intern(model.name));
    for (const catalog::Deployment& deployment : model.deployments) {
      snapshot->deployment_labels.push_back(
          labels.deployments.intern(telemetry::join({.model = model.name,
                                                     .provider = deployment.provider->name,
                                                     .deployment = deployment.upstream_model,
                                                     .region = deployment.region})));
    }
  }
  return snapshot;
}

}  // namespace sluice::gateway
