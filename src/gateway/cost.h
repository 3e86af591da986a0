// What an answer cost, by the tokens its provider counted and the deployment's list price.
#pragma once
#include <optional>

#include "sluice/catalog/price.h"
#include "sluice/llm/usage.h"

namespace sluice::gateway {

/// US dollars, or nothing when any part of the sum is not known: the input or output was not
/// counted, tokens were used that have no price, or the counts contradict each other. Cached input,
/// cache writes, images read and reasoning without a price of their own cost what the rest of their
/// side does; audio and images made never do, so without one they are not known.
[[nodiscard]] std::optional<double> cost_usd(const catalog::Price& price,
                                             const llm::Usage& usage) noexcept;

}  // namespace sluice::gateway
