// Outlier ejection: keeps traffic from a deployment that does clearly worse than its peers, which
// are the deployments of one model; and slow start, when it comes back.
//
//   judged worse --> ejected for ejection_s, twice, three times as long when it comes again
//                        `--time is up--> back at a tenth of its share, growing for slow_start_s
//
// Where a circuit breaker sees one core's failures in a row, this compares: it finds who answers,
// and fails every third time. Judged is what is recent, so that an old success excuses nothing and
// an old failure is not held against who came back. When those that are left fail as well nobody is
// ejected: rather a bad provider than none.
//
// Pure: it works on Standings, behind each Scoreboard::refresh(). All cores see the same
// standings within a second, so all decide alike without a word. One object per core.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/upstream/standing.h"

namespace sluice::upstream {

/// Field names are the keys of the file. Envoy's ideas; its defaults are for hosts that are many
/// and alike, and two providers of one model are neither.
struct OutlierEjectionConfig {
  std::uint32_t recent_s = 15;            // after so long an attempt counts half
  std::uint32_t attempts_min = 20;        // recent ones, or nobody is judged
  std::uint32_t failure_percent = 50;     // so many failed: an outlier, however few the peers are
  double deviation_factor = 1.9;          // or: so many standard deviations below the mean uptime,
  std::uint32_t deviation_peers_min = 5;  // of at least so many peers: fewer can never deviate so
  double uptime_gap_min = 10;  // either way at least so many points below the others: clearly worse
  std::uint32_t ejected_percent_max = 50;  // of the peers, but one in any case, and never all
  std::uint32_t ejection_s = 30;           // times how often it happened lately
  std::uint32_t ejection_s_max = 300;
  std::uint32_t slow_start_s = 30;  // until who came back has all of its share; 0: at once
  double slow_start_share = 0.1;    // what it begins with

  /// The first rule broken, in words for the operator, or nothing.
  [[nodiscard]] constexpr std::optional<std::string_view> broken_rule() const noexcept {
    if (recent_s == 0) return "recent_s must be at least 1";
    if (attempts_min == 0) return "attempts_min must be at least 1";
    if (failure_percent == 0 || failure_percent > 100) return "failure_percent must be 1 to 100";
    if (!(deviation_factor > 0)) return "deviation_factor must be above 0";
    if (!(uptime_gap_min >= 0)) return "uptime_gap_min must not be below 0";
    if (ejected_percent_max > 100) return "ejected_percent_max must be at most 100";
    if (ejection_s == 0) return "ejection_s must be at least 1";
    if (ejection_s_max < ejection_s) return "ejection_s_max must not be smaller than ejection_s";
    if (!(slow_start_share > 0 && slow_start_share <= 1)) {
      return "slow_start_share must be above 0 and at most 1";
    }
    return std::nullopt;
  }
  friend bool operator==(const OutlierEjectionConfig&, const OutlierEjectionConfig&) = default;
};
static_assert(!OutlierEjectionConfig{}.broken_rule());

/// The share of its weight for who came back so long ago: grows evenly to 1.
[[nodiscard]] double slow_start_share(const OutlierEjectionConfig& config,
                                      Duration since_recovery) noexcept;

class OutlierEjection {
 public:
  /// `deployments`: as many as there are standings.
  OutlierEjection(const OutlierEjectionConfig& config, std::size_t deployments);

  /// Judges one group of peers and says in their standings who is ejected, and everybody's share.
  /// To be called for each model after each refresh; a deployment is in one group only.
  void update(std::span<const std::uint32_t> peers, std::span<Standing> standings,
              MonotonicTime now);

  /// Until when it is ejected; nothing when it is not.
  [[nodiscard]] std::optional<MonotonicTime> ejected_until(std::uint32_t deployment) const noexcept;

 private:
  struct State {
    std::uint64_t attempts_seen = 0;  // ever, by the standing: for differences
    std::uint64_t failures_seen = 0;
    double attempts = 0;  // recent
    double failures = 0;
    MonotonicTime observed_at{};
    std::uint32_t ejections = 0;  // lately
    std::optional<MonotonicTime> ejected_until{};
    std::optional<MonotonicTime> recovered_at{};  // never ejected: nothing
    MonotonicTime forgiven_at{};                  // when `ejections` last changed
  };
  void observe(State& state, const Standing& standing, MonotonicTime now) const noexcept;
  void readmit(State& state, MonotonicTime now) const noexcept;
  void eject_worst(std::span<const std::uint32_t> peers, MonotonicTime now);
  void find_outliers(std::span<const std::uint32_t> peers);
  void eject(State& state, MonotonicTime now) const noexcept;
  [[nodiscard]] bool is_panic(std::span<const std::uint32_t> peers) const noexcept;
  [[nodiscard]] bool is_known(const State& state) const noexcept;
  [[nodiscard]] std::size_t ejected_max(std::size_t peers) const noexcept;

  OutlierEjectionConfig config_;
  std::vector<State> states_;
  std::vector<std::uint32_t> outliers_;  // scratch of an update
};

}  // namespace sluice::upstream
