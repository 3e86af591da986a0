#include "sluice/llm/chat_reader.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

TEST(ReadResult, SaysThatTheStreamGoesOnUntilToldOtherwise) {
  const ReadResult result;
  EXPECT_FALSE(result.error.has_value());
  EXPECT_FALSE(result.ended);
  EXPECT_FALSE(result.odd);
}

}  // namespace
}  // namespace sluice::llm
