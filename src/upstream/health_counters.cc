#include "sluice/upstream/health_counters.h"

#include <algorithm>

namespace sluice::upstream {
namespace {

using Row = HealthTable::Row;

constexpr std::uint64_t ns_per_us = 1'000;
constexpr double rate_units_per_s = 16;

void count_latency(Row& row, std::size_t buckets, Row::SumCell sum, Duration span) noexcept {
  if (span.count() < 0) return;
  const auto ns = static_cast<std::uint64_t>(span.count());
  row.counts[buckets + LatencyBuckets::bucket_of(ns / ns_per_us)].add();
  row.sums[sum].add(ns);
}

// Without tokens, or in no time, there is no rate.
void count_rate(Row& row, const AttemptEnd& attempt) noexcept {
  if (attempt.output_tokens == 0 || attempt.generating.count() <= 0) return;
  const auto ns = static_cast<double>(attempt.generating.count());
  const double rate = static_cast<double>(attempt.output_tokens) * (rate_units_per_s * 1e9) / ns;
  constexpr double rate_max = 1e18;  // fits an integer; far above the last bound
  const auto units = static_cast<std::uint64_t>(std::min(rate, rate_max));
  row.counts[Row::token_rate + RateBuckets::bucket_of(units)].add();
  row.sums[Row::output_tokens].add(attempt.output_tokens);
  row.sums[Row::generating_ns].add(static_cast<std::uint64_t>(attempt.generating.count()));
}

void count_events(Row& row, const AttemptEnd& attempt) noexcept {
  if (attempt.events == 0) return;
  row.counts[Row::events].add(attempt.events);
  if (attempt.events < 2 || attempt.gaps.count() < 0) return;
  row.counts[Row::gaps].add(attempt.events - 1);
  row.sums[Row::gaps_ns].add(static_cast<std::uint64_t>(attempt.gaps.count()));
}

}  // namespace

HealthTable::HealthTable(std::size_t subjects)
    : rows_(subjects), versions_((subjects + versions_per_line - 1) / versions_per_line) {}

void HealthTable::begin_attempt(std::size_t subject) noexcept {
  SLUICE_ASSERT(subject < rows_.size());
  rows_[subject].in_flight.add();
  publish(subject);
}

void HealthTable::end_attempt(std::size_t subject, const AttemptEnd& attempt) noexcept {
  SLUICE_ASSERT(subject < rows_.size());
  Row& row = rows_[subject];
  SLUICE_ASSERT(row.in_flight.value() > 0);
  row.in_flight.subtract();
  row.counts[Row::verdicts + static_cast<std::size_t>(attempt.verdict)].add();
  count_latency(row, Row::first_byte, Row::first_byte_ns, attempt.first_byte);
  count_latency(row, Row::first_content, Row::first_content_ns, attempt.first_content);
  count_rate(row, attempt);
  count_events(row, attempt);
  if (attempt.spend_billionths > 0) row.sums[Row::spend_billionths].add(attempt.spend_billionths);
  publish(subject);
}

void HealthTable::cool_until(std::size_t subject, MonotonicTime until) noexcept {
  SLUICE_ASSERT(subject < rows_.size());
  Gauge& cooling = rows_[subject].cooling_until_ns;
  const std::int64_t until_ns = until.time_since_epoch().count();
  if (until_ns <= cooling.value()) return;
  cooling.set(until_ns);
  publish(subject);
}

// Release: who sees the new version sees what was counted before it.
void HealthTable::publish(std::size_t subject) noexcept {
  std::atomic<std::uint32_t>& version =
      versions_[subject / versions_per_line].values[subject % versions_per_line];
  version.store(next_version(version.load(std::memory_order_relaxed)), std::memory_order_release);
}

}  // namespace sluice::upstream
