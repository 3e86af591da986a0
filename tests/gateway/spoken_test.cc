#include "sluice/gateway/spoken.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using catalog::Dialect;

TEST(Spoken, IsEveryDialectWhoseKeysNeedNoFetching) {
  for (const Dialect dialect :
       {Dialect::openai, Dialect::azure, Dialect::anthropic, Dialect::gemini, Dialect::bedrock}) {
    EXPECT_TRUE(is_spoken(dialect)) << to_string(dialect);
  }
  EXPECT_FALSE(is_spoken(Dialect::vertex));
}

}  // namespace
}  // namespace sluice::gateway
