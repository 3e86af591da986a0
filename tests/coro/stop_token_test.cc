#include "sluice/coro/stop_token.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace sluice {
namespace {

TEST(StopToken, ADefaultTokenNeverStops) {
  const StopToken token;
  EXPECT_FALSE(token.can_stop());
  EXPECT_FALSE(token.stop_requested());
}

TEST(StopSource, RunsCallbacksOnce) {
  StopSource source;
  int calls = 0;
  StopCallback callback(source.token(), [&] { ++calls; });
  source.request_stop();
  source.request_stop();
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(source.token().stop_requested());
}

TEST(StopCallback, RunsAtOnceWhenAlreadyStopped) {
  StopSource source;
  source.request_stop();
  int calls = 0;
  StopCallback callback(source.token(), [&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(StopCallback, DestroyedBeforeTheStopIsNeverCalled) {
  StopSource source;
  int calls = 0;
  {
    StopCallback callback(source.token(), [&] { ++calls; });
  }
  source.request_stop();
  EXPECT_EQ(calls, 0);
}

TEST(StopCallback, MayDestroyAnotherCallbackWhileRunning) {
  StopSource source;
  int second_calls = 0;
  auto count = [&] { ++second_calls; };
  std::optional<StopCallback<decltype(count)>> second;
  StopCallback first(source.token(), [&] { second.reset(); });
  second.emplace(source.token(), count);
  source.request_stop();
  EXPECT_EQ(second_calls, 0);
}

TEST(StopSource, StopsWithItsParentButNotTheOtherWayRound) {
  StopSource parent;
  StopSource child(parent.token());
  StopSource sibling(parent.token());
  child.request_stop();
  EXPECT_FALSE(parent.stop_requested());
  parent.request_stop();
  EXPECT_TRUE(sibling.stop_requested());
}

}  // namespace
}  // namespace sluice
