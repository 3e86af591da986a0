#include "sluice/coro/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "sluice/coro/scope.h"

namespace sluice {
namespace {

// Suspends until the test resumes the stored handle.
struct Gate {
  std::coroutine_handle<> waiting;
};

struct GateRef {
  Gate& gate;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) const noexcept { gate.waiting = handle; }
  void await_resume() const noexcept {}
};

Task<int> answer() { co_return 42; }
Task<int> answer_after(Gate& gate) {
  co_await GateRef{gate};
  co_return 42;
}
Task<void> store(Task<int> task, int& out) { out = co_await std::move(task); }

TEST(Task, IsLazyAndRunsWhenAwaited) {
  int out = 0;
  Scope scope;
  Task<void> task = store(answer(), out);
  EXPECT_EQ(out, 0);
  scope.spawn(std::move(task));
  EXPECT_EQ(out, 42);
}

TEST(Task, ResumesItsParentWhenItEndsLater) {
  int out = 0;
  Gate gate;
  Scope scope;
  scope.spawn(store(answer_after(gate), out));
  EXPECT_EQ(out, 0);
  gate.waiting.resume();
  EXPECT_EQ(out, 42);
  EXPECT_EQ(scope.running(), 0U);
}

TEST(Task, AnUnstartedTaskFreesItsFrame) {
  auto token = std::make_shared<int>(1);
  {
    auto hold = [](std::shared_ptr<int> kept) -> Task<int> { co_return *kept; };
    const Task<int> never = hold(token);
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

Task<void> loop_of_ready_awaits(int rounds, long& sum) {
  for (int i = 0; i < rounds; ++i) sum += co_await answer();
}

TEST(Task, ALongLoopOfReadyAwaitsNeedsNoStack) {
  long sum = 0;
  Scope scope;
  scope.spawn(loop_of_ready_awaits(1'000'000, sum));
  EXPECT_EQ(sum, 42'000'000);
}

Task<std::unique_ptr<int>> make_unique_later(Gate& gate) {
  co_await GateRef{gate};
  co_return std::make_unique<int>(7);
}
Task<void> store_unique(Gate& gate, std::unique_ptr<int>& out) {
  out = co_await make_unique_later(gate);
}

TEST(Task, CarriesMoveOnlyResults) {
  Gate gate;
  std::unique_ptr<int> out;
  Scope scope;
  scope.spawn(store_unique(gate, out));
  gate.waiting.resume();
  ASSERT_TRUE(out);
  EXPECT_EQ(*out, 7);
}

// The child is completed from inside its own first resumption, below the parent on the stack.
struct CompletesInside {
  Gate& gate;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) const noexcept {
    gate.waiting = handle;
    handle.resume();
  }
  void await_resume() const noexcept {}
};
Task<int> completes_inside(Gate& gate) {
  co_await CompletesInside{gate};
  co_return 5;
}

TEST(Task, AChildCompletedDuringItsStartResumesTheParentOnce) {
  Gate gate;
  int out = 0;
  Scope scope;
  scope.spawn(store(completes_inside(gate), out));
  EXPECT_EQ(out, 5);
}

}  // namespace
}  // namespace sluice
