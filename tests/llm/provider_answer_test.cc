#include "sluice/llm/provider_answer.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

TEST(ProviderAnswer, IsAFailureOfTheServerUntilToldOtherwise) {
  const ProviderAnswer answer;
  EXPECT_EQ(answer.status, 500);
  EXPECT_TRUE(answer.body.empty());
  EXPECT_FALSE(answer.key_is_callers);
}

}  // namespace
}  // namespace sluice::llm
