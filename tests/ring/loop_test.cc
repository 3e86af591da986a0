#include "sluice/ring/loop.h"

#include <gtest/gtest.h>

#include <string>
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

// One request: so many stages, each of which writes whose it was.
Task<void> pass_stages(Loop& loop, char name, int stages, std::string& seen) {
  co_await Yield{loop};
  for (int stage = 0; stage < stages; ++stage) {
    if (stage > 0) co_await loop.next_stage();
    seen += name;
  }
}

TEST(Loop, WhatIsReadyTogetherGoesThroughItsStagesAbreastInOneTurn) {
  KernelLoop world;
  Scope scope;
  std::string seen;
  scope.spawn(pass_stages(*world.loop, 'a', 3, seen));
  scope.spawn(pass_stages(*world.loop, 'b', 1, seen));
  scope.spawn(pass_stages(*world.loop, 'c', 4, seen));
  world.loop->turn(MonotonicTime::min());
  EXPECT_EQ(seen, "abcacacc");
}

Task<void> note_boundary(Loop& loop, std::string& seen) {
  co_await Yield{loop};
  seen += loop.next_stage().await_ready() ? "goes on, " : "waits, ";
}

TEST(Loop, WhoIsAloneWaitsAtNoBoundary) {
  KernelLoop world;
  Scope scope;
  std::string seen;
  scope.spawn(note_boundary(*world.loop, seen));
  world.loop->turn(MonotonicTime::min());
  scope.spawn(note_boundary(*world.loop, seen));
  scope.spawn(note_boundary(*world.loop, seen));
  world.loop->turn(MonotonicTime::min());
  EXPECT_EQ(seen, "goes on, waits, waits, ");
}

TEST(Loop, WhoPassesStagesForEverKeepsNobodyWaiting) {
  KernelLoop world;
  Scope scope;
  std::string seen;
  constexpr int many = 1'000;
  scope.spawn(pass_stages(*world.loop, 'a', many, seen));
  scope.spawn(pass_stages(*world.loop, 'b', many, seen));
  for (int turn = 0; turn < 10; ++turn) {
    const std::size_t before = seen.size();
    world.loop->turn();  // waits for nothing: somebody is ready
    EXPECT_GT(seen.size(), before);
  }
  EXPECT_LT(seen.size(), std::size_t{2} * many);
  while (seen.size() < std::size_t{2} * many) world.loop->turn(MonotonicTime::min());
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
