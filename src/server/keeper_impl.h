// The keeper's inside. keeper_start.cc: from nothing to ready. keeper.cc: what happens then.
// keeper_reload.cc: SIGHUP.
#pragma once
#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edition.h"
#include "sluice/coro/event.h"
#include "sluice/coro/scope.h"
#include "sluice/net/listener.h"
#include "sluice/ring/loop.h"
#include "sluice/server/admin_handler.h"
#include "sluice/server/explain_desk.h"
#include "sluice/server/keeper.h"
#include "sluice/server/log_writer.h"
#include "sluice/server/plain_server.h"
#include "sluice/server/service_manager.h"
#include "sluice/server/signal_reader.h"
#include "sluice/server/worker.h"
#include "sluice/telemetry/event_log.h"

namespace sluice::server {

class Keeper {
 public:
  Keeper(KeeperConfig config, ring::Backend& backend);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  ~Keeper();

  using Outcome = std::expected<void, std::string>;

  /// Everything up to running threads; on failure nothing runs.
  [[nodiscard]] Outcome prepare();
  /// Starts the workers, serves, drains. On failure the workers have ended again.
  [[nodiscard]] Outcome run();

 private:
  // keeper_start.cc
  [[nodiscard]] Outcome start_simulated_provider();
  [[nodiscard]] Outcome make_workers();
  [[nodiscard]] Outcome open_admin();
  [[nodiscard]] Outcome open_admin_at(const ring::SocketAddress& address);
  void print_banner();

  // keeper.cc
  Task<void> live();
  Task<void> serve_until_drained();
  Task<void> serve_admin(StopToken stop);
  Task<void> watch_signals(StopToken stop);
  Task<void> rotate_ticket_keys(StopToken stop);
  Task<void> drain();
  void take_reports();
  void take_report(Worker& worker, Report report);
  void on_signal(int number);
  void post_to_all(const std::function<Order()>& make_order);
  [[nodiscard]] std::string render_metrics();
  [[nodiscard]] bool says(telemetry::EventLevel level) const noexcept;
  void say_unproxied(const UnproxiedReport& dropped);
  void say_credential(const CredentialReport& report);
  void say_credential(telemetry::EventLevel level, std::string_view message,
                      const CredentialReport& report, std::string_view next);
  void say(telemetry::EventLevel level, std::string_view message, std::string_view key = {},
           std::string_view value = {});
  void say_lines(telemetry::EventLevel level, std::string_view message, std::string_view lines);

  // keeper_reload.cc
  void reload();
  void reload_failed(std::string_view why);
  void say_what_needs_a_restart(const config::Config& wanted);
  [[nodiscard]] std::expected<std::vector<Assignment>, std::string> assignments_of(
      const Edition& edition, const std::vector<ListenerSlots::Slot>& slots) const;
  void say_remarks(const Edition& edition);
  void post_assignments(std::vector<Assignment> assignments);
  void reload_done();

  // What the workers and the admin pages were made with: only a restart changes it.
  struct StartedWith {
    config::ServerConfig server;
    std::optional<ring::SocketAddress> admin_address;
    bool admin_anonymous = false;
    std::uint32_t relay_buffer_bytes = 0;
    bool logged = false;  // the workers write access lines
  };

  KeeperConfig config_;
  ring::Loop loop_;
  std::atomic<bool> ready_{false};
  telemetry::MetricLabels labels_;
  telemetry::ProcessMetrics process_;
  catalog::Catalog catalogue_;
  ServiceManager service_;
  std::unique_ptr<ServerThread> simulated_;
  ListenerSlots slots_;
  std::optional<Edition> edition_;  // prepared, until the workers are made
  std::shared_ptr<const gateway::Snapshot> snapshot_;
  std::vector<std::weak_ptr<const gateway::Snapshot>> snapshots_;  // that may be alive
  std::shared_ptr<const net::TlsTicketKeys> ticket_keys_;
  telemetry::LogBuffer events_{1024 * 1024};
  StartedWith started_with_;
  std::uint32_t worker_count_ = 0;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Assignment> first_assignments_;
  std::optional<LogWriter> log_;  // after what it reads from
  ExplainDesk explain_desk_;
  std::optional<AdminHandler> admin_handler_;
  std::optional<net::Listener> admin_listener_;
  std::string admin_text_;  // of the banner: where the admin pages are, or why they are not
  std::unique_ptr<SignalReader> signals_;
  std::uint64_t open_files_ = 0;

  Event starting_over_;  // every worker has started or failed
  Event workers_ended_;
  Event drain_asked_;
  StopSource hurry_;  // a second signal
  StopSource housekeeping_stop_;
  Scope housekeeping_;
  bool skip_grace_ = false;
  std::size_t workers_started_ = 0;
  std::size_t workers_gone_ = 0;
  std::size_t assignments_awaited_ = 0;
  bool reload_asked_ = false;  // while one was under way
  // Providers and positions of credentials whose tokens were said not to come, by some worker.
  std::set<std::pair<std::string, std::size_t>> tokens_missed_;
  // And of those that providers refused.
  std::set<std::pair<std::string, std::size_t>> keys_refused_;
  std::string failure_;
};

}  // namespace sluice::server
