// The clients of a simulated run: good and bad requests, slow, in pieces, pipelined, leaving.
#pragma once
#include "gateway_world.h"
#include "sim_ledger.h"
#include "sluice/base/random.h"

namespace sluice::gateway::testing {

/// How bad clients are in a run.
struct ClientMood {
  double leaves = 0.2;  // of the connections
  double large = 0.1;   // of the bodies
};

/// One client: a few connections one after the other, some requests on each. Lifetime: everything
/// outlives the task.
[[nodiscard]] Task<void> simulated_client(GatewayWorld& world, Ledger& ledger, Random& random,
                                          ClientMood mood);

}  // namespace sluice::gateway::testing
