// Question: what does it cost to count, and to write the log line of one exchange?
// Corpus: one typical record; no files.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/random.h"
#include "sluice/telemetry/access_log.h"
#include "sluice/telemetry/log_buffer.h"
#include "sluice/telemetry/metrics.h"
#include "sluice/telemetry/prometheus.h"
#include "sluice/telemetry/request_id.h"

namespace sluice::telemetry {
namespace {

void BM_CounterAdd(benchmark::State& state) {
  Counter counter;
  for (auto _ : state) {
    counter.add();
    benchmark::ClobberMemory();
  }
  if (counter.value() != static_cast<std::uint64_t>(state.iterations())) {
    state.SkipWithError("counts lost: the time is void");
  }
}
BENCHMARK(BM_CounterAdd);

// Durations from 30 us to 30 s, in no order a branch predictor could learn.
void BM_HistogramRecord(benchmark::State& state) {
  Random random(1);
  std::array<std::uint64_t, 4096> spans_ns;
  for (std::uint64_t& span : spans_ns) {
    span = random.between(30'000, 300'000) << random.below(17);
  }
  const auto histogram = std::make_unique<DurationHistogram>();
  std::size_t next = 0;
  for (auto _ : state) histogram->record(spans_ns[next++ % spans_ns.size()]);
  HistogramSum<DurationScale> sum;
  sum.add(*histogram);
  if (sum.count != static_cast<std::uint64_t>(state.iterations())) {
    state.SkipWithError("values lost: the time is void");
  }
}
BENCHMARK(BM_HistogramRecord);

// All that one exchange with one attempt counts.
void BM_CountExchange(benchmark::State& state) {
  const auto metrics = std::make_unique<Metrics>();
  for (auto _ : state) {
    metrics->count_exchange({.endpoint = 1,
                             .model = 1,
                             .status = 200,
                             .ended_by = EndedBy::nobody,
                             .error = ErrorKind::cancelled,
                             .total = std::chrono::milliseconds(900),
                             .first_byte = std::chrono::milliseconds(120),
                             .first_content = std::chrono::milliseconds(320),
                             .request_body_bytes = 1'024,
                             .response_body_bytes = 4'096});
    metrics->count_attempt(1, AttemptOutcome::success, std::chrono::milliseconds(119));
    metrics->count_tokens(1, 1, TokenDirection::input, 250);
    metrics->count_tokens(1, 1, TokenDirection::output, 100);
    benchmark::ClobberMemory();
  }
  if (metrics->models[1].requests.value() != static_cast<std::uint64_t>(state.iterations())) {
    state.SkipWithError("exchanges lost: the time is void");
  }
}
BENCHMARK(BM_CountExchange);

AccessRecord typical_record(const AttemptRecord& attempt) {
  AccessRecord record;
  record.time = WallTime{std::chrono::milliseconds(1'767'323'045'678)};
  record.request_id = "req_0123456789abcdefghjkmnpq";
  record.client = "203.0.113.7:47110";
  record.key = "team-a";
  record.method = "POST";
  record.target = "/v1/chat/completions";
  record.endpoint = "chat_completions";
  record.model = "gpt-5-mini";
  record.is_stream = true;
  record.provider = attempt.provider;
  record.deployment = attempt.deployment;
  record.status = 200;
  record.attempts = {&attempt, 1};
  record.times = {.head = std::chrono::microseconds(21),
                  .body = std::chrono::microseconds(304),
                  .queue = std::chrono::microseconds(312),
                  .connect = std::chrono::microseconds(312),
                  .first_byte = std::chrono::microseconds(120'523),
                  .first_content = std::chrono::microseconds(320'251),
                  .total = std::chrono::microseconds(900'123)};
  record.client_bytes_in = 1'310;
  record.client_bytes_out = 41'007;
  record.provider_bytes_in = 40'410;
  record.provider_bytes_out = 1'377;
  record.tokens = {250, 0, 100, std::nullopt};
  record.events = 102;
  return record;
}

// One line, formatted and handed to the buffer, which a writer empties now and then.
void BM_AccessLogLine(benchmark::State& state) {
  const AttemptRecord attempt{"openai", "gpt-5-mini-2025-08-07", AttemptOutcome::success, 200,
                              std::chrono::microseconds(899'801)};
  const AccessRecord record = typical_record(attempt);
  LogBuffer buffer(256 * 1024);
  std::string line;
  for (auto _ : state) {
    line.clear();
    write_line(record, line);
    buffer.append(line);
    if (buffer.waiting_bytes() > 128 * 1024) buffer.consume(buffer.waiting_bytes());
  }
  if (buffer.dropped_count() != 0 || line.find(R"("status":200)") == std::string::npos) {
    state.SkipWithError("lines lost, or wrong: the time is void");
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(line));
}
BENCHMARK(BM_AccessLogLine);

void BM_RequestId(benchmark::State& state) {
  RequestIdGenerator generator(0x0123456789abcdef);
  const RequestId first = generator.next();
  RequestId id{};
  for (auto _ : state) {
    id = generator.next();
    benchmark::DoNotOptimize(id);
  }
  if (id.view() <= first.view()) state.SkipWithError("out of order: the time is void");
}
BENCHMARK(BM_RequestId);

// A scrape of 16 busy cores with four endpoints and eight providers.
void BM_Scrape(benchmark::State& state) {
  std::vector<std::unique_ptr<Metrics>> cores;
  std::vector<const Metrics*> views;
  MetricLabels labels;
  for (int core = 0; core < 16; ++core) {
    cores.push_back(std::make_unique<Metrics>());
    views.push_back(cores.back().get());
  }
  for (int i = 0; i < 8; ++i) {
    const LabelIndex provider = labels.providers.intern("provider-" + std::to_string(i));
    Metrics::Exchange exchange;
    exchange.endpoint = labels.endpoints.intern("endpoint-" + std::to_string(i % 4));
    exchange.total = exchange.first_byte = exchange.first_content = std::chrono::milliseconds(i);
    for (const auto& core : cores) {
      core->count_exchange(exchange);
      core->count_attempt(provider, AttemptOutcome::success, std::chrono::milliseconds(i));
    }
  }
  const ProcessMetrics process;
  std::string out;
  for (auto _ : state) {
    out.clear();
    render_prometheus(views, process, labels, {"0", "gcc", "v3"}, out);
  }
  if (out.find("provider-7") == std::string::npos) state.SkipWithError("a series is missing");
  state.SetBytesProcessed(state.iterations() * std::ssize(out));
}
BENCHMARK(BM_Scrape);

}  // namespace
}  // namespace sluice::telemetry
