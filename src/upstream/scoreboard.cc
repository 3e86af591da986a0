#include "sluice/upstream/scoreboard.h"

#include <array>

#include "sluice/base/assert.h"

namespace sluice::upstream {
namespace {

constexpr double ns_per_ms = 1e6;
constexpr double us_per_ms = 1e3;
constexpr double billionths = 1e9;
constexpr double rate_units_per_token = 16;

double mean(std::uint64_t sum, std::uint64_t count, double units) noexcept {
  return count == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(count) / units;
}

template <typename Buckets, std::size_t first_cell>
std::span<const std::uint32_t, Buckets::bucket_count> buckets_of(
    const HealthTotals& totals) noexcept {
  return std::span<const std::uint32_t, Buckets::bucket_count>(totals.counts.data() + first_cell,
                                                               Buckets::bucket_count);
}

template <std::size_t count>
std::uint64_t sum_of(std::span<const std::uint32_t, count> counts) noexcept {
  std::uint64_t sum = 0;
  for (const std::uint32_t value : counts) sum += value;
  return sum;
}

void tell_uptime(const HealthTotals& totals, Standing& standing) noexcept {
  std::uint32_t failures = 0;
  standing.attempts = 0;
  for (std::size_t i = 0; i < verdict_count; ++i) {
    const auto verdict = static_cast<Verdict>(i);
    const std::uint32_t attempts = totals.counts[HealthTotals::verdicts + i];
    if (is_verdict(verdict)) standing.attempts += attempts;
    if (is_failure(verdict)) failures += attempts;
  }
  standing.uptime =
      standing.attempts == 0 ? 100.0 : 100.0 * (standing.attempts - failures) / standing.attempts;
}

void tell_first_content(const HealthTotals& totals, Standing& standing) noexcept {
  constexpr std::array wanted{0.5, 0.75, 0.9, 0.95, 0.99};
  const auto buckets = buckets_of<LatencyBuckets, HealthTotals::first_content>(totals);
  standing.first_content_ms =
      mean(totals.sums[HealthTotals::first_content_ns], sum_of(buckets), ns_per_ms);
  const auto told = quantiles_of<LatencyBuckets>(buckets, wanted);
  standing.first_content_p50_ms = told[0] / us_per_ms;
  standing.first_content_p75_ms = told[1] / us_per_ms;
  standing.first_content_p90_ms = told[2] / us_per_ms;
  standing.first_content_p95_ms = told[3] / us_per_ms;
  standing.first_content_p99_ms = told[4] / us_per_ms;
}

void tell_token_rate(const HealthTotals& totals, Standing& standing) noexcept {
  constexpr std::array wanted{0.01, 0.1, 0.25, 0.5};  // what 99, 90, 75, 50 % are better than
  const std::uint64_t generating_ns = totals.sums[HealthTotals::generating_ns];
  standing.tokens_per_s =
      mean(totals.sums[HealthTotals::output_tokens], generating_ns, 1 / billionths);
  const auto told =
      quantiles_of<RateBuckets>(buckets_of<RateBuckets, HealthTotals::token_rate>(totals), wanted);
  standing.tokens_per_s_p50 = told[3] / rate_units_per_token;
  standing.tokens_per_s_p75 = told[2] / rate_units_per_token;
  standing.tokens_per_s_p90 = told[1] / rate_units_per_token;
  standing.tokens_per_s_p99 = told[0] / rate_units_per_token;
}

void tell(const HealthWindow::Subject& subject, Standing& standing) noexcept {
  const HealthTotals& totals = subject.totals;
  tell_uptime(totals, standing);
  tell_first_content(totals, standing);
  tell_token_rate(totals, standing);
  standing.event_gap_ms =
      mean(totals.sums[HealthTotals::gaps_ns], totals.counts[HealthTotals::gaps], ns_per_ms);
  standing.in_flight = subject.in_flight;
  standing.spend_usd =
      static_cast<double>(totals.sums[HealthTotals::spend_billionths]) / billionths;
  standing.cooling_until = subject.cooling_until;
  standing.attempts_ever = subject.attempts_ever;
  standing.failures_ever = subject.failures_ever;
}

}  // namespace

Scoreboard::Scoreboard(const ScoreboardConfig& config, HealthBoard& board, std::size_t core)
    : deployments_(board.deployments(), core, config.window_s),
      credentials_(board.credentials(), core, config.window_s) {
  SLUICE_ASSERT(!config.broken_rule());
}

Scoreboard::View::View(HealthBoard::Side& side, std::size_t core, std::uint32_t window_s)
    : board(side),
      window(share_of(core, side.tables.size(), side.standings.size()), window_s),
      standings(side.standings.size()),
      versions(side.standings.size()) {}

void Scoreboard::refresh(MonotonicTime now) {
  for (View* view : {&deployments_, &credentials_}) {
    view->sum_up(now);
    view->look_up();
  }
}

void Scoreboard::View::sum_up(MonotonicTime now) {
  window.refresh(board.tables, now);
  for (const std::uint32_t index : window.changed()) {
    Standing standing;
    tell(window.subject(index), standing);
    board.standings.publish(index, standing);
  }
}

void Scoreboard::View::look_up() noexcept {
  for (std::size_t index = 0; index < standings.size(); ++index) {
    Standing& standing = standings[index];
    const bool ejected = standing.ejected;
    const double share = standing.share;
    if (!board.standings.copy(index, versions[index], standing)) continue;
    standing.ejected = ejected;
    standing.share = share;
  }
}

}  // namespace sluice::upstream
