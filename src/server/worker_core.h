// What lives on a worker's thread: made there, used there, gone there.
#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/coro/event.h"
#include "sluice/coro/scope.h"
#include "sluice/gateway/gateway.h"
#include "sluice/net/cares_resolver.h"
#include "sluice/net/connector.h"
#include "sluice/ring/loop.h"
#include "sluice/server/worker.h"
#include "worker_gauges.h"
#include "worker_listener.h"

namespace sluice::server {

class Worker::Core {
 public:
  Core(Worker& worker, ring::Backend& backend, std::unique_ptr<ring::Loop> loop,
       std::unique_ptr<net::CaresResolver> resolver,
       std::unique_ptr<net::CaresResolver> media_resolver, Assignment first);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// Opens the first listeners. On failure a sentence: which address, and why.
  [[nodiscard]] std::optional<std::string> open_first();
  /// Turns until everything has ended. `serving`: whether open_first() succeeded.
  void run(bool serving);

 private:
  /// A generation in force and the task that keeps its connections warm.
  struct Warmth {
    explicit Warmth(std::shared_ptr<gateway::Generation> given) : generation(std::move(given)) {}
    std::shared_ptr<gateway::Generation> generation;
    StopSource stop;
  };

  void take_orders();
  void obey(Assignment& assignment);
  void obey(UseTicketKeys& order);
  void obey(const Explain& order);
  void obey(StopAccepting&) { stop_accepting_.set(); }
  void obey(End&) {
    stop_accepting_.set();
    end_.request_stop();
  }
  void apply(const config::Config& config);
  [[nodiscard]] std::optional<std::string> open(const ListenerPlan& plan);
  std::optional<std::string> replace_listeners();
  void keep_warm(std::shared_ptr<gateway::Generation> generation);
  static Task<void> keep_warm_until_stopped(std::shared_ptr<Warmth> warmth, Worker& worker);
  Task<void> live();
  Task<void> sample_each_second(StopToken stop);
  void report(Report::Kind kind, std::string text = {});
  void report_unproxied();

  Worker& worker_;
  ring::Backend& backend_;
  std::unique_ptr<ring::Loop> loop_;
  std::unique_ptr<net::CaresResolver> resolver_;
  std::unique_ptr<net::CaresResolver> media_resolver_;
  Assignment assignment_;
  net::Connector connector_;
  net::Connector media_connector_;
  std::shared_ptr<gateway::Generation> first_generation_;  // until open_first()
  gateway::Gateway gateway_;
  WorkerGauges gauges_;
  Event stop_accepting_;
  StopSource end_;
  StopSource drain_{end_.token()};
  StopSource housekeeping_stop_;
  Scope connections_;
  Scope housekeeping_;
  ConnectionContext context_;
  std::shared_ptr<const ConnectionLimits> limits_;
  std::map<std::size_t, std::shared_ptr<WorkerListener>> listeners_;  // open ones, by slot
  std::shared_ptr<Warmth> warmth_;
  bool ended_ = false;
};

}  // namespace sluice::server
