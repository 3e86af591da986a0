#include "sluice/ring/sim/sim_backend.h"

#include <cerrno>

#include "network.h"

namespace sluice::ring::sim {

SimBackend::SimBackend(std::uint64_t seed, const SimConfig& config)
    : network_(std::make_unique<Network>(seed, config)) {}
SimBackend::~SimBackend() = default;

MonotonicTime SimBackend::now() noexcept { return network_->now; }

// A fixed date, so that logs of a run are the same on every day.
WallTime SimBackend::wall_now() noexcept {
  const WallTime start = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
  return start + (network_->now.time_since_epoch() - std::chrono::seconds(1000));
}

Result<int> SimBackend::open_listener(const SocketAddress& address, const ListenOptions& options) {
  return network_->open_listener(address, options);
}
Result<int> SimBackend::open_socket(int family) { return network_->open_socket(family); }

Result<SocketAddress> SimBackend::local_address(int fd) {
  return network_->sockets[network_->socket_of(fd, "local_address of no open socket")].local;
}
Result<SocketAddress> SimBackend::peer_address(int fd) {
  const SocketSlot& slot =
      network_->sockets[network_->socket_of(fd, "peer_address of no open socket")];
  if (slot.state != SocketState::connected || slot.broken) {
    return fail(Error{.kind = ErrorKind::io, .os_errno = ENOTCONN, .what = "not connected"});
  }
  return slot.remote;
}

void SimBackend::shutdown_send(int fd) noexcept { network_->shutdown_send(fd); }
void SimBackend::reset_on_close(int fd) noexcept {
  network_->sockets[network_->socket_of(fd, "reset_on_close of no open socket")].reset_on_close =
      true;
}
void SimBackend::close(int fd) noexcept { network_->close(fd); }

void SimBackend::accept(Operation& operation, int listener_fd) noexcept {
  network_->submit(operation, OperationKind::accept, listener_fd);
}
void SimBackend::connect(Operation& operation, int fd, const SocketAddress& address) noexcept {
  network_->submit(operation, OperationKind::connect, fd).address = &address;
}
void SimBackend::receive(Operation& operation, int fd) noexcept {
  network_->submit(operation, OperationKind::receive, fd);
}
void SimBackend::receive_once(Operation& operation, int fd, std::size_t bytes_max) noexcept {
  SLUICE_ASSERT(bytes_max > 0);  // the kernel would take 0 for as much as there is room
  network_->submit(operation, OperationKind::receive_once, fd).bytes_max = bytes_max;
}
void SimBackend::receive_into(Operation& operation, int fd, std::span<char> memory,
                              bool all) noexcept {
  SLUICE_ASSERT(!memory.empty());  // its result would look like the peer's end
  OperationSlot& slot = network_->submit(operation, OperationKind::receive_into, fd);
  slot.memory = memory;
  slot.all = all;
}
void SimBackend::send(Operation& operation, int fd, std::span<const iovec> parts) noexcept {
  SLUICE_ASSERT(parts.size() <= 1024);  // IOV_MAX
  network_->submit(operation, OperationKind::send, fd).parts = parts;
}
void SimBackend::poll(Operation& operation, int fd, std::uint32_t events) noexcept {
  network_->submit(operation, OperationKind::poll, fd).events = events;
}
void SimBackend::write(Operation& operation, int fd, std::span<const char> bytes) noexcept {
  network_->submit(operation, OperationKind::write, fd).bytes = bytes;
}
void SimBackend::cancel(Operation& operation) noexcept { network_->cancel(operation); }

void SimBackend::wait(MonotonicTime until) noexcept { network_->wait(until); }
void SimBackend::wake() noexcept { network_->woken.store(true, std::memory_order_release); }

BackendStats SimBackend::stats() const noexcept {
  BackendStats stats = network_->stats;
  stats.buffer_bytes = network_->leases.memory_bytes();
  stats.buffers_leased = network_->leases.leased();
  stats.descriptors = network_->descriptors_open;
  return stats;
}

std::uint64_t SimBackend::seed() const noexcept { return network_->seed; }
const SimConfig& SimBackend::config() const noexcept { return network_->config; }
void SimBackend::set_config(const SimConfig& config) noexcept {
  SLUICE_ASSERT(!config.broken_rule());
  network_->config = config;
}

int SimBackend::open_file() { return network_->open_file(); }
std::string_view SimBackend::written(int fd) const {
  const auto* found = network_->descriptor(fd);
  if (found == nullptr || found->index >= network_->files.size()) {
    network_->misuse("no such file", fd);
  }
  return network_->files[found->index];
}

void SimBackend::break_connection(int fd) noexcept {
  network_->break_connection(network_->socket_of(fd, "break_connection of no open socket"));
}
void SimBackend::stall(int fd, Duration length) noexcept {
  SocketSlot& slot = network_->sockets[network_->socket_of(fd, "stall of no open socket")];
  slot.stalled_until = std::max(slot.stalled_until, network_->now + length);
  ++network_->faults.stalls;
}

bool SimBackend::deadlocked() const noexcept { return network_->deadlocked; }
bool SimBackend::idle() const noexcept { return network_->idle(); }
std::size_t SimBackend::open_descriptors() const noexcept { return network_->descriptors_open; }
std::size_t SimBackend::operations_in_flight() const noexcept {
  return network_->operations_in_flight;
}
std::size_t SimBackend::leased_buffers() const noexcept { return network_->leases.leased(); }
std::size_t SimBackend::unread_bytes(int fd) const noexcept {
  return network_->sockets[network_->socket_of(fd, "unread_bytes of no open socket")]
      .incoming.unread();
}
const FaultCounts& SimBackend::faults() const noexcept { return network_->faults; }
const SimHistory& SimBackend::history() const noexcept { return network_->history; }

}  // namespace sluice::ring::sim
