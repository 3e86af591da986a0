#include "sluice/base/cached_object.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace sluice {
namespace {

struct Promise : CachedObject {
  char bytes[300] = {};
};

TEST(CachedObject, TakesTheMemoryOfTheObjectThatWentBefore) {
  if (memory_from_heap) GTEST_SKIP() << "sanitizers see every allocation";
  auto* first = new Promise;
  const auto address = reinterpret_cast<std::uintptr_t>(first);
  delete first;
  auto* second = new Promise;
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second), address);
  delete second;
}

TEST(CachedVector, SharesItsMemoryWithObjects) {
  if (memory_from_heap) GTEST_SKIP() << "sanitizers see every allocation";
  auto* object = new Promise;
  const auto address = reinterpret_cast<std::uintptr_t>(object);
  delete object;
  CachedVector<char> vector;
  vector.reserve(sizeof(Promise));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(vector.data()), address);
}

TEST(CachedVector, HoldsWhatAVectorHolds) {
  CachedVector<std::string> vector;
  for (int i = 0; i < 1000; ++i) vector.push_back("element number " + std::to_string(i));
  CachedVector<std::string> moved = std::move(vector);
  ASSERT_EQ(moved.size(), 1000U);
  EXPECT_EQ(moved[0], "element number 0");
  EXPECT_EQ(moved[999], "element number 999");
}

TEST(CachedVectorDeathTest, RefusesWhatNoMemoryHolds) {
  CachedAllocator<std::uint64_t> allocator;
  EXPECT_DEATH((void)allocator.allocate(std::numeric_limits<std::size_t>::max() / 4), "count");
}

}  // namespace
}  // namespace sluice
