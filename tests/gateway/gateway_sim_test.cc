// The whole gateway over seeds: a network with any mixture of faults, providers and clients that do
// anything, a new configuration and a drain at any moment. Afterwards every side's account is held
// against the others', and nothing may be left.
//
// SLUICE_SIM_SEEDS says how many seeds, SLUICE_SIM_SEED repeats one.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "gateway_world.h"
#include "sim_client.h"
#include "sim_ledger.h"
#include "sim_provider.h"
#include "sluice/json/value.h"

namespace sluice::gateway {
namespace {

using ring::sim::SimConfig;
using ring::sim::SimWorld;
using std::chrono::milliseconds;
using testing::GatewayWorld;
using testing::Ledger;

constexpr std::string_view settings =
    "[timeouts]\nconnect_ms = 3000\nfirst_byte_ms = 20000\nfirst_content_ms = 40000\n"
    "idle_ms = 15000\ntotal_ms = 120000\n"
    "[streaming]\nkeep_alive_comment_ms = 2000\nevent_bytes_max = 65536\n"
    "held_bytes_max = 32768\nwhole_response_bytes_max = 32768\n"
    // The ledger knows one round in the order of the file, of providers without a past.
    "[routing.retry]\nretries = 0\n"
    "[health]\nfailures_to_open = 1000000\nejected_percent_max = 0\n";

std::string with_deployments_backwards(std::size_t providers) {
  std::string text = testing::config_text(providers, settings);
  text.erase(text.find("[[model]]"));
  text += "[[model]]\nname = \"m\"\n";
  for (std::size_t i = providers; i-- > 0;) {
    text += "[[model.deployment]]\nprovider = \"p" + std::to_string(i) + "\"\nmodel = \"m-up-" +
            std::to_string(i) + "\"\n";
  }
  return text;
}

// What is drawn once for a run.
struct Scenario {
  std::size_t providers;
  std::size_t clients;
  testing::ProviderMood providers_mood;
  testing::ClientMood clients_mood;
  std::optional<milliseconds> reload_at;
  std::optional<milliseconds> drain_at;
  bool network_fails;
  bool small_pools;  // exchanges wait in line for a connection

