#include "sluice/upstream/standing_board.h"

#include <gtest/gtest.h>

#include <thread>

namespace sluice::upstream {
namespace {

TEST(StandingBoard, GivesEverySubjectToOneCore) {
  for (const std::size_t cores : {1U, 2U, 3U, 7U, 64U, 200U}) {
    for (const std::size_t subjects : {0U, 1U, 2U, 63U, 64U, 65U, 500U}) {
      SCOPED_TRACE(testing::Message() << subjects << " subjects of " << cores << " cores");
      std::size_t next = 0;
      for (std::size_t core = 0; core < cores; ++core) {
        const SubjectRange share = share_of(core, cores, subjects);
        EXPECT_EQ(share.first, next);
        EXPECT_LE(share.count, (subjects + cores - 1) / cores) << "nobody has more than its part";
        next += share.count;
      }
      EXPECT_EQ(next, subjects);
    }
  }
}

TEST(StandingBoard, ARangeHoldsWhatLiesInIt) {
  constexpr SubjectRange range{.first = 2, .count = 2};
  EXPECT_FALSE(range.contains(1));
  EXPECT_TRUE(range.contains(2));
  EXPECT_TRUE(range.contains(3));
  EXPECT_FALSE(range.contains(4));
  EXPECT_FALSE(SubjectRange{}.contains(0));
}

TEST(StandingBoard, ShowsWhatIsNewOnce) {
  StandingBoard board(2);
  std::uint32_t version = 0;
  Standing seen;
  seen.attempts = 7;
  EXPECT_FALSE(board.copy(1, version, seen)) << "nothing was published";
  EXPECT_EQ(seen.attempts, 7U);

  Standing told;
  told.attempts = 3;
  told.uptime = 62.5;
  told.failures_ever = 11;
  board.publish(1, told);
  ASSERT_TRUE(board.copy(1, version, seen));
  EXPECT_EQ(seen.attempts, 3U);
  EXPECT_EQ(seen.uptime, 62.5);
  EXPECT_EQ(seen.failures_ever, 11U);
  EXPECT_FALSE(board.copy(1, version, seen));

  std::uint32_t others = 0;
  EXPECT_FALSE(board.copy(0, others, seen)) << "of the other subject nothing was";
  EXPECT_TRUE(board.copy(1, others, seen)) << "each reader has its own version";
}

TEST(StandingBoard, ShowsTheLatestToWhoComesLate) {
  StandingBoard board(1);
  for (std::uint32_t i = 1; i <= 5; ++i) {
    Standing told;
    told.attempts = i;
    board.publish(0, told);
  }
  std::uint32_t version = 0;
  Standing seen;
  ASSERT_TRUE(board.copy(0, version, seen));
  EXPECT_EQ(seen.attempts, 5U);
}

// Under the thread sanitizer this is also the proof that the reading is no data race.
TEST(StandingBoard, WhatIsCopiedIsOfOnePublishAlone) {
  constexpr std::uint32_t rounds = 1'000'000;  // long enough that the two meet
  StandingBoard board(1);
  std::thread writer([&board] {
    for (std::uint32_t i = 1; i <= rounds; ++i) {
      Standing told;
      told.attempts = i;
      told.uptime = i;
      told.spend_usd = i;
      told.attempts_ever = told.failures_ever = i;
      board.publish(0, told);
    }
  });
  std::uint32_t version = 0;
  Standing seen;
  std::uint32_t before = 0;
  while (before < rounds) {
    if (!board.copy(0, version, seen)) continue;
    ASSERT_GT(seen.attempts, before);
    before = seen.attempts;
    ASSERT_EQ(seen.uptime, before);
    ASSERT_EQ(seen.spend_usd, before);
    ASSERT_EQ(seen.attempts_ever, before);
    ASSERT_EQ(seen.failures_ever, before);
  }
  writer.join();
}

}  // namespace
}  // namespace sluice::upstream
