#include "sluice/server/worker.h"

#include <fmt/format.h>

#include <utility>

#include "sluice/base/assert.h"
#include "sluice/server/process.h"
#include "worker_core.h"

namespace sluice::server {

Worker::Worker(WorkerConfig config, const std::atomic<bool>& ready)
    : config_(std::move(config)),
      ready_(ready),
      metrics_(std::make_unique<telemetry::Metrics>()),
      access_log_(config_.log_bytes) {}

Worker::~Worker() {
  if (thread_.joinable()) thread_.join();
}

void Worker::start(Assignment first) {
  SLUICE_ASSERT(!thread_.joinable());
  thread_ =
      std::thread([this](Assignment assignment) { run(std::move(assignment)); }, std::move(first));
}

void Worker::run(Assignment first) {
  name_this_thread(fmt::format("sluice-{}", config_.index).c_str());
  if (config_.cpu) pin_this_thread(*config_.cpu);
  auto backend = ring::make_kernel_backend(config_.ring);
  if (!backend) {
    (void)reports_.post({.kind = Report::Kind::failed, .text = backend.error().what});
    return;
  }
  auto loop = std::make_unique<ring::Loop>(**backend, config_.seed);
  auto resolver = net::CaresResolver::make(*loop, {});
  if (!resolver) {
    (void)reports_.post({.kind = Report::Kind::failed, .text = resolver.error().what});
    return;
  }
  // Of names that callers choose, which may lead to servers that never answer.
  auto media_resolver = net::CaresResolver::make(*loop, {.names_max = 256});
  if (!media_resolver) {
    (void)reports_.post({.kind = Report::Kind::failed, .text = media_resolver.error().what});
    return;
  }
  orders_.attach(**backend);
  {
    Core core(*this, **backend, std::move(loop), std::move(*resolver), std::move(*media_resolver),
              std::move(first));
    std::optional<std::string> problem = core.open_first();
    core.run(!problem);
    orders_.leave();
    if (problem) {
      (void)reports_.post({.kind = Report::Kind::failed, .text = std::move(*problem)});
      return;
    }
  }
  (void)reports_.post({.kind = Report::Kind::ended});
}

}  // namespace sluice::server
