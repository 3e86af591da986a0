// One listener of one worker: accepts, bounds, establishes, and serves each connection.
//
//   accept -> too many? close : [PROXY] -> [TLS] -> serve_http1 -> closed
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "sluice/config/limits.h"
#include "sluice/coro/scope.h"
#include "sluice/coro/stop_token.h"
#include "sluice/gateway/gateway.h"
#include "sluice/http/server_http1.h"
#include "sluice/net/listener.h"
#include "sluice/net/tls_context.h"
#include "sluice/ring/loop.h"
#include "sluice/telemetry/metrics.h"
#include "unproxied_peers.h"

namespace sluice::server {

/// What all listeners of a worker share. Lifetime: outlives them and their connections.
struct ConnectionContext {
  ring::Loop& loop;
  telemetry::Metrics& metrics;
  gateway::Gateway& gateway;
  Scope& connections;             // joins every task of every listener
  StopToken drain;                // idle connections close
  StopToken end;                  // all break
  std::uint32_t connections_max;  // of this worker
  std::size_t connections_open = 0;
  UnproxiedPeers unproxied{};  // for the log
};

/// Bounds that a reload may change; connections keep the ones they began with.
struct ConnectionLimits {
  http::ServerHttp1Config http;
  std::chrono::milliseconds hello_timeout{15'000};
};

class WorkerListener : public std::enable_shared_from_this<WorkerListener> {
 public:
  WorkerListener(ConnectionContext& context, net::Listener listener, std::size_t slot,
                 bool proxy_protocol, std::shared_ptr<net::TlsServerContext> tls,
                 std::shared_ptr<const ConnectionLimits> limits);

  /// Starts accepting, in the context's scope.
  void start();
  /// For connections from now on.
  void use(std::shared_ptr<net::TlsServerContext> tls,
           std::shared_ptr<const ConnectionLimits> limits) noexcept;
  void use_ticket_keys(const std::shared_ptr<const net::TlsTicketKeys>& keys) noexcept;
  /// Closes the listening socket at once; connections finish what is under way and close.
  void close() noexcept;

  [[nodiscard]] std::size_t slot() const noexcept { return slot_; }
  [[nodiscard]] bool proxy_protocol() const noexcept { return proxy_protocol_; }
  /// How often accepting rested because a resource ran out, since the last call.
  [[nodiscard]] std::uint64_t take_rests() noexcept;

 private:
  Task<void> accept_all(std::shared_ptr<WorkerListener> self);
  Task<void> serve(std::shared_ptr<WorkerListener> self, int socket);
  Task<std::unique_ptr<net::Stream>> establish(int socket, const ConnectionLimits& limits);

  ConnectionContext& context_;
  net::Listener listener_;
  gateway::ListenerHandler handler_;
  std::size_t slot_;
  bool proxy_protocol_;
  std::shared_ptr<net::TlsServerContext> tls_;
  std::shared_ptr<const ConnectionLimits> limits_;
  StopSource accepting_;
  StopSource drain_;
  std::uint64_t rests_seen_ = 0;
  bool closed_ = false;
};

}  // namespace sluice::server
