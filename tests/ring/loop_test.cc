#include "sluice/ring/loop.h"

#include <gtest/gtest.h>

#include <thread>

#include "kernel_pair.h"

namespace sluice::ring {
namespace {

using testing::KernelLoop;

struct Yield {
  Loop& loop;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) const noexcept { loop.schedule(coroutine); }
  void await_resume() const noexcept {}
};
Task<void> yield_times(Loop& loop, int times, int& count) {
  for (int i = 0; i < times; ++i) {
    co_await Yield{loop};
    ++count;
  }
}

TEST(Loop, ACoroutineThatReschedulesItselfRunsOncePerTurn) {
  KernelLoop world;
  Scope scope;
  int count = 0;
  scope.spawn(yield_times(*world.loop, 3, count));
  for (int turn = 1; turn <= 3; ++turn) {
    world.loop->turn(MonotonicTime::min());
    EXPECT_EQ(count, turn);
  }
}

TEST(Loop, CallsTheTurnsEndAfterTheReadyCoroutines) {
  KernelLoop world;
  int count = 0;
  int seen = -1;
  world.loop->on_turn_end([&] { seen = count; });
  Scope scope;
  scope.spawn(yield_times(*world.loop, 1, count));
  world.loop->turn(MonotonicTime::min());
  EXPECT_EQ(seen, 1);
}

TEST(Loop, IsWokenFromAnotherThread) {
  KernelLoop world;
  std::thread other([&] { world.backend->wake(); });
  world.loop->turn(world.backend->now() + std::chrono::seconds(30));  // a lost wake-up hangs here
  other.join();
}

TEST(Loop, FollowsTheWallClock) {
  KernelLoop world;
  const auto difference = world.backend->wall_now() - world.loop->wall_now();
  EXPECT_LT(std::chrono::abs(difference), std::chrono::seconds(5));
}

}  // namespace
}  // namespace sluice::ring
