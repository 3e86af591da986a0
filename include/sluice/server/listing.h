// What `sluice models` and `sluice explain` print. Pure: a model table in, text out; no secret is
// in reach.
#pragma once
#include <expected>
#include <string>
#include <string_view>

#include "sluice/catalog/model_table.h"

namespace sluice::server {

/// One row per deployment: model, provider, its name there, region, price per million tokens.
[[nodiscard]] std::string render_model_rows(const catalog::ModelTable& models);
/// The same as JSON: {"models":[{"name", "aliases", "deployments":[{...}]}]}, prices null where
/// they are not known.
[[nodiscard]] std::string render_models_json(const catalog::ModelTable& models);

/// Which deployments a request for `model` ("provider/model" too) would try, in what order, and
/// why. On failure: what is served under a similar name.
[[nodiscard]] std::expected<std::string, std::string> render_explanation(
    const catalog::ModelTable& models, std::string_view model);

}  // namespace sluice::server
