#include "sluice/ring/connect.h"

#include <gtest/gtest.h>

#include "kernel_pair.h"

namespace sluice::ring {
namespace {

using testing::KernelLoop;

const SocketAddress any_port = SocketAddress::ipv4({127, 0, 0, 1}, 0);

Task<void> refused(Loop& loop) {
  SocketAddress address;
  {
    const Result<Acceptor> acceptor = Acceptor::listen(loop, any_port, ListenOptions{});
    address = *acceptor->local_address();
  }
  for (int i = 0; i < 100 && loop.closing_sockets() > 0; ++i) {
    (void)co_await sleep_until(loop, loop.now() + std::chrono::milliseconds(1), {});
  }
  (void)co_await sleep_until(loop, loop.now() + std::chrono::milliseconds(1), {});
  const Result<Connection> made = co_await connect(loop, address, {}, {});
  EXPECT_FALSE(made.has_value());
  if (!made) {
    EXPECT_EQ(made.error().kind, ErrorKind::connect_failed);
    EXPECT_EQ(made.error().os_errno, ECONNREFUSED);
    EXPECT_EQ(made.error().retry, Retry::safe);
  }
}

TEST(Connect, ARefusalIsTheProvidersFaultAndSafeToRetry) {
  KernelLoop world;
  world.run(refused(*world.loop));
}

const SocketAddress discard_port = SocketAddress::ipv4({127, 0, 0, 1}, 9);

Task<void> already_stopped(Loop& loop) {
  StopSource source;
  source.request_stop();
  const Result<Connection> made = co_await connect(loop, discard_port, {}, source.token());
  EXPECT_EQ(made.error().kind, ErrorKind::cancelled);
}

TEST(Connect, DoesNotStartWhenAlreadyStopped) {
  KernelLoop world;
  world.run(already_stopped(*world.loop));
}

}  // namespace
}  // namespace sluice::ring
