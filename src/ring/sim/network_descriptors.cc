// Descriptors: opening, closing, and the misuse of either.
#include <cerrno>

#include "network.h"

namespace sluice::ring::sim {

const SimBackend::Network::Descriptor* SimBackend::Network::descriptor(int fd) const noexcept {
  if (fd >= first_file_fd && fd < first_file_fd + static_cast<int>(standard_files_.size())) {
    return &standard_files_[static_cast<std::size_t>(fd - first_file_fd)];
  }
  if (fd < first_fd || fd - first_fd >= static_cast<int>(descriptors_.size())) return nullptr;
  return &descriptors_[static_cast<std::size_t>(fd - first_fd)];
}

SimBackend::Network::Descriptor& SimBackend::Network::open_descriptor(int fd, const char* doing) {
  const Descriptor* found = descriptor(fd);
  if (found == nullptr) misuse(doing, fd);
  if (found->kind == Descriptor::Kind::closed) misuse(doing, fd);
  return const_cast<Descriptor&>(*found);
}

Index SimBackend::Network::socket_of(int fd, const char* doing) const {
  const Descriptor* found = descriptor(fd);
  if (found == nullptr || found->kind != Descriptor::Kind::socket) misuse(doing, fd);
  return found->index;
}

int SimBackend::Network::add_descriptor(Descriptor::Kind kind, Index index) {
  descriptors_.push_back({kind, index});
  ++descriptors_open;
  return first_fd + static_cast<int>(descriptors_.size()) - 1;
}

int SimBackend::Network::refused_descriptor() {
  if (descriptors_open >= config.descriptors_max) {
    ++faults.descriptors_refused;
    return EMFILE;
  }
  if (happens(config.no_descriptors, faults.descriptors_refused)) {
    return random.chance(0.5) ? EMFILE : ENFILE;
  }
  return 0;
}

Index SimBackend::Network::new_socket(int family) {
  if (free_sockets_.empty()) {
    free_sockets_.push_back(static_cast<Index>(sockets.size()));
    sockets.emplace_back();
  }
  const Index socket = free_sockets_.back();
  free_sockets_.pop_back();
  sockets[socket].in_use = true;
  sockets[socket].family = family;
  return socket;
}

void SimBackend::Network::free_socket(Index socket) {
  SocketSlot& slot = sockets[socket];
  SLUICE_ASSERT(slot.in_use);
  slot.incoming.clear(pipe_memory_);
  std::vector<Index> polls = std::move(slot.polls);  // its memory is used again
  SLUICE_ASSERT(polls.empty());
  const std::uint32_t generation = slot.generation + 1;
  slot = SocketSlot{};
  slot.generation = generation;
  slot.polls = std::move(polls);
  free_sockets_.push_back(socket);
}

bool SimBackend::Network::address_in_use(const SocketAddress& address, bool reuse_port) const {
  for (const Index listener : listeners_) {
    const SocketSlot& slot = sockets[listener];
    if (slot.local == address && !(slot.reuse_port && reuse_port)) return true;
  }
  return false;
}

std::uint16_t SimBackend::Network::free_port(const SocketAddress& address, bool) {
  SocketAddress candidate = address;
  do {
    candidate.set_port(next_port_++);
  } while (address_in_use(candidate, false));
  return candidate.port();
}

Result<int> SimBackend::Network::open_listener(const SocketAddress& address,
                                               const ListenOptions& options) {
  const int family = address.family();
  if (family != AF_INET && family != AF_INET6 && family != AF_UNIX) {
    return fail(Error{.kind = ErrorKind::invalid,
                      .os_errno = EAFNOSUPPORT,
                      .what = "not an address to listen on"});
  }
  SocketAddress bound = address;
  if (family != AF_UNIX && bound.port() == 0) bound.set_port(free_port(bound, options.reuse_port));
  if (address_in_use(bound, options.reuse_port)) {
    return fail(
        Error{.kind = ErrorKind::invalid, .os_errno = EADDRINUSE, .what = "the address is in use"});
  }
  if (descriptors_open >= config.descriptors_max) {
    return fail(Error{.kind = ErrorKind::exhausted,
                      .os_errno = EMFILE,
                      .what = "no descriptor left for a listener"});
  }
  const Index socket = new_socket(family);
  SocketSlot& slot = sockets[socket];
  slot.state = SocketState::listening;
  slot.local = bound;
  slot.backlog_max = std::max(options.backlog, 1U);
  slot.reuse_port = options.reuse_port;
  slot.fd = add_descriptor(Descriptor::Kind::socket, socket);
  listeners_.push_back(socket);
  note("listen", slot.fd, bound.port());
  return slot.fd;
}

Result<int> SimBackend::Network::open_socket(int family) {
  if (const int refused = refused_descriptor(); refused != 0) {
    note("open_socket refused", -1, refused);
    return fail(Error{.kind = ErrorKind::exhausted,
                      .os_errno = refused,
                      .what = "no descriptor left for a socket"});
  }
  const Index socket = new_socket(family);
  sockets[socket].fd = add_descriptor(Descriptor::Kind::socket, socket);
  note("open_socket", sockets[socket].fd, family);
  return sockets[socket].fd;
}

int SimBackend::Network::open_file() {
  files.emplace_back();
  return add_descriptor(Descriptor::Kind::file, static_cast<Index>(files.size() - 1));
}

void SimBackend::Network::shutdown_send(int fd) {
  const Index socket = socket_of(fd, "shutdown_send on no open socket");
  note("shutdown_send", fd, 0);
  if (sockets[socket].state == SocketState::connected) send_end(socket);
}

void SimBackend::Network::close(int fd) {
  Descriptor& closing = open_descriptor(fd, "close of a descriptor that is not open");
  const bool is_socket = closing.kind == Descriptor::Kind::socket;
  if (is_socket && sockets[closing.index].operations != 0) {
    misuse("close with an operation in flight", fd);
  }
  closing.kind = Descriptor::Kind::closed;
  SLUICE_ASSERT(descriptors_open > 0);
  if (fd >= first_fd) --descriptors_open;
  note("close", fd, 0);
  if (!is_socket) return;
  const Index socket = closing.index;
  sockets[socket].fd = -1;
  if (sockets[socket].state == SocketState::listening) {
    close_listener(socket);
  } else {
    close_stream(socket);
  }
}

void SimBackend::Network::close_listener(Index listener) {
  std::erase(listeners_, listener);
  while (!sockets[listener].backlog.empty()) {
    const Index waiting = live(sockets[listener].backlog.front());
    sockets[listener].backlog.pop_front();
    if (waiting == nothing) continue;
    sockets[waiting].reset_on_close = true;
    close_stream(waiting);
  }
  free_socket(listener);
}

// Linux, tcp_close(): with unread bytes a reset at once, which drops what was not yet sent; else a
// FIN behind what was sent, and a reset in answer to anything that still comes.
void SimBackend::Network::close_stream(Index socket) {
  const Index peer = live(sockets[socket].peer);
  if (peer != nothing) {
    const SocketSlot& slot = sockets[socket];
    const bool hard =
        slot.reset_on_close || slot.incoming.readable() > 0 || slot.state != SocketState::connected;
    const bool answers = slot.incoming.unread() > 0;  // will come to a closed socket
    if (!slot.broken) {
      if (!hard) send_end(socket);
      if (hard) {
        send_reset(peer, latency_from(socket));
      } else if (answers) {
        send_reset(peer, latency_from(peer) + latency_from(socket));
      }
    }
    sockets[peer].peer = {};
    const bool sending = sockets[peer].send_operation != nothing;
    free_socket(socket);
    if (sending) pump_send(peer);
    return;
  }
  free_socket(socket);
}

}  // namespace sluice::ring::sim
