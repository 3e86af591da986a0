#include "sluice/catalog/name_index.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::catalog {

TEST(NameIndex, FindsANameInAnyLetterCase) {
  NameIndex index;
  ASSERT_TRUE(index.insert("GPT-5-mini", 7));
  EXPECT_EQ(index.find("gpt-5-MINI"), 7U);
  EXPECT_EQ(index.find("gpt-5-min"), std::nullopt);
  EXPECT_EQ(index.find(""), std::nullopt);
}

TEST(NameIndex, KeepsTheFirstOfTwoNamesThatDifferInCaseOnly) {
  NameIndex index;
  ASSERT_TRUE(index.insert("a", 1));
  EXPECT_FALSE(index.insert("A", 2));
  EXPECT_EQ(index.find("A"), 1U);
  EXPECT_EQ(index.size(), 1U);
}

TEST(NameIndex, FoldsLettersAndNothingElse) {
  NameIndex index;
  for (const char* name : {"aZ", "@", "[", "\xc4"}) ASSERT_TRUE(index.insert(name, 1));
  EXPECT_TRUE(index.find("Az"));
  EXPECT_FALSE(index.find("`")) << "they differ in the bit that folds letters";
  EXPECT_FALSE(index.find("{"));
  EXPECT_FALSE(index.find("\xe4")) << "not ASCII";
}

TEST(NameIndex, HoldsManyNames) {
  NameIndex index;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(index.insert("model-" + std::to_string(i), i));
  }
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    ASSERT_EQ(index.find("MODEL-" + std::to_string(i)), i);
  }
}

}  // namespace sluice::catalog
