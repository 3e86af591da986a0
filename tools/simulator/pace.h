// When the simulator's events come: time to the first token, and the gaps after it.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/random.h"

namespace sluice::simulator {

/// How a span varies from draw to draw; its mean is the span configured.
enum class Spread : std::uint8_t {
  fixed,
  lognormal,  // sigma 0.5: p99 about three times the median
  pareto,     // alpha 1.5, cut at 100 times the mean: few, and very long
};

/// "fixed", "lognormal" or "pareto".
[[nodiscard]] std::optional<Spread> spread_of(std::string_view name) noexcept;

struct Pace {
  Duration first_token{};         // from the request's last byte; 0: at once
  Duration first_token_jitter{};  // added, uniform from 0 to this
  Duration gap{};                 // between two events; 0: all in one write
  Spread spread = Spread::fixed;  // of both

  [[nodiscard]] bool is_unpaced() const noexcept {
    return first_token.count() == 0 && first_token_jitter.count() == 0 && gap.count() == 0;
  }
  [[nodiscard]] Duration draw_first_token(Random& random) const noexcept;
  [[nodiscard]] Duration draw_gap(Random& random) const noexcept;
};

}  // namespace sluice::simulator
