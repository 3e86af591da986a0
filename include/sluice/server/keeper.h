// The keeper: the main thread, which starts the workers, watches them, and never serves a request.
//
//   start    limits, kernel, configuration, addresses, certificates -> workers -> ready
//   SIGHUP   the same again, into every worker; a broken configuration changes nothing
//   SIGUSR1  the access log is opened anew
//   SIGTERM  not ready -> grace -> stop accepting -> last exchange ends, or drain_ms_max -> exit 0
//   SIGINT   the same without the grace; a second SIGTERM or SIGINT breaks what is left
//
// It also answers the admin pages, on a loop of its own, so that they cost the workers nothing.
#pragma once
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "sluice/config/environment.h"
#include "sluice/server/load_configuration.h"
#include "sluice/server/plain_server.h"
#include "sluice/telemetry/prometheus.h"

namespace sluice::server {

struct KeeperConfig {
  Overrides overrides{};
  /// Serves as the simulated provider; null: there is none.
  ServerThread::Serve simulated_provider{};
  telemetry::BuildInfo build{};
  config::Environment environment{};
  std::string notify_socket{};  // $NOTIFY_SOCKET
};

/// How long after SIGTERM a process that is no longer ready goes on accepting, so that a load
/// balancer sees it before connections are refused: a tenth of drain_ms_max, two seconds at most.
[[nodiscard]] std::chrono::milliseconds drain_grace(std::uint32_t drain_ms_max) noexcept;

/// Serves until told to end; signals must be blocked (process.h). On failure to start one sentence,
/// or several lines about the configuration.
[[nodiscard]] std::expected<void, std::string> keep(KeeperConfig config);

}  // namespace sluice::server
