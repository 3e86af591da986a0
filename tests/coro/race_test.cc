#include "sluice/coro/race.h"

#include <gtest/gtest.h>

#include "sluice/coro/event.h"
#include "support/manual_executor.h"

namespace sluice {
namespace {

Task<Result<int>> after(Event& event, int value, StopToken stop) {
  const Result<void> waited = co_await event.wait(stop);
  if (!waited) co_return fail(waited.error());
  co_return value;
}

struct Outcome {
  std::size_t index = 99;
  Result<int> value = 0;
};
Task<void> run_race(Event& a, Event& b, StopToken stop, std::optional<Outcome>& out) {
  RaceWinner<Result<int>> winner = co_await race<Result<int>>(
      stop, [&](StopToken s) { return after(a, 1, s); },
      [&](StopToken s) { return after(b, 2, s); });
  out = Outcome{winner.index, winner.value};
}

TEST(Race, TheFirstToEndWinsAndTheOthersAreStopped) {
  testing::ManualExecutor executor;
  Event a(executor), b(executor);
  std::optional<Outcome> out;
  Scope scope;
  scope.spawn(run_race(a, b, {}, out));
  b.set();
  executor.run();  // a is never set: only the stop can have ended it
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->index, 1U);
  EXPECT_EQ(out->value.value(), 2);
}

TEST(Race, AContenderReadyAtTheStartWinsAndTheNextStartsStopped) {
  testing::ManualExecutor executor;
  Event a(executor), b(executor);
  a.set();
  std::optional<Outcome> out;
  Scope scope;
  scope.spawn(run_race(a, b, {}, out));
  executor.run();
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->index, 0U);
}

TEST(Race, AStopFromOutsideEndsEveryContender) {
  testing::ManualExecutor executor;
  Event a(executor), b(executor);
  StopSource source;
  std::optional<Outcome> out;
  Scope scope;
  scope.spawn(run_race(a, b, source.token(), out));
  source.request_stop();
  executor.run();
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->value.error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace sluice
