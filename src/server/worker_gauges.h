// What a worker samples about itself once a second: its ring, its pools, its
// log, and how the deployments stand.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "sluice/gateway/generation.h"
#include "sluice/ring/kernel_backend.h"
#include "sluice/ring/loop.h"
#include "sluice/telemetry/log_buffer.h"
#include "sluice/telemetry/metrics.h"

namespace sluice::server {

class WorkerGauges {
 public:
  /// Lifetime: all outlive the gauges.
  WorkerGauges(telemetry::Metrics& metrics, ring::Loop& loop, const telemetry::LogBuffer& log,
               std::uint32_t buffer_bytes) noexcept
      : metrics_(metrics), loop_(loop), log_(log), buffer_bytes_(buffer_bytes) {}

  /// Counts the pools of this generation too, until its last connection is gone.
  void watch(std::shared_ptr<gateway::Generation> generation);
  /// `rests`: how often accepting rested for want of descriptors since the last time.
  void sample(std::uint64_t rests);
  /// Lets go of every generation, after a last look.
  void finish();

 private:
  struct Watched {
    std::shared_ptr<gateway::Generation> generation;
    std::uint64_t opened = 0;  // already counted
    std::uint64_t reused = 0;
  };
  void sample_pools();
  void sample_health();
  telemetry::Metrics& metrics_;
  ring::Loop& loop_;
  const telemetry::LogBuffer& log_;
  std::uint32_t buffer_bytes_;
  std::vector<Watched> watched_;  // the last is the one in force
};

}  // namespace sluice::server
