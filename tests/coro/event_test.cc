#include "sluice/coro/event.h"

#include <gtest/gtest.h>

#include "sluice/coro/scope.h"
#include "support/manual_executor.h"

namespace sluice {
namespace {

Task<void> wait_and_store(Event& event, StopToken stop, std::optional<Result<void>>& out) {
  out = co_await event.wait(stop);
}

TEST(Event, LetsEveryWaiterGoOn) {
  testing::ManualExecutor executor;
  Event event(executor);
  std::optional<Result<void>> a, b;
  Scope scope;
  scope.spawn(wait_and_store(event, {}, a));
  scope.spawn(wait_and_store(event, {}, b));
  event.set();
  EXPECT_FALSE(a.has_value());  // never resumed inside set()
  executor.run();
  ASSERT_TRUE(a && b);
  EXPECT_TRUE(a->has_value() && b->has_value());
}

TEST(Event, AStopEndsTheWaitWithCancelled) {
  testing::ManualExecutor executor;
  Event event(executor);
  StopSource source;
  std::optional<Result<void>> out;
  Scope scope;
  scope.spawn(wait_and_store(event, source.token(), out));
  source.request_stop();
  EXPECT_FALSE(out.has_value());  // never resumed inside request_stop()
  executor.run();
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->error().kind, ErrorKind::cancelled);
}

TEST(Event, AStopAfterTheSetResumesTheWaiterOnce) {
  testing::ManualExecutor executor;
  Event event(executor);
  StopSource source;
  std::optional<Result<void>> out;
  Scope scope;
  scope.spawn(wait_and_store(event, source.token(), out));
  event.set();
  source.request_stop();
  EXPECT_EQ(executor.run(), 1);
  EXPECT_TRUE(out->has_value());
}

TEST(Event, AlreadySetDoesNotSuspend) {
  testing::ManualExecutor executor;
  Event event(executor);
  event.set();
  std::optional<Result<void>> out;
  Scope scope;
  scope.spawn(wait_and_store(event, {}, out));
  EXPECT_TRUE(out.has_value());
}

}  // namespace
}  // namespace sluice
