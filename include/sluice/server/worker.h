// A worker: one thread, one core, one loop, and everything that serves requests on it.
//
//   keeper --Order--> [ mailbox ] --> worker: listeners -> connections -> gateway -> pools
//   keeper <-Report-- [ mailbox ] <--
//
//   starting --started--> serving --StopAccepting--> draining --last connection ended--> ended
//                                                      '--End: connections are broken--'
//
// Nothing here is shared with other workers but immutable snapshots and counters. Every task has a
// scope that joins it; the thread ends by itself when the last connection has.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "sluice/gateway/explain.h"
#include "sluice/gateway/generation.h"
#include "sluice/gateway/snapshot.h"
#include "sluice/net/tls_context.h"
#include "sluice/ring/kernel_backend.h"
#include "sluice/ring/mailbox.h"
#include "sluice/ring/socket_address.h"
#include "sluice/telemetry/log_buffer.h"
#include "sluice/telemetry/metrics.h"

namespace sluice::server {

/// One address this worker accepts on.
struct ListenerPlan {
  std::size_t slot = 0;  // position in the snapshot's listeners
  ring::SocketAddress address;
  std::shared_ptr<net::TlsServerContext> tls;  // this worker's own; null: plain
};

/// What a worker serves from now on. Listeners that are not in it are closed.
struct Assignment {
  std::shared_ptr<const gateway::Snapshot> snapshot;
  gateway::TlsContexts upstream_tls;                            // this worker's own
  std::shared_ptr<const net::TlsClientContext> media_tls = {};  // likewise; null: nothing by https
  std::vector<ListenerPlan> listeners;
  gateway::HealthAccess health = {};  // this worker's place among all; none: it is alone
};
struct UseTicketKeys {
  std::shared_ptr<const net::TlsTicketKeys> keys;
};
/// Say how a request would go: answered by a Report of the same number.
struct Explain {
  std::uint64_t number = 0;
  gateway::ExplainQuery query{};
};
struct StopAccepting {};  // and end when the last connection has
struct End {};            // break what is left
using Order = std::variant<Assignment, UseTicketKeys, Explain, StopAccepting, End>;

/// Connections dropped for want of a PROXY header.
struct UnproxiedReport {
  std::size_t slot = 0;     // the listener of the first of them
  std::string peer{};       // its address
  const char* why = "";     // static text
  std::uint64_t count = 0;  // of all
};

/// gateway::CredentialNews, with text of its own.
struct CredentialReport {
  gateway::CredentialNews::Kind kind{};
  std::string provider{};
  std::size_t credential = 0;
  std::string problem{};
};

/// What became of an Explain.
struct ExplainReport {
  std::uint64_t number = 0;
  gateway::ExplainAnswer answer{};
};

/// From a worker to the keeper.
struct Report {
  enum class Kind : std::uint8_t {
    started,          // accepting on every listener of the first assignment
    failed,           // not started; `text` says why; the thread ends
    assigned,         // a later assignment is in force
    listener_failed,  // of a later assignment; `text` says which and why; the rest is in force
    unproxied,        // once a second at most: what was dropped since is in `unproxied`
    credential,       // `credential`: once for each turn of its
    explained,        // `explained`
    ended,            // drained; the thread ends
  } kind = Kind::started;
  std::string text{};
  UnproxiedReport unproxied{};
  CredentialReport credential{};
  ExplainReport explained{};
};

struct WorkerConfig {
  std::uint32_t index = 0;
  std::optional<int> cpu;  // to be pinned to
  ring::KernelBackendConfig ring{};
  std::uint64_t seed = 0;                   // of request ids and jitter: random for each worker
  std::size_t log_bytes = 4 * 1024 * 1024;  // access lines that wait; touched only when used
  bool access_log = true;
};

class Worker {
 public:
  /// Lifetime: `ready` outlives the worker. Made, started and destroyed by the keeper.
  Worker(WorkerConfig config, const std::atomic<bool>& ready);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Joins the thread, which must have been told to end.
  ~Worker();

  /// Starts the thread. Reports `started` or `failed`.
  void start(Assignment first);
  /// The keeper alone. False: the worker is far behind; try again later.
  [[nodiscard]] bool post(Order order) { return orders_.post(std::move(order)); }
  [[nodiscard]] ring::Mailbox<Report>& reports() noexcept { return reports_; }

  [[nodiscard]] telemetry::Metrics& metrics() noexcept { return *metrics_; }
  [[nodiscard]] telemetry::LogBuffer& access_log() noexcept { return access_log_; }
  [[nodiscard]] const WorkerConfig& config() const noexcept { return config_; }

 private:
  class Core;  // lives on the worker's thread
  void run(Assignment first);

  static constexpr std::size_t mailbox_messages = 64;
  WorkerConfig config_;
  const std::atomic<bool>& ready_;
  std::unique_ptr<telemetry::Metrics> metrics_;
  telemetry::LogBuffer access_log_;
  ring::Mailbox<Order> orders_{mailbox_messages};
  ring::Mailbox<Report> reports_{mailbox_messages};
  std::thread thread_;
};

}  // namespace sluice::server
