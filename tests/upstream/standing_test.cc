#include "sluice/upstream/standing.h"

#include <gtest/gtest.h>

namespace sluice::upstream {
namespace {

TEST(Standing, OfWhomNobodyAskedIsGood) {
  const Standing unknown;
  EXPECT_EQ(unknown.uptime, 100);
  EXPECT_EQ(unknown.share, 1);
  EXPECT_FALSE(unknown.ejected);
  EXPECT_FALSE(unknown.is_cooling(MonotonicTime{}));
}

TEST(Standing, CoolsUntilItsMomentHasCome) {
  Standing standing;
  standing.cooling_until = MonotonicTime{std::chrono::seconds(5)};
  EXPECT_TRUE(standing.is_cooling(MonotonicTime{std::chrono::nanoseconds(4'999'999'999)}));
  EXPECT_FALSE(standing.is_cooling(MonotonicTime{std::chrono::seconds(5)}));
}

}  // namespace
}  // namespace sluice::upstream
