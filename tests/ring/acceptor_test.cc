#include "sluice/ring/acceptor.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include "kernel_pair.h"

namespace sluice::ring {
namespace {

using testing::KernelLoop;

const SocketAddress any_port = SocketAddress::ipv4({127, 0, 0, 1}, 0);

Task<void> accept_several(Loop& loop, const SocketAddress& where) {
  Result<Acceptor> acceptor = Acceptor::listen(loop, where, ListenOptions{});
  EXPECT_TRUE(acceptor.has_value());
  if (!acceptor) co_return;
  const Result<SocketAddress> address = acceptor->local_address();
  std::vector<Connection> ends;
  for (int i = 0; i < 5; ++i) {
    Result<Connection> client = co_await connect(loop, *address, {}, {});
    EXPECT_TRUE(client.has_value());
    if (client) ends.push_back(std::move(*client));
  }
  for (int i = 0; i < 5; ++i) {
    const Result<int> fd = co_await acceptor->accept({});
    EXPECT_TRUE(fd.has_value());
    if (fd) ends.emplace_back(loop, *fd, ConnectionConfig{});
  }
}

TEST(Acceptor, AcceptsEveryConnectionFromOneOperation) {
  KernelLoop world;
  world.run(accept_several(*world.loop, any_port));
}

TEST(Acceptor, ListensOnAUnixPath) {
  KernelLoop world;
  const std::string path = ::testing::TempDir() + "acceptor_test.sock";
  ::unlink(path.c_str());
  world.run(accept_several(*world.loop, SocketAddress::unix_path(path)));
  ::unlink(path.c_str());
}

TEST(Acceptor, SaysWhenTheAddressIsTaken) {
  KernelLoop world;
  const auto first = Acceptor::listen(*world.loop, any_port, ListenOptions{.reuse_port = false});
  ASSERT_TRUE(first.has_value());
  const auto second =
      Acceptor::listen(*world.loop, *first->local_address(), ListenOptions{.reuse_port = false});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().os_errno, EADDRINUSE);
}

Task<void> cancelled_accept(Loop& loop) {
  Result<Acceptor> acceptor = Acceptor::listen(loop, any_port, ListenOptions{});
  StopSource source;
  source.request_stop();
  const Result<int> fd = co_await acceptor->accept(source.token());
  EXPECT_FALSE(fd.has_value());
  EXPECT_EQ(fd.error().kind, ErrorKind::cancelled);
}

TEST(Acceptor, AStopEndsTheWait) {
  KernelLoop world;
  world.run(cancelled_accept(*world.loop));
}

// A full descriptor table must not lose the listener: it rests, and goes on when there is room.
// The kernel reads the limit when an accept is armed, so it is set before that.
Task<void> exhaustion(Loop& loop) {
  rlimit old{};
  ::getrlimit(RLIMIT_NOFILE, &old);
  const int lowest_free = ::dup(0);
  ::close(lowest_free);
  // The listener, two clients and the first accepted connection fit; the second does not.
  const rlimit tight{.rlim_cur = static_cast<rlim_t>(lowest_free) + 4, .rlim_max = old.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &tight);
  Result<Acceptor> acceptor = Acceptor::listen(loop, any_port, ListenOptions{});
  const Result<SocketAddress> address = acceptor->local_address();
  const Result<Connection> client = co_await connect(loop, *address, {}, {});
  EXPECT_TRUE(client.has_value());
  const Result<int> first = co_await acceptor->accept({});
  EXPECT_TRUE(first.has_value());
  const Connection server(loop, *first, {});
  const Result<Connection> second = co_await connect(loop, *address, {}, {});
  EXPECT_TRUE(second.has_value());
  for (int i = 0; i < 200 && acceptor->rests() == 0; ++i) {
    (void)co_await sleep_until(loop, loop.now() + std::chrono::milliseconds(1), {});
  }
  EXPECT_GE(acceptor->rests(), 1U);
  ::setrlimit(RLIMIT_NOFILE, &old);
  const Result<int> fd = co_await acceptor->accept({});
  EXPECT_TRUE(fd.has_value());
  if (fd) const Connection late(loop, *fd, {});
}

TEST(Acceptor, RestsWhenDescriptorsRunOutAndGoesOnAfterwards) {
  KernelLoop world;
  world.run(exhaustion(*world.loop));
}

}  // namespace
}  // namespace sluice::ring
