// What one core counts of one deployment, and how it finds it to stand.
//
//   attempts    counted as they end
//   the rest    published once a second by the core that knows it, out of what only that core may
//               read: breakers, scoreboard
//
// One writer, its own core; any thread reads. A breaker is each core's own, so readers count cores;
// the standing is the same on all of them within a second, so any one's will do.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/counter.h"
#include "sluice/telemetry/outcome.h"

namespace sluice::telemetry {

/// What a deployment is called by its labels.
struct DeploymentName {
  std::string_view model;       // what clients ask for
  std::string_view provider;    // configured name
  std::string_view deployment;  // what the provider calls the model
  std::string_view region;

  friend bool operator==(const DeploymentName&, const DeploymentName&) = default;
};
/// As one name of a LabelTable, and back again: what is none, such as "other", is called so in
/// every label.
[[nodiscard]] std::string join(const DeploymentName& name);
[[nodiscard]] DeploymentName split_deployment(std::string_view joined) noexcept;

enum class BreakerState : std::uint8_t { closed, open, half_open };
inline constexpr std::size_t breaker_state_count = 3;
[[nodiscard]] std::string_view to_string(BreakerState state) noexcept;

/// How a deployment stands, as one core sees it.
struct DeploymentState {
  BreakerState breaker = BreakerState::closed;
  bool ejected = false;
  bool cooling_down = false;
  std::uint32_t in_flight = 0;      // of this core
  double uptime_percent = 100;      // the rest: of all cores, in the window
  double first_content_p50_ms = 0;  // 0: not known
  double first_content_p95_ms = 0;
  double tokens_per_s = 0;
};

struct DeploymentMetrics {
  std::array<Counter, attempt_outcome_count> attempts;

  Gauge is_served;  // 1 while the core's snapshot has it and its state is published
  Gauge breaker;    // a BreakerState
  Gauge is_ejected, is_cooling_down;
  Gauge in_flight;
  Gauge uptime_millionths;  // of 1
  Gauge first_content_p50_us, first_content_p95_us;
  Gauge tokens_per_s_thousandths;

  /// The owning core alone, as withdraw().
  void publish(const DeploymentState& state) noexcept;
  /// The core's snapshot has it no longer.
  void withdraw() noexcept { is_served.set(0); }
};

}  // namespace sluice::telemetry
