// The pool where it is hardest to be right: connections that die between being granted and being
// taken, on both back-ends, and anything at all over seeds of the simulated network.
#include <gtest/gtest.h>

#include <chrono>
#include <coroutine>
#include <memory>
#include <optional>
#include <vector>

#include "ring/kernel_pair.h"
#include "sluice/coro/scope.h"
#include "sluice/net/connector.h"
#include "sluice/net/plain_stream.h"
#include "sluice/net/resolver.h"
#include "sluice/ring/sim/sim_world.h"
#include "sluice/upstream/connection_pool.h"

namespace sluice::upstream {
namespace {

using ring::sim::SimConfig;
using ring::sim::SimWorld;
using std::chrono::milliseconds;
using Use = ConnectionPool::Use;

constexpr milliseconds connect_timeout(3'000);

// Goes to the end of what is ready: one turn of the loop.
struct Turn {
  ring::Loop& loop;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) const noexcept { loop.schedule(coroutine); }
  void await_resume() const noexcept {}
};

Task<void> turns(ring::Loop& loop, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) co_await Turn{loop};
}

// Accepts, says nothing, and ends connections when told to.
class Provider {
 public:
  explicit Provider(ring::Loop& loop) : loop_(loop) {
    Result<ring::Acceptor> made =
        ring::Acceptor::listen(loop, ring::testing::loopback_any_port(), ring::ListenOptions{});
    SLUICE_ASSERT(made.has_value());
    acceptor_.emplace(std::move(*made));
    scope_.spawn(serve());
  }
  [[nodiscard]] std::uint16_t port() const {
    const Result<ring::SocketAddress> address = acceptor_->local_address();
    SLUICE_ASSERT(address.has_value());
    return address->port();
  }
  [[nodiscard]] std::size_t connections() const noexcept { return accepted_.size(); }
  // In this very moment, as far as the peer's kernel goes.
  void end(std::size_t position) { loop_.backend().shutdown_send(accepted_[position].fd); }
  void close(std::size_t position) {
    accepted_.erase(accepted_.begin() + static_cast<std::ptrdiff_t>(position));
  }
  Task<void> stop() {
    stop_.request_stop();
    co_await scope_.join();
    acceptor_.reset();
    accepted_.clear();
  }

