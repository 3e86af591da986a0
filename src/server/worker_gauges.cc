#include "worker_gauges.h"

#include <utility>

#include "sluice/gateway/health_gauges.h"

namespace sluice::server {
namespace {

// Brings a counter up to a total that is counted elsewhere.
void raise_to(Counter& counter, std::uint64_t total) noexcept {
  if (total > counter.value()) counter.add(total - counter.value());
}

}  // namespace

void WorkerGauges::watch(std::shared_ptr<gateway::Generation> generation) {
  watched_.push_back({.generation = std::move(generation)});
}

void WorkerGauges::sample(std::uint64_t rests) {
  const ring::BackendStats stats = loop_.backend().stats();
  metrics_.buffers_in_use.set(static_cast<std::int64_t>(stats.buffers_leased));
  metrics_.buffers_total.set(static_cast<std::int64_t>(stats.buffer_bytes / buffer_bytes_));
  raise_to(metrics_.buffers_exhausted, stats.buffers_exhausted);
  raise_to(metrics_.log_lines_written, log_.appended_count());
  raise_to(metrics_.log_lines_dropped, log_.dropped_count());
  metrics_.descriptors_exhausted.add(rests);
  sample_pools();
  sample_health();
}

// Of the configuration in force alone: what older exchanges meet with is theirs to know.
void WorkerGauges::sample_health() {
  if (watched_.empty()) return;
  gateway::Generation& generation = *watched_.back().generation;
  gateway::publish_health(generation.snapshot(), generation.health(), loop_.now(), metrics_);
}

void WorkerGauges::sample_pools() {
  std::int64_t open = 0;
  std::int64_t idle = 0;
  std::int64_t waiting = 0;
  for (Watched& each : watched_) {
    const upstream::ConnectionPoolStats stats = each.generation->stats();
    open += static_cast<std::int64_t>(stats.open);
    idle += static_cast<std::int64_t>(stats.idle);
    waiting += static_cast<std::int64_t>(stats.waiting);
    metrics_.upstream_connections_opened.add(stats.opened -
                                             std::exchange(each.opened, stats.opened));
    metrics_.upstream_connections_reused.add(stats.reused -
                                             std::exchange(each.reused, stats.reused));
  }
  metrics_.upstream_connections_open.set(open);
  metrics_.upstream_connections_idle.set(idle);
  metrics_.upstream_waiters.set(waiting);
  // A retired generation is ours alone once its last exchange has ended.
  std::erase_if(watched_, [](const Watched& each) { return each.generation.use_count() == 1; });
}

void WorkerGauges::finish() {
  sample(0);
  watched_.clear();
  for (telemetry::DeploymentMetrics& each : metrics_.deployments) each.withdraw();
  metrics_.upstream_connections_open.set(0);
  metrics_.upstream_connections_idle.set(0);
}

}  // namespace sluice::server
