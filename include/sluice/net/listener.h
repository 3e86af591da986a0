// Listener: from an address to accepted Streams.
//
//   accept (fast, one after another) --descriptor--> establish (beside each other):
//        [PROXY header] -> [TLS handshake] -> Stream
//
// accept() and establish() are apart so that a peer that is slow with its handshake holds up nobody
// else. One listener per worker and address; TCP addresses are shared by SO_REUSEPORT.
#pragma once
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "sluice/base/result.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/net/stream.h"
#include "sluice/net/tls_context.h"
#include "sluice/ring/acceptor.h"
#include "sluice/ring/connection.h"
#include "sluice/ring/loop.h"

namespace sluice::net {

struct ListenerConfig {
  ring::SocketAddress address;
  ring::ListenOptions socket{};
  ring::ConnectionConfig connection{};
  bool proxy_protocol = false;            // every connection must begin with a PROXY header
  const TlsServerContext* tls = nullptr;  // null: plain. Lifetime: outlives the listener
};

/// A connection that establish() dropped for want of its PROXY header.
struct UnproxiedPeer {
  ring::SocketAddress address;  // of the connection itself
  const char* why = "";         // static text: never a byte of the peer's
};

class Listener {
 public:
  /// Errors as ring::Acceptor::listen. Lifetime: `loop` outlives the listener.
  [[nodiscard]] static Result<Listener> open(ring::Loop& loop, const ListenerConfig& config);

  /// The next connected socket; give it to establish(). Errors: cancelled.
  [[nodiscard]] Task<Result<int>> accept(StopToken stop) { return acceptor_.accept(stop); }

  /// Takes over `socket` and makes it a Stream; bounded by `stop`, which carries the deadline.
  /// Errors, with Fault::client: malformed (PROXY header), tls_failed, connection_closed,
  /// connection_reset, cancelled. The socket is closed on error. `unproxied`, where given, is
  /// filled in when a PROXY header should have come and did not, but for peers that left without a
  /// byte: so do load balancers that only look whether somebody listens. Lifetime: it outlives the
  /// task.
  [[nodiscard]] Task<Result<std::unique_ptr<Stream>>> establish(
      int socket, StopToken stop, std::optional<UnproxiedPeer>* unproxied = nullptr);

  /// The address bound to, with the real port where 0 was asked for.
  [[nodiscard]] Result<ring::SocketAddress> local_address() const {
    return acceptor_.local_address();
  }
  [[nodiscard]] std::uint64_t rests() const noexcept { return acceptor_.rests(); }
  /// For connections from now on: after a reload.
  void use_tls(const TlsServerContext* tls) noexcept { config_.tls = tls; }

 private:
  Listener(ring::Loop& loop, ring::Acceptor acceptor, const ListenerConfig& config) noexcept
      : loop_(&loop), acceptor_(std::move(acceptor)), config_(config) {}
  ring::Loop* loop_;
  ring::Acceptor acceptor_;
  ListenerConfig config_;
};

/// Makes the path of a Unix listener free: removes a socket that nobody listens on any more, as a
/// killed process leaves it. A live listener or a file that is no socket is left alone and is the
/// error, a sentence for the operator. Blocks for a moment: called before workers start.
[[nodiscard]] std::expected<void, std::string> clear_stale_unix_path(const std::string& path);

}  // namespace sluice::net
