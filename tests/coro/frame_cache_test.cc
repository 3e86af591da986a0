#include "sluice/coro/frame_cache.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

namespace sluice {
namespace {

TEST(FrameCache, GivesBackTheMemoryOfAFrameJustGone) {
  FrameCache cache;
  void* first = cache.take(200);
  cache.give(first, 200);
  void* second = cache.take(193);  // the same class of 64 bytes
  EXPECT_EQ(first, second);
  cache.give(second, 193);
}

TEST(FrameCache, NeverHandsOutAFrameTwice) {
  FrameCache cache;
  std::vector<void*> frames;
  for (int i = 0; i < 100; ++i) frames.push_back(cache.take(500));
  EXPECT_EQ(std::set<void*>(frames.begin(), frames.end()).size(), frames.size());
  for (void* frame : frames) cache.give(frame, 500);
  std::set<void*> again;
  for (int i = 0; i < 100; ++i) again.insert(cache.take(500));
  EXPECT_EQ(again.size(), 100U);
  for (void* frame : again) cache.give(frame, 500);
}

TEST(FrameCache, EveryByteOfAFrameIsItsOwn) {
  FrameCache cache;
  for (const std::size_t size_bytes : {1UL, 63UL, 64UL, 65UL, 2'048UL, 2'049UL, 100'000UL}) {
    void* frame = cache.take(size_bytes);
    std::memset(frame, 0xab, size_bytes);  // a sanitizer would object
    cache.give(frame, size_bytes);
  }
}

}  // namespace
}  // namespace sluice
