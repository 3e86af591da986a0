#include "sluice/ring/sleep.h"

#include <gtest/gtest.h>

#include "kernel_pair.h"

namespace sluice::ring {
namespace {

using testing::KernelLoop;

Task<void> sleeps(Loop& loop) {
  const MonotonicTime deadline = loop.now() + std::chrono::milliseconds(5);
  const Result<void> slept = co_await sleep_until(loop, deadline, {});
  EXPECT_TRUE(slept.has_value());
  EXPECT_GE(loop.now(), deadline);
}

TEST(Sleep, NeverEndsEarly) {
  KernelLoop world;
  world.run(sleeps(*world.loop));
}

Task<void> sleep_and_store(Loop& loop, StopToken stop, std::optional<Result<void>>& out) {
  out = co_await sleep_until(loop, MonotonicTime::max(), stop);
}

TEST(Sleep, AStopEndsItWithCancelled) {
  KernelLoop world;
  StopSource source;
  std::optional<Result<void>> out;
  Scope scope;
  scope.spawn(sleep_and_store(*world.loop, source.token(), out));
  source.request_stop();
  world.loop->turn(MonotonicTime::min());
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->error().kind, ErrorKind::cancelled);
}

TEST(Deadline, TellsTheClockFromTheParent) {
  KernelLoop world;
  StopSource parent;
  Deadline by_clock(*world.loop, world.loop->now() + std::chrono::milliseconds(2), parent.token());
  Deadline by_parent(*world.loop, MonotonicTime::max(), parent.token());
  while (!by_clock.token().stop_requested()) {
    world.loop->turn(world.backend->now() + std::chrono::milliseconds(1));
  }
  parent.request_stop();
  EXPECT_TRUE(by_clock.passed());
  EXPECT_FALSE(by_parent.passed());
  const Error cancelled{.kind = ErrorKind::cancelled};
  EXPECT_EQ(by_clock.explain(cancelled, "too late").kind, ErrorKind::deadline_exceeded);
  EXPECT_STREQ(by_clock.explain(cancelled, "too late").what, "too late");
  EXPECT_EQ(by_parent.explain(cancelled, "too late").kind, ErrorKind::cancelled);
  EXPECT_EQ(by_clock.explain(Error{.kind = ErrorKind::io}, "too late").kind, ErrorKind::io);
}

TEST(Deadline, CanBeExtended) {
  KernelLoop world;
  Deadline deadline(*world.loop, world.loop->now() + std::chrono::milliseconds(1), {});
  deadline.extend(MonotonicTime::max());
  const MonotonicTime later = world.backend->now() + std::chrono::milliseconds(5);
  while (world.backend->now() < later) world.loop->turn(later);
  EXPECT_FALSE(deadline.passed());
}

}  // namespace
}  // namespace sluice::ring
