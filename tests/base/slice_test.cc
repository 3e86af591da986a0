#include "sluice/base/slice.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

struct CountingOwner : SliceOwner {
  CountingOwner() : SliceOwner(&CountingOwner::count) {}
  static void count(SliceOwner* owner) noexcept { ++static_cast<CountingOwner*>(owner)->releases; }
  int releases = 0;
};

TEST(Slice, ReleasesItsOwnerWhenTheLastSliceGoes) {
  CountingOwner owner;
  static constexpr char text[] = "abcdef";
  {
    Slice whole(text, 6, &owner);
    Slice part = whole.share(2, 3);
    EXPECT_EQ(part.view(), "cde");
    whole.reset();
    EXPECT_EQ(owner.releases, 0);
    Slice moved = std::move(part);
    EXPECT_EQ(owner.releases, 0);
  }
  EXPECT_EQ(owner.releases, 1);
}

TEST(Slice, MovedFromIsEmpty) {
  Slice a = Slice::copy_of("hello");
  Slice b = std::move(a);
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_EQ(b.view(), "hello");
}

TEST(Slice, TakesAStringWithoutCopying) {
  std::string text(100, 'x');
  const char* const address = text.data();
  const Slice slice = Slice::take(std::move(text));
  EXPECT_EQ(slice.data(), address);
}

TEST(Slice, TrimsFromBothEnds) {
  Slice slice = Slice::of_static("0123456789");
  slice.remove_prefix(2);
  slice.truncate(5);
  EXPECT_EQ(slice.view(), "23456");
}

TEST(Block, KeepsReadablePaddingBehindItsCapacity) {
  Block block(10);
  block.append("0123456789");
  EXPECT_EQ(block.free_bytes(), 0U);
  for (std::size_t i = 0; i < Block::padding_bytes; ++i) EXPECT_EQ(block.data()[10 + i], 0);
}

TEST(Block, FreezesIntoASliceThatOwnsTheMemory) {
  Block block(16);
  block.append("abc");
  std::memcpy(block.data() + block.size(), "def", 3);
  block.advance(3);
  const Slice slice = std::move(block).freeze();
  EXPECT_EQ(slice.view(), "abcdef");
  EXPECT_FALSE(block.has_memory());  // NOLINT(bugprone-use-after-move): that is the question
}

TEST(SliceChain, JoinsNeighboursInTheSameMemory) {
  const Slice whole = Slice::copy_of("abcdefgh");
  SliceChain chain;
  chain.push(whole.share(0, 2));
  chain.push(whole.share(2, 3));
  EXPECT_EQ(chain.count(), 1U);
  chain.push(whole.share(6, 2));  // a gap: another slice
  chain.push(Slice::copy_of("x"));
  EXPECT_EQ(chain.count(), 3U);
  EXPECT_EQ(chain.to_string(), "abcdeghx");
  EXPECT_EQ(chain.size_bytes(), 8U);
}

TEST(SliceChain, KeepsOrderBeyondItsInlineSlices) {
  SliceChain chain;
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    chain.push(Slice::copy_of(std::to_string(i) + ";"));
    expected += std::to_string(i) + ";";
  }
  SliceChain moved = std::move(chain);
  EXPECT_TRUE(chain.empty());  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_EQ(chain.count(), 0U);
  EXPECT_EQ(moved.to_string(), expected);
  SliceChain front;
  front.push(Slice::of_static("x"));
  front.append(std::move(moved));
  EXPECT_EQ(front.to_string(), "x" + expected);
  front.clear();
  EXPECT_EQ(front.to_string(), "");
}

TEST(SliceChain, GathersManyPartsAndPassesASingleOneThrough) {
  SliceChain one;
  one.push(Slice::of_static("abc"));
  const char* const address = one[0].data();
  EXPECT_EQ(std::move(one).gather().data(), address);

  SliceChain many;
  many.push(Slice::copy_of("ab"));
  many.push(Slice{});
  many.push(Slice::copy_of("cd"));
  EXPECT_EQ(many.count(), 2U);
  EXPECT_EQ(many.size_bytes(), 4U);
  EXPECT_EQ(many.to_string(), "abcd");
  EXPECT_EQ(std::move(many).gather().view(), "abcd");
}

}  // namespace
}  // namespace sluice
