// A provider of a simulated run: checks every byte that comes, answers well or badly, below HTTP.
#pragma once
#include <cstddef>
#include <string>

#include "gateway_world.h"
#include "sim_ledger.h"
#include "sluice/base/random.h"

namespace sluice::gateway::testing {

/// How bad providers are in a run.
struct ProviderMood {
  double bad = 0.4;        // of the tries
  double unhurried = 0.3;  // of the pieces of an answer: a pause in front
};

/// What provider `index` does with each connection. Lifetime: everything outlives the world's run.
[[nodiscard]] RawProviderScript simulated_provider(ring::Loop& loop, Ledger& ledger, Random& random,
                                                   std::size_t index, ProviderMood mood);

}  // namespace sluice::gateway::testing
