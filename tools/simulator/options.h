// The command line of sluice-sim.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "simulator/config.h"

namespace sluice::simulator {

struct Options {
  SimulatorConfig simulator{};
  std::vector<std::string> listen{};  // at least one
  unsigned workers = 1;
  std::optional<unsigned> first_cpu{};  // worker i runs on first_cpu + i
  std::string tls_certificate{};
  std::string tls_key{};
  std::string replay{};
  std::uint64_t seed = 1;
};

/// The options, or the status to exit with: help was printed, or a complaint.
[[nodiscard]] std::variant<Options, int> parse_options(int argc, char** argv);

}  // namespace sluice::simulator
