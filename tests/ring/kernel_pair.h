// Two ends of a real loopback connection on one kernel loop, for tests.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "sluice/coro/scope.h"
#include "sluice/ring/acceptor.h"
#include "sluice/ring/connect.h"
#include "sluice/ring/connection.h"
#include "sluice/ring/kernel_backend.h"
#include "sluice/ring/loop.h"
#include "sluice/ring/sleep.h"

namespace sluice::ring::testing {

class KernelLoop {
 public:
  explicit KernelLoop(const KernelBackendConfig& config = {}) {
    auto made = make_kernel_backend(config);
    if (!made) {
      ADD_FAILURE() << made.error().what;
      std::abort();
    }
    backend = std::move(*made);
    loop.emplace(*backend, 1);
  }
  ~KernelLoop() {
    // Sockets close when their last operation has completed.
    for (int i = 0; i < 1'000 && loop->closing_sockets() > 0; ++i) {
      loop->turn(backend->now() + std::chrono::milliseconds(10));
    }
    EXPECT_EQ(loop->closing_sockets(), 0U);
    loop.reset();
  }
  KernelLoop(const KernelLoop&) = delete;
  KernelLoop& operator=(const KernelLoop&) = delete;

  /// Runs until `task` has ended; fails the test after a minute: what takes seconds on a busy
  /// machine does not hang.
  void run(Task<void> task) {
    Scope scope;
    scope.spawn(std::move(task));
    const MonotonicTime limit = backend->now() + std::chrono::minutes(1);
    while (scope.running() > 0) {
      if (backend->now() > limit) {
        ADD_FAILURE() << "the task hangs";
        std::abort();
      }
      loop->turn(backend->now() + std::chrono::milliseconds(5));
    }
  }

  std::unique_ptr<Backend> backend;
  std::optional<Loop> loop;
};

struct Pair {
  Connection client;
  Connection server;
};

inline SocketAddress loopback_any_port() { return SocketAddress::ipv4({127, 0, 0, 1}, 0); }

inline Task<Pair> connected_pair(Loop& loop, ConnectionConfig config = {}) {
  Result<Acceptor> acceptor = Acceptor::listen(loop, loopback_any_port(), ListenOptions{});
  SLUICE_ASSERT(acceptor.has_value());
  const Result<SocketAddress> address = acceptor->local_address();
  SLUICE_ASSERT(address.has_value());
  Result<Connection> client = co_await connect(loop, *address, config, {});
  SLUICE_ASSERT(client.has_value());
  const Result<int> fd = co_await acceptor->accept({});
  SLUICE_ASSERT(fd.has_value());
  Connection server(loop, *fd, config);
  co_return Pair{std::move(*client), std::move(server)};
}

}  // namespace sluice::ring::testing