  static Scenario draw(Random& random) {
    Scenario drawn{};
    drawn.providers = 1 + random.below(3);
    drawn.clients = 1 + random.below(random.chance(0.2) ? 6 : 3);
    drawn.providers_mood = {.bad = random.chance(0.2) ? 0.0 : random.unit() * 0.8,
                            .unhurried = random.chance(0.5) ? 0.0 : random.unit() * 0.5};
    drawn.clients_mood = {.leaves = random.chance(0.5) ? 0.0 : random.unit() * 0.5,
                          .large = random.chance(0.7) ? 0.02 : 0.3};
    if (random.chance(0.3)) drawn.reload_at = milliseconds(random.below(4'000));
    if (random.chance(0.2)) drawn.drain_at = milliseconds(random.below(6'000));
    drawn.network_fails = random.chance(0.7);
    drawn.small_pools = random.chance(0.2);
    return drawn;
  }
};

Task<void> at(GatewayWorld& world, milliseconds moment, StopToken over, std::function<void()> act) {
  const Result<void> slept =
      co_await ring::sleep_until(world.loop(), world.loop().now() + moment, over);
  if (slept) act();
}

Task<void> run_clients(GatewayWorld& world, Ledger& ledger, Random& random,
                       const Scenario& scenario) {
  Scope scope;
  for (std::size_t i = 0; i < scenario.clients; ++i) {
    scope.spawn(testing::simulated_client(world, ledger, random, scenario.clients_mood));
  }
  co_await scope.join();
}

struct Leftover {
  std::size_t open = 0;
  std::int64_t in_flight = 0;
};

Task<void> run_all(GatewayWorld& world, Ledger& ledger, Random& random, const Scenario& scenario,
                   Leftover& leftover) {
  world.start();
  StopSource over;
  Scope scope;
  if (scenario.reload_at) {
    scope.spawn(at(world, *scenario.reload_at, over.token(), [&world, &scenario] {
      world.use(with_deployments_backwards(scenario.providers));
    }));
  }
  if (scenario.drain_at) {
    scope.spawn(at(world, *scenario.drain_at, over.token(), [&world] { world.drain(); }));
  }
  co_await run_clients(world, ledger, random, scenario);
  over.request_stop();
  co_await scope.join();
  // The longest an exchange may go on for: then nothing but idle connections may be there.
  const MonotonicTime end = world.loop().now() + std::chrono::minutes(8);
  while (world.gateway().exchanges_in_flight() > 0 && world.loop().now() < end) {
    (void)co_await ring::sleep_until(world.loop(), world.loop().now() + milliseconds(100), {});
  }
  EXPECT_EQ(world.gateway().exchanges_in_flight(), 0U) << "an exchange goes on for ever";
  (void)co_await ring::sleep_until(world.loop(), world.loop().now() + std::chrono::seconds(3), {});
  const upstream::ConnectionPoolStats stats = world.gateway().generation().stats();
  leftover.open = stats.open - stats.idle + stats.waiting;
  leftover.in_flight = world.metrics().exchanges_in_flight.value();
  co_await world.stop();
}

// The counters say the same as the log.
void judge_metrics(const telemetry::Metrics& metrics, const std::vector<std::string>& lines) {
  std::array<std::uint64_t, telemetry::StatusLabel::count> by_status{};
  std::map<std::string, std::uint64_t> attempts;
  std::uint64_t heads_refused = 0;
  json::Index index;
  for (const std::string& text : lines) {
    ASSERT_TRUE(index.build(text).has_value());
    const json::Value line = json::root(index);
    if (testing::is_own_id(line.find("request_id")->string().value_or(""))) {
      ++heads_refused;
      continue;
    }
    const auto status = static_cast<int>(line.find("status")->integer().value_or(0));
    ++by_status[telemetry::StatusLabel::index(status)];
    for (const json::Value attempt : line.find("attempts")->elements()) {
      ++attempts[*attempt.find("outcome")->string()];
    }
  }
  EXPECT_EQ(metrics.downstream_requests_malformed.value(), heads_refused);
  for (std::size_t status = 0; status < by_status.size(); ++status) {
    std::uint64_t counted = 0;
    for (const auto& endpoint : metrics.endpoints) counted += endpoint.requests[status].value();
    EXPECT_EQ(counted, by_status[status]) << telemetry::StatusLabel::name(status);
  }
  for (std::size_t outcome = 0; outcome < telemetry::attempt_outcome_count; ++outcome) {
    std::uint64_t counted = 0;
    for (const auto& provider : metrics.providers) counted += provider.attempts[outcome].value();
    const std::string name(telemetry::to_string(static_cast<telemetry::AttemptOutcome>(outcome)));
    EXPECT_EQ(counted, attempts[name]) << name;
  }
}

struct Totals {
  std::uint64_t requests = 0;
  std::uint64_t whole_answers = 0;
  std::uint64_t tries = 0;
};

// Returns the hash of all that happened.
std::uint64_t simulate(std::uint64_t seed, Totals& totals) {
  Random random(seed * 2 + 1);
  const Scenario scenario = Scenario::draw(random);
  Random network(~seed);
  const SimConfig drawn = SimConfig::draw(network);
  SimWorld world(seed, scenario.network_fails ? drawn : drawn.without_faults());
  std::size_t leased_bytes_max = 0;
  std::size_t descriptors_max = 0;
  world.loop().on_turn_end([&] {
    const std::size_t buffer_bytes = world.backend().config().buffer_bytes;
    leased_bytes_max = std::max(leased_bytes_max, world.backend().leased_buffers() * buffer_bytes);
    descriptors_max = std::max(descriptors_max, world.backend().open_descriptors());
  });
  Ledger ledger;
  Leftover leftover;
  const std::string more =
      std::string(settings) +
      (scenario.small_pools ? "[pool]\nconnections_max = 1\nwaiters_max = 2\n" : "");
  GatewayWorld gateway(world, testing::config_text(scenario.providers, more));
  for (std::size_t i = 0; i < scenario.providers; ++i) {
    gateway.add_raw_provider(
        i, testing::simulated_provider(world.loop(), ledger, random, i, scenario.providers_mood));
  }
  EXPECT_EQ(world.run(run_all(gateway, ledger, random, scenario, leftover), std::chrono::hours(3)),
            "");
  EXPECT_EQ(leftover.open, 0U) << "connections in use after the last exchange";
  EXPECT_EQ(leftover.in_flight, 0);
  // Per descriptor: what is received ahead, a read of the loop's, and what is held.
  EXPECT_LE(leased_bytes_max, descriptors_max * 256 * 1024);
  testing::judge_answers(ledger, scenario.providers,
                         !scenario.network_fails && !scenario.drain_at && !scenario.small_pools);
  const std::vector<std::string> lines = gateway.log_lines();
  testing::judge_log(ledger, lines);
  judge_metrics(gateway.metrics(), lines);

  totals.requests += ledger.asks.size();
  for (const testing::Seen& seen : ledger.seen) totals.whole_answers += seen.complete ? 1U : 0U;
  for (const auto& tries : ledger.tries) totals.tries += tries.size();
  return world.backend().history().hash();
}

TEST(GatewaySim, KeepsItsPromisesWhateverTheNetworkItsProvidersAndItsClientsDo) {
  Totals totals;
  const std::clock_t began = std::clock();
  const std::uint64_t seeds = ring::sim::for_each_seed(
      1, 4'000,
      [&](std::uint64_t seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        static_cast<void>(simulate(seed, totals));
      },
      [] { return HasFailure(); });
  const double seconds = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  std::printf(
      "%llu seeds, %.0f per minute of processor time; %llu requests, %llu whole answers, "
      "%llu tries\n",
      static_cast<unsigned long long>(seeds), static_cast<double>(seeds) * 60 / seconds,
      static_cast<unsigned long long>(totals.requests),
      static_cast<unsigned long long>(totals.whole_answers),
      static_cast<unsigned long long>(totals.tries));
  EXPECT_GT(totals.whole_answers, 0U);
}

TEST(GatewaySim, OneSeedIsOneHistory) {
  Totals totals;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_EQ(simulate(seed, totals), simulate(seed, totals)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace sluice::gateway
