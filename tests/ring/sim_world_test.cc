#include "sluice/ring/sim/sim_world.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "sluice/ring/sleep.h"

namespace sluice::ring::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Task<void> nap(Loop& loop, Duration length) {
  const Result<void> slept = co_await sleep_until(loop, loop.now() + length, StopToken{});
  EXPECT_TRUE(slept.has_value());
}

TEST(SimWorld, RunsATaskToItsEndInVirtualTime) {
  SimWorld world(1, SimConfig::calm());
  const MonotonicTime start = world.backend().now();
  EXPECT_EQ(world.run(nap(world.loop(), minutes(50)), hours(1)), "");
  EXPECT_GE(world.backend().now(), start + minutes(50));
  EXPECT_LE(world.backend().now(), start + minutes(51));
  EXPECT_EQ(world.run(nap(world.loop(), seconds(1)), hours(1)), "");
}

#if defined(__SANITIZE_ADDRESS__)
#define SLUICE_TEST_LEAKS_SEEN 1
#elif defined(__has_feature)
#define SLUICE_TEST_LEAKS_SEEN __has_feature(address_sanitizer)
#else
#define SLUICE_TEST_LEAKS_SEEN 0
#endif

// These leave coroutines that can never end; that is the point, and no leak of the world's.
#if !SLUICE_TEST_LEAKS_SEEN
Task<void> wait_for(Event& event) {
  const Result<void> waited = co_await event.wait(StopToken{});
  static_cast<void>(waited);
}
Task<void> open_and_forget(Backend& backend) {
  EXPECT_TRUE(backend.open_socket(AF_INET).has_value());
  co_return;
}

TEST(SimWorld, ReportsATaskThatTakesTooLongWithItsSeed) {
  SimWorld world(4711, SimConfig::calm());
  const std::string report = world.run(nap(world.loop(), hours(100)), hours(1));
  EXPECT_NE(report.find("did not end in time"), std::string::npos);
  EXPECT_NE(report.find("SLUICE_SIM_SEED=4711"), std::string::npos);
}

TEST(SimWorld, ReportsThatNothingCanHappenAnyMore) {
  SimWorld world(1, SimConfig::calm());
  Event never(world.loop());
  const std::string report = world.run(wait_for(never), hours(1));
  EXPECT_NE(report.find("nothing can happen any more"), std::string::npos);
  never.set();  // the waiter must leave the event before it goes
}

TEST(SimWorld, ReportsADescriptorLeftOpen) {
  SimWorld world(1, SimConfig::calm());
  const std::string report = world.run(open_and_forget(world.backend()), hours(1));
  EXPECT_NE(report.find("descriptor was left open"), std::string::npos);
}
#endif

TEST(ForEachSeed, RunsTheSeedsInOrderUntilOneFails) {
  std::vector<std::uint64_t> seeds;
  const auto note = [&](std::uint64_t seed) { seeds.push_back(seed); };
  if (std::getenv("SLUICE_SIM_SEED") != nullptr || std::getenv("SLUICE_SIM_SEEDS") != nullptr) {
    GTEST_SKIP() << "the environment says which seeds";
  }
  EXPECT_EQ(for_each_seed(5, 3, note), 3U);
  EXPECT_EQ(seeds, (std::vector<std::uint64_t>{5, 6, 7}));
  EXPECT_EQ(for_each_seed(1, 10, note, [&] { return seeds.size() == 5; }), 2U);
}

}  // namespace
}  // namespace sluice::ring::sim
