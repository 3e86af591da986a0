#include "worker_core.h"

#include <fmt/format.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "sluice/ring/sleep.h"
#include "sluice/server/http1_config.h"

namespace sluice::server {
namespace {

net::ConnectorConfig connector_config(const config::Config& config) {
  net::ConnectorConfig connector;
  connector.connection.queue_bytes_max = config.streaming.relay_buffer_bytes;
  return connector;
}

std::shared_ptr<gateway::Generation> make_generation(ring::Loop& loop, net::Connector& connector,
                                                     net::Connector& media_connector,
                                                     const Assignment& assignment) {
  return std::make_shared<gateway::Generation>(
      loop, connector, assignment.snapshot, assignment.upstream_tls,
      gateway::MediaAccess{.connector = &media_connector, .tls = assignment.media_tls},
      assignment.health);
}

}  // namespace

Worker::Core::Core(Worker& worker, ring::Backend& backend, std::unique_ptr<ring::Loop> loop,
                   std::unique_ptr<net::CaresResolver> resolver,
                   std::unique_ptr<net::CaresResolver> media_resolver, Assignment first)
    : worker_(worker),
      backend_(backend),
      loop_(std::move(loop)),
      resolver_(std::move(resolver)),
      media_resolver_(std::move(media_resolver)),
      assignment_(std::move(first)),
      connector_(*loop_, *resolver_, nullptr, connector_config(assignment_.snapshot->config)),
      media_connector_(*loop_, *media_resolver_, nullptr,
                       connector_config(assignment_.snapshot->config)),
      first_generation_(make_generation(*loop_, connector_, media_connector_, assignment_)),
      gateway_(*loop_, worker.metrics(),
               worker.config().access_log ? &worker.access_log() : nullptr, worker.ready_,
               worker.config().seed, first_generation_),
      gauges_(worker.metrics(), *loop_, worker.access_log(), worker.config().ring.buffer_bytes),
      stop_accepting_(*loop_),
      context_{.loop = *loop_,
               .metrics = worker.metrics(),
               .gateway = gateway_,
               .connections = connections_,
               .drain = drain_.token(),
               .end = end_.token(),
               .connections_max = assignment_.snapshot->config.server.connections_max} {
  loop_->on_turn_end([this] {
    worker_.metrics().loop_turns.add();
    take_orders();
  });
}

void Worker::Core::report(Report::Kind kind, std::string text) {
  // The keeper reads reports at once; a mailbox this full means that it is gone.
  (void)worker_.reports().post({.kind = kind, .text = std::move(text)});
}

void Worker::Core::report_unproxied() {
  std::optional<UnproxiedReport> dropped = context_.unproxied.take();
  if (!dropped) return;
  (void)worker_.reports().post({.kind = Report::Kind::unproxied, .unproxied = std::move(*dropped)});
}

std::optional<std::string> Worker::Core::open_first() {
  apply(assignment_.snapshot->config);
  keep_warm(std::move(first_generation_));
  return replace_listeners();
}

void Worker::Core::apply(const config::Config& config) {
  auto limits = std::make_shared<ConnectionLimits>();
  limits->http = http1_config(config.limits);
  limits->hello_timeout = std::chrono::milliseconds(config.limits.tls_hello_ms_max);
  limits_ = std::move(limits);
  context_.connections_max = config.server.connections_max;
}

std::optional<std::string> Worker::Core::open(const ListenerPlan& plan) {
  const config::Config& config = assignment_.snapshot->config;
  const bool proxy_protocol = config.listeners[plan.slot].proxy_protocol;
  net::ListenerConfig listener;
  listener.address = plan.address;
  listener.socket.backlog = config.server.listen_backlog;
  listener.proxy_protocol = proxy_protocol;
  listener.tls = plan.tls.get();
  Result<net::Listener> opened = net::Listener::open(*loop_, listener);
  if (!opened) {
    return fmt::format("{} cannot be listened on: {}", plan.address.to_string(),
                       std::strerror(opened.error().os_errno));
  }
  auto serving = std::make_shared<WorkerListener>(context_, std::move(*opened), plan.slot,
                                                  proxy_protocol, plan.tls, limits_);
  listeners_[plan.slot] = serving;
  serving->start();
  return std::nullopt;
}

// Brings the open listeners in line with the assignment; the first failure, the others are open.
std::optional<std::string> Worker::Core::replace_listeners() {
  std::map<std::size_t, std::shared_ptr<WorkerListener>> before = std::exchange(listeners_, {});
  std::optional<std::string> failure;
  for (const ListenerPlan& plan : assignment_.listeners) {
    const auto old = before.find(plan.slot);
    const bool proxy = assignment_.snapshot->config.listeners[plan.slot].proxy_protocol;
    if (old != before.end() && old->second->proxy_protocol() == proxy) {
      old->second->use(plan.tls, limits_);
      listeners_.insert(before.extract(old));
      continue;
    }
    if (old != before.end() && plan.address.family() == AF_UNIX) {
      ::unlink(reinterpret_cast<const sockaddr_un*>(plan.address.data())->sun_path);
    }
    auto problem = open(plan);
    if (problem && !failure) failure = std::move(problem);
  }
  for (const auto& [slot, listener] : before) listener->close();
  return failure;
}

void Worker::Core::take_orders() {
  while (std::optional<Order> order = worker_.orders_.take()) {
    std::visit([this](auto& each) { obey(each); }, *order);
  }
}

void Worker::Core::obey(Assignment& assignment) {
  if (stop_accepting_.is_set()) return;
  assignment_ = std::move(assignment);
  auto generation = make_generation(*loop_, connector_, media_connector_, assignment_);
  gateway_.use(generation);
  keep_warm(std::move(generation));
  apply(assignment_.snapshot->config);
  std::optional<std::string> failure = replace_listeners();
  if (failure) report(Report::Kind::listener_failed, std::move(*failure));
  report(Report::Kind::assigned);
}

void Worker::Core::obey(UseTicketKeys& order) {
  for (const auto& [slot, listener] : listeners_) listener->use_ticket_keys(order.keys);
}

// Of the generation that a request which comes now would use. A keeper that is far behind misses
// the answer, and says so to who asked.
void Worker::Core::obey(const Explain& order) {
  ExplainReport report{.number = order.number,
                       .answer = gateway::explain(order.query, gateway_.generation(), loop_->now(),
                                                  loop_->random().next())};
  (void)worker_.reports().post({.kind = Report::Kind::explained, .explained = std::move(report)});
}

void Worker::Core::keep_warm(std::shared_ptr<gateway::Generation> generation) {
  if (warmth_) warmth_->stop.request_stop();
  gauges_.watch(generation);
  warmth_ = std::make_shared<Warmth>(std::move(generation));
  housekeeping_.spawn(keep_warm_until_stopped(warmth_, worker_));
}

// Lifetime: the task keeps `warmth`, and with it the generation, until the stop is through.
Task<void> Worker::Core::keep_warm_until_stopped(std::shared_ptr<Warmth> warmth, Worker& worker) {
  gateway::Generation::NewsTold told = [&worker](const gateway::CredentialNews& news) {
    // A keeper that is far behind misses it; the metrics do not.
    (void)worker.reports().post({.kind = Report::Kind::credential,
                                 .credential = {.kind = news.kind,
                                                .provider = std::string(news.provider),
                                                .credential = news.credential,
                                                .problem = std::string(news.problem)}});
  };
  co_await warmth->generation->keep_warm(warmth->stop.token(), worker.metrics(), std::move(told));
}

Task<void> Worker::Core::sample_each_second(StopToken stop) {
  while (true) {
    std::uint64_t rests = 0;
    for (const auto& [slot, listener] : listeners_) rests += listener->take_rests();
    gauges_.sample(rests);
    report_unproxied();
    const Result<void> slept =
        co_await ring::sleep_until(*loop_, loop_->now() + std::chrono::seconds(1), stop);
    if (!slept) co_return;
  }
}

// Stop new work, join what is in flight, close.
Task<void> Worker::Core::live() {
  (void)co_await stop_accepting_.wait({});
  for (const auto& [slot, listener] : listeners_) listener->close();
  drain_.request_stop();
  co_await connections_.join();
  report_unproxied();
  listeners_.clear();

  co_await gateway_.close();
  if (warmth_) warmth_->stop.request_stop();
  housekeeping_stop_.request_stop();
  co_await housekeeping_.join();
  co_await resolver_->close();
  co_await media_resolver_->close();
  warmth_.reset();
  gauges_.finish();
  ended_ = true;
  backend_.wake();  // this turn's wait would find nothing to wait for
}

void Worker::Core::run(bool serving) {
  Scope life;
  life.spawn(live());
  if (serving) {
    housekeeping_.spawn(sample_each_second(housekeeping_stop_.token()));
    report(Report::Kind::started);
  } else {
    stop_accepting_.set();
  }
  while (!ended_ || life.running() > 0) loop_->turn();
  // Sockets close when their last operation has completed; a kernel that keeps one is not waited
  // for longer than this.
  const MonotonicTime limit = loop_->now() + std::chrono::seconds(5);
  while (loop_->closing_sockets() > 0 && loop_->now() < limit) {
    loop_->turn(loop_->now() + std::chrono::milliseconds(10));
  }
}

}  // namespace sluice::server
