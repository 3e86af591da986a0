// A provider that follows its script: what it does with a request is what its phase says.
#pragma once
#include <cstddef>

#include "gateway_world.h"
#include "health_ledger.h"
#include "sluice/base/random.h"

namespace sluice::gateway::testing::scripted {

/// What provider `index` does with each connection; it writes down what it saw and did. Lifetime:
/// everything outlives the world's run.
[[nodiscard]] RawProviderScript scripted_provider(ring::Loop& loop, HealthLedger& ledger,
                                                  Random& random, const Scenario& scenario,
                                                  std::size_t index);

}  // namespace sluice::gateway::testing::scripted
