// The weighted score of one deployment among its peers: LLM Gateway.io's formula, lower is better.
//
//   total = sum(w_k / sum(w) * s_k) + penalty
//   uptime      best / own - 1                 percent in the window; 0 counts as a term of 1
//   throughput  min(best / own - 1, 3)         tokens per second
//   price       own / cheapest - 1             free ones: 0, and the cheapest that is not is the 1
//   latency     own / best - 1                 first content; of streams alone
//   penalty     ((95 - uptime) / 95 * 5)^2     below 95 percent: 0.623 at 80, 5.61 at 50
//
// What nobody has measured counts as 100 percent, 50 tokens per second, 1000 ms; an unknown price
// as the dearest of those known.
#pragma once
#include <cstdint>
#include <limits>

#include "sluice/route/policy.h"

namespace sluice::route {

/// What is known of one deployment. 0: not known (of a price: negative).
struct Measured {
  double uptime_percent = 100;  // 0 to 100
  double tokens_per_s = 0;
  double first_content_ms = 0;
  double usd_per_million = -1;  // mean of input and output
};

struct ScoreTerms {
  double uptime = 0;
  double throughput = 0;
  double price = 0;
  double latency = 0;
  double penalty = 0;
  double total = 0;
};

[[nodiscard]] double uptime_penalty(double uptime_percent) noexcept;

/// What each of some peers is scored against: the best of all. First all are added, then each is
/// scored.
class ScoreScale {
 public:
  ScoreScale(const ScoreWeights& weights, bool is_stream) noexcept;

  void add(const Measured& peer) noexcept;
  /// Of one that was added.
  [[nodiscard]] ScoreTerms score(const Measured& one) const noexcept;

 private:
  [[nodiscard]] double price_term(const Measured& one) const noexcept;

  ScoreWeights shares_;  // they sum to 1, or all are 0
  bool is_stream_;
  double uptime_ = 0;
  double throughput_ = 0;
  double first_content_ = std::numeric_limits<double>::max();
  double cheapest_ = std::numeric_limits<double>::max();  // that is not free
  double dearest_ = 0;
  bool one_is_free_ = false;
};

}  // namespace sluice::route
