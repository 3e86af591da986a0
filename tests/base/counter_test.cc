#include "sluice/base/counter.h"

#include <gtest/gtest.h>

#include <thread>

namespace sluice {
namespace {

TEST(Counter, CountsFromZero) {
  Counter counter;
  EXPECT_EQ(counter.value(), 0U);
  counter.add();
  counter.add(41);
  EXPECT_EQ(counter.value(), 42U);
}

TEST(SmallCounter, GoesOnFromZeroSoThatDifferencesStayRight) {
  SmallCounter counter;
  counter.add(0xffff'fffe);
  const std::uint32_t before = counter.value();
  counter.add(5);
  EXPECT_EQ(counter.value(), 3U);
  EXPECT_EQ(counter.value() - before, 5U);
}

TEST(Gauge, GoesUpAndDown) {
  Gauge gauge;
  gauge.add(3);
  gauge.subtract();
  EXPECT_EQ(gauge.value(), 2);
  gauge.subtract(5);
  EXPECT_EQ(gauge.value(), -3);
  gauge.set(7);
  EXPECT_EQ(gauge.value(), 7);
}

// Under the thread sanitizer this is also the proof that the reading is no data race.
TEST(Counter, ReadByAnotherThreadNeverGoesBack) {
  constexpr std::uint64_t last = 200'000;
  Counter counter;
  std::thread writer([&counter] {
    for (std::uint64_t i = 0; i < last; ++i) counter.add();
  });
  std::uint64_t seen = 0;
  while (seen < last) {
    const std::uint64_t now = counter.value();
    ASSERT_GE(now, seen);
    seen = now;
  }
  writer.join();
  EXPECT_EQ(counter.value(), last);
}

}  // namespace
}  // namespace sluice
