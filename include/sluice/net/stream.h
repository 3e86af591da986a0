// A stream of bytes between two peers, plain or TLS: what HTTP reads and writes.
//
// Two implementations: PlainStream (a ring::Connection) and TlsStream (BoringSSL over one). One
// reader and one writer at a time. A Stream may be destroyed while nothing of it is awaited.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/base/slice.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/ring/socket_address.h"

namespace sluice::net {

class Stream {
 public:
  virtual ~Stream() = default;

  /// Appends to `into` all bytes that have arrived, waiting for the first. Returns how many; 0 is
  /// the peer's orderly end. Errors: connection_reset, connection_closed (TLS without its
  /// close_notify: what came so far may be cut off), tls_failed, cancelled (nothing is lost).
  /// Lifetime: `into` outlives the task.
  [[nodiscard]] virtual Task<Result<std::size_t>> read(SliceChain& into, StopToken stop) = 0;
  /// The same in a chain of its own, empty at the end. It lies in the frames of who waits for it:
  /// not for connections that wait long.
  [[nodiscard]] Task<Result<SliceChain>> read(StopToken stop);

  /// Appends exactly `count` bytes to `block` (they fit). Errors as ring's receive_exactly.
  [[nodiscard]] virtual Task<Result<void>> read_exactly(Block& block, std::size_t count,
                                                        StopToken stop) = 0;

  /// Sends all of `bytes`. Awaiting it is the backpressure. Errors: connection_reset,
  /// connection_closed, tls_failed, cancelled (the stream is only good for closing then).
  [[nodiscard]] virtual Task<Result<void>> write(SliceChain bytes, StopToken stop) = 0;

  /// Whether read() would return at once. False while another read() is awaited.
  [[nodiscard]] virtual bool has_input() const noexcept = 0;
  /// Whether the peer has ended or reset the connection, whatever is still unread.
  [[nodiscard]] virtual bool peer_gone() const noexcept = 0;
  /// Stops `source` when the peer ends or resets the connection; null ends the watch.
  virtual void watch_departure(StopSource* source) noexcept = 0;

  /// Orderly end of our sending side: close_notify for TLS, then FIN. Bounded by `stop`.
  [[nodiscard]] virtual Task<void> finish(StopToken stop) = 0;
  /// Makes the close a reset, so that the peer cannot take what it got for a whole answer.
  virtual void reset_on_close() noexcept = 0;

  [[nodiscard]] virtual const ring::SocketAddress& peer() const noexcept = 0;
  /// The protocol that ALPN chose ("h2", "http/1.1"); empty without TLS or without choice.
  [[nodiscard]] virtual std::string_view alpn() const noexcept = 0;
  [[nodiscard]] virtual bool is_tls() const noexcept = 0;
  [[nodiscard]] virtual std::uint64_t bytes_received() const noexcept = 0;  // on the wire
  [[nodiscard]] virtual std::uint64_t bytes_sent() const noexcept = 0;      // on the wire
};

}  // namespace sluice::net
