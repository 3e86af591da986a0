// Callers of three dialects, providers of five, over seeds: which, how many and how bad they are is
// drawn, as is what the network does. The providers are the simulator, whose text to a question is
// known: so whatever went wrong on the way, what the caller has is either all of it or says that it
// is not.
//
//   1. every exchange ends: with a whole answer in the caller's dialect, or one typed error in it;
//   2. a truncated answer never looks whole, and what came of it is the beginning of the text;
//   3. usage is counted once, and is what the caller was shown;
//   4. counters, log and callers say the same.
//
// SLUICE_SIM_SEEDS says how many seeds, SLUICE_SIM_SEED repeats one.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <deque>
#include <map>

#include "dialect_answers.h"
#include "gateway_world.h"
#include "sim_answer_reader.h"
#include "simulator/simulator.h"
#include "simulator/text.h"
#include "sluice/json/value.h"

namespace sluice::gateway {
namespace {

using ring::sim::SimConfig;
using ring::sim::SimWorld;
using std::chrono::milliseconds;
using testing::CallerDialect;
using testing::Ending;
using testing::GatewayWorld;
using testing::SaidAnswer;
using testing::Seen;

// --- what is drawn ---

struct Kind {
  std::string_view dialect, path, model, traits;
};
constexpr Kind kinds[] = {
    {"openai", "/v1", "gpt-x", ""},
    {"openai", "/v1", "codex-x", "takes_chat_completions = false"},  // by its Responses API
    {"anthropic", "/v1", "claude-x", ""},
    {"gemini", "/v1beta", "gemini-x", ""},
    {"bedrock", "", "anthropic.claude-x", ""},
};

// Of those that say something else than the text none is here.
constexpr std::string_view faults[] = {"status:400",
                                       "status:429:1",
                                       "status:500",
                                       "status:503:1",
                                       "refuse-with-401",
                                       "reset-before-head",
                                       "close-before-head",
                                       "hang",
                                       "slow-head:3000",
                                       "reset-after:3",
                                       "close-after:0",
                                       "close-after:4",
                                       "truncate:0",
                                       "truncate:5",
                                       "stall-after:2:0",
                                       "stall-after:2:2000",
                                       "error-event-after:0",
                                       "error-event-after:3",
                                       "garbage-event:0",
                                       "garbage-event:2",
                                       "overloaded",
                                       "no-done",
                                       "garbage",
                                       "html-502",
                                       "empty-200",
                                       "malformed-chunk:1",
                                       "bad-content-length",
                                       "slow-drip:1",
                                       "crlf",
                                       "comments",
                                       "one-per-write",
                                       "cut-everywhere:3",
                                       "gzip",
                                       "early-response:503",
                                       "keepalive-close",
                                       "http10",
                                       "1xx:2"};

struct Deployment {
  Kind kind;
  std::string_view fault;  // empty: none

  [[nodiscard]] std::string model() const {
    return fault.empty() ? std::string(kind.model) : "sim-fault-" + std::string(fault);
  }
  /// Bedrock's last event is behind the end of the answer, and says nothing but what it cost.
  [[nodiscard]] bool hides_usage() const { return fault == "no-done"; }
};

struct Ask {
  CallerDialect dialect = CallerDialect::chat;
  bool stream = false;
  std::string text;
  milliseconds begins{0};
  std::optional<milliseconds> leaves{};  // after it began
};

struct Scenario {
  std::vector<Deployment> deployments;
  std::deque<Ask> asks;
  std::uint32_t tokens = 1;
  milliseconds gap{0};
  bool network_fails = false;

  /// Whether nothing but the providers can go wrong.
  [[nodiscard]] bool is_calm() const { return !network_fails; }
  [[nodiscard]] bool is_flawless() const {
    return is_calm() && std::ranges::all_of(
                            deployments, [](const Deployment& each) { return each.fault.empty(); });
  }

