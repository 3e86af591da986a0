// What explain.h found out, before it is written: one plan, and all that was thought of each
// candidate.
//
// Lifetime: of views and pointers the snapshot's and the query's.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/gateway/explain.h"
#include "sluice/route/plan.h"
#include "sluice/upstream/circuit_breaker.h"
#include "sluice/upstream/credential_choice.h"

namespace sluice::gateway {

/// How a deployment stands; nothing of it is known where no server was asked.
struct ExplainedHealth {
  upstream::CircuitBreaker::State breaker = upstream::CircuitBreaker::State::closed;
  Duration breaker_admits_in{0};  // 0: now
  Duration cooling_for{0};
  Duration ejected_for{0};
  bool ejected = false;
  std::uint32_t in_flight = 0;  // of this worker
  double first_content_ewma_ms = 0;
  upstream::Standing standing = {};
  std::vector<upstream::CredentialState> credentials = {};  // as the provider has them
};

/// What each filter by itself says; `none`: passed.
struct ExplainedFilters {
  route::Obstacle region = route::Obstacle::none;
  route::Obstacle gateway = route::Obstacle::none;  // endpoint, key, provider in the model's name
  route::Obstacle wishes = route::Obstacle::none;
  route::Obstacle needs = route::Obstacle::none;
  route::Obstacle health = route::Obstacle::none;
};

struct ExplainedCandidate {
  const catalog::Model* model = nullptr;
  const catalog::Deployment* deployment = nullptr;
  route::Obstacle obstacle = route::Obstacle::none;  // what decided
  std::optional<Duration> free_in = {};              // of what passes by itself
  ExplainedFilters filters = {};
  std::optional<std::size_t> place = {};  // in which it would be asked, from 1
  double first_percent = 0;               // how likely it is the first
  std::optional<route::ScoreTerms> score = {};
  ExplainedHealth health = {};
};

struct Explanation {
  const ExplainQuery* query = nullptr;
  const catalog::Model* model = nullptr;
  std::string_view endpoint;
  route::Strategy strategy = route::Strategy::order;
  bool strategy_is_callers = false;
  std::optional<route::Reason> chosen_by = {};  // nothing: nobody would be asked
  bool by_chance = false;                       // another time another one may be the first
  std::optional<Duration> soonest_in = {};      // when somebody who only rests is free
  bool is_live = false;
  std::vector<ExplainedCandidate> candidates = {};
};

[[nodiscard]] std::string explanation_json(const Explanation& explanation);
[[nodiscard]] std::string explanation_text(const Explanation& explanation);

/// Whoever would be asked first; null: nobody.
[[nodiscard]] const ExplainedCandidate* first_of(const Explanation& explanation) noexcept;
[[nodiscard]] std::string_view to_string(upstream::CircuitBreaker::State state) noexcept;

}  // namespace sluice::gateway
