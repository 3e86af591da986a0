// What `sluice models` prints. Pure: a model table in, text out; no secret is in reach.
#pragma once
#include <string>

#include "sluice/catalog/model_table.h"

namespace sluice::server {

/// One row per deployment: model, provider, its name there, region, price per million tokens.
[[nodiscard]] std::string render_model_rows(const catalog::ModelTable& models);
/// The same as JSON: {"models":[{"name", "aliases", "deployments":[{...}]}]}, prices null where
/// they are not known.
[[nodiscard]] std::string render_models_json(const catalog::ModelTable& models);

}  // namespace sluice::server