 private:
  struct Accepted {
    int fd;
    std::unique_ptr<net::PlainStream> stream;
  };
  Task<void> serve() {
    while (true) {
      const Result<int> fd = co_await acceptor_->accept(stop_.token());
      if (!fd && fd.error().kind == ErrorKind::cancelled) co_return;
      if (!fd) continue;
      accepted_.push_back(
          {*fd, std::make_unique<net::PlainStream>(ring::Connection(loop_, *fd, {}))});
    }
  }
  ring::Loop& loop_;
  std::optional<ring::Acceptor> acceptor_;
  std::vector<Accepted> accepted_;
  StopSource stop_;
  Scope scope_;
};

// A pool and its provider. Lifetime: the loop's.
struct Scene {
  Scene(ring::Loop& ring_loop, const catalog::PoolLimits& limits)
      : loop(ring_loop),
        connector(ring_loop, resolver, nullptr, net::ConnectorConfig{}),
        provider(ring_loop) {
    net::Endpoint endpoint{.scheme = net::Scheme::http, .host = "127.0.0.1", .port = 0};
    endpoint.port = provider.port();
    pool.emplace(ring_loop, connector, nullptr, endpoint, limits, http::ClientHttp1Config{});
  }
  Task<void> stop() {
    pool.reset();
    co_await provider.stop();
    co_await resolver.close();
  }
  ring::Loop& loop;
  net::StaticResolver resolver;
  net::Connector connector;
  Provider provider;
  std::optional<ConnectionPool> pool;
};

// --- a connection dies between being granted and being taken ---

Task<void> hold_for_turns(Scene& scene, std::uint64_t count, std::vector<bool>& was_reused) {
  Result<ConnectionPool::Lease> lease = co_await scene.pool->acquire(Use::any, connect_timeout, {});
  EXPECT_TRUE(lease.has_value());
  if (!lease) co_return;
  was_reused.push_back(lease->reused());
  EXPECT_EQ(scene.pool->stats().open, 1U);
  co_await turns(scene.loop, count);
}

// The peer ends the connection, `between` turns pass, and the connection goes to the line.
Task<void> die_while_granted(ring::Loop& loop, std::uint64_t between) {
  Scene scene(loop, {.connections_max = 1});
  std::vector<bool> was_reused;
  Scope scope;
  {
    Result<ConnectionPool::Lease> lease =
        co_await scene.pool->acquire(Use::any, connect_timeout, {});
    EXPECT_TRUE(lease.has_value());
    while (scene.provider.connections() == 0) co_await Turn{loop};
    for (int i = 0; i < 3; ++i) scope.spawn(hold_for_turns(scene, 2, was_reused));
    EXPECT_EQ(scene.pool->stats().waiting, 3U);
    scene.provider.end(0);
    co_await turns(loop, between);
  }
  co_await scope.join();
  EXPECT_EQ(was_reused.size(), 3U);
  EXPECT_EQ(scene.pool->stats().waiting, 0U);
  EXPECT_EQ(scene.pool->stats().open, scene.pool->stats().idle);
  co_await scene.stop();
}

TEST(ConnectionPoolBothBackEnds, AConnectionThatDiesWhileGrantedIsReplacedOnceInTheSimulation) {
  // A turn costs 100 ns, the news 20 us: at one of these it comes just between.
  for (std::uint64_t between = 0; between < 300; ++between) {
    SCOPED_TRACE(between);
    SimWorld world(1, SimConfig::calm());
    ASSERT_EQ(world.run(die_while_granted(world.loop(), between), std::chrono::minutes(1)), "");
  }
}

TEST(ConnectionPoolBothBackEnds, AConnectionThatDiesWhileGrantedIsReplacedOnceOverTheKernel) {
  ring::testing::KernelLoop kernel;
  for (std::uint64_t round = 0; round < 30; ++round) {
    SCOPED_TRACE(round);
    kernel.run(die_while_granted(*kernel.loop, round % 3));
  }
}

// --- anything at all ---

struct Run {
  Scene& scene;
  Random& random;
  const catalog::PoolLimits& limits;
  std::size_t leased = 0;
  std::size_t callers = 0;
  std::size_t served = 0;
  std::size_t left = 0;         // by their own wish
  std::size_t turned_away = 0;  // the line was full
  std::size_t unconnected = 0;

