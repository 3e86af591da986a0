// Questions: what does it cost to await a task that has its result at once; to suspend and go on;
// to go on at the bottom of a chain of awaits? Corpus: none, tasks that do nothing.
#include <benchmark/benchmark.h>

#include <coroutine>
#include <cstdint>
#include <utility>

#include "sluice/coro/executor.h"
#include "sluice/coro/scope.h"
#include "sluice/coro/task.h"

namespace sluice {
namespace {

// The least an executor can be: one coroutine, run as soon as it is asked.
class OneSlot final : public Executor {
 public:
  void schedule(std::coroutine_handle<> coroutine) noexcept override { next_ = coroutine; }
  void run() {
    while (next_) std::exchange(next_, {}).resume();
  }

 private:
  std::coroutine_handle<> next_;
};

struct Turn {
  Executor& executor;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) const noexcept { executor.schedule(self); }
  void await_resume() const noexcept {}
};

// Where a frame is made must stay hidden, or the compiler could make none.
[[gnu::noinline]] Task<std::int64_t> ready(std::int64_t value) { co_return value; }

// Lifetime: the benchmark owns `executor`, and joins.
[[gnu::noinline]] Task<std::int64_t> suspended(OneSlot& executor, std::int64_t depth) {
  if (depth == 1) {
    co_await Turn{executor};
    co_return 1;
  }
  const std::int64_t below = co_await suspended(executor, depth - 1);
  co_return below + 1;
}

// Lifetime: the benchmark owns `state`, and joins.
Task<void> await_ready_tasks(benchmark::State& state) {
  for (auto _ : state) {
    const std::int64_t value = co_await ready(7);
    if (value != 7) state.SkipWithError("a wrong result: the time is void");
  }
}

void BM_AwaitReadyTask(benchmark::State& state) {
  Scope scope;
  scope.spawn(await_ready_tasks(state));
  if (scope.running() != 0) state.SkipWithError("it suspended: the time is void");
}
BENCHMARK(BM_AwaitReadyTask);

// Lifetime: the benchmark owns both, and joins.
Task<void> take_turns(benchmark::State& state, OneSlot& executor, std::int64_t& turns) {
  for (auto _ : state) {
    co_await Turn{executor};
    ++turns;
  }
}

void BM_SuspendAndGoOn(benchmark::State& state) {
  OneSlot executor;
  Scope scope;
  std::int64_t turns = 0;
  scope.spawn(take_turns(state, executor, turns));
  executor.run();
  if (turns != state.iterations()) state.SkipWithError("turns lost: the time is void");
}
BENCHMARK(BM_SuspendAndGoOn);

// Lifetime: the benchmark owns both, and joins.
Task<void> await_chains(benchmark::State& state, OneSlot& executor) {
  const std::int64_t depth = state.range(0);
  for (auto _ : state) {
    const std::int64_t frames = co_await suspended(executor, depth);
    if (frames != depth) state.SkipWithError("frames lost: the time is void");
  }
}

// Makes a chain of tasks, suspends the last one, goes on there, and comes back through all of them.
void BM_AwaitSuspendedChain(benchmark::State& state) {
  OneSlot executor;
  Scope scope;
  scope.spawn(await_chains(state, executor));
  executor.run();
  if (scope.running() != 0) state.SkipWithError("it did not end: the time is void");
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_AwaitSuspendedChain)->ArgName("tasks")->Arg(1)->Arg(4)->Arg(16);

}  // namespace
}  // namespace sluice
