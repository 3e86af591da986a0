// A candidate: one deployment that may serve a request, with all that planning looks at. And what
// keeps one from serving: the obstacle.
//
// Plain values, gathered by who plans: the rules of this room read no clock and no counters.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/catalog/model_table.h"
#include "sluice/route/region_pin.h"
#include "sluice/upstream/standing.h"

namespace sluice::route {

/// The first thing found that keeps a deployment from serving a request, in the order in which they
/// are looked for: what can never be helped comes first, what passes by itself comes last.
enum class Obstacle : std::uint8_t {
  none,
  region,            // outside of where this request's data may go
  operation,         // there is no such endpoint there
  key,               // no credential of ours, and none of the caller's fits
  other_provider,    // another provider was asked for by name: "provider/model", provider.only
  ignored_provider,  // provider.ignore
  not_in_order,      // provider.order without allow_fallbacks
  data_policy,       // prompts would be kept or learned from
  quantization,      // not one that was asked for, or not known
  price,             // above provider.max_price, or not known
  capability,        // tools, images, audio, JSON schemas: the model has them not
  context_length,    // the prompt does not fit
  no_credential,     // every credential was refused by the provider
  resting,           // its circuit breaker is open
  cooling_down,      // it asked for time, by 429 or Retry-After
  ejected,           // clearly worse than its peers
};
inline constexpr std::size_t obstacle_count = 16;
[[nodiscard]] std::string_view to_string(Obstacle obstacle) noexcept;

/// Whether waiting helps.
[[nodiscard]] constexpr bool passes_by_itself(Obstacle obstacle) noexcept {
  return obstacle >= Obstacle::resting;
}

/// Lifetime: the snapshot's and the scoreboard's, until the plan is made.
struct Candidate {
  const catalog::Model* model = nullptr;  // null: the request names none
  const catalog::Deployment* deployment = nullptr;
  std::optional<Passage> passage = {};  // nothing: outside of the pin
  const upstream::Standing* standing = nullptr;
  Obstacle obstacle = Obstacle::none;  // what the gateway itself knows to be in the way
  MonotonicTime free_at{};  // when what passes by itself is over; the epoch: not known, or nothing
  /// Of this core, weighed towards the recent and the bad (peak EWMA); 0: not known.
  double first_content_ewma_ms = 0;
  std::uint32_t in_flight = 0;  // of this core
};

}  // namespace sluice::route
