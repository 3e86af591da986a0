// Question: what does it cost to count an attempt?
// Corpus: attempts drawn from a fixed seed; no files.
#include <benchmark/benchmark.h>

#include <vector>

#include "sluice/base/random.h"
#include "sluice/upstream/health_counters.h"

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

}  // namespace
}  // namespace sluice::upstream
