#include "sluice/base/memory_cache.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

namespace sluice {
namespace {

using Cache = MemoryCache<64, 32, 64>;

TEST(MemoryCache, GivesBackTheMemoryOfAPieceJustGone) {
  Cache cache;
  void* first = cache.take(200);
  cache.give(first, 200);
  void* second = cache.take(193);  // the same class of 64 bytes
  EXPECT_EQ(first, second);
  cache.give(second, 193);
}

TEST(MemoryCache, NeverHandsOutAPieceTwice) {
  Cache cache;
  std::vector<void*> frames;
  for (int i = 0; i < 100; ++i) frames.push_back(cache.take(500));
  EXPECT_EQ(std::set<void*>(frames.begin(), frames.end()).size(), frames.size());
  for (void* frame : frames) cache.give(frame, 500);
  std::set<void*> again;
  for (int i = 0; i < 100; ++i) again.insert(cache.take(500));
  EXPECT_EQ(again.size(), 100U);
  for (void* frame : again) cache.give(frame, 500);
}

TEST(MemoryCache, EveryByteOfAPieceIsItsOwn) {
  Cache cache;
  for (const std::size_t size_bytes : {1UL, 63UL, 64UL, 65UL, 2'048UL, 2'049UL, 100'000UL}) {
    void* frame = cache.take(size_bytes);
    std::memset(frame, 0xab, size_bytes);  // a sanitizer would object
    cache.give(frame, size_bytes);
  }
}

TEST(MemoryCache, KeepsNoMoreThanItsBound) {
  MemoryCache<64, 1, 2> cache;
  void* pieces[3] = {cache.take(64), cache.take(64), cache.take(64)};
  for (void* piece : pieces) cache.give(piece, 64);
  EXPECT_EQ(cache.take(64), pieces[1]);  // the third went back to the heap
  EXPECT_EQ(cache.take(64), pieces[0]);
  cache.give(pieces[0], 64);
  cache.give(pieces[1], 64);
}

}  // namespace
}  // namespace sluice
