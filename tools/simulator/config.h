// What one simulated provider is like. Field names are those of the command line.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "simulator/fault.h"
#include "simulator/pace.h"
#include "sluice/base/secret.h"

namespace sluice::simulator {

struct SimulatorConfig {
  Secret key{};                           // empty: every caller is welcome
  Pace pace{};                            // of every answer
  std::uint32_t tokens = 64;              // of an answer that no limit cuts; events of its stream
  std::vector<FaultRate> fault_rates{};   // asked in order, the first that comes up counts
  std::size_t body_bytes_max = 64 << 20;  // of a request; more is answered 413
  std::uint32_t dimensions = 1536;        // of an embedding, where the request names none

  static constexpr std::uint32_t tokens_max = 1'000'000;
  static constexpr std::uint32_t dimensions_max = 65'536;

  /// The first rule broken, in words for the operator, or nothing.
  [[nodiscard]] std::optional<std::string_view> broken_rule() const noexcept {
    if (tokens == 0 || tokens > tokens_max) return "tokens must be 1 to 1000000";
    if (dimensions == 0 || dimensions > dimensions_max) return "dimensions must be 1 to 65536";
    if (pace.first_token.count() < 0 || pace.gap.count() < 0) return "a span must not be negative";
    return std::nullopt;
  }
};

}  // namespace sluice::simulator
