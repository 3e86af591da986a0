#include "sluice/route/affinity.h"

#include <gtest/gtest.h>

#include <map>

#include "sluice/base/random.h"

namespace sluice::route {
namespace {

using namespace std::chrono_literals;

constexpr MonotonicTime start{1'000s};
constexpr Duration idle = 600s;

TEST(AffinityTable, RemembersWhoHadTheConversation) {
  AffinityTable table(8);
  EXPECT_FALSE(table.find(1, start, idle));
  table.remember(1, 7, start);
  EXPECT_EQ(table.find(1, start + idle, idle), 7U);
  EXPECT_FALSE(table.find(2, start, idle));
  table.remember(1, 3, start + 1s);
  EXPECT_EQ(table.find(1, start + 1s, idle), 3U);
  EXPECT_EQ(table.size(), 1U);
}

TEST(AffinityTable, ForgetsWhatWasSilentForTooLong) {
  AffinityTable table(8);
  table.remember(1, 7, start);
  EXPECT_FALSE(table.find(1, start + idle + 1ns, idle));
  EXPECT_EQ(table.size(), 0U);
  table.remember(1, 7, start);
  table.remember(1, 7, start + 500s);
  EXPECT_EQ(table.find(1, start + 1'000s, idle), 7U);
}

TEST(AffinityTable, ForgetsWhatItIsTold) {
  AffinityTable table(8);
  table.remember(1, 7, start);
  table.forget(1);
  table.forget(2);
  EXPECT_FALSE(table.find(1, start, idle));
}

TEST(AffinityTable, WhatWasUsedLongestAgoMakesRoom) {
  AffinityTable table(3);
  for (std::uint64_t key = 1; key <= 3; ++key) table.remember(key, 0, start);
  table.remember(1, 0, start + 1s);
  table.remember(4, 0, start + 2s);
  EXPECT_TRUE(table.find(1, start + 2s, idle));
  EXPECT_FALSE(table.find(2, start + 2s, idle));
  EXPECT_TRUE(table.find(3, start + 2s, idle));
  EXPECT_EQ(table.size(), 3U);
}

TEST(AffinityTable, WithoutRoomItRemembersNothing) {
  AffinityTable table(0);
  table.remember(1, 7, start);
  EXPECT_FALSE(table.find(1, start, idle));
}

// Against a table without a bound: what it remembers is right, and it holds no more than it may.
TEST(AffinityTable, NeverRemembersAnybodyElse) {
  AffinityTable table(50);
  std::map<std::uint64_t, std::uint32_t> all;
  Random random(3);
  for (int round = 0; round < 100'000; ++round) {
    const std::uint64_t key = random.below(200);
    const MonotonicTime now = start + std::chrono::seconds(round / 100);
    if (random.chance(0.5)) {
      const auto deployment = static_cast<std::uint32_t>(random.below(9));
      table.remember(key, deployment, now);
      all[key] = deployment;
    } else if (const auto found = table.find(key, now, idle)) {
      ASSERT_EQ(*found, all.at(key));
    }
    ASSERT_LE(table.size(), 50U);
  }
}

}  // namespace
}  // namespace sluice::route
