#include "sluice/llm/usage.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

TEST(Usage, KnowsNothingAtFirstAndZeroIsKnown) {
  Usage usage;
  EXPECT_FALSE(usage.known());
  usage.output = 0;
  EXPECT_TRUE(usage.known());
}

TEST(Usage, TakesWhatLaterReportsKnowAndKeepsTheRest) {
  Usage usage;
  usage.input = 5;
  usage.output = 1;
  Usage later;
  later.output = 9;
  later.total = 14;
  later.rejected_prediction_output = 0;
  usage.update(later);
  EXPECT_EQ(usage.input, 5U);
  EXPECT_EQ(usage.output, 9U);
  EXPECT_EQ(usage.total, 14U);
  EXPECT_EQ(usage.rejected_prediction_output, 0U);
}

}  // namespace
}  // namespace sluice::llm
