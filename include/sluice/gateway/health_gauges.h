// Health for operators: how each deployment stands, as one core sees it, put into its metrics.
//
// What a core knows is for it alone to read; once a second it writes down what a scrape may see.
#pragma once
#include "sluice/base/clock.h"
#include "sluice/gateway/health.h"
#include "sluice/gateway/snapshot.h"
#include "sluice/telemetry/metrics.h"

namespace sluice::gateway {

/// To be called on the core whose health and metrics they are. Deployments that an earlier snapshot
/// had and this one has not are withdrawn; those past the bound of labels are not told of.
void publish_health(const Snapshot& snapshot, const Health& health, MonotonicTime now,
                    telemetry::Metrics& metrics);

}  // namespace sluice::gateway
