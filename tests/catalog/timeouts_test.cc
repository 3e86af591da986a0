#include "sluice/catalog/timeouts.h"

#include <gtest/gtest.h>

namespace sluice::catalog {
using std::chrono::milliseconds;

TEST(Timeouts, TheSmallestOfEachWins) {
  const Timeouts base;
  const Timeouts result = narrowed(base, {.connect = milliseconds(1),
                                          .first_byte = milliseconds(70'000),
                                          .first_content = {},
                                          .idle = milliseconds(5),
                                          .total = base.total});
  EXPECT_EQ(result.connect, milliseconds(1));
  EXPECT_EQ(result.first_byte, base.first_byte) << "a longer one does not lengthen";
  EXPECT_EQ(result.first_content, base.first_content);
  EXPECT_EQ(result.idle, milliseconds(5));
  EXPECT_EQ(result.total, base.total);
}

TEST(Timeouts, SilenceChangesNothing) { EXPECT_EQ(narrowed({}, {}), Timeouts{}); }

}  // namespace sluice::catalog
