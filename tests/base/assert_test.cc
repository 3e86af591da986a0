#include "sluice/base/assert.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(AssertDeathTest, NamesTheExpressionAndStopsInEveryBuild) {
  EXPECT_DEATH(SLUICE_ASSERT(1 + 1 == 3), "assertion failed: 1 \\+ 1 == 3");
}

TEST(Assert, EvaluatesItsExpressionOnce) {
  int count = 0;
  SLUICE_ASSERT(++count == 1);
  EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace sluice
