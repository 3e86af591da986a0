#include "sluice/server/listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

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

using Out = std::back_insert_iterator<std::string>;

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

}  // namespace sluice::server
