// What must be true of a simulated run of routing, by what providers and clients saw; and that the
// gateway's counters and its log say the same.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "health_attempts.h"
#include "sluice/telemetry/metrics.h"

namespace sluice::gateway::testing::scripted {

/// How often something happened that makes a run worth its time.
struct HealthTotals {
  std::uint64_t asks = 0, whole = 0, errors = 0, broken = 0, left = 0;
  std::uint64_t attempts = 0, again = 0, hedges = 0, opened = 0, promised = 0, recoveries = 0;
};

/// Every exchange ends in time and in order; who is asked, how often and when.
void judge_exchanges(const Scenario& scenario, const HealthLedger& ledger,
                     const std::vector<Attempt>& attempts, HealthTotals& totals);

/// Rests, cool-downs, recoveries, and that a deployment which is well is not passed over.
void judge_health(const Scenario& scenario, const HealthLedger& ledger,
                  const std::vector<Attempt>& attempts, HealthTotals& totals);

/// `labels`: of the providers, in the metrics.
void judge_counts(const Scenario& scenario, const HealthLedger& ledger,
                  const std::vector<Attempt>& attempts, const std::vector<std::string>& lines,
                  const telemetry::Metrics& metrics,
                  const std::vector<telemetry::LabelIndex>& labels);

/// What a client has, read by its dialect.
[[nodiscard]] SaidAnswer read_answer(const Ask& ask, const Client& client);

}  // namespace sluice::gateway::testing::scripted
