// The plan of one request at one model: filters, then the ranking, and what was thought about each.
//
//   candidates --filters--> options --rank()--> what the caller prefers --> steps, and why
//                    `--> obstacles
//
// A pure function of the question and chance. What the plan says of a deployment is all there is to
// say: the access log, the routing trail of an answer and `explain` show it.
#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "sluice/base/cached_object.h"
#include "sluice/base/random.h"
#include "sluice/catalog/model_table.h"
#include "sluice/llm/request_needs.h"
#include "sluice/llm/route_wishes.h"
#include "sluice/route/candidate.h"
#include "sluice/route/policy.h"
#include "sluice/route/rank.h"

namespace sluice::route {

/// Lifetime: everything outlives the call; deployments outlive the plan.
struct Question {
  std::span<const Candidate> candidates;  // in the order of the file
  const RoutingPolicy& policy;
  Strategy strategy = Strategy::order;  // the policy's, or the request's
  bool strategy_is_callers = false;
  const llm::RouteWishes* wishes = nullptr;        // null: the request says nothing
  const llm::RequestNeeds* needs = nullptr;        // null: not looked for
  const catalog::Deployment* incumbent = nullptr;  // chosen the last time
  const catalog::Deployment* session = nullptr;    // that had this conversation before
  bool is_stream = false;
};

struct Step {
  Passage passage;
  const catalog::Model* model = nullptr;  // null: the request names none
};

/// What was thought of one candidate.
struct Considered {
  const catalog::Deployment* deployment = nullptr;
  Obstacle obstacle = Obstacle::none;
  bool disfavoured = false;  // serves, but not as the caller prefers
  ScoreTerms terms = {};     // of the strategy `score`
};

struct Plan {
  /// To be tried in this order. Empty: see the obstacles.
  CachedVector<Step> steps;
  CachedVector<Considered> considered;  // as the candidates
  Strategy strategy = Strategy::order;
  Reason reason = Reason::only_one;  // of the first step; meaningful when there is one
  bool session_moved = false;  // the conversation had another deployment, which is no good now
  /// Without steps: when the first of those that only rest may be asked again.
  std::optional<MonotonicTime> soonest = {};
};

[[nodiscard]] Plan plan(const Question& question, Random& random);

}  // namespace sluice::route
