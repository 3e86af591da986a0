#include "sluice/base/clock.h"

#include <gtest/gtest.h>

#include <concepts>

namespace sluice {
namespace {

// The two kinds of time must never be mixed up: the compiler says no.
template <typename A, typename B>
concept Subtractable = requires(A a, B b) { a - b; };
static_assert(!Subtractable<MonotonicTime, WallTime>);

TEST(Clock, CountsInNanoseconds) {
  const MonotonicTime start{};
  const MonotonicTime later = start + std::chrono::milliseconds(2);
  EXPECT_EQ((later - start).count(), 2'000'000);
}

}  // namespace
}  // namespace sluice
