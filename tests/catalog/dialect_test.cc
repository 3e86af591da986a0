#include "sluice/catalog/dialect.h"

#include <gtest/gtest.h>

namespace sluice::catalog {

TEST(Dialect, EveryNameReadsBackAsItself) {
  for (const Dialect dialect : {Dialect::openai, Dialect::anthropic, Dialect::gemini,
                                Dialect::vertex, Dialect::azure, Dialect::bedrock}) {
    EXPECT_EQ(parse_dialect(to_string(dialect)), dialect) << to_string(dialect);
  }
}

TEST(Dialect, OtherWordsAreNone) {
  for (const std::string_view word : {"", "OpenAI", "open", "openai ", "cohere"}) {
    EXPECT_EQ(parse_dialect(word), std::nullopt) << word;
  }
}

}  // namespace sluice::catalog
