#include "sluice/base/hex.h"

#include <gtest/gtest.h>

#include <string_view>

namespace sluice {
namespace {

TEST(Hex, KnowsTheDigitsOfEitherCaseAndNothingElse) {
  constexpr std::string_view lower = "0123456789abcdef";
  constexpr std::string_view upper = "0123456789ABCDEF";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const std::size_t at = lower.find(c) != lower.npos ? lower.find(c) : upper.find(c);
    EXPECT_EQ(hex_value(c), at == lower.npos ? -1 : static_cast<int>(at)) << byte;
  }
}

}  // namespace
}  // namespace sluice
