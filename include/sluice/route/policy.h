// What the operator decides about routing: by which rule a deployment is chosen, and how much
// trying there is before a client is told that it failed.
//
//   [routing] in the file --> RoutingPolicy, of all models; [model.routing] over it, per model
//
// Field names are the keys of the file. Plain numbers: no I/O, no clock.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/llm/route_wishes.h"

namespace sluice::route {

/// By which rule one of several deployments that may serve is chosen first, and the others after:
///
///   order       as they stand in the file
///   weighted    by chance, in proportion to configured weight times health
///   score       the lowest weighted sum of uptime, throughput, price and latency
///   price       by chance among the stable, in proportion to 1 / price^2
///   latency     of two drawn by chance the one with the lower first-content time
///   throughput  the most tokens per second
///
/// Requests name the same ones.
using Strategy = llm::RouteSort;

/// Shares of the terms of a score; only their proportions matter.
struct ScoreWeights {
  double uptime = 0.5;
  double throughput = 0.2;
  double price = 0.2;
  double latency = 0.1;  // of streams alone: who waits for a whole answer sees no first token
  friend bool operator==(const ScoreWeights&, const ScoreWeights&) = default;
};
/// What is best for callers that wait, and what LLM Gateway.io documents first.
inline constexpr ScoreWeights balanced_weights{};
/// LLM Gateway.io's current ones: the cheapest that works.
inline constexpr ScoreWeights price_first_weights{
    .uptime = 0.5, .throughput = 0.05, .price = 0.6, .latency = 0.025};

struct ScorePolicy {
  ScoreWeights weights;
  double exploration = 0.01;  // of requests go anywhere, or nobody learns that a provider is better
  double hysteresis = 0.05;   // a rival must lead by so much of score before the choice moves
  friend bool operator==(const ScorePolicy&, const ScorePolicy&) = default;
};

/// Trying before the commit point.
struct RetryPolicy {
  std::uint32_t retries = 1;       // more tries at the same deployment, on failures that pass
  std::uint32_t backoff_ms = 500;  // before one; halved to one and a half times, by chance
  std::uint32_t fallbacks = 8;     // other deployments that are tried, whatever the plan holds
  double budget = 0.2;  // retries per request of a deployment, averaged; storms stop here
  std::uint32_t budget_per_s_min = 3;  // that are allowed in any case
  std::uint32_t queue_ms_max = 0;      // to wait when all are cooling down; 0: 503 at once
  friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

/// A second attempt elsewhere while the first is still silent.
struct HedgePolicy {
  bool enabled = false;        // it costs tokens twice
  std::uint32_t delay_ms = 0;  // until it starts; 0: the deployment's own p95 of first content
  std::uint32_t delay_ms_min = 100;  // of a learned delay
  double budget = 0.05;              // hedges per request, averaged
  friend bool operator==(const HedgePolicy&, const HedgePolicy&) = default;
};

/// Which deployment a conversation had, so that the provider's prompt cache is of use.
struct AffinityPolicy {
  bool enabled = true;
  std::uint32_t entries_max = 65'536;  // conversations remembered, per worker
  std::uint32_t idle_s_max = 600;      // providers forget in five minutes to an hour
  friend bool operator==(const AffinityPolicy&, const AffinityPolicy&) = default;
};

struct RoutingPolicy {
  Strategy strategy = Strategy::order;
  ScorePolicy score;
  RetryPolicy retry;
  HedgePolicy hedge;
  AffinityPolicy affinity;
  bool stream_rescue = false;  // a stream that breaks off goes on elsewhere, if nobody says no
  std::uint32_t fallback_depth_max = 8;  // of a request's own `fallbacks` and `models`

  /// The first rule broken, in words for the operator, or nothing.
  [[nodiscard]] std::optional<std::string_view> broken_rule() const noexcept;
  friend bool operator==(const RoutingPolicy&, const RoutingPolicy&) = default;
};

}  // namespace sluice::route
