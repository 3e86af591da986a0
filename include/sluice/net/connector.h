// Connector: from an endpoint's name to a Stream that is ready for a request.
//
//   host --resolver--> addresses --raced, IPv6 and IPv4 in turn--> Connection --https: TLS-->
//   Stream
//
// The endpoint's scheme alone decides between plain and TLS, in one place: an https endpoint yields
// a verified TlsStream or an error, never anything else.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/net/public_address.h"
#include "sluice/net/resolver.h"
#include "sluice/net/stream.h"
#include "sluice/net/tls_context.h"
#include "sluice/ring/connection.h"
#include "sluice/ring/loop.h"

namespace sluice::net {

enum class Scheme : std::uint8_t { https, http };

/// Where an upstream is. Name it before you pass it to a co_await: GCC 12 breaks the strings of an
/// aggregate's temporary there.
struct Endpoint {
  Scheme scheme = Scheme::https;
  std::string host{};        // a DNS name, an IP literal, or `unix:/path` (http only)
  std::uint16_t port = 443;  // unused with a Unix socket
  std::string tls_name{};    // what the certificate must be for, where it is not `host`

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct ConnectorConfig {
  std::chrono::milliseconds attempt_delay{250};  // then the next address is tried beside (RFC 8305)
  std::size_t addresses_max = 8;                 // tried per connection
  ring::ConnectionConfig connection{};
};

/// One phase's end, for the access log.
struct ConnectTimings {
  Duration resolve{};  // spans, each from the end of the one before
  Duration connect{};
  Duration tls{};
};

struct Connected {
  std::unique_ptr<Stream> stream;
  ConnectTimings timings;
};

class Connector {
 public:
  /// Lifetime: all outlive the connector and every task of it. `tls` may be null: https endpoints
  /// then fail as `unsupported`.
  Connector(ring::Loop& loop, Resolver& resolver, const TlsClientContext* tls,
            const ConnectorConfig& config) noexcept;

  /// Errors: resolve_failed, connect_failed, tls_failed, certificate_invalid, exhausted, cancelled,
  /// invalid. All but cancelled carry Retry::safe: nothing of a request was sent.
  [[nodiscard]] Task<Result<Connected>> connect(Endpoint endpoint, StopToken stop);

  /// The same with a TLS context of its own: a provider with its own CA file.
  [[nodiscard]] Task<Result<Connected>> connect(Endpoint endpoint, const TlsClientContext* tls,
                                                StopToken stop);

  /// The same to a place that a stranger named: of the host's addresses only those that `filter`
  /// admits are connected to. None of them: `invalid`, and nothing went out but the question of
  /// the name. Lifetime: `filter` outlives the task.
  [[nodiscard]] Task<Result<Connected>> connect(Endpoint endpoint, const TlsClientContext* tls,
                                                const AddressFilter& filter, StopToken stop);

 private:
  [[nodiscard]] Task<Result<std::vector<ring::SocketAddress>>> find_addresses(
      const Endpoint& endpoint, const AddressFilter* filter, StopToken stop);
  [[nodiscard]] Task<Result<Connected>> connect_by(Endpoint endpoint, const TlsClientContext* tls,
                                                   const AddressFilter* filter, StopToken stop);

  ring::Loop& loop_;
  Resolver& resolver_;
  const TlsClientContext* tls_;
  ConnectorConfig config_;
};

/// RFC 8305 section 4: the families alternate, starting with the first address's; order within a
/// family is kept.
[[nodiscard]] std::vector<ring::SocketAddress> interleave_families(
    const std::vector<ring::SocketAddress>& addresses);

/// Connects to the first of `addresses` that answers. Errors: connect_failed of the first address,
/// exhausted, cancelled.
[[nodiscard]] Task<Result<ring::Connection>> connect_any(ring::Loop& loop,
                                                         std::vector<ring::SocketAddress> addresses,
                                                         ConnectorConfig config, StopToken stop);

}  // namespace sluice::net
