#include "sluice/telemetry/label_table.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace sluice::telemetry {
namespace {

TEST(LabelTable, BeginsWithOther) {
  const LabelTable table(4);
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(table.name(label_other), "other");
}

TEST(LabelTable, GivesANameTheSameIndexForEver) {
  LabelTable table(4);
  const LabelIndex openai = table.intern("openai");
  const LabelIndex anthropic = table.intern("anthropic");
  EXPECT_NE(openai, label_other);
  EXPECT_NE(openai, anthropic);
  EXPECT_EQ(table.intern("openai"), openai);
  EXPECT_EQ(table.find("anthropic"), anthropic);
  EXPECT_EQ(table.name(openai), "openai");
  EXPECT_EQ(table.size(), 3U);
}

TEST(LabelTable, CountsWhatItHasNoRoomForAsOther) {
  LabelTable table(2);
  const LabelIndex first = table.intern("first");
  EXPECT_EQ(table.intern("second"), label_other);
  EXPECT_EQ(table.intern("first"), first);
  EXPECT_EQ(table.find("second"), label_other);
  EXPECT_EQ(table.size(), 2U);
}

TEST(LabelTable, NameOtherIsTheOverflowItself) {
  LabelTable table(4);
  EXPECT_EQ(table.intern("other"), label_other);
  EXPECT_EQ(table.size(), 1U);
}

TEST(LabelTable, IsReadWhileNamesAreEntered) {
  constexpr std::size_t names = 500;
  LabelTable table(names + 1);
  std::thread writer([&table] {
    for (std::size_t i = 1; i <= names; ++i) {
      EXPECT_EQ(
          table.intern("a name too long to be kept inside the string object " + std::to_string(i)),
          i);
    }
  });
  std::size_t known = 0;
  while (known <= names) {
    known = table.size();
    const auto newest = static_cast<LabelIndex>(known - 1);
    if (newest > 0) {
      ASSERT_TRUE(table.name(newest).ends_with(" " + std::to_string(newest)));
    }
  }
  writer.join();
}

}  // namespace
}  // namespace sluice::telemetry