  static Scenario draw(Random& random) {
    Scenario drawn;
    const double bad = random.chance(0.2) ? 0.0 : random.unit();
    const std::size_t deployments = 1 + random.below(3);
    for (std::size_t i = 0; i < deployments; ++i) {
      drawn.deployments.push_back({.kind = kinds[random.below(std::size(kinds))], .fault = ""});
      if (random.chance(bad)) drawn.deployments[i].fault = faults[random.below(std::size(faults))];
    }
    drawn.tokens = static_cast<std::uint32_t>(1 + random.below(random.chance(0.1) ? 200 : 16));
    // A whole answer comes within the time for its first byte.
    if (random.chance(0.5)) drawn.gap = milliseconds(random.below(5'000 / drawn.tokens + 1));
    drawn.network_fails = random.chance(0.5);
    const double leaves = random.chance(0.6) ? 0.0 : 0.3;
    const std::size_t asks = 1 + random.below(5);
    for (std::size_t i = 0; i < asks; ++i) {
      Ask ask{.dialect = static_cast<CallerDialect>(random.below(3)),
              .stream = random.chance(0.6),
              .text = "question " + std::to_string(random.below(1'000'000)),
              .begins = milliseconds(random.below(3'000))};
      if (random.chance(leaves)) ask.leaves = milliseconds(random.below(4'000));
      drawn.asks.push_back(std::move(ask));
    }
    return drawn;
  }

  [[nodiscard]] std::string config() const {
    std::string text =
        "[timeouts]\nconnect_ms = 3000\nfirst_byte_ms = 10000\nfirst_content_ms = 20000\n"
        "idle_ms = 10000\ntotal_ms = 120000\n[streaming]\nkeep_alive_comment_ms = 2000\n"
        "[[listener]]\naddress = \"127.0.0.1:8080\"\nanonymous = true\n";
    std::string deployed = "[[model]]\nname = \"m\"\n";
    for (std::size_t i = 0; i < deployments.size(); ++i) {
      const auto& [kind, fault] = deployments[i];
      const std::string name = "p" + std::to_string(i);
      text += "[[provider]]\nname = \"" + name + "\"\ndialect = \"" + std::string(kind.dialect) +
              "\"\nbase_url = \"http://127.0.0.1:" + std::to_string(9000 + i) +
              std::string(kind.path) + "\"\nkeys = [{ env = \"ENTRA_SECRET\" }]\n";
      deployed += "[[model.deployment]]\nprovider = \"" + name + "\"\nmodel = \"" +
                  deployments[i].model() + "\"\nprice = { input = 1.0, output = 2.0 }\n" +
                  (kind.traits.empty() ? "" : "traits = { " + std::string(kind.traits) + " }\n");
    }
    return text + deployed;
  }
};

// --- what happens ---

// Lifetime: the caller owns everything and joins this task.
Task<void> call(GatewayWorld& world, Random& random, const Ask& ask, std::size_t number,
                Seen& seen) {
  ring::Loop& loop = world.loop();
  (void)co_await ring::sleep_until(loop, loop.now() + ask.begins, {});
  Result<std::unique_ptr<net::Stream>> stream = co_await world.connect();
  if (!stream) {
    seen.excused = true;
    co_return;
  }
  const MonotonicTime leave_at = ask.leaves ? loop.now() + *ask.leaves : MonotonicTime::max();
  ring::Deadline leaving(loop, leave_at, {});
  const testing::Question question = testing::question_in(ask.dialect, ask.text, ask.stream);
  SliceChain bytes;
  bytes.push(Slice::take(
      "POST " + question.target + " HTTP/1.1\r\nHost: gateway\r\nX-Request-Id: n" +
      std::to_string(number) + "\r\nanthropic-version: 2023-06-01\r\n" +
      "Content-Type: application/json\r\nContent-Length: " + std::to_string(question.body.size()) +
      "\r\n\r\n" + question.body));
  const Result<void> sent = co_await (*stream)->write(std::move(bytes), leaving.token());
  seen.sent = sent.has_value();
  testing::AnswerReader reader(
      loop, **stream, random,
      random.chance(0.2) ? 1 + static_cast<std::uint32_t>(random.below(100)) : 0);
  if (sent) {
    const bool goes_on = co_await reader.read(seen, false, false, leaving.token());
    if (goes_on) {
      EXPECT_EQ(reader.leftovers(), "");
    }
  }
  if (!seen.complete && leaving.passed()) seen.excused = true;
}

Task<void> run_all(GatewayWorld& world, Random& random, const Scenario& scenario,
                   std::deque<Seen>& seen) {
  world.start();
  {
    Scope scope;
    for (std::size_t i = 0; i < scenario.asks.size(); ++i) {
      scope.spawn(call(world, random, scenario.asks[i], i, seen[i]));
    }
    co_await scope.join();
  }
  const MonotonicTime end = world.loop().now() + std::chrono::minutes(8);
  while (world.gateway().exchanges_in_flight() > 0 && world.loop().now() < end) {
    (void)co_await ring::sleep_until(world.loop(), world.loop().now() + milliseconds(100), {});
  }
  EXPECT_EQ(world.gateway().exchanges_in_flight(), 0U) << "an exchange goes on for ever";
  co_await world.stop();
}

// --- what must be true of it ---

struct Totals {
  std::uint64_t asks = 0, whole = 0, errors = 0, broken = 0;
  std::map<std::string, std::uint64_t> by_pair;  // whole answers: dialect asked, dialect that gave
};

// A head that came too slowly never said what dialect it would be.
bool was_refused_by_codec(const Seen& seen) {
  const auto id = seen.headers.find("x-request-id");
  return seen.status == 408 && id != seen.headers.end() && id->second.starts_with("req_");
}

void judge_answer(const Scenario& scenario, const Ask& ask, const Seen& seen, Totals& totals) {
  const std::string text = simulator::text_of(simulator::seed_of(ask.text), scenario.tokens, true);
  if (scenario.is_calm() && !seen.excused) {
    EXPECT_TRUE(seen.complete) << "no answer to its end; status " << seen.status;
  }
  if (seen.status == 0) return;
  if (was_refused_by_codec(seen)) {
    EXPECT_FALSE(scenario.is_calm());
    return;
  }
  const bool streams = seen.headers.contains("content-type") &&
                       seen.headers.at("content-type").starts_with("text/event-stream");
  EXPECT_EQ(streams, ask.stream && seen.status == 200) << seen.body;
  if (!streams && !seen.complete) return;  // its framing says so
  const SaidAnswer said = streams ? read_stream_answer(ask.dialect, seen.body)
                                  : read_whole_answer(ask.dialect, seen.status, seen.body);
  if (seen.complete || said.ending == Ending::whole) {
    EXPECT_EQ(said.complaint, "");
  }
  EXPECT_TRUE(text.starts_with(said.text)) << said.text << "\nis not the beginning of\n" << text;
  if (seen.complete) {
    EXPECT_NE(said.ending, Ending::broken) << "neither whole nor an error:\n" << seen.body;
  }
  if (said.ending == Ending::whole) {
    EXPECT_EQ(said.text, text) << "a truncated answer looks whole";
    EXPECT_EQ(seen.status, 200);
    const std::string by = seen.headers.at("x-sluice-provider").substr(1);
    const Deployment& deployment = scenario.deployments.at(std::stoul(by));
    if (!deployment.hides_usage()) {
      EXPECT_EQ(said.output, scenario.tokens);
      EXPECT_GT(said.input.value_or(0), 0U);
    }
    ++totals.by_pair[std::string(to_string(ask.dialect)) + " by " +
                     std::string(deployment.kind.model)];
  }
  if (scenario.is_flawless() && !seen.excused) {
    EXPECT_EQ(said.ending, Ending::whole) << seen.body;
  }
  totals.whole += said.ending == Ending::whole ? 1U : 0U;
  totals.errors += said.ending == Ending::error ? 1U : 0U;
  totals.broken += said.ending == Ending::broken ? 1U : 0U;
}

struct Counted {
  std::map<int, std::uint64_t> statuses;
  std::map<std::string, std::uint64_t> outcomes;
  std::uint64_t output = 0;
};

// One line for each request that was understood; what it says of tokens is what was said.
Counted judge_log(const Scenario& scenario, const std::deque<Seen>& seen,
                  const std::vector<std::string>& lines) {
  Counted counted;
  std::vector<std::size_t> times(seen.size());
  json::Index index;
  for (const std::string& text : lines) {
    SCOPED_TRACE(text);
    if (!index.build(text)) {
      ADD_FAILURE() << "no JSON";
      continue;
    }
    const json::Value line = json::root(index);
    const std::string id = line.find("request_id")->string().value_or("");
    const std::size_t number = id.starts_with('n') ? std::stoul(id.substr(1)) : seen.size();
    if (number >= seen.size()) continue;  // a head that never came whole
    ++times[number];
    const auto status = static_cast<int>(line.find("status")->integer().value_or(0));
    ++counted.statuses[status];
    if (seen[number].status != 0) {
      EXPECT_EQ(seen[number].status, status);
    }
    for (const json::Value attempt : line.find("attempts")->elements()) {
      ++counted.outcomes[attempt.find("outcome")->string().value_or("")];
    }
    const auto output = line.find("tokens")->find("output")->integer();
    counted.output += static_cast<std::uint64_t>(output.value_or(0));
    const bool ended_well = status == 200 && line.find("ended_by")->is_null();
    const bool may_be_hidden = std::ranges::any_of(scenario.deployments, &Deployment::hides_usage);
    if (ended_well && !may_be_hidden) {
      EXPECT_EQ(output, scenario.tokens);
    }
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_LE(times[i], 1U);
    if ((seen[i].status == 200 || seen[i].complete) && !was_refused_by_codec(seen[i])) {
      EXPECT_EQ(times[i], 1U) << "request n" << i;
    }
  }
  return counted;
}

void judge_metrics(const Scenario& scenario, const telemetry::Metrics& metrics,
                   const Counted& counted) {
  for (const auto& [status, times] : counted.statuses) {
    std::uint64_t sum = 0;
    for (const auto& endpoint : metrics.endpoints) {
      sum += endpoint.requests[telemetry::StatusLabel::index(status)].value();
    }
    EXPECT_GE(sum, times) << status;
  }
  for (std::size_t i = 0; i < telemetry::attempt_outcome_count; ++i) {
    const std::string name(telemetry::to_string(static_cast<telemetry::AttemptOutcome>(i)));
    std::uint64_t sum = 0;
    for (const auto& provider : metrics.providers) sum += provider.attempts[i].value();
    const auto logged = counted.outcomes.find(name);
    EXPECT_EQ(sum, logged == counted.outcomes.end() ? 0U : logged->second) << name;
  }
  constexpr auto output = static_cast<std::size_t>(telemetry::TokenDirection::output);
  std::uint64_t of_providers = 0;
  std::uint64_t of_models = 0;
  for (const auto& provider : metrics.providers) of_providers += provider.tokens[output].value();
  for (const auto& model : metrics.models) of_models += model.tokens[output].value();
  EXPECT_EQ(of_providers, of_models);
  EXPECT_GE(of_providers, counted.output) << "attempts that failed count as well";
  // So do those whose client left before anything was shown, and no line tells their tokens.
  if (scenario.is_flawless() && !counted.outcomes.contains("cancelled")) {
    EXPECT_EQ(of_providers, counted.output) << "counted more than once";
  }
}

void simulate(std::uint64_t seed, Totals& totals) {
  Random random(seed * 2 + 1);
  const Scenario scenario = Scenario::draw(random);
  Random network(~seed);
  const SimConfig drawn = SimConfig::draw(network);
  SimWorld world(seed, scenario.network_fails ? drawn : drawn.without_faults());
  simulator::SimulatorConfig config;
  config.tokens = scenario.tokens;
  config.pace.gap = scenario.gap;
  simulator::SimulatorBoard board;
  std::deque<simulator::Simulator> providers;
  GatewayWorld gateway(world, scenario.config());
  for (std::size_t i = 0; i < scenario.deployments.size(); ++i) {
    simulator::Simulator& provider =
        providers.emplace_back(world.loop(), config, nullptr, board, seed + i);
    gateway.add_raw_provider(i, [&provider](net::Stream& stream, StopToken stop) {
      return provider.serve(stream, stop);
    });
  }
  std::deque<Seen> seen(scenario.asks.size());
  EXPECT_EQ(world.run(run_all(gateway, random, scenario, seen), std::chrono::hours(3)), "");
  for (std::size_t i = 0; i < seen.size(); ++i) {
    SCOPED_TRACE("request n" + std::to_string(i) + ", " +
                 std::string(to_string(scenario.asks[i].dialect)) +
                 (scenario.asks[i].stream ? " streamed" : "") + ", of " + scenario.config());
    judge_answer(scenario, scenario.asks[i], seen[i], totals);
  }
  const Counted counted = judge_log(scenario, seen, gateway.log_lines());
  judge_metrics(scenario, gateway.metrics(), counted);
  totals.asks += seen.size();
}

TEST(GatewayDialectsSim, EveryDialectGetsTheWholeAnswerOrIsToldThatItDoesNot) {
  Totals totals;
  const std::clock_t began = std::clock();
  const std::uint64_t seeds = ring::sim::for_each_seed(
      1, 2'000,
      [&](std::uint64_t seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        simulate(seed, totals);
      },
      [] { return HasFailure(); });
  const double seconds = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  std::printf(
      "%llu seeds, %.1f s; %llu requests: %llu whole, %llu errors, %llu broken off\n",
      static_cast<unsigned long long>(seeds), seconds, static_cast<unsigned long long>(totals.asks),
      static_cast<unsigned long long>(totals.whole), static_cast<unsigned long long>(totals.errors),
      static_cast<unsigned long long>(totals.broken));
  if (seeds >= 2'000) {
    EXPECT_EQ(totals.by_pair.size(), 15U) << "every caller had an answer of every provider";
  }
}

}  // namespace
}  // namespace sluice::gateway
