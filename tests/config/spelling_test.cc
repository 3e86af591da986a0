#include "sluice/config/spelling.h"

#include <gtest/gtest.h>

#include <array>

namespace sluice::config {

TEST(EditDistance, CountsInsertionsDeletionsReplacementsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("worker", "workers"), 1U);
  EXPECT_EQ(edit_distance("dialcet", "dialect"), 1U) << "neighbours swapped";
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("adress", "address"), edit_distance("address", "adress"));
}

TEST(EditDistance, LongWordsAreFarAwayAndCheap) {
  EXPECT_GT(edit_distance(std::string(65, 'a'), "a"), 100U);
  EXPECT_EQ(edit_distance(std::string(64, 'a'), std::string(64, 'a')), 0U);
}

TEST(Nearest, FindsWhatWasMeantAndNothingFarFetched) {
  const std::array<std::string_view, 3> known = {"workers", "drain_ms_max", "body_bytes_max"};
  EXPECT_EQ(nearest("worker", known), "workers");
  EXPECT_EQ(nearest("drain_max", known), "drain_ms_max");
  EXPECT_EQ(nearest("colour", known), "");
  EXPECT_EQ(nearest("w", known), "") << "everything is near to so short a word";
  EXPECT_EQ(nearest("", known), "");
}

TEST(Showable, NamesAre) {
  for (const std::string_view word :
       {"gpt-5-mini-2025-08-07", "claude-sonnet-4-5-20250929", "openai", "own-vllm", "OpenAI",
        "meta-llama/llama-4-maverick-17b-128e", "qwen3-235b-a22b", "body_bytes_max", "",
        "workers"}) {
    EXPECT_TRUE(showable(word)) << word;
    EXPECT_EQ(shown(word), "\"" + std::string(word) + "\"");
  }
}

TEST(Showable, WhatLooksLikeAKeyIsNot) {
  for (const std::string_view word :
       {"sk-proj-abc", "sk-canary-key", "AIzaSyD-test", "gsk_abcdefgh", "xai-abcdef",
        "eyJhbGciOiJIUzI1NiJ9", "550e8400-e29b-41d4-a716-446655440000", "0a1b2c3d4e5f",
        "abcdefghijklmnopqrstuvwxyz", "aBcDeFgHiJ", "line\nbreak", "\xc3\xa4\xc3\xa4",
        "Bearer x1"}) {
    EXPECT_FALSE(showable(word)) << word;
    EXPECT_EQ(shown(word).find(word), std::string::npos);
  }
}

}  // namespace sluice::config
