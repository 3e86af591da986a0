#include "sluice/coro/scope.h"

#include <gtest/gtest.h>

#include "sluice/coro/event.h"
#include "support/manual_executor.h"

namespace sluice {
namespace {

Task<void> wait_for(Event& event, int& ended) {
  (void)co_await event.wait({});
  ++ended;
}
Task<void> parent(Event& event, int& ended, bool& joined) {
  Scope scope;
  for (int i = 0; i < 3; ++i) scope.spawn(wait_for(event, ended));
  co_await scope.join();
  EXPECT_EQ(ended, 3);
  joined = true;
}

TEST(Scope, JoinsEveryChild) {
  testing::ManualExecutor executor;
  Event event(executor);
  int ended = 0;
  bool joined = false;
  Scope root;
  root.spawn(parent(event, ended, joined));
  EXPECT_FALSE(joined);
  event.set();
  executor.run();
  EXPECT_TRUE(joined);
  EXPECT_EQ(root.running(), 0U);
}

Task<void> join_nothing(bool& joined) {
  Scope scope;
  co_await scope.join();
  joined = true;
}

TEST(Scope, JoiningAnEmptyScopeDoesNotSuspend) {
  bool joined = false;
  Scope root;
  root.spawn(join_nothing(joined));
  EXPECT_TRUE(joined);
}

TEST(ScopeDeathTest, DestroyedWithARunningChildStopsTheProcess) {
  EXPECT_DEATH(
      {
        testing::ManualExecutor executor;
        Event event(executor);
        int ended = 0;
        {
          Scope scope;
          scope.spawn(wait_for(event, ended));
        }
      },
      "running_ == 0");
}

}  // namespace
}  // namespace sluice
