#include "sluice/upstream/connection_pool.h"

#include <utility>

#include "sluice/base/assert.h"
#include "sluice/ring/sleep.h"

namespace sluice::upstream {
namespace {
// How soon a pool that lacks warm connections tries again.
constexpr auto warm_retry = std::chrono::seconds(5);
constexpr auto warm_connect_timeout = std::chrono::seconds(10);  // nobody waits for it
}  // namespace

// One connection. The timer ends an idle one, when its time is over or its peer has gone.
struct ConnectionPool::Entry final : IntrusiveLink {
  Entry(ConnectionPool& owner, std::unique_ptr<net::Stream> stream,
        const net::ConnectTimings& connecting)
      : pool(owner), http(owner.loop_, std::move(stream), owner.http_), timings(connecting) {}

  void begin_idle() noexcept {
    pool.loop_.timers().arm(timer,
                            pool.loop_.now() + std::chrono::milliseconds(pool.limits_.idle_ms));
    departure.emplace();
    on_departure.emplace(departure->token(), PeerGone{this});
    http.stream().watch_departure(&*departure);
  }
  void end_idle() noexcept {
    http.stream().watch_departure(nullptr);
    on_departure.reset();
    departure.reset();
    ring::TimerWheel::cancel(timer);
  }

  struct IdleTimer final : ring::Timer {
    explicit IdleTimer(Entry& owner) noexcept : entry(owner) {}
    void expired() noexcept override {
      --entry.pool.idle_count_;
      entry.end_idle();
      entry.unlink();
      entry.pool.drop(&entry);
    }
    Entry& entry;
  };
  // Runs inside the connection's own completion: it must not be destroyed there, so the timer
  // does it, in the next millisecond. Whoever takes it before then sees that its peer is gone.
  struct PeerGone {
    Entry* entry;
    void operator()() const noexcept {
      entry->pool.loop_.timers().arm(entry->timer, entry->pool.loop_.now());
    }
  };

