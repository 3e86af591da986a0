#include "sluice/llm/dialect.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

TEST(Dialect, IsNamedAsTheConfigurationSpellsIt) {
  EXPECT_EQ(to_string(Dialect::openai), "openai");
  EXPECT_EQ(to_string(Dialect::anthropic), "anthropic");
}

}  // namespace
}  // namespace sluice::llm
