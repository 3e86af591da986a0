#include "sluice/ring/timer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "sluice/base/random.h"

namespace sluice::ring {
namespace {

using std::chrono::milliseconds;

struct Probe final : Timer {
  explicit Probe(std::vector<int>* log = nullptr, int number = 0) : order(log), id(number) {}
  void expired() noexcept override {
    ++fired;
    if (order != nullptr) order->push_back(id);
    if (wheel != nullptr) wheel->arm(*this, next);
  }
  std::vector<int>* order;
  int id;
  int fired = 0;
  TimerWheel* wheel = nullptr;  // re-arm from inside expired()
  MonotonicTime next{};
};

const MonotonicTime start{std::chrono::hours(7)};

TEST(TimerWheel, FiresNeitherEarlyNorMoreThanATickLate) {
  TimerWheel wheel(start);
  Probe timer;
  wheel.arm(timer, start + milliseconds(10));
  wheel.advance(start + milliseconds(10) - Duration(1));
  EXPECT_EQ(timer.fired, 0);
  wheel.advance(start + milliseconds(10));
  EXPECT_EQ(timer.fired, 1);
  wheel.advance(start + milliseconds(100));
  EXPECT_EQ(timer.fired, 1);
}

TEST(TimerWheel, ADeadlineInThePastFiresAtTheNextTick) {
  TimerWheel wheel(start);
  wheel.advance(start + milliseconds(50));
  Probe timer;
  wheel.arm(timer, start);
  wheel.advance(start + milliseconds(51));
  EXPECT_EQ(timer.fired, 1);
}

TEST(TimerWheel, TheMaximumNeverFires) {
  TimerWheel wheel(start);
  Probe timer;
  wheel.arm(timer, MonotonicTime::max());
  EXPECT_FALSE(timer.armed());
  EXPECT_EQ(wheel.next_wakeup(), MonotonicTime::max());
}

TEST(TimerWheel, CancelAndDestructionKeepATimerFromFiring) {
  TimerWheel wheel(start);
  Probe cancelled;
  wheel.arm(cancelled, start + milliseconds(5));
  TimerWheel::cancel(cancelled);
  {
    Probe destroyed;
    wheel.arm(destroyed, start + milliseconds(5));
  }
  wheel.advance(start + milliseconds(10));
  EXPECT_EQ(cancelled.fired, 0);
}

TEST(TimerWheel, ATimerMayArmItselfAgainWhileFiring) {
  TimerWheel wheel(start);
  Probe timer;
  timer.wheel = &wheel;
  timer.next = start + milliseconds(30);
  wheel.arm(timer, start + milliseconds(10));
  wheel.advance(start + milliseconds(20));
  EXPECT_EQ(timer.fired, 1);
  timer.wheel = nullptr;
  wheel.advance(start + milliseconds(40));
  EXPECT_EQ(timer.fired, 2);
}

TEST(TimerWheel, FiresInTheOrderOfDeadlinesAcrossAllLevels) {
  TimerWheel wheel(start);
  std::vector<int> order;
  std::vector<std::unique_ptr<Probe>> timers;
  const std::int64_t ms[] = {1, 63, 64, 65, 4'095, 4'096, 300'000, 20'000'000, 2'000'000'000};
  for (int i = 8; i >= 0; --i) {
    timers.push_back(std::make_unique<Probe>(&order, i));
    wheel.arm(*timers.back(), start + milliseconds(ms[i]));
  }
  wheel.advance(start + milliseconds(2'000'000'001));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
}

// Against the obvious implementation: a list of deadlines.
TEST(TimerWheel, AgreesWithASortedListUnderRandomUse) {
  Random random(11);
  TimerWheel wheel(start);
  MonotonicTime now = start;
  std::vector<std::unique_ptr<Probe>> timers;
  for (int i = 0; i < 300; ++i) timers.push_back(std::make_unique<Probe>());
  for (int round = 0; round < 20'000; ++round) {
    Probe& timer = *timers[random.below(timers.size())];
    const std::uint64_t choice = random.below(10);
    if (choice < 6) {
      const std::uint64_t reach = 1ULL << random.below(34);
      wheel.arm(timer, now + Duration(static_cast<std::int64_t>(random.below(reach * 1'000))));
    } else if (choice == 6) {
      TimerWheel::cancel(timer);
    } else {
      // The promise of next_wakeup(): nothing is due before it.
      const MonotonicTime wakeup = wheel.next_wakeup();
      MonotonicTime earliest = MonotonicTime::max();
      for (const auto& t : timers) {
        if (t->armed()) earliest = std::min(earliest, t->deadline());
      }
      if (earliest != MonotonicTime::max()) {
        ASSERT_LE(wakeup, std::max(earliest, now) + milliseconds(1));
      }
      const std::uint64_t reach = 1ULL << random.below(33);
      now += Duration(static_cast<std::int64_t>(random.below(reach * 1'000)));
      for (const auto& t : timers) t->fired = 0;
      wheel.advance(now);
      for (const auto& t : timers) {
        if (t->fired != 0) {
          ASSERT_LE(t->deadline(), now) << "fired early";
        }
        if (t->armed()) {
          ASSERT_GT(t->deadline() + milliseconds(2), now) << "forgotten";
        }
      }
    }
  }
}

TEST(TimerWheel, WalkingFromWakeupToWakeupFiresEverything) {
  TimerWheel wheel(start);
  Random random(5);
  std::vector<std::unique_ptr<Probe>> timers;
  for (int i = 0; i < 1'000; ++i) {
    timers.push_back(std::make_unique<Probe>());
    wheel.arm(*timers.back(), start + milliseconds(random.below(100'000'000)));
  }
  int steps = 0;
  for (MonotonicTime next = wheel.next_wakeup(); next != MonotonicTime::max();
       next = wheel.next_wakeup(), ++steps) {
    wheel.advance(next);
  }
  for (const auto& t : timers) EXPECT_EQ(t->fired, 1);
  EXPECT_LT(steps, 8'000);  // a timer is moved at most once per level
}

}  // namespace
}  // namespace sluice::ring
