// Probes: what a worker asks a provider of its own accord, to know that it is there.
//
//   each interval, while one of its deployments rests or none was asked --> GET its list of models
//     2xx                                    who rests need not rest on: the next request may try
//     it no connection, no answer, 5xx, 401     a failure to the breakers of who rests or is idle
//
// Never a completion: it costs nothing, and carries nobody's data. Off unless the file says how
// often.
#pragma once
#include "sluice/catalog/deployment.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/gateway/generation.h"
#include "sluice/ring/loop.h"
#include "sluice/route/region_pin.h"
#include "sluice/telemetry/metrics.h"

namespace sluice::gateway {

/// Probes the provider that the passage leads to until `stop`. Lifetime: of all, until then.
[[nodiscard]] Task<void> keep_probing(ring::Loop& loop, Generation& generation,
                                      route::Passage passage, telemetry::Metrics& metrics,
                                      StopToken stop);

}  // namespace sluice::gateway
