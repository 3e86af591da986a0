// Simulator and load generator together on the simulated ring: virtual time, seeded faults of the
// network. Whatever breaks, no answer is taken for right that is not, and everything ends.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "load/generator.h"
#include "simulator/simulator.h"
#include "sluice/coro/scope.h"
#include "sluice/net/connector.h"
#include "sluice/net/listener.h"
#include "sluice/net/resolver.h"
#include "sluice/ring/sim/sim_world.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Meeting {
  simulator::SimulatorConfig simulator{};
  load::ScenarioConfig scenario{};
  load::GeneratorConfig generator{};
};

struct Found {
  load::Results results{};
  std::string stats{};
  std::uint64_t open = 0;  // connections of the simulator when all had ended
};

// Lifetime: the caller owns `meeting` and `found` and joins this task.
Task<void> meet(ring::Loop& loop, Meeting& meeting, Found& found, std::uint64_t seed) {
  simulator::SimulatorBoard board;
  simulator::Simulator simulator(loop, meeting.simulator, nullptr, board, seed);
  const net::ListenerConfig listening{.address = ring::SocketAddress::ipv4({127, 0, 0, 1}, 80)};
  Result<net::Listener> listener = net::Listener::open(loop, listening);
  SLUICE_ASSERT(listener.has_value());
  StopSource stop;
  Scope scope;
  scope.spawn(simulator.run(*listener, stop.token()));
  net::StaticResolver resolver;
  net::Connector connector(loop, resolver, nullptr, {});
  meeting.generator.endpoint = {.scheme = net::Scheme::http, .host = "127.0.0.1", .port = 80};
  meeting.generator.authority = "127.0.0.1";
  const load::Scenario scenario(meeting.scenario);
  const auto generator =
      std::make_unique<load::Generator>(loop, connector, scenario, meeting.generator);
  co_await generator->run();
  stop.request_stop();
  co_await scope.join();
  found.results = generator->results();
  found.stats = board.to_json();
  found.open = simulator.counts().connections_open;
}

TEST(SimulatorOnTheSimulatedRing, KeepsItsPaceInVirtualTime) {
  Meeting meeting;
  meeting.simulator.pace = {.first_token = milliseconds(300), .gap = milliseconds(20)};
  meeting.scenario = {.stream = true, .tokens = 32};
  meeting.generator.connections = 2;
  meeting.generator.requests = 4;
  Found found;
  ring::sim::SimWorld world(1, ring::sim::SimConfig::calm());
  EXPECT_EQ(world.run(meet(world.loop(), meeting, found, 1), seconds(600)), "");
  EXPECT_EQ(found.results.right, 4U);
  const double first = std::chrono::duration<double, std::milli>(found.results.first.max()).count();
  const double all = std::chrono::duration<double, std::milli>(found.results.latency.max()).count();
  EXPECT_NEAR(first, 300, 5);
  EXPECT_NEAR(all, 300 + 20 * 33, 10) << "31 further tokens, the finish reason, [DONE]";
}

// Ten streams a second, each of half a second: what starts in the first and the last second is sent
// and checked, and counts for the work alone.
TEST(SimulatorOnTheSimulatedRing, CountsNeitherWarmUpNorCoolDown) {
  Meeting meeting;
  meeting.simulator.pace.gap = milliseconds(50);
  meeting.scenario = {.stream = true, .tokens = 9};
  meeting.generator.connections = 8;
  meeting.generator.rate = 10;
  meeting.generator.warmup = seconds(1);
  meeting.generator.duration = seconds(2);
  meeting.generator.cooldown = seconds(1);
  Found found;
  ring::sim::SimWorld world(1, ring::sim::SimConfig::calm());
  EXPECT_EQ(world.run(meet(world.loop(), meeting, found, 1), seconds(600)), "");
  const load::Results& results = found.results;
  EXPECT_EQ(results.right, 20U);
  EXPECT_EQ(results.events, 20U * 9);
  EXPECT_EQ(results.latency.count(), 20U);
  EXPECT_EQ(results.all_requests, 40U);
  EXPECT_EQ(results.all_right, 40U);
  EXPECT_EQ(results.all_events, 40U * 9);
  EXPECT_NEAR(results.seconds, 2.4, 0.1) << "to the end of the last that counts";
}

TEST(SimulatorOnTheSimulatedRing, NeverLooksRightWhereTheNetworkFails) {
  std::uint64_t right = 0;
  std::uint64_t errors = 0;
  ring::sim::for_each_seed(
      1, 200,
      [&](std::uint64_t seed) {
        Random random(seed);
        Meeting meeting;
        meeting.scenario = {.stream = random.chance(0.7),
                            .include_usage = random.chance(0.5),
                            .prompt_bytes = static_cast<std::uint32_t>(random.between(16, 40'000)),
                            .tokens = static_cast<std::uint32_t>(random.between(1, 80))};
        if (random.chance(0.5)) meeting.simulator.pace.gap = milliseconds(random.between(1, 50));
        if (random.chance(0.5)) {
          meeting.simulator.fault_rates.push_back({0.2, *simulator::parse_fault("reset-after:5")});
          meeting.simulator.fault_rates.push_back({0.2, *simulator::parse_fault("truncate:2")});
          meeting.simulator.fault_rates.push_back({0.2, *simulator::parse_fault("hang")});
        }
        meeting.generator.connections = 3;
        meeting.generator.requests = 12;
        meeting.generator.seed = seed;
        Found found;
        ring::sim::SimWorld world = ring::sim::SimWorld::drawn(seed);
        EXPECT_EQ(world.run(meet(world.loop(), meeting, found, seed), std::chrono::hours(10)), "");
        EXPECT_EQ(found.results.wrong, 0U) << "seed " << seed << to_json(found.results, "", "");
        EXPECT_EQ(found.open, 0U) << "seed " << seed << found.stats;
        right += found.results.right;
        errors += found.results.requests - found.results.right;
      },
      [] { return ::testing::Test::HasFailure(); });
  EXPECT_GT(right, 500U) << "the faults left nothing to see";
  EXPECT_GT(errors, 50U) << "nothing went wrong: the faults are off";
}

}  // namespace
}  // namespace sluice
