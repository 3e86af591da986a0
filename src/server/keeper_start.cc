// From nothing to workers that could start: everything that an operator may have to mend is found
// here, each with the sentence that mends it.
#include <fmt/format.h>
#include <sys/random.h>

#include <utility>

#include "keeper_impl.h"
#include "sluice/net/address.h"
#include "sluice/server/process.h"

namespace sluice::server {
namespace {

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  // Never short for so few bytes once the kernel's pool is filled.
  while (::getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) {
  }
  return seed;
}

}  // namespace

Keeper::Keeper(KeeperConfig config, ring::Backend& backend)
    : config_(std::move(config)),
      loop_(backend, random_seed()),
      service_(config_.notify_socket),
      ticket_keys_(net::TlsTicketKeys::generate()),
      explain_desk_(loop_,
                    [this](std::uint32_t worker, Explain order) {
                      return workers_[worker]->post(std::move(order));
                    }),
      starting_over_(loop_),
      workers_ended_(loop_),
      drain_asked_(loop_) {
  loop_.on_turn_end([this] { take_reports(); });
}

Keeper::~Keeper() {
  log_.reset();  // writes what is left, while the workers' buffers are still there
}

Keeper::Outcome Keeper::prepare() {
  auto catalogue = catalog::Catalog::parse(catalog::builtin_catalog_json());
  if (!catalogue) return std::unexpected(catalogue.error());
  catalogue_ = std::move(*catalogue);
  auto signals = SignalReader::make(loop_);
  if (!signals) return std::unexpected(std::string(signals.error().what));
  signals_ = std::move(*signals);
  open_files_ = raise_open_files();

  if (auto started = start_simulated_provider(); !started) return started;
  auto edition =
      prepare_edition(config_.overrides, catalogue_, config_.environment, slots_, labels_);
  if (!edition) return std::unexpected(edition.error());
  edition_.emplace(std::move(*edition));
  snapshot_ = edition_->snapshot;
  snapshots_.push_back(snapshot_);
  slots_.commit(std::move(edition_->claim));

  log_.emplace();
  if (auto opened = log_->use_access_target(snapshot_->config.log); !opened) return opened;
  if (auto opened = open_admin(); !opened) return opened;
  return make_workers();
}

Keeper::Outcome Keeper::start_simulated_provider() {
  if (!config_.simulated_provider) return {};
  simulated_ = std::make_unique<ServerThread>(config_.simulated_provider);
  const std::uint8_t loopback[4] = {127, 0, 0, 1};
  const auto address = simulated_->start(ring::SocketAddress::ipv4(loopback, 0));
  if (!address) {
    return std::unexpected(
        fmt::format("the simulated provider cannot be started: {}", address.error().what));
  }
  config_.overrides.simulated_port = address->port();
  return {};
}

Keeper::Outcome Keeper::make_workers() {
  const config::ServerConfig& server = snapshot_->config.server;
  started_with_ = {.server = server,
                   .admin_address = snapshot_->config.admin.address,
                   .admin_anonymous = snapshot_->config.admin.anonymous,
                   .relay_buffer_bytes = snapshot_->config.streaming.relay_buffer_bytes,
                   .logged = snapshot_->config.log.access != config::LogConfig::Target::off};
  const std::vector<int> cpus = allowed_cpus();
  const auto count = server.workers != 0 ? server.workers : static_cast<std::uint32_t>(cpus.size());
  worker_count_ = count;
  auto assignments = assignments_of(*edition_, slots_.slots());
  if (!assignments) return std::unexpected(assignments.error());
  first_assignments_ = std::move(*assignments);
  for (std::uint32_t index = 0; index < count; ++index) {
    WorkerConfig config;
    config.index = index;
    if (server.pin_workers) config.cpu = cpus[index % cpus.size()];
    config.seed = random_seed();
    config.access_log = started_with_.logged;
    workers_.push_back(std::make_unique<Worker>(std::move(config), ready_));
    workers_.back()->reports().attach(loop_.backend());
    log_->read_access_lines(workers_.back()->access_log());
  }
  log_->read_events(events_);
  return {};
}

Keeper::Outcome Keeper::open_admin() {
  const config::AdminConfig& admin = snapshot_->config.admin;
  if (!admin.address) {
    admin_text_ = "off";
    return {};
  }
  auto opened = open_admin_at(*admin.address);
  if (opened) return {};
  if (admin.written) return std::unexpected(opened.error());
  admin_text_ = fmt::format("none: {}", opened.error());
  return {};
}

Keeper::Outcome Keeper::open_admin_at(const ring::SocketAddress& address) {
  net::ListenerConfig config;
  config.address = address;
  config.socket.reuse_port = false;
  config.socket.unix_mode = 0660;
  if (const std::string path = net::unix_path_of(address); !path.empty()) {
    if (auto cleared = net::clear_stale_unix_path(path); !cleared) return cleared;
  }
  Result<net::Listener> listener = net::Listener::open(loop_, config);
  if (!listener) {
    return std::unexpected(why_not_listening(address.to_string(), listener.error().os_errno));
  }
  const auto bound = listener->local_address();
  admin_text_ = bound ? bound->to_string() : address.to_string();
  if (address.family() != AF_UNIX) {
    admin_text_ = fmt::format("http://{}/metrics", admin_text_);
  }
  admin_listener_.emplace(std::move(*listener));
  using Readers = AdminHandler::Readers;
  const bool for_programs = snapshot_->config.admin.keeps_pages_out();
  admin_handler_.emplace(ready_, for_programs ? Readers::local_programs : Readers::anyone,
                         AdminHandler::Makers{.metrics = [this] { return render_metrics(); },
                                              .explain =
                                                  [this](std::string query, StopToken stop) {
                                                    return explain_desk_.ask(std::move(query),
                                                                             worker_count_, stop);
                                                  }});
  return {};
}

void Keeper::print_banner() {
  const config::Config& config = snapshot_->config;
  std::string text = fmt::format(
      "sluice {}: {} worker{}, configuration from {}\n", config_.build.version, workers_.size(),
      workers_.size() == 1 ? "" : "s", config.file.empty() ? "the environment" : config.file);
  for (std::size_t slot = 0; slot < slots_.slots().size(); ++slot) {
    const config::ListenerConfig& listener = config.listeners[slot];
    const bool anonymous = listener.allows_anonymous(!config.keys.empty());
    text += fmt::format("  listening on {} ({}{}, {})\n", slots_.slots()[slot].address.to_string(),
                        listener.tls.empty() ? "plaintext" : "TLS",
                        listener.proxy_protocol ? ", PROXY protocol" : "",
                        anonymous ? "no key needed" : "gateway keys");
  }
  std::string providers;
  for (const auto& provider : snapshot_->models.providers()) {
    providers += (providers.empty() ? "" : ", ") + provider->name;
  }
  const std::size_t models = snapshot_->models.models().size();
  text += fmt::format("  {} model{} of {}\n", models, models == 1 ? "" : "s", providers);
  text += fmt::format("  metrics and health: {}\n", admin_text_);
  events_.append(text);
  const auto workers = static_cast<std::uint32_t>(workers_.size());
  if (auto warning = open_files_warning(open_files_, workers, config.server.connections_max)) {
    say(telemetry::EventLevel::warn, *warning);
  }
}

}  // namespace sluice::server
