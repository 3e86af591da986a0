// Question: what does it cost to count an attempt, and to know once a second what all cores
// counted? Corpus: attempts drawn from a fixed seed; no files.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "sluice/base/random.h"
#include "sluice/http/head.h"
#include "sluice/upstream/credential_choice.h"
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

constexpr std::size_t core_count = 64;
constexpr std::size_t deployment_count = 500;

// One refresh of 64 cores x 500 deployments, of which `active` were asked on every core in the
// second before: with the whole window behind it, so that a second is forgotten as well.
void BM_Refresh(benchmark::State& state) {
  const auto active = static_cast<std::size_t>(state.range(0));
  const std::vector<AttemptEnd> attempts = drawn_attempts();
  std::vector<std::unique_ptr<HealthCounters>> cores;
  std::vector<const HealthCounters*> views;
  for (std::size_t core = 0; core < core_count; ++core) {
    cores.push_back(std::make_unique<HealthCounters>(deployment_count, std::size_t{0}));
    views.push_back(cores.back().get());
  }
  Scoreboard board({.window_s = 60}, deployment_count, 0);
  std::uint64_t recorded = 0;
  std::int64_t now_s = 0;
  const auto one_second = [&] {
    ++now_s;
    for (const auto& core : cores) {
      for (std::size_t i = 0; i < active; ++i) {
        core->deployments.begin_attempt(i);
        core->deployments.end_attempt(i, attempts[recorded++ % attempts.size()]);
      }
    }
  };
  const auto refresh = [&] { board.refresh(views, MonotonicTime{std::chrono::seconds(now_s)}); };
  for (int second = 0; second < 60; ++second) {
    one_second();
    refresh();
  }
  for (auto _ : state) {
    state.PauseTiming();
    one_second();
    state.ResumeTiming();
    refresh();
  }
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < deployment_count; ++i) seen += board.standing(i).attempts_ever;
  if (seen != recorded) state.SkipWithError("attempts lost: the time is void");
}
BENCHMARK(BM_Refresh)->ArgName("active")->Arg(0)->Arg(25)->Arg(100)->Arg(500);

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