  void check() const {
    const ConnectionPoolStats stats = scene.pool->stats();
    EXPECT_LE(stats.open, limits.connections_max);
    EXPECT_LE(leased + stats.idle, stats.open);
    EXPECT_LE(stats.waiting, limits.waiters_max);
    EXPECT_LE(served, stats.opened + stats.reused);
  }
  Task<void> pause() {
    if (random.chance(0.5)) {
      co_await turns(scene.loop, random.below(400));
    } else {
      const auto length = milliseconds(random.below(8));
      (void)co_await ring::sleep_until(scene.loop, scene.loop.now() + length, {});
    }
  }
};

Task<void> stop_later(Run& run, StopSource& source) {
  co_await run.pause();
  source.request_stop();
}

// So that the news comes about when the connection has gone to somebody in line.
Task<void> end_just_before_it_goes_back(Run& run) {
  const std::size_t count = run.scene.provider.connections();
  if (count > 0) run.scene.provider.end(run.random.below(count));
  co_await turns(run.scene.loop, 190 + run.random.below(20));
}

Task<void> call_once(Run& run) {
  StopSource leaves;
  Scope scope;
  if (run.random.chance(0.3)) scope.spawn(stop_later(run, leaves));
  const Use use = run.random.chance(0.2) ? Use::fresh : Use::any;
  {
    Result<ConnectionPool::Lease> lease =
        co_await run.scene.pool->acquire(use, connect_timeout, leaves.token());
    ++run.callers;
    if (lease) {
      ++run.served;
      ++run.leased;
      EXPECT_FALSE(use == Use::fresh && lease->reused());
      EXPECT_FALSE(lease->reused() && !lease->connection().reusable());
      run.check();
      // An exchange that is given up leaves a connection that nobody may use again.
      std::optional<http::ClientHttp1::Exchange> exchange;
      if (run.random.chance(0.2) && lease->connection().reusable()) {
        exchange.emplace(lease->connection());
      }
      co_await run.pause();
      if (run.random.chance(0.3)) co_await end_just_before_it_goes_back(run);
      --run.leased;
    } else if (lease.error().kind == ErrorKind::cancelled) {
      ++run.left;
    } else if (lease.error().kind == ErrorKind::exhausted) {
      ++run.turned_away;
    } else {
      ++run.unconnected;
    }
  }
  run.check();
  co_await scope.join();
}

Task<void> call_often(Run& run) {
  for (std::uint64_t calls = 1 + run.random.below(8); calls > 0; --calls) {
    co_await call_once(run);
    if (run.random.chance(0.5)) co_await run.pause();
  }
}

Task<void> end_connections(Run& run, StopToken stop) {
  while (!stop.stop_requested()) {
    co_await run.pause();
    const std::size_t count = run.scene.provider.connections();
    if (count == 0) continue;
    const std::size_t chosen = run.random.below(count);
    if (run.random.chance(0.5)) {
      run.scene.provider.end(chosen);
    } else {
      run.scene.provider.close(chosen);
    }
  }
}

Task<void> retire_later(Run& run) {
  co_await run.pause();
  co_await run.pause();
  run.scene.pool->retire();
}

Task<void> anything(ring::Loop& loop, std::uint64_t seed) {
  Random random(seed);
  const auto connections_max = static_cast<std::uint32_t>(1 + random.below(3));
  const catalog::PoolLimits limits{
      .connections_max = connections_max,
      .waiters_max = static_cast<std::uint32_t>(random.chance(0.2) ? random.below(3) : 64),
      .idle_ms = static_cast<std::uint32_t>(1 + random.below(10)),
      .warm_connections = static_cast<std::uint32_t>(random.below(connections_max + 1))};
  Scene scene(loop, limits);
  Run run{.scene = scene, .random = random, .limits = limits};
  StopSource over;
  Scope others;
  others.spawn(end_connections(run, over.token()));
  others.spawn(scene.pool->keep_warm(over.token()));
  if (random.chance(0.2)) others.spawn(retire_later(run));
  Scope callers;
  for (std::uint64_t count = 1 + random.below(8); count > 0; --count) {
    callers.spawn(call_often(run));
  }
  co_await callers.join();  // nobody waits for ever
  over.request_stop();
  co_await others.join();
  EXPECT_EQ(run.leased, 0U);
  EXPECT_EQ(run.callers, run.served + run.left + run.turned_away + run.unconnected);
  EXPECT_EQ(scene.pool->stats().waiting, 0U);
  EXPECT_EQ(scene.pool->stats().open, scene.pool->stats().idle);
  co_await scene.stop();
}

TEST(ConnectionPoolSim, KeepsItsAccountsWhateverPeersCallersAndTheNetworkDo) {
  ring::sim::for_each_seed(
      1, 600,
      [](std::uint64_t seed) {
        SCOPED_TRACE(seed);
        SimWorld world = seed % 3 == 0 ? SimWorld::drawn(seed) : SimWorld(seed, SimConfig::calm());
        EXPECT_EQ(world.run(anything(world.loop(), seed), std::chrono::hours(4)), "");
      },
      [] { return ::testing::Test::HasFailure(); });
}

}  // namespace
}  // namespace sluice::upstream
