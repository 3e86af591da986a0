// When a provider's deployments are rested for failing: [health] in the file, and a provider's own
// table of that name over it.
//
// Field names are the keys of the file. Plain numbers: no I/O, no clock.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::catalog {

struct HealthPolicy {
  std::uint32_t window_s = 300;            // how far back outcomes count
  std::uint32_t failures_to_open = 5;      // in a row, seen by one worker; then it rests
  std::uint32_t rest_ms = 10'000;          // before one request may try it again
  std::uint32_t ejected_percent_max = 50;  // of a model's deployments, however bad; 0: never any
  std::uint32_t slow_start_s = 30;         // until it has its full share again; 0: at once
  std::uint32_t probe_interval_s = 0;      // between two probes of who rests or is idle; 0: none

  /// The first rule broken, in words for the operator, or nothing.
  [[nodiscard]] constexpr std::optional<std::string_view> broken_rule() const noexcept {
    if (window_s == 0) return "window_s must be at least 1";
    if (window_s > 3'600) return "window_s must be at most 3600";
    if (failures_to_open == 0) return "failures_to_open must be at least 1";
    if (rest_ms == 0) return "rest_ms must be at least 1";
    if (rest_ms > 3'600'000) return "rest_ms must be at most 3600000";
    if (ejected_percent_max > 100) return "ejected_percent_max must be at most 100";
    if (probe_interval_s > 3'600) return "probe_interval_s must be at most 3600";
    if (slow_start_s > 3'600) return "slow_start_s must be at most 3600";
    return std::nullopt;
  }
  friend bool operator==(const HealthPolicy&, const HealthPolicy&) = default;
};
static_assert(!HealthPolicy{}.broken_rule(), "the defaults must pass their own check");

}  // namespace sluice::catalog
