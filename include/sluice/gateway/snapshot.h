// A snapshot: everything the data path looks up, resolved and immutable.
//
//   config::Loaded --make_snapshot()--> Snapshot --shared by all cores--> freed with its last user
//
// Swapped whole on reload; an exchange keeps the one it started with.
#pragma once
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "sluice/catalog/model_table.h"
#include "sluice/config/load.h"
#include "sluice/policy/key_ring.h"
#include "sluice/policy/own_key.h"
#include "sluice/route/policy.h"
#include "sluice/telemetry/metrics.h"

namespace sluice::gateway {

struct Snapshot {
  config::Config config;
  catalog::ModelTable models;
  policy::KeyRing keys;
  std::vector<policy::OwnKeyProvider> own_key_providers;  // by provider index
  bool one_provider_takes_own_keys = false;               // of one name, in whatever regions
  bool any_provider_takes_own_keys = false;
  std::vector<telemetry::LabelIndex> endpoint_labels;    // by llm::Operation
  std::vector<telemetry::LabelIndex> provider_labels;    // by provider index
  std::vector<telemetry::LabelIndex> model_labels;       // by position in models.models()
  std::vector<telemetry::LabelIndex> deployment_labels;  // by deployment index

  /// By which rules a model is routed; null: where none is named.
  [[nodiscard]] const route::RoutingPolicy& routing_of(const catalog::Model* model) const noexcept;
  [[nodiscard]] std::size_t position_of(const catalog::Model& model) const noexcept {
    return static_cast<std::size_t>(&model - models.models().data());
  }
  [[nodiscard]] telemetry::LabelIndex label_of(const catalog::Model& model) const noexcept;
};

/// Builds the keys and labels around what was loaded. Fails with one sentence for the operator
/// when a key cannot be used. `labels` remembers every name ever seen, so that series go on across
/// reloads.
[[nodiscard]] std::expected<std::shared_ptr<const Snapshot>, std::string> make_snapshot(
    config::Loaded loaded, telemetry::MetricLabels& labels);

}  // namespace sluice::gateway
