// The parts of parse(): one function per part of the file.
#pragma once
#include "section.h"
#include "sluice/catalog/name_index.h"
#include "sluice/config/config.h"
#include "sluice/config/parse.h"

namespace sluice::config {

void parse_listeners(Section& root, Config& config);
void parse_admin(Section& root, Config& config);
void parse_providers(Section& root, Config& config);
void parse_models(Section& root, Config& config);
void parse_media(Section& root, MediaConfig& media);
void parse_keys(Section& root, Config& config, const ParseOptions& options);

/// connect_ms ... total_ms of a [timeouts], or of a provider's or a model's.
void parse_timeouts(Section& parent, catalog::TimeoutOverrides& timeouts);
void parse_pool(Section& parent, catalog::PoolLimits& pool);
void parse_health(Section& parent, catalog::HealthPolicy& health);

/// routing = { ... } over what `policy` holds. Whether a strategy is written there.
bool parse_routing(Section& parent, route::RoutingPolicy& policy);

/// quantization = "fp8", data_policy = { trains = false, retains = false } of a provider or a
/// deployment; zdr = true is retains = false.
void parse_quantization(Section& section, std::optional<llm::Quantization>& quantization);
void parse_data_policy(Section& parent, catalog::DataPolicy& policy);

/// A pin: a list of regions that is not empty. False, when it is not there or wrong.
bool parse_regions(Section& section, std::string_view key, std::vector<std::string>& regions);

/// traits = { ... } of a deployment, quirks = { ... } of a provider.
void parse_traits(Section& parent, llm::ModelTraitOverrides& traits);
void parse_quirks(Section& parent, llm::HostTraitOverrides& quirks);

/// One place of a secret: a table with exactly one of env, file, credential. `others` reads what
/// else may stand in it; null: nothing.
[[nodiscard]] std::optional<SecretSource> parse_secret_source(
    const toml::node& node, const std::string& path, Complaints& complaints,
    void (*others)(Section&, SecretSource&) = nullptr);

/// A name of that key, checked: printable ASCII without spaces and quotes, at most 256 bytes.
/// `required`: its absence is an error.
bool parse_name(Section& section, std::string_view key, std::string& name, bool required = true);

/// Complains when the name is taken (in whatever letter case), else takes it.
void take_name(Section& section, std::string_view key, const std::string& name,
               catalog::NameIndex& taken, std::string_view what);

}  // namespace sluice::config
