// Connection: one connected stream socket on the loop.
//
//   kernel --multishot receive--> [ queue of leases ] --receive()--> the reader
//   writer --send(chain)--> kernel, all of it or an error
//
// Receiving runs ahead of the reader by at most `queue_bytes_max`: then it is paused until the
// reader has taken what is there, which closes the TCP window and slows the peer (backpressure).
// After the first pause a connection asks for one buffer at a time: its reader is slow, and the
// bound exact.
//
// The peer's end is noticed even while nobody reads: see watch_departure().
//
// One reader and one writer at a time. Destroying a Connection never waits: its operations are
// cancelled, and the socket is closed when the last of them has completed; the loop counts such
// sockets until then.
#pragma once
#include <cstddef>
#include <utility>

#include "sluice/base/result.h"
#include "sluice/base/slice.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/ring/loop.h"

namespace sluice::ring {

struct ConnectionConfig {
  std::size_t queue_bytes_max = 64 * 1024;  // received and not yet read; one receive may exceed it
};

class Connection {
 public:
  /// Takes over a connected socket.
  Connection(Loop& loop, int fd, const ConnectionConfig& config);
  Connection(Connection&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Connection& operator=(Connection&& other) noexcept;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Waits until something was received and appends all of it to `into`. Returns how many bytes
  /// that were; 0 is the peer's orderly end. Errors: connection_reset, cancelled (nothing is lost
  /// then: bytes stay queued). Lifetime: `into` outlives the task.
  [[nodiscard]] Task<Result<std::size_t>> receive(SliceChain& into, StopToken stop);

  /// Fills `block` with exactly `count` more bytes (they fit), received straight into it where
  /// that saves a copy. Errors: connection_closed when the peer ended before, connection_reset,
  /// cancelled (the bytes that came are in the block; the stream is only good for closing then).
  [[nodiscard]] Task<Result<void>> receive_exactly(Block& block, std::size_t count, StopToken stop);

  /// Sends all of `chain`, holding its memory until the kernel is done with it. Errors:
  /// connection_reset, connection_closed, cancelled (how much was sent is not known then).
  [[nodiscard]] Task<Result<void>> send(SliceChain chain, StopToken stop);

  /// Puts bytes that were received too far in front of what comes next. Not while a receive() is
  /// awaited.
  void unread(SliceChain bytes);

  /// Whether receive() would return at once.
  [[nodiscard]] bool has_input() const noexcept;
  /// Whether the peer has ended or reset the connection, whatever is still queued.
  [[nodiscard]] bool peer_gone() const noexcept;

  /// Stops `source` as soon as the peer ends or resets the connection, read or not; null ends the
  /// watch. Lifetime: `source` outlives the watch. Already gone: stops it at once.
  void watch_departure(StopSource* source) noexcept;

  /// Ends the sending side (FIN) after what was sent.
  void shutdown_send() noexcept;
  /// Makes the close a reset, so that the peer cannot take what it got for a whole answer.
  void reset_on_close() noexcept;

  [[nodiscard]] Result<SocketAddress> peer_address() const;
  [[nodiscard]] std::uint64_t bytes_received() const noexcept;
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept;

 private:
  class State;  // outlives the Connection until its operations have completed
  State* state_;
};

}  // namespace sluice::ring
