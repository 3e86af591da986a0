#include "simulator/pace.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sluice::simulator {
namespace {

/// A factor whose mean is 1.
double draw_factor(Spread spread, Random& random) noexcept {
  switch (spread) {
    case Spread::fixed: return 1.0;
    case Spread::lognormal: {
      constexpr double sigma = 0.5;
      const double u = 1.0 - random.unit();  // (0, 1]: its logarithm is finite
      const double v = random.unit();
      const double normal = std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
      return std::exp(sigma * normal - sigma * sigma / 2.0);
    }
    case Spread::pareto: {
      constexpr double alpha = 1.5;
      constexpr double lowest = (alpha - 1.0) / alpha;
      return std::min(lowest / std::pow(1.0 - random.unit(), 1.0 / alpha), 100.0);
    }
  }
  return 1.0;
}

Duration draw(Duration mean, Spread spread, Random& random) noexcept {
  if (mean.count() == 0 || spread == Spread::fixed) return mean;
  const double factor = draw_factor(spread, random);
  return Duration(static_cast<Duration::rep>(static_cast<double>(mean.count()) * factor));
}

}  // namespace

std::optional<Spread> spread_of(std::string_view name) noexcept {
  if (name == "fixed") return Spread::fixed;
  if (name == "lognormal") return Spread::lognormal;
  if (name == "pareto") return Spread::pareto;
  return std::nullopt;
}

Duration Pace::draw_first_token(Random& random) const noexcept {
  Duration span = draw(first_token, spread, random);
  if (first_token_jitter.count() > 0) {
    span += Duration(random.below(static_cast<std::uint64_t>(first_token_jitter.count()) + 1));
  }
  return span;
}

Duration Pace::draw_gap(Random& random) const noexcept { return draw(gap, spread, random); }

}  // namespace sluice::simulator
