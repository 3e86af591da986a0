// Routing over seeds, for minutes of virtual time: several deployments whose providers follow
// scripts (well, slow, failing, rate-limited, silent, stalling, breaking, down, back again), under
// any rules, and callers with any wishes. What must be true is judged by what providers and clients
// saw; what the gateway says of itself is held against that.
//
//   1. every exchange ends by its deadline, with a whole answer or one typed error in the caller's
//      dialect; a truncated answer never looks whole;
//   2. attempts are bounded, retries and hedges keep to their budgets;
//   3. who rests sees one request per rest, and who is back is asked again in time;
//   4. who asked for time has it;
//   5. a pin holds, whatever happens;
//   6. log and counters say what happened, and nothing is left;
//   7. while somebody in reach is well the caller gets the whole answer.
//
// SLUICE_SIM_SEEDS says how many seeds, SLUICE_SIM_SEED repeats one.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "gateway_world.h"
#include "health_judge.h"
#include "health_scenario.h"
#include "scripted_provider.h"
#include "sim_answer_reader.h"

namespace sluice::gateway {
namespace {

using ring::sim::SimConfig;
using ring::sim::SimWorld;
using std::chrono::milliseconds;
using testing::GatewayWorld;
using testing::scripted::Client;
using testing::scripted::HealthLedger;
using testing::scripted::HealthTotals;
using testing::scripted::Scenario;

// A network that fails nobody: what fails here is a provider.
SimConfig draw_network(Random& random) {
  SimConfig network = SimConfig::calm();
  const auto draw = [&] { return std::chrono::microseconds(random.between(5, 3'000)); };
  network.latency_up = {draw(), std::chrono::milliseconds(3)};
  network.latency_down = {draw(), std::chrono::milliseconds(3)};
  if (random.chance(0.3)) network.short_receive = random.unit() * 0.5;
  network.reorder = random.chance(0.5);
  return network;
}

// Lifetime: everything outlives the task.
Task<void> call(GatewayWorld& world, HealthLedger& ledger, Random& random, const Scenario& scenario,
                std::size_t number) {
  ring::Loop& loop = world.loop();
  const auto& ask = scenario.asks[number];
  Client& client = ledger.clients[number];
  (void)co_await ring::sleep_until(loop, ledger.start + ask.at, {});
  Result<std::unique_ptr<net::Stream>> stream = co_await world.connect();
  EXPECT_TRUE(stream.has_value());
  if (!stream) co_return;
  client.began = loop.now();
  const MonotonicTime leave_at = ask.leaves ? loop.now() + *ask.leaves : MonotonicTime::max();
  ring::Deadline leaving(loop, leave_at, {});
  SliceChain bytes;
  bytes.push(Slice::take(scenario.request_of(number)));
  const Result<void> sent = co_await (*stream)->write(std::move(bytes), leaving.token());
  testing::AnswerReader reader(loop, **stream, random, 0);
  if (sent) {
    (void)co_await reader.read(client, false, false, leaving.token());
    EXPECT_EQ(reader.leftovers(), "");
  }
  client.ended = loop.now();
  client.left = !client.complete && leaving.passed();
}

// What is there when all exchanges are over.
struct Leftover {
  std::size_t in_use = 0;
  std::size_t open = 0;            // connections, as the gateway knows them
  std::size_t providers_open = 0;  // and as the providers do
  std::uint32_t attempts = 0;      // under way, by their deployments' health
  std::int64_t exchanges = 0;
  std::vector<telemetry::LabelIndex> labels;
};

void look_at_leftovers(GatewayWorld& world, const HealthLedger& ledger, Leftover& leftover) {
  Generation& generation = world.gateway().generation();
  const upstream::ConnectionPoolStats stats = generation.stats();
  leftover.in_use = stats.open - stats.idle + stats.waiting;
  leftover.open = stats.open;
  leftover.providers_open = ledger.connections_open;
  leftover.exchanges = world.metrics().exchanges_in_flight.value();
  leftover.labels = generation.snapshot().provider_labels;
  for (const catalog::Model& model : generation.snapshot().models.models()) {
    for (const catalog::Deployment& deployment : model.deployments) {
      route::Candidate candidate{.deployment = &deployment};
      generation.health().describe(deployment, world.loop().now(), candidate);
      leftover.attempts += candidate.in_flight;
    }
  }
}

Task<void> run_all(GatewayWorld& world, HealthLedger& ledger, Random& random,
                   const Scenario& scenario, Leftover& leftover) {
  ledger.start = world.loop().now();
  world.start();
  {
    Scope scope;
    for (std::size_t i = 0; i < scenario.asks.size(); ++i) {
      scope.spawn(call(world, ledger, random, scenario, i));
    }
    co_await scope.join();
  }
  const MonotonicTime end = world.loop().now() + std::chrono::minutes(2);
  while (world.gateway().exchanges_in_flight() > 0 && world.loop().now() < end) {
    (void)co_await ring::sleep_until(world.loop(), world.loop().now() + milliseconds(100), {});
  }
  EXPECT_EQ(world.gateway().exchanges_in_flight(), 0U) << "an exchange goes on for ever";
  (void)co_await ring::sleep_until(world.loop(), world.loop().now() + std::chrono::seconds(3), {});
  look_at_leftovers(world, ledger, leftover);
  co_await world.stop();
}

void judge_leftovers(const Leftover& leftover) {
  EXPECT_EQ(leftover.in_use, 0U) << "connections in use after the last exchange";
  EXPECT_EQ(leftover.open, leftover.providers_open);
  EXPECT_EQ(leftover.attempts, 0U);
  EXPECT_EQ(leftover.exchanges, 0);
}

// Returns the hash of all that happened.
std::uint64_t simulate(std::uint64_t seed, HealthTotals& totals) {
  Random random(seed * 2 + 1);
  const Scenario scenario = Scenario::draw(random);
  Random network(~seed);
  SimWorld world(seed, draw_network(network));
  HealthLedger ledger;
  ledger.clients.resize(scenario.asks.size());
  Leftover leftover;
  GatewayWorld gateway(world, scenario.config());
  for (std::size_t i = 0; i < scenario.deployments.size(); ++i) {
    gateway.add_raw_provider(
        i, testing::scripted::scripted_provider(world.loop(), ledger, random, scenario, i));
  }
  EXPECT_EQ(world.run(run_all(gateway, ledger, random, scenario, leftover), std::chrono::hours(1)),
            "");
  judge_leftovers(leftover);
  const auto attempts = testing::scripted::attempts_of(scenario, ledger);
  judge_exchanges(scenario, ledger, attempts, totals);
  judge_health(scenario, ledger, attempts, totals);
  judge_counts(scenario, ledger, attempts, gateway.log_lines(), gateway.metrics(), leftover.labels);
  if (::testing::Test::HasFailure()) {
    std::printf("%s%s", scenario.describe().c_str(), ledger.describe().c_str());
    for (const std::string& line : gateway.log_lines()) std::printf("%s\n", line.c_str());
  }
  return world.backend().history().hash();
}

TEST(GatewayHealthSim, KeepsItsPromisesWhateverItsProvidersDo) {
  HealthTotals totals;
  const std::clock_t began = std::clock();
  const std::uint64_t seeds = ring::sim::for_each_seed(
      1, 2'000,
      [&](std::uint64_t seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        static_cast<void>(simulate(seed, totals));
      },
      [] { return HasFailure(); });
  const double seconds = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  const auto shown = [](std::uint64_t count) { return static_cast<unsigned long long>(count); };
  std::printf(
      "%llu seeds, %.1f s of processor time; %llu requests: %llu whole, %llu errors, %llu broken "
      "off, %llu left; %llu attempts, %llu of them again, %llu hedges; %llu rests, %llu "
      "recoveries, "
      "%llu answers owed\n",
      shown(seeds), seconds, shown(totals.asks), shown(totals.whole), shown(totals.errors),
      shown(totals.broken), shown(totals.left), shown(totals.attempts), shown(totals.again),
      shown(totals.hedges), shown(totals.opened), shown(totals.recoveries), shown(totals.promised));
  if (seeds < 100) return;
  // Of a test that never sees a thing happen nothing is to be learnt.
  EXPECT_GT(totals.again, 0U);
  EXPECT_GT(totals.hedges, 0U);
  EXPECT_GT(totals.opened, 0U);
  EXPECT_GT(totals.recoveries, 0U);
  EXPECT_GT(totals.promised, 0U);
}

TEST(GatewayHealthSim, OneSeedIsOneHistory) {
  HealthTotals totals;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_EQ(simulate(seed, totals), simulate(seed, totals)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace sluice::gateway
