// What the loop needs of the world: time, sockets, and operations that complete later.
//
// Two implementations: KernelBackend (io_uring) and sim::SimBackend (seeded, virtual time).
// Everything above this interface is the same code on both. One back-end belongs to one core; only
// wake() may be called from elsewhere.
//
// Submitting queues an operation; it takes effect at the latest in the next wait(). Completions are
// delivered inside wait() alone, so nothing completes inside a submit.
#pragma once
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/ring/operation.h"
#include "sluice/ring/socket_address.h"

namespace sluice::ring {

struct ListenOptions {
  std::uint32_t backlog = 4096;
  bool reuse_port = true;          // several workers share the address
  std::uint32_t unix_mode = 0666;  // permissions of a Unix socket's path
};

/// Counters of one back-end, for metrics. Plain numbers: read on the owning core.
struct BackendStats {
  std::uint64_t enters = 0;      // system calls that submit or wait
  std::uint64_t operations = 0;  // operations submitted
  std::uint64_t completions = 0;
  std::uint64_t buffers_exhausted = 0;  // receives that found no buffer (ENOBUFS)
  std::uint64_t buffer_bytes = 0;       // memory behind the buffer ring
  std::uint64_t buffers_leased = 0;     // buffers with a slice alive or partly filled, now
  std::uint64_t descriptors = 0;        // sockets open, now
};

class Backend {
 public:
  virtual ~Backend() = default;

  [[nodiscard]] virtual MonotonicTime now() noexcept = 0;
  [[nodiscard]] virtual WallTime wall_now() noexcept = 0;

  // --- descriptors: immediate, no completion ---
  /// A listening socket. Errors: invalid address, address in use (os_errno says which).
  virtual Result<int> open_listener(const SocketAddress& address, const ListenOptions& options) = 0;
  /// An unconnected stream socket (non-blocking, TCP_NODELAY). `exhausted` when descriptors ran
  /// out.
  virtual Result<int> open_socket(int family) = 0;
  virtual Result<SocketAddress> local_address(int fd) = 0;
  virtual Result<SocketAddress> peer_address(int fd) = 0;
  /// Ends the sending side; harmless on a dead socket.
  virtual void shutdown_send(int fd) noexcept = 0;
  /// Makes the coming close() a reset, dropping unsent bytes: what a broken answer deserves.
  virtual void reset_on_close(int fd) noexcept = 0;
  /// No operation on `fd` may be in flight.
  virtual void close(int fd) noexcept = 0;

  // --- operations: `operation` stays where it is until its final completion ---
  /// Multishot; each completion's result is a new descriptor (TCP_NODELAY inherited) or -errno.
  virtual void accept(Operation& operation, int listener_fd) noexcept = 0;
  /// `address` must live until the final completion. Result 0 or -errno.
  virtual void connect(Operation& operation, int fd, const SocketAddress& address) noexcept = 0;
  /// Multishot into the ring's buffers; result 0 is the peer's end. -ENOBUFS ends it.
  virtual void receive(Operation& operation, int fd) noexcept = 0;
  /// One shot into one of the ring's buffers, at most `bytes_max`. Result as above.
  virtual void receive_once(Operation& operation, int fd, std::size_t bytes_max) noexcept = 0;
  /// One shot into the caller's memory, which stays put. With `all`, completes only when the span
  /// is full, or at the peer's end or an error (then with what there is, if anything).
  virtual void receive_into(Operation& operation, int fd, std::span<char> memory,
                            bool all) noexcept = 0;
  /// Sends all of `parts` (at most IOV_MAX) in order; parts and their memory stay put. The result
  /// is smaller than the sum only when the connection broke.
  virtual void send(Operation& operation, int fd, std::span<const iovec> parts) noexcept = 0;
  /// One shot; completes with the poll mask when one of `events` (POLLIN, POLLRDHUP, ...) holds.
  virtual void poll(Operation& operation, int fd, std::uint32_t events) noexcept = 0;
  /// Appends to a file or pipe; one shot, result may be short.
  virtual void write(Operation& operation, int fd, std::span<const char> bytes) noexcept = 0;
  /// Asks `operation` to end; its final completion says -ECANCELED, or what won the race.
  /// No effect on an idle operation.
  virtual void cancel(Operation& operation) noexcept = 0;

  // --- the turn ---
  /// Submits what is queued, waits until something completes, until `until`, or until wake(), and
  /// delivers completions. `until` in the past: only collects what is there.
  virtual void wait(MonotonicTime until) noexcept = 0;
  /// Ends the current or the next wait() early. The only method other threads may call.
  virtual void wake() noexcept = 0;

  [[nodiscard]] virtual BackendStats stats() const noexcept = 0;
};

}  // namespace sluice::ring
