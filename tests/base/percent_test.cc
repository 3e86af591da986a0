#include "sluice/base/percent.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

std::string encoded(std::string_view text, std::string_view plain = percent_unreserved) {
  std::string out = "=";
  append_percent_encoded(out, text, plain);
  return out;
}

TEST(Percent, LeavesLettersDigitsAndWhatIsPlainAsTheyAre) {
  EXPECT_EQ(encoded("aZ09-._~"), "=aZ09-._~");
  EXPECT_EQ(encoded("a@b:c/d", "@"), "=a@b%3Ac%2Fd");
  EXPECT_EQ(encoded("-", ""), "=%2D");
}

TEST(Percent, WritesEveryOtherByteInCapitals) {
  EXPECT_EQ(encoded(std::string_view("\0 \xC3\xA9%", 5)), "=%00%20%C3%A9%25");
  std::string out;
  append_percent(out, '\xFF');
  EXPECT_EQ(out, "%FF");
}

}  // namespace
}  // namespace sluice
