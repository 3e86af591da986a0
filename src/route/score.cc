#include "sluice/route/score.h"

#include <algorithm>
#include <limits>

#include "sluice/base/assert.h"

namespace sluice::route {
namespace {

constexpr double unmeasured_tokens_per_s = 50;
constexpr double unmeasured_first_content_ms = 1'000;
constexpr double throughput_term_max = 3;
constexpr double stable_percent = 95;

double throughput_of(const Measured& one) noexcept {
  return one.tokens_per_s > 0 ? one.tokens_per_s : unmeasured_tokens_per_s;
}

double first_content_of(const Measured& one) noexcept {
  return one.first_content_ms > 0 ? one.first_content_ms : unmeasured_first_content_ms;
}

struct Best {
  double uptime = 0;
  double throughput = 0;
  double first_content = std::numeric_limits<double>::max();
  double cheapest = std::numeric_limits<double>::max();  // that is not free
  double dearest = 0;
  bool one_is_free = false;
};

Best best_of(std::span<const Measured> measured) noexcept {
  Best best;
  for (const Measured& one : measured) {
    best.uptime = std::max(best.uptime, one.uptime_percent);
    best.throughput = std::max(best.throughput, throughput_of(one));
    best.first_content = std::min(best.first_content, first_content_of(one));
    best.dearest = std::max(best.dearest, one.usd_per_million);
    if (one.usd_per_million > 0) best.cheapest = std::min(best.cheapest, one.usd_per_million);
    if (one.usd_per_million == 0) best.one_is_free = true;
  }
  return best;
}

double price_term(const Measured& one, const Best& best) noexcept {
  if (best.dearest <= 0) return 0;  // no price is known, or all are free
  const double own = one.usd_per_million < 0 ? best.dearest : one.usd_per_million;
  if (own == 0) return 0;
  return own / best.cheapest - (best.one_is_free ? 0 : 1);
}

}  // namespace

double uptime_penalty(double uptime_percent) noexcept {
  if (uptime_percent >= stable_percent) return 0;
  const double lack = (stable_percent - uptime_percent) / stable_percent * 5;
  return lack * lack;
}

void score(std::span<const Measured> measured, const ScoreWeights& weights, bool is_stream,
           std::span<ScoreTerms> out) noexcept {
  SLUICE_ASSERT(out.size() == measured.size());
  const Best best = best_of(measured);
  const double latency_weight = is_stream ? weights.latency : 0;
  const double sum = weights.uptime + weights.throughput + weights.price + latency_weight;
  const double scale = sum > 0 ? 1 / sum : 0;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    const Measured& one = measured[i];
    ScoreTerms& terms = out[i];
    terms.uptime = one.uptime_percent > 0 ? best.uptime / one.uptime_percent - 1 : 1;
    terms.throughput = std::min(best.throughput / throughput_of(one) - 1, throughput_term_max);
    terms.price = price_term(one, best);
    terms.latency = is_stream ? first_content_of(one) / best.first_content - 1 : 0;
    terms.penalty = uptime_penalty(one.uptime_percent);
    terms.total = scale * (weights.uptime * terms.uptime + weights.throughput * terms.throughput +
                           weights.price * terms.price + latency_weight * terms.latency) +
                  terms.penalty;
  }
}

}  // namespace sluice::route
