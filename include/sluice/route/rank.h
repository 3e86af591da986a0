// Ranking: which of the deployments that may serve is asked first, and which after it.
//
//   options --rank(strategy)--> options in the order in which they are to be tried, and why
//
// Pure: chance comes from the Random that is handed in. A rule never leaves anybody out; who is no
// good for now was left out before.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "sluice/base/random.h"
#include "sluice/route/candidate.h"
#include "sluice/route/policy.h"
#include "sluice/route/score.h"

namespace sluice::route {

/// Why the first one is the first.
enum class Reason : std::uint8_t {
  only_one,
  in_order,            // of the file
  callers_order,       // provider.order
  callers_preference,  // whoever is before it in rank is slower than the caller would have it
  weighted_draw,       // by chance, as weights and health say
  price_draw,          // by chance, the cheaper the likelier
  best_score,
  incumbent,       // the one before: nobody leads it by enough
  exploration,     // by chance, to learn
  lowest_latency,  // of two drawn
  highest_throughput,
  cheapest,      // price was asked for, without chance
  same_session,  // where the conversation's prompt is cached
  slow_start,    // the one before it in rank has only just recovered
};
inline constexpr std::size_t reason_count = 14;
[[nodiscard]] std::string_view to_string(Reason reason) noexcept;

/// A candidate without an obstacle.
struct Option {
  std::uint32_t candidate = 0;   // position among the candidates
  std::uint32_t deployment = 0;  // catalog::Deployment::index
  double weight = 1;             // configured
  double share = 1;              // of it, while it recovers
  Measured measured = {};
  double first_content_ewma_ms = 0;  // 0: not known
  std::uint32_t in_flight = 0;
  ScoreTerms terms = {};  // set where they are asked for
};

struct Ranking {
  Strategy strategy = Strategy::order;
  const ScorePolicy& score;
  bool is_stream = false;
  bool by_chance = true;  // false: `price` sorts, as callers mean who ask for it
  std::uint32_t incumbent = no_deployment;
  /// How many places matter: what comes after them stands in any order.
  std::size_t places = 8;
  static constexpr std::uint32_t no_deployment = UINT32_MAX;
};

/// Puts `options`, which are not empty and stand in the order of the file, into the order of their
/// rank, and sets their terms where the strategy is the score. Pointers, since an option is large
/// and a draw moves each of them.
[[nodiscard]] Reason rank(std::span<Option*> options, const Ranking& ranking, Random& random);

}  // namespace sluice::route
