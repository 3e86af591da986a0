// Question: what does it cost to count an attempt, and to know once a second what all cores
// counted? Corpus: attempts drawn from a fixed seed; no files.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "sluice/base/random.h"
#include "sluice/http/head.h"
#include "sluice/upstream/credential_choice.h"
#include "sluice/upstream/health_board.h"
#include "sluice/upstream/health_counters.h"
#include "sluice/upstream/rate_headroom.h"
#include "sluice/upstream/scoreboard.h"

namespace sluice::upstream {
namespace {

std::vector<AttemptEnd> drawn_attempts() {
  Random random(1);
  std::vector<AttemptEnd> attempts(1'024);
  for (AttemptEnd& attempt : attempts) {
    attempt = {.verdict = random.chance(0.98) ? Verdict::success : Verdict::failed,
               .first_byte = std::chrono::microseconds(random.between(30'000, 900'000)),
               .first_content = std::chrono::microseconds(random.between(100'000, 3'000'000)),
               .output_tokens = random.between(10, 2'000),
               .generating = std::chrono::microseconds(random.between(500'000, 20'000'000)),
               .events = static_cast<std::uint32_t>(random.between(10, 2'000)),
               .gaps = std::chrono::microseconds(random.between(400'000, 19'000'000)),
               .spend_billionths = random.between(1'000, 90'000'000)};
  }
  return attempts;
}

// Begin and end of a stream with everything to count. Twice per attempt of the gateway: once for
// its deployment, once for its credential.
void BM_RecordAttempt(benchmark::State& state) {
  const std::vector<AttemptEnd> attempts = drawn_attempts();
  HealthTable table(8);
  std::size_t next = 0;
  for (auto _ : state) {
    table.begin_attempt(next % 8);
    table.end_attempt(next % 8, attempts[next % attempts.size()]);
    ++next;
  }
  std::uint64_t counted = 0;
  for (std::size_t subject = 0; subject < 8; ++subject) {
    for (std::size_t verdict = 0; verdict < verdict_count; ++verdict) {
      counted += table.row(subject).counts[verdict].value();
    }
  }
  if (counted != next) state.SkipWithError("attempts lost: the time is void");
}
BENCHMARK(BM_RecordAttempt);

constexpr std::size_t deployment_count = 500;

// So many cores, each with a scoreboard of its own.
struct Machine {
  explicit Machine(std::size_t cores) : board(cores, deployment_count, 0) {
    for (std::size_t core = 0; core < cores; ++core) {
      scoreboards.push_back(
          std::make_unique<Scoreboard>(ScoreboardConfig{.window_s = 60}, board, core));
    }
  }
  void ask(std::size_t active) {
    ++now_s;
    for (std::size_t core = 0; core < scoreboards.size(); ++core) {
      HealthTable& table = board.counters(core).deployments;
      for (std::size_t i = 0; i < active; ++i) {
        table.begin_attempt(i);
        table.end_attempt(i, attempts[recorded++ % attempts.size()]);
      }
    }
  }
  void refresh(std::size_t core) {
    scoreboards[core]->refresh(MonotonicTime{std::chrono::seconds(now_s)});
  }
  void refresh_others() {
    for (std::size_t core = 1; core < scoreboards.size(); ++core) refresh(core);
  }

  const std::vector<AttemptEnd> attempts = drawn_attempts();
  HealthBoard board;
  std::vector<std::unique_ptr<Scoreboard>> scoreboards;
  std::uint64_t recorded = 0;
  std::int64_t now_s = 0;
};

// One core's refresh among so many, of 500 deployments of which `active` were asked on every core
// in the second before: its share is summed up, and everybody looked up. With the whole window
// behind it, so that a second is forgotten as well. The other cores' are not in the time: theirs is
// as much, in their own. Core 0 has as large a share as any.
void BM_Refresh(benchmark::State& state) {
  Machine machine(static_cast<std::size_t>(state.range(0)));
  const auto active = static_cast<std::size_t>(state.range(1));
  for (int second = 0; second < 60; ++second) {
    machine.ask(active);
    machine.refresh_others();
    machine.refresh(0);
  }
  for (auto _ : state) {
    state.PauseTiming();
    machine.ask(active);
    machine.refresh_others();
    state.ResumeTiming();
    machine.refresh(0);
  }
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < deployment_count; ++i) {
    seen += machine.scoreboards[0]->standing(i).attempts_ever;
  }
  if (seen != machine.recorded) state.SkipWithError("attempts lost: the time is void");
}
BENCHMARK(BM_Refresh)->ArgNames({"cores", "active"})->ArgsProduct({{1, 64}, {0, 25, 100, 500}});

http::HeaderList openai_answer() {
  http::HeaderList list;
  const http::Header headers[] = {{"date", "Wed, 22 Oct 2025 23:43:46 GMT"},
                                  {"content-type", "application/json"},
                                  {"transfer-encoding", "chunked"},
                                  {"connection", "keep-alive"},
                                  {"access-control-expose-headers", "X-Request-ID"},
                                  {"openai-processing-ms", "1893"},
                                  {"openai-project", "proj_0"},
                                  {"openai-version", "2020-10-01"},
                                  {"x-envoy-upstream-service-time", "1922"},
                                  {"x-ratelimit-limit-requests", "5000"},
                                  {"x-ratelimit-limit-tokens", "800000"},
                                  {"x-ratelimit-remaining-requests", "4999"},
                                  {"x-ratelimit-remaining-tokens", "799222"},
                                  {"x-ratelimit-reset-requests", "12ms"},
                                  {"x-ratelimit-reset-tokens", "1m2.389s"},
                                  {"x-request-id", "req_0"},
                                  {"x-openai-proxy-wasm", "v0.1"},
                                  {"cf-cache-status", "DYNAMIC"},
                                  {"strict-transport-security", "max-age=31536000"},
                                  {"x-content-type-options", "nosniff"},
                                  {"server", "cloudflare"},
                                  {"cf-ray", "0-0"},
                                  {"alt-svc", "h3=\":443\"; ma=86400"}};
  for (const http::Header& header : headers) list.add(header.name, header.value);
  return list;
}

void BM_ReadRateHeadroom(benchmark::State& state) {
  const http::HeaderList headers = openai_answer();
  RateHeadroom headroom;
  for (auto _ : state) {
    headroom = read_rate_headroom(headers, WallTime{});
    benchmark::DoNotOptimize(headroom);
  }
  if (headroom.tokens_remaining != 799'222U) state.SkipWithError("misread: the time is void");
}
BENCHMARK(BM_ReadRateHeadroom);

void BM_ChooseCredential(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::vector<CredentialLimits> limits(count, {.weight = 1, .concurrency_max = 100});
  const std::vector<CredentialHealth> healths(count);
  Random random(1);
  std::vector<std::uint64_t> chosen(count);
  for (auto _ : state) {
    const auto index = choose_credential(limits, healths, {}, random.next(), MonotonicTime{});
    ++chosen[*index];
  }
  for (const std::uint64_t times : chosen) {
    const auto even = static_cast<double>(state.iterations()) / static_cast<double>(count);
    if (even > 10'000 && (static_cast<double>(times) < 0.9 * even)) {
      state.SkipWithError("one is hardly chosen: the time is void");
    }
  }
}
BENCHMARK(BM_ChooseCredential)->ArgName("credentials")->Arg(1)->Arg(8);

}  // namespace
}  // namespace sluice::upstream
