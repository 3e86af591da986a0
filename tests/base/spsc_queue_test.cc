#include "sluice/base/spsc_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace sluice {
namespace {

TEST(SpscQueue, GivesBackInOrder) {
  SpscQueue<int> queue(4);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.try_push(int(i)));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(queue.try_pop(), i);
  EXPECT_EQ(queue.try_pop(), std::nullopt);
}

TEST(SpscQueue, RoundsItsRoomUpToAPowerOfTwo) {
  EXPECT_EQ(SpscQueue<int>(1).capacity(), 1U);
  EXPECT_EQ(SpscQueue<int>(5).capacity(), 8U);
}

TEST(SpscQueue, AFullQueueRefusesAndLeavesTheItem) {
  SpscQueue<std::unique_ptr<int>> queue(2);
  EXPECT_TRUE(queue.try_push(std::make_unique<int>(1)));
  EXPECT_TRUE(queue.try_push(std::make_unique<int>(2)));
  auto third = std::make_unique<int>(3);
  EXPECT_FALSE(queue.try_push(std::move(third)));
  ASSERT_NE(third, nullptr);
  EXPECT_EQ(**queue.try_pop(), 1);
  EXPECT_TRUE(queue.try_push(std::move(third)));
}

TEST(SpscQueue, DestroysWhatIsLeft) {
  auto item = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = item;
  {
    SpscQueue<std::shared_ptr<int>> queue(2);
    EXPECT_TRUE(queue.try_push(std::move(item)));
  }
  EXPECT_TRUE(watched.expired());
}

TEST(SpscQueue, APoppedItemIsNotKept) {
  SpscQueue<std::shared_ptr<int>> queue(2);
  auto item = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = item;
  EXPECT_TRUE(queue.try_push(std::move(item)));
  (void)queue.try_pop();
  EXPECT_TRUE(watched.expired());
  EXPECT_TRUE(queue.empty());
}

TEST(SpscQueue, CarriesEveryItemBetweenTwoThreads) {
  constexpr int items = 20'000;
  SpscQueue<int> queue(8);
  std::thread producer([&queue] {
    for (int next = 0; next < items;) {
      if (queue.try_push(int(next))) {
        ++next;
      } else {
        std::this_thread::yield();
      }
    }
  });
  int expected = 0;
  while (expected < items) {
    if (const auto item = queue.try_pop()) {
      ASSERT_EQ(*item, expected);
      ++expected;
    } else {
      std::this_thread::yield();
    }
  }
  producer.join();
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace sluice
