#include "sluice/base/random.h"

#include <gtest/gtest.h>

#include <array>

namespace sluice {
namespace {

TEST(Random, RepeatsItselfFromTheSameSeed) {
  Random a(7);
  Random b(7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
}

TEST(Random, DiffersBetweenSeeds) {
  Random a(0);
  Random b(1);
  EXPECT_NE(a.next(), b.next());
}

TEST(Random, StaysInsideItsBounds) {
  Random random(3);
  std::array<int, 6> seen{};
  for (int i = 0; i < 6'000; ++i) {
    const std::uint64_t value = random.between(10, 15);
    ASSERT_GE(value, 10U);
    ASSERT_LE(value, 15U);
    ++seen[value - 10];
    const double unit = random.unit();
    ASSERT_GE(unit, 0.0);
    ASSERT_LT(unit, 1.0);
  }
  for (const int count : seen) EXPECT_GT(count, 800);  // 1000 expected; fixed seed, so no flake
}

}  // namespace
}  // namespace sluice
