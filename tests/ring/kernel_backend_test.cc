#include "sluice/ring/kernel_backend.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "kernel_pair.h"

namespace sluice::ring {
namespace {

using testing::connected_pair;
using testing::KernelLoop;
using testing::Pair;

TEST(KernelBackend, ThisKernelHasWhatIsNeeded) { EXPECT_EQ(missing_kernel_feature(), ""); }

Task<void> hold_slices(Loop& loop, std::uint64_t& leased) {
  Pair pair = co_await connected_pair(loop);
  SliceChain small;
  small.push(Slice::of_static("hello"));
  (void)co_await pair.client.send(std::move(small), {});
  SliceChain held;
  const Result<std::size_t> got = co_await pair.server.receive(held, {});
  EXPECT_TRUE(got.has_value());
  leased = loop.backend().stats().buffers_leased;
}

TEST(KernelBackend, EveryBufferComesHome) {
  KernelLoop world;
  std::uint64_t leased = 0;
  world.run(hold_slices(*world.loop, leased));
  EXPECT_EQ(leased, 1U);
  EXPECT_EQ(world.backend->stats().buffers_leased, 0U);
}

Task<void> small_sends_share(Loop& loop) {
  Pair pair = co_await connected_pair(loop);
  SliceChain held;
  for (int i = 0; i < 50; ++i) {
    SliceChain small;
    small.push(Slice::of_static("0123456789"));
    (void)co_await pair.client.send(std::move(small), {});
    const Result<std::size_t> got = co_await pair.server.receive(held, {});
    EXPECT_TRUE(got.has_value());
  }
  EXPECT_EQ(held.size_bytes(), 500U);
  EXPECT_EQ(loop.backend().stats().buffers_leased, 1U);
}

TEST(KernelBackend, SmallReceivesShareABuffer) {
  KernelLoop world;
  world.run(small_sends_share(*world.loop));
}

TEST(KernelBackend, CountsDescriptors) {
  KernelLoop world;
  std::uint64_t leased = 0;
  world.run(hold_slices(*world.loop, leased));
  for (int i = 0; i < 100 && world.backend->stats().descriptors > 0; ++i) {
    world.loop->turn(world.backend->now() + std::chrono::milliseconds(1));
  }
  EXPECT_EQ(world.backend->stats().descriptors, 0U);
}

}  // namespace
}  // namespace sluice::ring
