#include "relay.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace sluice::floor {
namespace {

constexpr unsigned submissions = 4'096;
constexpr unsigned completions = 32'768;
// The kernel uses buffers in the order they were given back, so every one of them is touched: few
// keep the cache warm, and 256 are more than 64 busy connections fill in a turn.
constexpr unsigned buffer_count = 256;
constexpr std::uint32_t buffer_bytes = 32 * 1024;
constexpr std::uint16_t group = 0;

// What an operation's user data says beside its socket, whose address ends in zeros.
enum Operation : std::uint64_t {
  operation_accept,
  operation_receive,
  operation_send,
  operation_close
};
constexpr std::uint64_t operation_mask = 3;

[[noreturn]] void die(const char* what, int os_errno) {
  std::fprintf(stderr, "sluice-floor: %s: %s\n", what, std::strerror(os_errno));
  std::exit(1);
}

int require(int result, const char* what) {
  if (result < 0) die(what, errno);
  return result;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int make_socket() {
  const int fd = require(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const int on = 1;
  require(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  return fd;
}

// Accepted sockets inherit TCP_NODELAY.
int listen_on(std::uint16_t port) {
  const int fd = make_socket();
  const int on = 1;
  require(::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  const sockaddr_in address = loopback(port);
  require(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  require(::listen(fd, 4'096), "listen");
  return fd;
}

}  // namespace

Relay::Relay(std::uint16_t listen_port, std::uint16_t upstream_port)
    : memory_(std::make_unique_for_overwrite<char[]>(std::size_t{buffer_count} * buffer_bytes)),
      listener_(listen_on(listen_port)),
      upstream_port_(upstream_port) {
  io_uring_params parameters{};
  parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                     IORING_SETUP_NO_SQARRAY | IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL;
  parameters.cq_entries = completions;
  const int made = io_uring_queue_init_params(submissions, &ring_, &parameters);
  if (made < 0) die("io_uring", -made);
  io_uring_register_ring_fd(&ring_);  // saves a look-up per turn; a refusal changes nothing
  int error = 0;
  buffers_ = io_uring_setup_buf_ring(&ring_, buffer_count, group, 0, &error);
  if (buffers_ == nullptr) die("provided buffers", -error);
  for (unsigned i = 0; i < buffer_count; ++i) provide(static_cast<std::uint16_t>(i));
  accept_more();
}

Relay::~Relay() { io_uring_queue_exit(&ring_); }

void Relay::run() {
  while (true) {
    io_uring_submit_and_wait(&ring_, 1);
    unsigned head = 0;
    unsigned count = 0;
    io_uring_cqe* event = nullptr;
    io_uring_for_each_cqe(&ring_, head, event) {
      handle(*event);
      ++count;
    }
    io_uring_cq_advance(&ring_, count);
    for (Socket* socket : std::exchange(dirty_, {})) send_waiting(*socket);
    receive_starved();
    for (Socket* socket : std::exchange(dead_, {})) delete socket;
  }
}

io_uring_sqe& Relay::next_entry() {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  if (entry == nullptr) {
    io_uring_submit(&ring_);
    entry = io_uring_get_sqe(&ring_);
    if (entry == nullptr) die("the submission queue stays full", EBUSY);
  }
  return *entry;
}

void Relay::accept_more() {
  io_uring_sqe& entry = next_entry();
  io_uring_prep_multishot_accept(&entry, listener_, nullptr, nullptr, SOCK_CLOEXEC);
  io_uring_sqe_set_data64(&entry, operation_accept);
}

void Relay::handle(const io_uring_cqe& event) {
  auto* socket = reinterpret_cast<Socket*>(event.user_data & ~operation_mask);
  switch (static_cast<Operation>(event.user_data & operation_mask)) {
    case operation_accept: return accepted(event);
    case operation_receive: return received(*socket, event);
    case operation_send: return sent(*socket, event);
    case operation_close: return;
  }
}

void Relay::accepted(const io_uring_cqe& event) {
  if (event.res >= 0) {
    auto* downstream = new Socket{.fd = event.res};
    Socket* upstream = open_upstream();
    downstream->peer = upstream;
    upstream->peer = downstream;
    upstream->spoke_last = true;  // so far nobody asked anything
    receive(*downstream);
  } else if (event.res != -ECONNABORTED) {
    die("accept", -event.res);
  }
  if ((event.flags & IORING_CQE_F_MORE) == 0) accept_more();
}

// Connecting waits: on loopback it is done at once, and it happens once per upstream.
Relay::Socket* Relay::open_upstream() {
  if (!pool_.empty()) {
    Socket* upstream = pool_.back();
    pool_.pop_back();
    return upstream;
  }
  auto* upstream = new Socket{.fd = make_socket(), .is_upstream = true};
  const sockaddr_in address = loopback(upstream_port_);
  require(::connect(upstream->fd, reinterpret_cast<const sockaddr*>(&address), sizeof address),
          "connect upstream");
  receive(*upstream);
  return upstream;
}

void Relay::receive(Socket& socket) {
  io_uring_sqe& entry = next_entry();
  io_uring_prep_recv_multishot(&entry, socket.fd, nullptr, 0, 0);
  entry.flags |= IOSQE_BUFFER_SELECT;
  entry.buf_group = group;
  io_uring_sqe_set_data64(&entry, reinterpret_cast<std::uint64_t>(&socket) | operation_receive);
  socket.receiving = true;
}

void Relay::received(Socket& socket, const io_uring_cqe& event) {
  if ((event.flags & IORING_CQE_F_MORE) == 0) socket.receiving = false;
  if (event.res > 0) {
    const Piece piece{static_cast<std::uint16_t>(event.flags >> IORING_CQE_BUFFER_SHIFT),
                      static_cast<std::uint32_t>(event.res)};
    Socket* peer = socket.peer;
    if (peer == nullptr) {  // closing, or an upstream that speaks unasked
      provide(piece.buffer);
      if (!socket.closing) return ended(socket);
    } else {
      socket.spoke_last = true;
      peer->spoke_last = false;
      peer->waiting.push_back(piece);
      mark_dirty(*peer);
    }
    if (!socket.receiving && !socket.closing) receive(socket);
  } else if (event.res == -ENOBUFS && !socket.closing) {
    starved_.push_back(&socket);
    return;
  } else if (!socket.closing) {
    return ended(socket);
  }
  free_if_done(socket);
}

// Whoever found no buffer asks again when a send has given one back.
void Relay::receive_starved() {
  if (!std::exchange(gave_back_, false)) return;
  for (Socket* socket : std::exchange(starved_, {})) {
    if (!socket->closing) receive(*socket);
  }
}

void Relay::mark_dirty(Socket& socket) {
  if (socket.in_dirty || socket.sending) return;
  socket.in_dirty = true;
  dirty_.push_back(&socket);
}

void Relay::send_waiting(Socket& socket) {
  socket.in_dirty = false;
  if (socket.closing || socket.sending || socket.waiting.empty()) return;
  socket.in_flight.swap(socket.waiting);
  io_uring_sqe& entry = next_entry();
  const auto start_of = [this](const Piece& piece) {
    return memory_.get() + std::size_t{piece.buffer} * buffer_bytes;
  };
  // MSG_WAITALL: the kernel sends all of it before it completes.
  if (socket.in_flight.size() == 1) {
    const Piece& piece = socket.in_flight.front();
    io_uring_prep_send(&entry, socket.fd, start_of(piece), piece.size_bytes,
                       MSG_NOSIGNAL | MSG_WAITALL);
  } else {
    socket.parts.clear();
    for (const Piece& piece : socket.in_flight) {
      socket.parts.push_back({start_of(piece), piece.size_bytes});
    }
    socket.message = {};
    socket.message.msg_iov = socket.parts.data();
    socket.message.msg_iovlen = socket.parts.size();
    io_uring_prep_sendmsg(&entry, socket.fd, &socket.message, MSG_NOSIGNAL | MSG_WAITALL);
  }
  io_uring_sqe_set_data64(&entry, reinterpret_cast<std::uint64_t>(&socket) | operation_send);
  socket.sending = true;
}

void Relay::sent(Socket& socket, const io_uring_cqe& event) {
  socket.sending = false;
  give_back(socket.in_flight);
  if (event.res <= 0 && !socket.closing) return ended(socket);
  if (!socket.waiting.empty() && !socket.closing) {
    mark_dirty(socket);
  } else if (socket.close_when_sent) {
    close(socket);
  }
  free_if_done(socket);
}

void Relay::ended(Socket& socket) {
  socket.is_upstream ? ended_upstream(socket) : ended_downstream(socket);
}

// The upstream serves the next one, if it owes no answer.
void Relay::ended_downstream(Socket& downstream) {
  if (Socket* upstream = std::exchange(downstream.peer, nullptr)) {
    upstream->peer = nullptr;
    const bool idle = upstream->spoke_last && !upstream->sending && upstream->waiting.empty();
    idle ? pool_.push_back(upstream) : close(*upstream);
  }
  close(downstream);
}

void Relay::ended_upstream(Socket& upstream) {
  std::erase(pool_, &upstream);
  if (Socket* downstream = std::exchange(upstream.peer, nullptr)) {
    downstream->peer = nullptr;
    const bool all_sent = !downstream->sending && downstream->waiting.empty();
    all_sent ? close(*downstream) : void(downstream->close_when_sent = true);
  }
  close(upstream);
}

void Relay::close(Socket& socket) {
  if (socket.closing) return;
  socket.closing = true;
  give_back(socket.waiting);
  std::erase(starved_, &socket);
  if (socket.receiving || socket.sending) ::shutdown(socket.fd, SHUT_RDWR);  // ends both
  free_if_done(socket);
}

void Relay::free_if_done(Socket& socket) {
  if (!socket.closing || socket.receiving || socket.sending || socket.fd < 0) return;
  io_uring_sqe& entry = next_entry();
  io_uring_prep_close(&entry, std::exchange(socket.fd, -1));
  entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
  io_uring_sqe_set_data64(&entry, operation_close);
  dead_.push_back(&socket);
}

void Relay::give_back(std::vector<Piece>& pieces) {
  for (const Piece& piece : pieces) provide(piece.buffer);
  gave_back_ = gave_back_ || !pieces.empty();
  pieces.clear();
}

void Relay::provide(std::uint16_t buffer) {
  io_uring_buf_ring_add(buffers_, memory_.get() + std::size_t{buffer} * buffer_bytes, buffer_bytes,
                        buffer, io_uring_buf_ring_mask(buffer_count), 0);
  io_uring_buf_ring_advance(buffers_, 1);
}

}  // namespace sluice::floor
