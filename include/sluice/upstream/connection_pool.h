// The connections of one core to one provider: kept alive, reused, bounded.
//
//   acquire() --idle one--> Lease --reusable--> idle
//             --room-----> connect --> Lease --otherwise--> closed
//             --full-----> wait in line, first come first served
//
// The most recently used idle connection is taken first, so that spares age and go. An idle
// connection that the peer closes is never handed out from then on, and goes within milliseconds.
// Not thread-safe: one pool per provider per core. Invariants: open() <= connections_max, counting
// those being connected; somebody waits only while every connection is in use or spoken for.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "sluice/base/intrusive_list.h"
#include "sluice/base/result.h"
#include "sluice/catalog/deployment.h"
#include "sluice/coro/event.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/http/client_http1.h"
#include "sluice/net/connector.h"
#include "sluice/ring/loop.h"

namespace sluice::upstream {

/// What the pool counts, for metrics; read on the owning core.
struct ConnectionPoolStats {
  std::size_t open = 0;  // idle, leased and being connected
  std::size_t idle = 0;
  std::size_t waiting = 0;  // in line for a connection
  std::uint64_t opened = 0;
  std::uint64_t reused = 0;
};

class ConnectionPool {
  struct Entry;

 public:
  /// Lifetime: `loop`, `connector` and `tls` outlive the pool; `tls` null means the connector's
  /// own.
  ConnectionPool(ring::Loop& loop, net::Connector& connector, const net::TlsClientContext* tls,
                 net::Endpoint endpoint, const catalog::PoolLimits& limits,
                 const http::ClientHttp1Config& http);
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;
  /// Every lease must be back and nobody in line.
  ~ConnectionPool();

  /// A connection of one's own. Destroying it gives the connection back to the pool when it is
  /// still good, and closes it when not. Lifetime: the pool outlives its leases.
  class Lease {
   public:
    Lease(Lease&& other) noexcept
        : pool_(other.pool_), entry_(std::exchange(other.entry_, nullptr)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (entry_ != nullptr) pool_->give_back(entry_);
    }
    [[nodiscard]] http::ClientHttp1& connection() noexcept;
    /// Whether it had served an exchange before this lease.
    [[nodiscard]] bool reused() const noexcept;
    /// What connecting took; zeros for a reused one.
    [[nodiscard]] const net::ConnectTimings& timings() const noexcept;

   private:
    friend class ConnectionPool;
    Lease(ConnectionPool& pool, Entry* entry) noexcept : pool_(&pool), entry_(entry) {}
    ConnectionPool* pool_;
    Entry* entry_;
  };

  enum class Use : std::uint8_t {
    any,    // an idle connection if there is one
    fresh,  // a new connection: the reused one just failed
  };
  /// An idle connection at once, if there is one that nobody in line has a claim to.
  [[nodiscard]] std::optional<Lease> try_reuse() noexcept;
  /// `connect_timeout` bounds name, TCP and TLS of a new connection; the wait in line is bounded by
  /// `stop` alone. Errors: exhausted (the line is full: nothing was sent, Retry::safe), cancelled,
  /// deadline_exceeded (connecting took too long), and those of net::Connector::connect.
  [[nodiscard]] Task<Result<Lease>> acquire(Use use, Duration connect_timeout, StopToken stop);

  /// Opens connections until `warm_connections` are open, again whenever fewer are. Ends by `stop`.
  [[nodiscard]] Task<void> keep_warm(StopToken stop);

  /// Closes idle connections and keeps none from now on; leases in use stay good.
  void retire() noexcept;

  [[nodiscard]] ConnectionPoolStats stats() const noexcept;

 private:
  struct Waiter;

  Entry* take_idle() noexcept;
  void give_back(Entry* entry) noexcept;
  void close(Entry* entry) noexcept;
  void drop(Entry* entry) noexcept;
  void drop_oldest_idle() noexcept;
  [[nodiscard]] std::size_t available() const noexcept;
  Entry* reuse_idle() noexcept;
  void slot_freed() noexcept;
  [[nodiscard]] Task<Result<void>> wait_for_turn(StopToken stop);
  [[nodiscard]] Task<Result<Entry*>> open_connection(Duration timeout, StopToken stop);

  ring::Loop& loop_;
  net::Connector& connector_;
  const net::TlsClientContext* tls_;
  net::Endpoint endpoint_;
  catalog::PoolLimits limits_;
  http::ClientHttp1Config http_;
  IntrusiveList<Entry> idle_;  // the most recently used in front
  IntrusiveList<Waiter> waiters_;
  std::size_t open_ = 0;
  std::size_t idle_count_ = 0;
  std::size_t waiting_ = 0;
  std::size_t granted_ = 0;  // of those waiting: told that their turn has come
  std::uint64_t opened_ = 0;
  std::uint64_t reused_ = 0;
  bool retired_ = false;
};

}  // namespace sluice::upstream
