#include "sluice/server/listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

#include "sluice/config/spelling.h"
#include "sluice/json/writer.h"

namespace sluice::server {
namespace {

std::string price_text(const std::optional<double>& price) {
  return price ? fmt::format("{:g}", *price) : "?";
}

void write_price(json::Writer& writer, std::string_view key, const std::optional<double>& price) {
  writer.key(key);
  if (price) {
    writer.number(*price);
  } else {
    writer.null();
  }
}

void write_deployment(json::Writer& writer, const catalog::Deployment& deployment) {
  writer.begin_object();
  writer.key("provider").string(deployment.provider->name);
  writer.key("model").string(deployment.upstream_model);
  writer.key("region").string(deployment.region);
  writer.key("weight").number(deployment.weight);
  write_price(writer, "input_usd_per_million", deployment.price.tokens.input);
  write_price(writer, "cached_input_usd_per_million", deployment.price.tokens.cached_input);
  write_price(writer, "output_usd_per_million", deployment.price.tokens.output);
  writer.end_object();
}

// Names of models and aliases near to what was asked for.
std::string similar_name(const catalog::ModelTable& models, std::string_view wanted) {
  std::vector<std::string_view> names;
  for (const catalog::Model& model : models.models()) {
    names.emplace_back(model.name);
    names.insert(names.end(), model.aliases.begin(), model.aliases.end());
  }
  return std::string(config::nearest(wanted, names));
}

using Out = std::back_insert_iterator<std::string>;

void explain_deployment(Out out, std::size_t position, const catalog::Deployment& deployment) {
  const catalog::Provider& provider = *deployment.provider;
  fmt::format_to(out, "  {}. {} at {} ({}), as {}\n", position, provider.name, provider.url.text(),
                 to_string(provider.dialect), deployment.upstream_model);
  fmt::format_to(out, "     region {}, ${} in and ${} out per million tokens\n", deployment.region,
                 price_text(deployment.price.tokens.input),
                 price_text(deployment.price.tokens.output));
  const catalog::Timeouts& timeouts = deployment.timeouts;
  fmt::format_to(out, "     connect {} ms, first byte {} ms, first content {} ms, idle {} ms\n",
                 timeouts.connect.count(), timeouts.first_byte.count(),
                 timeouts.first_content.count(), timeouts.idle.count());
  if (!provider.usable_without_byok()) {
    fmt::format_to(out, "     only with a key of the caller's own\n");
  }
}

}  // namespace

std::string render_model_rows(const catalog::ModelTable& models) {
  struct Row {
    std::string_view model, provider, upstream, region;
    std::string input, output;
  };
  std::vector<Row> rows = {{"MODEL", "PROVIDER", "ITS NAME THERE", "REGION", "$/M IN", "$/M OUT"}};
  for (const catalog::Model& model : models.models()) {
    for (const catalog::Deployment& deployment : model.deployments) {
      rows.push_back({model.name, deployment.provider->name, deployment.upstream_model,
                      deployment.region, price_text(deployment.price.tokens.input),
                      price_text(deployment.price.tokens.output)});
    }
  }
  std::size_t widths[4] = {};
  for (const Row& row : rows) {
    const std::string_view texts[4] = {row.model, row.provider, row.upstream, row.region};
    for (std::size_t i = 0; i < 4; ++i) widths[i] = std::max(widths[i], texts[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    fmt::format_to(Out(text), "{:<{}}  {:<{}}  {:<{}}  {:<{}}  {:>8}  {:>8}\n", row.model,
                   widths[0], row.provider, widths[1], row.upstream, widths[2], row.region,
                   widths[3], row.input, row.output);
  }
  return text;
}

std::string render_models_json(const catalog::ModelTable& models) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("models").begin_array();
  for (const catalog::Model& model : models.models()) {
    writer.begin_object();
    writer.key("name").string(model.name);
    writer.key("mode").string(catalog::to_string(model.mode));
    writer.key("aliases").begin_array();
    for (const std::string& alias : model.aliases) writer.string(alias);
    writer.end_array();
    writer.key("deployments").begin_array();
    for (const catalog::Deployment& deployment : model.deployments) {
      write_deployment(writer, deployment);
    }
    writer.end_array();
    writer.end_object();
  }
  writer.end_array().end_object();
  text += '\n';
  return text;
}

std::expected<std::string, std::string> render_explanation(const catalog::ModelTable& models,
                                                           std::string_view wanted) {
  const catalog::Selection selected = models.select(wanted);
  const catalog::Model* const model = selected.model;
  if (model == nullptr) {
    const std::string similar = similar_name(models, wanted);
    return std::unexpected(fmt::format(
        "no model of that name is served here. {}\"sluice models\" lists them",
        similar.empty() ? "" : fmt::format("Did you mean {}? ", config::shown(similar))));
  }
  std::string places;
  std::size_t count = 0;
  for (const catalog::Deployment& deployment : model->deployments) {
    if (selected.includes(deployment)) explain_deployment(Out(places), ++count, deployment);
  }
  std::string text =
      fmt::format("{}: {}, {} deployment{}{}, tried in this order:\n", model->name,
                  to_string(model->mode), count, count == 1 ? "" : "s",
                  selected.provider.empty() ? "" : fmt::format(" at {} alone", selected.provider));
  text += places;
  text +=
      "\nWhy this order: it is the configuration's, and the catalogue's where that says nothing.\n"
      "The next one is tried when connecting fails, a time runs out, the provider refuses the\n"
      "gateway's key (401, 403), on 402, 429 and 5xx, and on an answer that cannot be used, as "
      "long\n"
      "as nothing was sent to the client; never when the request itself is at fault. Weights, "
      "health\n"
      "and price do not change the order yet. A gateway key's regions leave out the deployments\n"
      "that are elsewhere.\n";
  return text;
}

}  // namespace sluice::server
