// Scoreboard: how every deployment and every credential stands, as one core sees it.
//
//   HealthCounters of all cores --refresh(), once a second--> Standings --> planning, explaining
//
// One per core, which alone refreshes and reads it: planning looks up plain numbers, and what it
// sees changes at a refresh only. Nothing is asked of other cores but their counters.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sluice/base/attributes.h"
#include "sluice/base/clock.h"
#include "sluice/upstream/health_counters.h"
#include "sluice/upstream/health_window.h"
#include "sluice/upstream/standing.h"

namespace sluice::upstream {

/// Field names are the keys of the file.
struct ScoreboardConfig {
  std::uint32_t window_s = 300;  // long enough to know quantiles, short enough to forget a bad hour

  /// The first rule broken, in words for the operator, or nothing.
  [[nodiscard]] constexpr std::optional<std::string_view> broken_rule() const noexcept {
    if (window_s == 0) return "window_s must be at least 1";
    if (window_s > 3'600) return "window_s must be at most 3600";
    return std::nullopt;
  }
  friend bool operator==(const ScoreboardConfig&, const ScoreboardConfig&) = default;
};
static_assert(!ScoreboardConfig{}.broken_rule());

class Scoreboard {
 public:
  Scoreboard(const ScoreboardConfig& config, std::size_t deployments, std::size_t credentials);

  /// Sums up all cores, this one included, and moves the window to `now`. To be called about once
  /// a second; late, it loses nothing. `cores` are always the same ones, with the scoreboard's
  /// numbers of deployments and credentials.
  void refresh(std::span<const HealthCounters* const> cores, MonotonicTime now);

  /// Of a deployment, as of the latest refresh.
  [[nodiscard]] const Standing& standing(std::size_t deployment) const noexcept
      SLUICE_LIFETIMEBOUND {
    return deployments_.standings[deployment];
  }
  [[nodiscard]] const Standing& credential_standing(std::size_t credential) const noexcept
      SLUICE_LIFETIMEBOUND {
    return credentials_.standings[credential];
  }
  /// All deployments', for who decides `ejected` and `share`: a refresh leaves these two alone.
  [[nodiscard]] std::span<Standing> deployments() noexcept SLUICE_LIFETIMEBOUND {
    return deployments_.standings;
  }

 private:
  struct Board {
    Board(std::size_t subjects, std::uint32_t window_s)
        : window(subjects, window_s), standings(subjects) {}
    HealthWindow window;
    std::vector<Standing> standings;
  };
  void refresh(Board& board, MonotonicTime now);

  Board deployments_;
  Board credentials_;
  std::vector<const HealthTable*> tables_;  // scratch of a refresh
};

}  // namespace sluice::upstream
