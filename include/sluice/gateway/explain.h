// Explaining: where a request for a model would go just now, and why.
//
//   query + snapshot + health of one core --the planning of requests--> answer: JSON, or a table
//
// Nothing is counted and no choice is kept: asking changes nothing. What decides by chance is
// planned many times over, to tell how likely who is the first. Bounded: some thousand candidates
// are looked at, however many the model has.
#pragma once
#include <cstdint>
#include <string>

#include "sluice/base/clock.h"
#include "sluice/gateway/explain_query.h"
#include "sluice/gateway/generation.h"
#include "sluice/gateway/snapshot.h"

namespace sluice::gateway {

struct ExplainAnswer {
  int status = 200;  // 400: the query; 403: the key may not; 404: no such model
  std::string body;  // of a success as the query's format says, else {"error":"..."} or a line
};

/// An answer that is none, in the query's format.
[[nodiscard]] ExplainAnswer explain_failure(int status, std::string_view why, ExplainFormat format);

/// As a request on this core would go. `seed`: any number, of chance.
[[nodiscard]] ExplainAnswer explain(const ExplainQuery& query, Generation& generation,
                                    MonotonicTime now, std::uint64_t seed);
/// As a server that has just started would do: nothing is known of anybody's health.
[[nodiscard]] ExplainAnswer explain_without_health(const ExplainQuery& query,
                                                   const Snapshot& snapshot);

}  // namespace sluice::gateway
