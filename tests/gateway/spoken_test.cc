#include "sluice/gateway/spoken.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using catalog::Dialect;

TEST(Spoken, IsEveryDialect) {
  for (const Dialect dialect : {Dialect::openai, Dialect::azure, Dialect::anthropic,
                                Dialect::gemini, Dialect::vertex, Dialect::bedrock}) {
    EXPECT_TRUE(is_spoken(dialect)) << to_string(dialect);
  }
}

}  // namespace
}  // namespace sluice::gateway
