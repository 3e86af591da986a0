// Scoreboard: how every deployment and every credential stands, as one core sees it.
//
//   HealthCounters of all cores --its share of the subjects--> HealthWindow --> StandingBoard
//   StandingBoard --all subjects--> Standings --> planning, explaining
//
// One per core, which alone refreshes and reads it: planning looks up plain numbers, and what it
// sees changes at a refresh only. A refresh does both lines. Each core sums up its share for all,
// so that a row of counters is read by one core and not by every one: of 64 cores with 500 busy
// deployments a refresh reads 0.5 MB in place of 29, and the seconds kept are kept once.
// The price: what a core counts is known to all others after two refreshes, one of the core that
// sums it up and one of their own; and while a core does not refresh, its share stands still for
// all. Nothing is lost by that: it is summed up when the core comes back.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sluice/base/attributes.h"
#include "sluice/base/clock.h"
#include "sluice/upstream/health_board.h"
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
  /// Of one of the board's cores. Lifetime: the board outlives it.
  Scoreboard(const ScoreboardConfig& config, HealthBoard& board, std::size_t core);

  /// Sums up the core's share over all cores, this one included, moves the window to `now`, and
  /// looks up how everybody stands. To be called about twice a second; late, it loses nothing.
  void refresh(MonotonicTime now);

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
  // Of one kind of subject.
  struct View {
    View(HealthBoard::Side& side, std::size_t core, std::uint32_t window_s);
    void sum_up(MonotonicTime now);
    void look_up() noexcept;

    HealthBoard::Side& board;
    HealthWindow window;                  // of this core's share
    std::vector<Standing> standings;      // of all subjects
    std::vector<std::uint32_t> versions;  // of the standings that were looked up
  };

  View deployments_;
  View credentials_;
};

}  // namespace sluice::upstream
