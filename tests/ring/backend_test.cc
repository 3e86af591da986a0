#include "sluice/ring/backend.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <optional>

#include "kernel_pair.h"

namespace sluice::ring {
namespace {

using testing::KernelLoop;

struct Probe final : Operation {
  void complete(Completion completion) noexcept override { result = completion.result; }
  std::optional<std::int32_t> result;
};

void turn_until(KernelLoop& world, const Probe& probe) {
  for (int i = 0; i < 1'000 && !probe.result; ++i) {
    world.loop->turn(world.backend->now() + std::chrono::milliseconds(10));
  }
  ASSERT_TRUE(probe.result.has_value());
}

TEST(Backend, NothingCompletesInsideASubmit) {
  KernelLoop world;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Probe written;
  world.backend->write(written, ends[1], std::span("abc", 3));
  EXPECT_FALSE(written.result.has_value());
  turn_until(world, written);
  EXPECT_EQ(*written.result, 3);
  char text[4] = {};
  EXPECT_EQ(::read(ends[0], text, 3), 3);
  EXPECT_STREQ(text, "abc");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Backend, ACancelledPollReportsOnceMore) {
  KernelLoop world;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Probe poll;
  world.backend->poll(poll, ends[0], POLLIN);
  world.loop->turn(MonotonicTime::min());
  EXPECT_TRUE(poll.in_flight());
  world.backend->cancel(poll);
  EXPECT_TRUE(poll.in_flight());  // a cancel is a request
  turn_until(world, poll);
  EXPECT_EQ(*poll.result, -ECANCELED);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Backend, CancellingAnIdleOperationDoesNothing) {
  KernelLoop world;
  Probe idle;
  world.backend->cancel(idle);
  world.loop->turn(MonotonicTime::min());
  EXPECT_FALSE(idle.result.has_value());
}

}  // namespace
}  // namespace sluice::ring
