#include "sluice/base/result.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Error{.kind = ErrorKind::invalid, .what = "odd"});
  return number / 2;
}

TEST(Result, CarriesAValueOrTheErrorThatSaysWhyNot) {
  EXPECT_EQ(half(4).value(), 2);
  const Result<int> odd = half(3);
  ASSERT_FALSE(odd.has_value());
  EXPECT_EQ(odd.error().kind, ErrorKind::invalid);
  EXPECT_STREQ(odd.error().what, "odd");
}

}  // namespace
}  // namespace sluice