  ConnectionPool& pool;
  http::ClientHttp1 http;
  net::ConnectTimings timings;
  bool reused = false;
  IdleTimer timer{*this};
  std::optional<StopSource> departure;
  std::optional<StopCallback<PeerGone>> on_departure;
};

struct ConnectionPool::Waiter final : IntrusiveLink {
  explicit Waiter(Executor& executor) noexcept : turn(executor) {}
  Event turn;
};

ConnectionPool::ConnectionPool(ring::Loop& loop, net::Connector& connector,
                               const net::TlsClientContext* tls, net::Endpoint endpoint,
                               const catalog::PoolLimits& limits,
                               const http::ClientHttp1Config& http)
    : loop_(loop),
      connector_(connector),
      tls_(tls),
      endpoint_(std::move(endpoint)),
      limits_(limits),
      http_(http) {}

ConnectionPool::~ConnectionPool() {
  retire();
  SLUICE_ASSERT(open_ == 0);
  SLUICE_ASSERT(waiting_ == 0);
}

http::ClientHttp1& ConnectionPool::Lease::connection() noexcept { return entry_->http; }
bool ConnectionPool::Lease::reused() const noexcept { return entry_->reused; }
const net::ConnectTimings& ConnectionPool::Lease::timings() const noexcept {
  return entry_->timings;
}

ConnectionPool::Entry* ConnectionPool::take_idle() noexcept {
  while (!idle_.empty()) {
    Entry& entry = idle_.pop_front();
    --idle_count_;
    entry.end_idle();
    if (entry.http.reusable()) return &entry;
    // The peer has left, or said something unasked. Not drop(): its place is no news to those in
    // line but the caller's own, who opens another connection in it.
    close(&entry);
  }
  return nullptr;
}

// How many more leases could be had now: by an idle connection, or by room for a new one. What was
// granted to somebody in line is spoken for.
std::size_t ConnectionPool::available() const noexcept {
  const std::size_t room = limits_.connections_max - open_;
  SLUICE_ASSERT(granted_ <= room + idle_count_);
  return room + idle_count_ - granted_;
}

ConnectionPool::Entry* ConnectionPool::reuse_idle() noexcept {
  Entry* entry = take_idle();
  if (entry == nullptr) return nullptr;
  ++reused_;
  entry->reused = true;
  entry->timings = {};
  return entry;
}

std::optional<ConnectionPool::Lease> ConnectionPool::try_reuse() noexcept {
  if (available() == 0) return std::nullopt;
  Entry* entry = reuse_idle();
  if (entry == nullptr) return std::nullopt;
  return Lease(*this, entry);
}

Task<Result<ConnectionPool::Lease>> ConnectionPool::acquire(Use use, Duration connect_timeout,
                                                            StopToken stop) {
  if (available() == 0) {
    const Result<void> turn = co_await wait_for_turn(stop);
    if (!turn) co_return fail(turn.error());
  }
  if (use == Use::any) {
    if (Entry* entry = reuse_idle(); entry != nullptr) co_return Lease(*this, entry);
  }
  if (open_ == limits_.connections_max) drop_oldest_idle();
  Result<Entry*> entry = co_await open_connection(connect_timeout, stop);
  if (!entry) co_return fail(entry.error());
  co_return Lease(*this, *entry);
}

// Who was granted a turn takes it at once when this returns: nothing comes between.
Task<Result<void>> ConnectionPool::wait_for_turn(StopToken stop) {
  if (waiting_ >= limits_.waiters_max) {
    co_return fail(
        Error{.kind = ErrorKind::exhausted,
              .fault = Fault::gateway,
              .retry = Retry::safe,
              .what = "every connection to the provider is in use and the line is full"});
  }
  Waiter waiter(loop_);
  waiters_.push_back(waiter);
  ++waiting_;
  const Result<void> waited = co_await waiter.turn.wait(stop);
  --waiting_;
  waiter.unlink();  // who leaves is no longer in line
  if (waiter.turn.is_set()) --granted_;
  if (waited && !stop.stop_requested()) co_return Result<void>{};
  // Told to go on and to stop at once: the turn belongs to the next in line.
  slot_freed();
  co_return fail(Error{.kind = ErrorKind::cancelled, .what = "wait for a connection cancelled"});
}

Task<Result<ConnectionPool::Entry*>> ConnectionPool::open_connection(Duration timeout,
                                                                     StopToken stop) {
  SLUICE_ASSERT(open_ < limits_.connections_max);
  ++open_;
  ring::Deadline deadline(loop_, loop_.now() + timeout, stop);
  Result<net::Connected> connected = co_await connector_.connect(endpoint_, tls_, deadline.token());
  if (!connected) {
    --open_;
    slot_freed();
    co_return fail(deadline.explain(connected.error(), "connecting took too long"));
  }
  ++opened_;
  co_return new Entry(*this, std::move(connected->stream), connected->timings);
}

void ConnectionPool::give_back(Entry* entry) noexcept {
  if (retired_ || !entry->http.reusable()) {
    drop(entry);
    return;
  }
  idle_.push_front(*entry);
  ++idle_count_;
  entry->begin_idle();
  slot_freed();
}

void ConnectionPool::close(Entry* entry) noexcept {
  delete entry;
  --open_;
}

void ConnectionPool::drop(Entry* entry) noexcept {
  close(entry);
  slot_freed();
}

// For one that must be fresh, where only used ones are left.
void ConnectionPool::drop_oldest_idle() noexcept {
  Entry& entry = idle_.pop_back();
  --idle_count_;
  entry.end_idle();
  close(&entry);  // not drop(): its place is taken already
}

// One more may be had. To be called by nobody who still has to take what it was granted itself.
void ConnectionPool::slot_freed() noexcept {
  if (waiters_.empty() || available() == 0) return;
  ++granted_;
  waiters_.pop_front().turn.set();
}

Task<void> ConnectionPool::keep_warm(StopToken stop) {
  while (!stop.stop_requested() && !retired_ && limits_.warm_connections > 0) {
    while (open_ < limits_.warm_connections && available() > 0 && !retired_ &&
           !stop.stop_requested()) {
      Result<Entry*> entry = co_await open_connection(warm_connect_timeout, stop);
      if (!entry) break;  // the provider is away: its requests will say so, we try again later
      give_back(*entry);
    }
    const Result<void> slept = co_await ring::sleep_until(loop_, loop_.now() + warm_retry, stop);
    if (!slept) co_return;
  }
}

void ConnectionPool::retire() noexcept {
  retired_ = true;
  while (!idle_.empty()) {
    Entry& entry = idle_.pop_front();
    --idle_count_;
    entry.end_idle();
    drop(&entry);
  }
}

ConnectionPoolStats ConnectionPool::stats() const noexcept {
  return {.open = open_,
          .idle = idle_count_,
          .waiting = waiting_,
          .opened = opened_,
          .reused = reused_};
}

}  // namespace sluice::upstream
