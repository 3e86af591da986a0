// SIGHUP: the configuration again. Everything that can fail happens before anything changes.
#include <utility>

#include "keeper_impl.h"

namespace sluice::server {

using telemetry::EventLevel;

void Keeper::reload() {
  if (drain_asked_.is_set()) return;
  if (assignments_awaited_ > 0) {  // one is on its way to the workers: this one comes after it
    reload_asked_ = true;
    return;
  }
  service_.reloading(loop_.now());
  auto edition =
      prepare_edition(config_.overrides, catalogue_, config_.environment, slots_, labels_);
  if (!edition) return reload_failed(edition.error());
  auto assignments = assignments_of(*edition, edition->claim.slots());
  if (!assignments) return reload_failed(assignments.error());
  const config::LogConfig& log = edition->snapshot->config.log;
  if (auto opened = log_->use_access_target(log); !opened) return reload_failed(opened.error());

  say_what_needs_a_restart(edition->snapshot->config);
  slots_.commit(std::move(edition->claim));
  snapshot_ = edition->snapshot;
  snapshots_.push_back(snapshot_);
  say_remarks(*edition);
  post_assignments(std::move(*assignments));
}

void Keeper::reload_failed(std::string_view why) {
  process_.config_reloads_failed.add();
  say_lines(EventLevel::error, "configuration not reloaded, the one in force stays", why);
  service_.ready("serving; the last reload failed");
}

std::expected<std::vector<Assignment>, std::string> Keeper::assignments_of(
    const Edition& edition, const std::vector<ListenerSlots::Slot>& slots) const {
  std::vector<Assignment> assignments;
  const auto board = gateway::make_health_board(worker_count_, edition.snapshot->models);
  for (std::uint32_t index = 0; index < worker_count_; ++index) {
    auto assignment =
        assignment_for(index, worker_count_, edition.snapshot, edition.tls, slots, ticket_keys_);
    if (!assignment) return std::unexpected(assignment.error());
    assignment->health = {.board = board, .core = index};
    assignments.push_back(std::move(*assignment));
  }
  return assignments;
}

void Keeper::say_remarks(const Edition& edition) {
  for (const std::string& remark : edition.remarks) {
    say(EventLevel::warn, "configuration", "remark", remark);
  }
  for (const std::string& warning : edition.tls.warnings(loop_.wall_now())) {
    say(EventLevel::warn, warning);
  }
}

void Keeper::post_assignments(std::vector<Assignment> assignments) {
  for (std::size_t index = 0; index < workers_.size(); ++index) {
    if (workers_[index]->post(std::move(assignments[index]))) {
      ++assignments_awaited_;
    } else {
      say(EventLevel::error, "a worker does not take the new configuration: restart");
    }
  }
}

void Keeper::reload_done() {
  tokens_missed_.clear();  // the new configuration's credentials are others
  keys_refused_.clear();
  process_.config_reloads_succeeded.add();
  process_.config_loaded_at_s.set(
      std::chrono::duration_cast<std::chrono::seconds>(loop_.wall_now().time_since_epoch())
          .count());
  say(EventLevel::info, "configuration reloaded", "file", snapshot_->config.file);
  service_.ready("serving");
  if (std::exchange(reload_asked_, false)) reload();
}

// Compared with what runs, not with the file before: a change that still waits is said again on
// every reload, and going back to what runs says nothing.
void Keeper::say_what_needs_a_restart(const config::Config& wanted) {
  const auto changed = [this](std::string_view what) {
    say(EventLevel::warn, "changed, and needs a restart to come into force", "key", what);
  };
  const config::ServerConfig& server = wanted.server;
  if (started_with_.server.workers != server.workers) changed("server.workers");
  if (started_with_.server.pin_workers != server.pin_workers) changed("server.pin_workers");
  if (started_with_.server.listen_backlog != server.listen_backlog) {
    changed("server.listen_backlog");
  }
  if (started_with_.admin_address != wanted.admin.address) changed("admin.address");
  if (started_with_.admin_anonymous != wanted.admin.anonymous) changed("admin.anonymous");
  if (started_with_.relay_buffer_bytes != wanted.streaming.relay_buffer_bytes) {
    changed("streaming.relay_buffer_bytes");
  }
  if (!started_with_.logged && wanted.log.access != config::LogConfig::Target::off) {
    changed("log.access");
  }
}

}  // namespace sluice::server
