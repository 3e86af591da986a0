// The two worlds network tests run in: real loopback sockets, and the simulated network.
#pragma once
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "ring/kernel_pair.h"
#include "sluice/ring/sim/sim_world.h"

namespace sluice::net::testing {

class World {
 public:
  virtual ~World() = default;
  [[nodiscard]] virtual ring::Loop& loop() = 0;
  /// Runs `root` to its end; fails the test when it hangs or leaves something behind.
  virtual void run(Task<void> root) = 0;
};

class KernelWorld final : public World {
 public:
  ring::Loop& loop() override { return *kernel_.loop; }
  void run(Task<void> root) override { kernel_.run(std::move(root)); }

 private:
  ring::testing::KernelLoop kernel_;
};

/// A network that cuts, delays and reorders completions, but breaks nothing.
inline ring::sim::SimConfig rough_network() {
  ring::sim::SimConfig config = ring::sim::SimConfig::calm();
  config.short_receive = 0.3;
  config.short_segment = 0.3;
  config.send_pause = 0.2;
  config.late_completion = 0.2;
  config.lost_cancel = 0.3;
  config.multishot_end = 0.1;
  config.no_buffers = 0.05;
  config.reorder = true;
  config.socket_buffer_bytes = 8 * 1024;
  return config;
}

class SimulatedWorld final : public World {
 public:
  explicit SimulatedWorld(std::uint64_t seed, const ring::sim::SimConfig& config = rough_network())
      : world_(seed, config) {}
  ring::Loop& loop() override { return world_.loop(); }
  void run(Task<void> root) override {
    EXPECT_EQ(world_.run(std::move(root), std::chrono::hours(1)), "");
  }

 private:
  ring::sim::SimWorld world_;
};

}  // namespace sluice::net::testing
