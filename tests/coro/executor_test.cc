#include "sluice/coro/executor.h"

#include <gtest/gtest.h>

#include <vector>

#include "sluice/coro/scope.h"
#include "support/manual_executor.h"

namespace sluice {
namespace {

struct Yield {
  Executor& executor;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) const noexcept { executor.schedule(handle); }
  void await_resume() const noexcept {}
};
Task<void> append_twice(Executor& executor, int number, std::vector<int>& out) {
  out.push_back(number);
  co_await Yield{executor};
  out.push_back(number);
}

TEST(Executor, ResumesInTheOrderOfScheduling) {
  testing::ManualExecutor executor;
  std::vector<int> out;
  Scope scope;
  scope.spawn(append_twice(executor, 1, out));
  scope.spawn(append_twice(executor, 2, out));
  executor.run();
  EXPECT_EQ(out, (std::vector<int>{1, 2, 1, 2}));
}

}  // namespace
}  // namespace sluice
