#include "sluice/coro/cached_frame.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace sluice {
namespace {

struct Promise : CachedFrame {
  char bytes[300] = {};
};

TEST(CachedFrame, TakesTheMemoryOfTheFrameThatWentBefore) {
  if (memory_from_heap) GTEST_SKIP() << "sanitizers see every allocation";
  auto* first = new Promise;
  const auto address = reinterpret_cast<std::uintptr_t>(first);
  delete first;
  auto* second = new Promise;
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second), address);
  delete second;
}

}  // namespace
}  // namespace sluice
