// What GET /v1/models shows to one caller: the models it may use, with the deployments and members
// that its data may go to.
#pragma once
#include <string>

#include "sluice/catalog/model_table.h"
#include "sluice/policy/caller.h"
#include "sluice/route/region_pin.h"

namespace sluice::gateway {

/// Who asks, and where its data may go. Lifetime: the call's.
struct ModelViewer {
  const catalog::ModelTable& models;
  const policy::Caller& caller;
  const route::RegionPin& pin;
};

/// The body of GET /v1/models.
[[nodiscard]] std::string visible_models_json(const ModelViewer& viewer);
/// The body of GET /v1/models/{id}; empty when nothing of it is where the data may go. Whether the
/// caller may use it is for who calls to ask.
[[nodiscard]] std::string visible_model_json(const catalog::Model& model,
                                             const ModelViewer& viewer);

}  // namespace sluice::gateway
