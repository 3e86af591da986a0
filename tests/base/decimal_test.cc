#include "sluice/base/decimal.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace sluice {
namespace {

std::string written(std::uint64_t value) {
  char text[decimal_bytes_max];
  return {text, write_decimal(text, value)};
}

TEST(Decimal, WritesEveryNumberAsTheLibraryDoes) {
  for (std::uint64_t value = 0; value < 12'000; ++value) {
    ASSERT_EQ(written(value), std::to_string(value));
  }
  for (std::uint64_t power = 1; power < 10'000'000'000'000'000'000U; power *= 10) {
    for (const std::uint64_t value : {power - 1, power, power + 1, power * 9}) {
      ASSERT_EQ(written(value), std::to_string(value));
    }
  }
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(written(most), std::to_string(most));
}

TEST(Decimal, FixedWidthsKeepTheirZeros) {
  char text[4];
  EXPECT_EQ(std::string(text, write_two_digits(text, 7)), "07");
  EXPECT_EQ(std::string(text, write_four_digits(text, 70)), "0070");
}

}  // namespace
}  // namespace sluice
