#include <algorithm>
#include <utility>

#include "parsing.h"
#include "sluice/config/spelling.h"
#include "syntax.h"

namespace sluice::config {
namespace {

constexpr std::size_t members_max = 32;
constexpr double price_max = 10'000;  // USD per million tokens; ten times the dearest known

void parse_price(Section& parent, DeploymentConfig& deployment) {
  parent.table("price", [&](Section& section) {
    catalog::TokenPrice price;
    const auto member = [&](std::string_view key, std::optional<double>& value) {
      double read = 0;
      if (section.number(key, read, 0, price_max)) value = read;
    };
    member("input", price.input);
    member("cached_input", price.cached_input);
    member("output", price.output);
    member("cache_write", price.cache_write);
    member("cache_write_5m", price.cache_write_5m);
    member("cache_write_1h", price.cache_write_1h);
    member("reasoning", price.reasoning);
    member("audio_input", price.audio_input);
    member("audio_output", price.audio_output);
    member("image_input", price.image_input);
    member("image_output", price.image_output);
    if (price.input && price.cached_input && *price.cached_input > *price.input) {
      section.warning("cached_input", "is dearer than input; is it the right way round?");
    }
    deployment.price = price;
  });
}

// The provider must be in the file; which it may be is said with its name.
void check_provider(Section& section, const Config& config, const std::string& name) {
  std::vector<std::string_view> names;
  for (const ProviderConfig& provider : config.providers) {
    if (provider.name == name) return;
    names.push_back(provider.name);
  }
  const std::string_view meant = nearest(name, names);
  std::string text = "there is no [[provider]] called " + shown(name);
  text += !meant.empty() ? "; did you mean " + shown(meant) + "?" : "; add one to this file";
  section.error("provider", std::move(text));
}

DeploymentConfig parse_deployment(Section& section, const Config& config) {
  DeploymentConfig deployment;
  deployment.place = section.place();
  deployment.key = section.path();
  deployment.provider_place = section.place("provider");
  if (parse_name(section, "provider", deployment.provider)) {
    check_provider(section, config, deployment.provider);
  }
  parse_name(section, "model", deployment.model, false);
  parse_name(section, "region", deployment.region, false);
  section.number("weight", deployment.weight, 0.000'001, 1'000'000);
  parse_price(section, deployment);
  parse_traits(section, deployment.traits);
  parse_quantization(section, deployment.quantization);
  parse_data_policy(section, deployment.data_policy);
  return deployment;
}

void parse_aliases(Section& section, ModelConfig& model, catalog::NameIndex& taken) {
  if (!section.texts("aliases", model.aliases)) return;
  for (const std::string& alias : model.aliases) {
    take_name(section, "aliases", alias, taken, "model or alias");
  }
}

// A list stands for other models, and says nothing of how one is reached.
void parse_members(Section& section, ModelConfig& model) {
  if (!section.texts("members", model.members)) return;
  if (model.members.empty()) {
    return section.error("members", "is empty; name the models that the list stands for");
  }
  if (model.members.size() > members_max) {
    return section.error("members", "must not name more than 32 models");
  }
  if (!model.deployments.empty() || !model.catalogue.empty()) {
    section.error("members", "makes a list of it, which has no catalogue or deployment of its own");
  }
  for (auto each = model.members.begin(); each != model.members.end(); ++each) {
    if (std::find(model.members.begin(), each, *each) == each) continue;
    return section.error("members", "names " + shown(*each) + " twice");
  }
}

void parse_model_routing(Section& section, const Config& config, ModelConfig& model) {
  model.routing = config.routing;
  const bool written = parse_routing(section, model.routing);
  if (written || config.strategy_written) return;
  // Who writes deployments, or a list, has put them into an order.
  const bool ordered = !model.deployments.empty() || !model.members.empty();
  model.routing.strategy = ordered ? route::Strategy::order : route::Strategy::score;
}

void parse_key_patterns(Section& section, KeyConfig& key) {
  if (!section.texts("models", key.models)) {
    if (!section.has("models")) key.models = {"*"};
    return;
  }
  if (key.models.empty()) {
    section.error("models", "is empty, so the key may use nothing; write [\"*\"] for everything");
  }
}

}  // namespace

void parse_models(Section& root, Config& config) {
  catalog::NameIndex taken;
  root.tables("model", false, [&](Section& section) {
    ModelConfig model;
    model.place = section.place();
    model.key = section.path();
    if (parse_name(section, "name", model.name)) {
      take_name(section, "name", model.name, taken, "model or alias");
    }
    parse_aliases(section, model, taken);
    parse_name(section, "catalogue", model.catalogue, false);
    parse_timeouts(section, model.timeouts);
    section.tables("deployment", false, [&](Section& entry) {
      model.deployments.push_back(parse_deployment(entry, config));
    });
    parse_members(section, model);
    parse_model_routing(section, config, model);
    config.models.push_back(std::move(model));
  });
}

void parse_keys(Section& root, Config& config, const ParseOptions& options) {
  catalog::NameIndex taken;
  root.tables("key", false, [&](Section& section) {
    KeyConfig key;
    key.place = section.place();
    key.hash_place = section.place("hash");
    if (parse_name(section, "name", key.name)) {
      take_name(section, "name", key.name, taken, "key");
    }
    if (section.text("hash", key.hash)) {
      const auto complaint =
          options.hash_complaint ? options.hash_complaint(key.hash) : std::nullopt;
      if (complaint) section.error("hash", *complaint);
    } else if (!section.has("hash")) {
      section.missing("hash", "is missing; sluice keygen prints a key and its hash");
    }
    parse_key_patterns(section, key);
    section.texts("regions", key.regions);
    config.keys.push_back(std::move(key));
  });
}

}  // namespace sluice::config
