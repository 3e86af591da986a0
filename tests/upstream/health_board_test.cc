#include "sluice/upstream/health_board.h"

#include <gtest/gtest.h>

namespace sluice::upstream {
namespace {

TEST(HealthBoard, HasCountersOfEachCoreAndAPlaceForEachSubject) {
  HealthBoard board(3, 5, 2);
  ASSERT_EQ(board.cores(), 3U);
  EXPECT_EQ(board.deployments().standings.size(), 5U);
  EXPECT_EQ(board.credentials().standings.size(), 2U);
  ASSERT_EQ(board.deployments().tables.size(), 3U);
  for (std::size_t core = 0; core < 3; ++core) {
    EXPECT_EQ(board.deployments().tables[core], &board.counters(core).deployments);
    EXPECT_EQ(board.credentials().tables[core], &board.counters(core).credentials);
    EXPECT_EQ(board.counters(core).deployments.size(), 5U);
    EXPECT_EQ(board.counters(core).credentials.size(), 2U);
  }
}

}  // namespace
}  // namespace sluice::upstream
