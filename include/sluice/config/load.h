// Start-up and reload: find the configuration, read it, and build from it what the data path uses.
//
//   Complaints complaints;
//   Loaded loaded = load({.path = "sluice.toml", .servable = ...}, catalogue,
//   process_environment()); if (loaded.complaints.failed()) { print loaded.complaints.render();
//   exit 1; }
//
// Blocking; for start-up and the keeper thread. Everything it touches is an argument.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/catalog/catalog.h"
#include "sluice/catalog/model_table.h"
#include "sluice/config/complaint.h"
#include "sluice/config/config.h"
#include "sluice/config/environment.h"
#include "sluice/config/parse.h"

namespace sluice::config {

/// Which dialects this program can speak upstream.
using Servable = std::function<bool(catalog::Dialect)>;

struct LoadOptions {
  std::optional<std::string> path{};  // --config; unset: $SLUICE_CONFIG, then default_path
  Servable servable{};
  ParseOptions parse{};
};

inline constexpr const char* default_path = "/etc/sluice/sluice.toml";

struct Loaded {
  Complaints complaints;
  Config config;
  catalog::ModelTable models;
};

/// Why Environment::read_file() failed, in words for the operator.
[[nodiscard]] std::string why_unreadable(const Error& error);

/// The file to read, or nothing when there is none and the environment must do. A file that was
/// named and is not there is an error at read time; only the default may be missing.
[[nodiscard]] std::optional<std::string> find_file(const std::optional<std::string>& path,
                                                   const Environment& environment);

/// Finds, parses and builds. Config and models are usable only when complaints.failed() is false.
[[nodiscard]] Loaded load(const LoadOptions& options, const catalog::Catalog& catalogue,
                          const Environment& environment);

/// A configuration without a file: every catalogue provider whose key variable is set, all its
/// models, one listener on 127.0.0.1:8080.
[[nodiscard]] Config config_of_environment(const catalog::Catalog& catalogue,
                                           const Environment& environment);

/// Resolves providers, credentials, models and deployments. What cannot be served is left out with
/// a note; what the operator asked for and cannot be had is an error.
[[nodiscard]] catalog::ModelTable build(const Config& config, const catalog::Catalog& catalogue,
                                        const Environment& environment, const Servable& servable,
                                        Complaints& complaints);

}  // namespace sluice::config
