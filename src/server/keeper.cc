#include "sluice/server/keeper.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "keeper_impl.h"
#include "sluice/ring/kernel_backend.h"
#include "sluice/ring/sleep.h"
#include "sluice/server/process.h"

namespace sluice::server {

using telemetry::EventLevel;

namespace {

// A ticket lives for four hours and three keys open tickets: two hours per key keep every promise.
constexpr auto ticket_key_life = std::chrono::hours(2);
// Broken connections end within a few turns; what does not end by then never will.
constexpr auto end_patience = std::chrono::seconds(10);
constexpr std::size_t admin_connections_max = 256;

bool is_logged(EventLevel level, config::LogLevel wanted) noexcept {
  switch (wanted) {
    case config::LogLevel::error: return level >= EventLevel::error;
    case config::LogLevel::warning: return level >= EventLevel::warn;
    case config::LogLevel::info: return level >= EventLevel::info;
    case config::LogLevel::debug: return true;
  }
  return true;
}

}  // namespace

std::chrono::milliseconds drain_grace(std::uint32_t drain_ms_max) noexcept {
  return std::chrono::milliseconds(std::min<std::uint32_t>(drain_ms_max / 10, 2'000));
}

bool Keeper::says(EventLevel level) const noexcept {
  return is_logged(level, snapshot_->config.log.level);
}

void Keeper::say(EventLevel level, std::string_view message, std::string_view key,
                 std::string_view value) {
  if (!says(level)) return;
  std::string line;
  {
    telemetry::EventLine event(line, loop_.wall_now(), level, message);
    if (!key.empty()) event.add(key, value);
  }
  events_.append(line);
}

void Keeper::say_lines(EventLevel level, std::string_view message, std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    say(level, message, "reason", lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

void Keeper::say_unproxied(const UnproxiedReport& dropped) {
  if (!says(EventLevel::warn)) return;
  std::string line;
  {
    telemetry::EventLine event(line, loop_.wall_now(), EventLevel::warn,
                               "dropped for want of a PROXY header");
    event.add("listener", slots_.slots()[dropped.slot].address.to_string())
        .add("peer", dropped.peer)
        .add("reason", dropped.why)
        .add("connections", dropped.count);
  }
  events_.append(line);
}

// Every worker fetches tokens and is refused by itself, and what one has said the others need not
// say again.
void Keeper::say_credential(const CredentialReport& report) {
  using Kind = gateway::CredentialNews::Kind;
  std::pair credential(report.provider, report.credential);
  switch (report.kind) {
    case Kind::token_missing:
      if (!tokens_missed_.insert(std::move(credential)).second) return;
      return say_credential(EventLevel::warn, "an access token cannot be fetched", report,
                            "it is tried again; check the credential and the way to its token "
                            "server before the last token expires");
    case Kind::token_back:
      if (tokens_missed_.erase(credential) == 0) return;
      return say_credential(EventLevel::info, "access tokens can be fetched again", report, "");
    case Kind::refused:
      if (!keys_refused_.insert(std::move(credential)).second) return;
      return say_credential(EventLevel::error, "a credential is refused", report,
                            "it is not used any more; put a valid key in its place and reload the "
                            "configuration");
  }
}

void Keeper::say_credential(EventLevel level, std::string_view message,
                            const CredentialReport& report, std::string_view next) {
  if (!says(level)) return;
  std::string line;
  {
    telemetry::EventLine event(line, loop_.wall_now(), level, message);
    event.add("provider", report.provider).add("credential", report.credential + 1);
    if (!report.problem.empty()) event.add("reason", report.problem);
    if (!next.empty()) event.add("next", next);
  }
  events_.append(line);
}

void Keeper::post_to_all(const std::function<Order()>& make_order) {
  for (const auto& worker : workers_) {
    if (!worker->post(make_order())) say(EventLevel::error, "a worker takes no orders any more");
  }
}

std::string Keeper::render_metrics() {
  std::erase_if(snapshots_, [](const auto& snapshot) { return snapshot.expired(); });
  process_.snapshots_alive.set(static_cast<std::int64_t>(snapshots_.size()));
  process_.is_ready.set(ready_.load(std::memory_order_relaxed) ? 1 : 0);
  std::vector<const telemetry::Metrics*> cores;
  for (const auto& worker : workers_) cores.push_back(&worker->metrics());
  std::string text;
  telemetry::render_prometheus(cores, process_, labels_, config_.build, text);
  return text;
}

void Keeper::take_reports() {
  for (const auto& worker : workers_) {
    while (std::optional<Report> report = worker->reports().take()) {
      take_report(*worker, std::move(*report));
    }
  }
}

void Keeper::take_report(Worker& worker, Report report) {
  switch (report.kind) {
    case Report::Kind::started: ++workers_started_; break;
    case Report::Kind::failed:
      if (failure_.empty()) failure_ = std::move(report.text);
      ++workers_started_;
      ++workers_gone_;
      break;
    case Report::Kind::assigned:
      if (--assignments_awaited_ == 0) reload_done();
      break;
    case Report::Kind::listener_failed:
      say(EventLevel::error, "a listener of the new configuration is not open", "reason",
          report.text);
      break;
    case Report::Kind::unproxied: say_unproxied(report.unproxied); break;
    case Report::Kind::credential: say_credential(report.credential); break;
    case Report::Kind::explained: explain_desk_.take(std::move(report.explained)); break;
    case Report::Kind::ended:
      // It takes no assignment any more; those that do must not wait for it.
      (void)worker;
      ++workers_gone_;
      break;
  }
  if (workers_started_ == workers_.size()) starting_over_.set();
  if (workers_gone_ == workers_.size()) workers_ended_.set();
}

void Keeper::on_signal(int number) {
  switch (number) {
    case SIGHUP: reload(); break;
    case SIGUSR1:
      if (const auto opened = log_->reopen(); !opened) say(EventLevel::error, opened.error());
      break;
    case SIGTERM:
    case SIGINT:
      if (drain_asked_.is_set()) {
        hurry_.request_stop();
      } else {
        skip_grace_ = number == SIGINT;
        drain_asked_.set();
      }
      break;
    default: break;  // none other is read
  }
}

// Lifetime: live() joins this task and those below.
Task<void> Keeper::watch_signals(StopToken stop) {
  while (true) {
    const Result<int> number = co_await signals_->next(stop);
    if (!number) co_return;
    on_signal(*number);
  }
}

Task<void> Keeper::serve_admin(StopToken stop) {
  if (!admin_listener_) co_return;
  PlainServer server(loop_, std::move(*admin_listener_), *admin_handler_, admin_connections_max);
  co_await server.run(stop);
}

Task<void> Keeper::rotate_ticket_keys(StopToken stop) {
  while (true) {
    const Result<void> slept =
        co_await ring::sleep_until(loop_, loop_.now() + ticket_key_life, stop);
    if (!slept) co_return;
    ticket_keys_ = ticket_keys_->rotated();
    post_to_all([this] { return UseTicketKeys{ticket_keys_}; });
  }
}

Task<void> Keeper::drain() {
  const auto drain_max = std::chrono::milliseconds(snapshot_->config.server.drain_ms_max);
  const MonotonicTime limit = loop_.now() + drain_max;
  ready_.store(false, std::memory_order_relaxed);
  service_.stopping("draining");
  say(EventLevel::info, "draining: not ready any more");
  if (!skip_grace_) {
    const auto grace = drain_grace(snapshot_->config.server.drain_ms_max);
    (void)co_await ring::sleep_until(loop_, loop_.now() + grace, hurry_.token());
  }
  post_to_all([] { return StopAccepting{}; });
  slots_.remove_paths();
  {
    ring::Deadline deadline(loop_, limit, hurry_.token());
    (void)co_await workers_ended_.wait(deadline.token());
  }
  if (!workers_ended_.is_set()) {
    say(EventLevel::warn, "breaking the connections that are left");
    post_to_all([] { return End{}; });
    ring::Deadline patience(loop_, loop_.now() + end_patience, {});
    (void)co_await workers_ended_.wait(patience.token());
  }
  say(EventLevel::info, workers_ended_.is_set() ? "drained" : "a worker does not end");
}

// Lifetime: run() joins this task. The turn it ends in would find nothing left to wait for.
Task<void> Keeper::live() {
  co_await serve_until_drained();
  loop_.backend().wake();
}

Task<void> Keeper::serve_until_drained() {
  (void)co_await starting_over_.wait({});
  if (!failure_.empty()) {
    post_to_all([] { return End{}; });
    (void)co_await workers_ended_.wait({});
    co_return;
  }
  print_banner();
  say_remarks(*edition_);
  edition_.reset();
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(loop_.wall_now().time_since_epoch()).count();
  process_.started_at_s.set(now);
  process_.config_loaded_at_s.set(now);
  ready_.store(true, std::memory_order_relaxed);
  service_.ready("serving");

  housekeeping_.spawn(watch_signals(housekeeping_stop_.token()));
  housekeeping_.spawn(rotate_ticket_keys(housekeeping_stop_.token()));
  housekeeping_.spawn(serve_admin(housekeeping_stop_.token()));
  (void)co_await drain_asked_.wait({});
  co_await drain();
  housekeeping_stop_.request_stop();
  co_await housekeeping_.join();
}

Keeper::Outcome Keeper::run() {
  log_->start();
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->start(std::move(first_assignments_[i]));
  }
  first_assignments_.clear();
  Scope life;
  life.spawn(live());
  while (life.running() > 0) loop_.turn();
  for (const auto& worker : workers_) worker->reports().leave();
  if (!workers_ended_.is_set()) {
    // Joining a thread that hangs would hang as well. The log is written, the sockets go with us.
    log_.reset();
    ::_exit(EXIT_FAILURE);
  }
  // The signal that ended us was taken; sockets of admin pages close with their last operation.
  const MonotonicTime limit = loop_.now() + std::chrono::seconds(1);
  while (loop_.closing_sockets() > 0 && loop_.now() < limit) {
    loop_.turn(loop_.now() + std::chrono::milliseconds(10));
  }
  if (!failure_.empty()) return std::unexpected(failure_);
  return {};
}

std::expected<void, std::string> keep(KeeperConfig config) {
  if (std::string missing = ring::missing_kernel_feature(); !missing.empty()) {
    return std::unexpected(std::move(missing));
  }
  ring::KernelBackendConfig ring;
  ring.submissions = 64;
  ring.completions = 1024;
  ring.buffer_bytes = 32 * 1024;
  ring.buffers_start = 4;
  ring.buffers_max = 64;
  auto backend = ring::make_kernel_backend(ring);
  if (!backend) return std::unexpected(std::string(backend.error().what));
  Keeper keeper(std::move(config), **backend);
  if (auto prepared = keeper.prepare(); !prepared) return prepared;
  return keeper.run();
}

}  // namespace sluice::server
