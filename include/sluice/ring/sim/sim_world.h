// A loop over a simulated network, for tests: runs one root task and then looks for what it left.
//
//   for_each_seed(1, 1000, [](std::uint64_t seed) {
//     SimWorld world = SimWorld::drawn(seed);
//     EXPECT_EQ(world.run(scenario(world.loop()), std::chrono::hours(1)), "");
//   });
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "sluice/coro/task.h"
#include "sluice/ring/loop.h"
#include "sluice/ring/sim/sim_backend.h"

namespace sluice::ring::sim {

class SimWorld {
 public:
  SimWorld(std::uint64_t seed, const SimConfig& config);
  /// A configuration drawn from the seed.
  [[nodiscard]] static SimWorld drawn(std::uint64_t seed);
  SimWorld(SimWorld&& other) noexcept;
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;
  ~SimWorld();

  [[nodiscard]] Loop& loop() noexcept;
  [[nodiscard]] SimBackend& backend() noexcept;

  /// Turns until `root` has ended, then until every socket left to close is closed. Returns
  /// nothing when all is well, else a report with the seed, the configuration and the last events:
  /// the root did not end within `bound` of virtual time, nothing can happen any more, or a
  /// descriptor, buffer, or operation was left. May be called several times, until it fails: then
  /// what still runs is abandoned (leaked), as it cannot be ended.
  [[nodiscard]] std::string run(Task<void> root, Duration bound);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Calls `function` with `count` seeds from `first` on until a test failure is recorded by it
/// (`failed` returns true). With SLUICE_SIM_SEED in the environment: with that seed alone; with
/// SLUICE_SIM_SEEDS: with so many instead of `count`. An abort in between prints the seed.
/// Returns how many seeds were run.
std::uint64_t for_each_seed(
    std::uint64_t first, std::uint64_t count, const std::function<void(std::uint64_t)>& function,
    const std::function<bool()>& failed = [] { return false; });

}  // namespace sluice::ring::sim
