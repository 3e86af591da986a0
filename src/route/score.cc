#include "sluice/route/score.h"

#include <algorithm>

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

}  // namespace

double uptime_penalty(double uptime_percent) noexcept {
  if (uptime_percent >= stable_percent) return 0;
  const double lack = (stable_percent - uptime_percent) / stable_percent * 5;
  return lack * lack;
}

ScoreScale::ScoreScale(const ScoreWeights& weights, bool is_stream) noexcept
    : shares_(weights), is_stream_(is_stream) {
  if (!is_stream) shares_.latency = 0;
  const double sum = shares_.uptime + shares_.throughput + shares_.price + shares_.latency;
  const double scale = sum > 0 ? 1 / sum : 0;
  for (double* const share :
       {&shares_.uptime, &shares_.throughput, &shares_.price, &shares_.latency}) {
    *share *= scale;
  }
}

void ScoreScale::add(const Measured& peer) noexcept {
  const double price = peer.usd_per_million;
  uptime_ = std::max(uptime_, peer.uptime_percent);
  throughput_ = std::max(throughput_, throughput_of(peer));
  first_content_ = std::min(first_content_, first_content_of(peer));
  dearest_ = std::max(dearest_, price);
  if (price > 0) cheapest_ = std::min(cheapest_, price);
  if (price == 0) one_is_free_ = true;
}

double ScoreScale::price_term(const Measured& one) const noexcept {
  if (dearest_ <= 0) return 0;  // no price is known, or all are free
  const double own = one.usd_per_million < 0 ? dearest_ : one.usd_per_million;
  if (own == 0) return 0;
  return own / cheapest_ - (one_is_free_ ? 0 : 1);
}

ScoreTerms ScoreScale::score(const Measured& one) const noexcept {
  ScoreTerms terms;
  terms.uptime = one.uptime_percent > 0 ? uptime_ / one.uptime_percent - 1 : 1;
  terms.throughput = std::min(throughput_ / throughput_of(one) - 1, throughput_term_max);
  terms.price = price_term(one);
  terms.latency = is_stream_ ? first_content_of(one) / first_content_ - 1 : 0;
  terms.penalty = uptime_penalty(one.uptime_percent);
  terms.total = shares_.uptime * terms.uptime + shares_.throughput * terms.throughput +
                shares_.price * terms.price + shares_.latency * terms.latency + terms.penalty;
  return terms;
}

}  // namespace sluice::route
