// The configuration as this command line wants it: the file or the environment, and what the
// options say on top. Used at start and again on every reload.
#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "sluice/catalog/catalog.h"
#include "sluice/config/load.h"

namespace sluice::server {

struct Overrides {
  std::optional<std::string> path;              // --config
  std::optional<ring::SocketAddress> listen;    // --listen: in place of all listeners
  std::optional<std::uint32_t> workers;         // --workers
  std::optional<std::uint16_t> simulated_port;  // of the simulated provider on 127.0.0.1
};

/// The name of the simulated provider and of the model it serves.
inline constexpr const char* simulated_name = "simulated";

/// As config::load(), with the overrides and the dialects this program speaks. Blocking.
[[nodiscard]] config::Loaded load_configuration(const Overrides& overrides,
                                                const catalog::Catalog& catalogue,
                                                const config::Environment& environment);

/// Loads what the configuration names (certificates, keys, CA files, gateway keys) as serving
/// would, and drops it. On failure a sentence with the file, the line and the reason. Blocking.
[[nodiscard]] std::expected<void, std::string> try_out(config::Loaded loaded);

}  // namespace sluice::server
