#include "sluice/upstream/connection_pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "sluice/coro/scope.h"
#include "sluice/net/connector.h"
#include "sluice/net/plain_stream.h"
#include "sluice/net/resolver.h"
#include "sluice/ring/acceptor.h"
#include "sluice/ring/sim/sim_world.h"
#include "sluice/ring/sleep.h"

namespace sluice::upstream {
namespace {

using ring::sim::SimConfig;
using ring::sim::SimWorld;
using std::chrono::milliseconds;
using Use = ConnectionPool::Use;

constexpr milliseconds connect_timeout(3'000);

// A provider that accepts and says nothing; the test may close what it accepted.
class Provider {
 public:
  explicit Provider(ring::Loop& loop) : loop_(loop) {
    Result<ring::Acceptor> made = ring::Acceptor::listen(
        loop, ring::SocketAddress::ipv4({127, 0, 0, 1}, 9000), ring::ListenOptions{});
    SLUICE_ASSERT(made.has_value());
    acceptor_.emplace(std::move(*made));
    scope_.spawn(serve());
  }
  Task<void> stop() {
    stop_.request_stop();
    co_await scope_.join();
    acceptor_.reset();
    accepted.clear();
  }
  std::vector<std::unique_ptr<net::PlainStream>> accepted;

 private:
  Task<void> serve() {
    while (true) {
      const Result<int> fd = co_await acceptor_->accept(stop_.token());
      if (!fd) co_return;
      accepted.push_back(std::make_unique<net::PlainStream>(ring::Connection(loop_, *fd, {})));
    }
  }
  ring::Loop& loop_;
  std::optional<ring::Acceptor> acceptor_;
  StopSource stop_;
  Scope scope_;
};

class ConnectionPoolTest : public ::testing::Test {
 protected:
  using Scenario = std::function<Task<void>(ConnectionPool&)>;

  void run(const catalog::PoolLimits& limits, const Scenario& scenario) {
    EXPECT_EQ(world.run(run_all(limits, scenario), std::chrono::hours(1)), "");
  }
  Task<void> run_all(const catalog::PoolLimits& limits, const Scenario& scenario) {
    net::StaticResolver resolver;
    net::Connector connector(loop, resolver, nullptr, net::ConnectorConfig{});
    if (listens) provider.emplace(loop);
    const net::Endpoint endpoint{.scheme = net::Scheme::http, .host = "127.0.0.1", .port = 9000};
    {
      ConnectionPool pool(loop, connector, nullptr, endpoint, limits, {});
      co_await scenario(pool);
    }
    if (provider) co_await provider->stop();
    co_await resolver.close();
  }
  Task<void> sleep(milliseconds length) {
    (void)co_await ring::sleep_until(loop, loop.now() + length, {});
  }

  // Takes a connection, notes when, and keeps it for a while.
  Task<void> hold(ConnectionPool& pool, int name, milliseconds length, Use use = Use::any,
                  StopToken stop = {}) {
    Result<ConnectionPool::Lease> lease = co_await pool.acquire(use, connect_timeout, stop);
    if (!lease) {
      errors.push_back(lease.error().kind);
      co_return;
    }
    order.push_back(name);
    was_reused.push_back(lease->reused());
    co_await sleep(length);
  }

  SimWorld world{1, SimConfig::calm()};
  ring::Loop& loop = world.loop();
  std::optional<Provider> provider;
  bool listens = true;
  std::vector<int> order;
  std::vector<bool> was_reused;
  std::vector<ErrorKind> errors;
};

TEST_F(ConnectionPoolTest, TheMostRecentlyUsedConnectionIsTakenFirst) {
  run({}, [](ConnectionPool& pool) -> Task<void> {
    const http::ClientHttp1* last = nullptr;
    {
      Result<ConnectionPool::Lease> first = co_await pool.acquire(Use::any, connect_timeout, {});
      Result<ConnectionPool::Lease> second = co_await pool.acquire(Use::any, connect_timeout, {});
      EXPECT_TRUE(first && second);
      EXPECT_EQ(pool.stats().open, 2U);
      EXPECT_EQ(pool.stats().idle, 0U);
      last = &first->connection();  // given back last: destroyed in reverse
    }
    EXPECT_EQ(pool.stats().idle, 2U);
    Result<ConnectionPool::Lease> again = co_await pool.acquire(Use::any, connect_timeout, {});
    EXPECT_EQ(&again->connection(), last);
    EXPECT_TRUE(again->reused());
    EXPECT_EQ(again->timings().connect, Duration(0));
    EXPECT_EQ(pool.stats().opened, 2U);
    EXPECT_EQ(pool.stats().reused, 1U);
  });
}

TEST_F(ConnectionPoolTest, AnIdleConnectionGoesWhenItsTimeIsOver) {
  run({.idle_ms = 1'000}, [this](ConnectionPool& pool) -> Task<void> {
    co_await hold(pool, 1, milliseconds(0));
    co_await sleep(milliseconds(900));
    EXPECT_EQ(pool.stats().open, 1U);
    co_await hold(pool, 2, milliseconds(0));  // used again: its time begins anew
    co_await sleep(milliseconds(900));
    EXPECT_EQ(pool.stats().open, 1U);
    co_await sleep(milliseconds(200));
    EXPECT_EQ(pool.stats().open, 0U);
    EXPECT_EQ(pool.stats().idle, 0U);
  });
}

TEST_F(ConnectionPoolTest, AnIdleConnectionThatItsPeerClosesIsDroppedAtOnce) {
  run({}, [this](ConnectionPool& pool) -> Task<void> {
    co_await hold(pool, 1, milliseconds(1));
    EXPECT_EQ(pool.stats().idle, 1U);
    provider->accepted.clear();
    co_await sleep(milliseconds(2));
    EXPECT_EQ(pool.stats().open, 0U);
    co_await hold(pool, 2, milliseconds(1));
    EXPECT_EQ(was_reused, (std::vector<bool>{false, false}));
  });
}

TEST_F(ConnectionPoolTest, AConnectionThatWasSpokenToUnaskedIsNotUsedAgain) {
  run({}, [this](ConnectionPool& pool) -> Task<void> {
    co_await hold(pool, 1, milliseconds(1));
    SliceChain unasked;
    unasked.push(Slice::of_static("HTTP/1.1 408 Request Timeout\r\n\r\n"));
    (void)co_await provider->accepted[0]->write(std::move(unasked), {});
    co_await sleep(milliseconds(2));
    co_await hold(pool, 2, milliseconds(1));
    EXPECT_EQ(was_reused, (std::vector<bool>{false, false}));
    EXPECT_EQ(pool.stats().open, 1U);
  });
}

TEST_F(ConnectionPoolTest, WhoFindsItFullIsServedInTurn) {
  run({.connections_max = 2}, [this](ConnectionPool& pool) -> Task<void> {
    Scope scope;
    for (int i = 0; i < 8; ++i) scope.spawn(hold(pool, i, milliseconds(10 + i)));
    co_await sleep(milliseconds(5));
    EXPECT_EQ(pool.stats().open, 2U);
    EXPECT_EQ(pool.stats().waiting, 6U);
    co_await scope.join();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(pool.stats().opened, 2U);
    EXPECT_EQ(pool.stats().waiting, 0U);
  });
}

// Gives its lease back and at once asks for another, in the same turn in which the next in line is
// told that its time has come.
TEST_F(ConnectionPoolTest, NobodyOvertakesTheLine) {
  run({.connections_max = 1}, [this](ConnectionPool& pool) -> Task<void> {
    Scope scope;
    const auto greedy = [this](ConnectionPool& p) -> Task<void> {
      co_await hold(p, 1, milliseconds(5));
      co_await hold(p, 3, milliseconds(5));
    };
    scope.spawn(greedy(pool));
    scope.spawn(hold(pool, 2, milliseconds(5)));
    co_await scope.join();
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  });
}

TEST_F(ConnectionPoolTest, AFullLineTurnsAwayAtOnce) {
  run({.connections_max = 1, .waiters_max = 2}, [this](ConnectionPool& pool) -> Task<void> {
    Scope scope;
    for (int i = 0; i < 5; ++i) scope.spawn(hold(pool, i, milliseconds(10)));
    EXPECT_EQ(errors, (std::vector<ErrorKind>{ErrorKind::exhausted, ErrorKind::exhausted}));
    co_await scope.join();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
  });
}

TEST_F(ConnectionPoolTest, TheWaitInLineIsNoTimeOfConnecting) {
  run({.connections_max = 1}, [this](ConnectionPool& pool) -> Task<void> {
    Scope scope;
    scope.spawn(hold(pool, 1, 4 * connect_timeout));
    scope.spawn(hold(pool, 2, milliseconds(0), Use::fresh));
    co_await scope.join();
    EXPECT_EQ(order, (std::vector<int>{1, 2}));
    EXPECT_EQ(errors, std::vector<ErrorKind>{});
  });
}

TEST_F(ConnectionPoolTest, AnIdleConnectionIsHadAtOnceUnlessSomebodyInLineHasAClaimToIt) {
  run({.connections_max = 1}, [this](ConnectionPool& pool) -> Task<void> {
    EXPECT_FALSE(pool.try_reuse());
    co_await hold(pool, 1, milliseconds(0));
    Scope scope;
    {
      std::optional<ConnectionPool::Lease> lease = pool.try_reuse();
      EXPECT_TRUE(lease && lease->reused());
      scope.spawn(hold(pool, 2, milliseconds(0)));
      EXPECT_EQ(pool.stats().waiting, 1U);
    }
    EXPECT_FALSE(pool.try_reuse());  // granted to the one in line, who has not run yet
    co_await scope.join();
    EXPECT_EQ(order, (std::vector<int>{1, 2}));
  });
}

TEST_F(ConnectionPoolTest, WhoLeavesTheLineLosesNobodysTurn) {
  run({.connections_max = 1}, [this](ConnectionPool& pool) -> Task<void> {
    Scope scope;
    StopSource leaves;
    StopSource leaves_late;
    {
      Result<ConnectionPool::Lease> lease = co_await pool.acquire(Use::any, connect_timeout, {});
      scope.spawn(hold(pool, 1, milliseconds(5), Use::any, leaves.token()));
      scope.spawn(hold(pool, 2, milliseconds(5), Use::any, leaves_late.token()));
      scope.spawn(hold(pool, 3, milliseconds(5)));
      co_await sleep(milliseconds(1));
      leaves.request_stop();
      co_await sleep(milliseconds(1));
      EXPECT_EQ(pool.stats().waiting, 2U);
    }
    leaves_late.request_stop();  // told to go on, and to stop, in one turn
    co_await scope.join();
    EXPECT_EQ(order, (std::vector<int>{3}));
    EXPECT_EQ(errors, (std::vector<ErrorKind>{ErrorKind::cancelled, ErrorKind::cancelled}));
    EXPECT_EQ(pool.stats().waiting, 0U);
    EXPECT_EQ(pool.stats().idle, 1U);
  });
}

TEST_F(ConnectionPoolTest, AFreshConnectionTakesTheOldestSparesPlace) {
  run({.connections_max = 2}, [this](ConnectionPool& pool) -> Task<void> {
    {
      Result<ConnectionPool::Lease> first = co_await pool.acquire(Use::any, connect_timeout, {});
      Result<ConnectionPool::Lease> second = co_await pool.acquire(Use::any, connect_timeout, {});
    }
    EXPECT_EQ(pool.stats().idle, 2U);
    co_await hold(pool, 1, milliseconds(1), Use::fresh);
    EXPECT_EQ(was_reused, (std::vector<bool>{false}));
    EXPECT_EQ(pool.stats().open, 2U);  // never more than allowed
    EXPECT_EQ(pool.stats().opened, 3U);
  });
}

TEST_F(ConnectionPoolTest, AFailedConnectFreesItsPlace) {
  listens = false;
  run({.connections_max = 1}, [this](ConnectionPool& pool) -> Task<void> {
    Scope scope;
    for (int i = 0; i < 3; ++i) scope.spawn(hold(pool, i, milliseconds(1)));
    co_await scope.join();
    EXPECT_EQ(errors, (std::vector<ErrorKind>(3, ErrorKind::connect_failed)));
    EXPECT_EQ(pool.stats().open, 0U);
  });
}

TEST_F(ConnectionPoolTest, KeepsAsManyWarmAsAskedFor) {
  run({.idle_ms = 60'000, .warm_connections = 3}, [this](ConnectionPool& pool) -> Task<void> {
    StopSource stop;
    Scope scope;
    scope.spawn(pool.keep_warm(stop.token()));
    co_await sleep(milliseconds(10));
    EXPECT_EQ(pool.stats().idle, 3U);
    provider->accepted.clear();
    co_await sleep(milliseconds(10));
    EXPECT_EQ(pool.stats().open, 0U);
    co_await sleep(milliseconds(6'000));
    EXPECT_EQ(pool.stats().idle, 3U);
    stop.request_stop();
    co_await scope.join();
  });
}

TEST_F(ConnectionPoolTest, ARetiredPoolKeepsNothing) {
  run({.warm_connections = 1}, [this](ConnectionPool& pool) -> Task<void> {
    Scope scope;
    StopSource stop;
    scope.spawn(pool.keep_warm(stop.token()));
    co_await sleep(milliseconds(10));
    {
      Result<ConnectionPool::Lease> in_use = co_await pool.acquire(Use::any, connect_timeout, {});
      co_await hold(pool, 1, milliseconds(1));
      EXPECT_EQ(pool.stats().idle, 1U);
      pool.retire();
      EXPECT_EQ(pool.stats().idle, 0U);
      EXPECT_EQ(pool.stats().open, 1U);
      EXPECT_TRUE(in_use->connection().reusable());  // what is in use stays good
    }
    EXPECT_EQ(pool.stats().open, 0U);
    co_await sleep(milliseconds(20'000));
    EXPECT_EQ(pool.stats().opened, 2U);  // nor does it warm any more
    co_await scope.join();
  });
}

}  // namespace
}  // namespace sluice::upstream
