#include "sluice/upstream/outlier_ejection.h"

#include <algorithm>
#include <cmath>

#include "sluice/base/assert.h"

namespace sluice::upstream {
namespace {

using Seconds = std::chrono::duration<double>;

/// Uptimes of peers that are judged, added up.
struct Spread {
  double count = 0, sum = 0, squares = 0;

  void add(double uptime) noexcept {
    count += 1;
    sum += uptime;
    squares += uptime * uptime;
  }
  [[nodiscard]] double mean() const noexcept { return sum / count; }
  [[nodiscard]] double deviation() const noexcept {
    return std::sqrt(std::max(0.0, squares / count - mean() * mean()));
  }
  /// Of all but one. When the others are not known they are taken for good.
  [[nodiscard]] double mean_without(double uptime) const noexcept {
    return count < 2 ? 100 : (sum - uptime) / (count - 1);
  }
};

double uptime_of(double attempts, double failures) noexcept {
  return 100 * (attempts - failures) / attempts;
}

}  // namespace

double slow_start_share(const OutlierEjectionConfig& config, Duration since_recovery) noexcept {
  const double elapsed_s = Seconds(since_recovery).count();
  if (elapsed_s >= config.slow_start_s) return 1;
  const double grown = std::max(0.0, elapsed_s) / config.slow_start_s;
  return config.slow_start_share + (1 - config.slow_start_share) * grown;
}

OutlierEjection::OutlierEjection(const OutlierEjectionConfig& config, std::size_t deployments)
    : config_(config), states_(deployments) {
  SLUICE_ASSERT(!config.broken_rule());
}

std::optional<MonotonicTime> OutlierEjection::ejected_until(
    std::uint32_t deployment) const noexcept {
  return states_[deployment].ejected_until;
}

void OutlierEjection::update(std::span<const std::uint32_t> peers, std::span<Standing> standings,
                             MonotonicTime now) {
  SLUICE_ASSERT(standings.size() == states_.size());
  for (const std::uint32_t peer : peers) {
    observe(states_[peer], standings[peer], now);
    readmit(states_[peer], now);
  }
  eject_worst(peers, now);
  const bool panic = is_panic(peers);
  for (const std::uint32_t peer : peers) {
    const State& state = states_[peer];
    standings[peer].ejected = state.ejected_until && !panic;
    standings[peer].share =
        state.recovered_at ? slow_start_share(config_, now - *state.recovered_at) : 1;
  }
}

void OutlierEjection::observe(State& state, const Standing& standing,
                              MonotonicTime now) const noexcept {
  const double elapsed_s = std::max(0.0, Seconds(now - state.observed_at).count());
  const double kept = std::exp2(-elapsed_s / config_.recent_s);
  const auto attempts = static_cast<double>(standing.attempts_ever - state.attempts_seen);
  const auto failures = static_cast<double>(standing.failures_ever - state.failures_seen);
  state.attempts = state.attempts * kept + attempts;
  state.failures = state.failures * kept + failures;
  state.attempts_seen = standing.attempts_ever;
  state.failures_seen = standing.failures_ever;
  state.observed_at = std::max(state.observed_at, now);
}

// Who comes back is judged by what it does from then on.
void OutlierEjection::readmit(State& state, MonotonicTime now) const noexcept {
  if (state.ejected_until) {
    if (now < *state.ejected_until) return;
    state.ejected_until.reset();
    state.recovered_at = state.forgiven_at = now;
    state.attempts = state.failures = 0;
  } else if (state.ejections > 0 &&
             now - state.forgiven_at >= std::chrono::seconds(config_.ejection_s_max)) {
    --state.ejections;
    state.forgiven_at = now;
  }
}

bool OutlierEjection::is_known(const State& state) const noexcept {
  return state.attempts >= config_.attempts_min;
}

std::size_t OutlierEjection::ejected_max(std::size_t peers) const noexcept {
  if (peers < 2 || config_.ejected_percent_max == 0) return 0;
  const std::size_t share = peers * config_.ejected_percent_max / 100;
  return std::clamp<std::size_t>(share, 1, peers - 1);
}

void OutlierEjection::find_outliers(std::span<const std::uint32_t> peers) {
  Spread spread;
  const auto is_judged = [&](const State& state) {
    return !state.ejected_until && is_known(state);
  };
  for (const std::uint32_t peer : peers) {
    const State& state = states_[peer];
    if (is_judged(state)) spread.add(uptime_of(state.attempts, state.failures));
  }
  outliers_.clear();
  for (const std::uint32_t peer : peers) {
    const State& state = states_[peer];
    if (!is_judged(state)) continue;
    const double uptime = uptime_of(state.attempts, state.failures);
    if (uptime + config_.uptime_gap_min > spread.mean_without(uptime)) continue;
    const bool fails = uptime <= 100 - static_cast<double>(config_.failure_percent);
    const bool deviates = spread.count >= config_.deviation_peers_min &&
                          uptime < spread.mean() - config_.deviation_factor * spread.deviation();
    if (fails || deviates) outliers_.push_back(peer);
  }
}

// The worst first, and of equals the first: every core must choose the same.
void OutlierEjection::eject_worst(std::span<const std::uint32_t> peers, MonotonicTime now) {
  find_outliers(peers);
  const auto worse = [&](std::uint32_t a, std::uint32_t b) {
    const double of_a = uptime_of(states_[a].attempts, states_[a].failures);
    const double of_b = uptime_of(states_[b].attempts, states_[b].failures);
    return of_a != of_b ? of_a < of_b : a < b;
  };
  std::sort(outliers_.begin(), outliers_.end(), worse);
  auto ejected = static_cast<std::size_t>(std::count_if(
      peers.begin(), peers.end(), [&](std::uint32_t p) { return states_[p].ejected_until; }));
  const std::size_t most = ejected_max(peers.size());
  for (const std::uint32_t peer : outliers_) {
    if (ejected >= most) break;
    eject(states_[peer], now);
    ++ejected;
  }
}

void OutlierEjection::eject(State& state, MonotonicTime now) const noexcept {
  ++state.ejections;
  const std::uint64_t grown = std::uint64_t{config_.ejection_s} * state.ejections;
  const auto span_s = std::min<std::uint64_t>(grown, config_.ejection_s_max);
  state.ejected_until = now + std::chrono::seconds(span_s);
  state.forgiven_at = now;
}

// Whether those that are left fail too. Who was not asked enough to be known may be good.
bool OutlierEjection::is_panic(std::span<const std::uint32_t> peers) const noexcept {
  return std::all_of(peers.begin(), peers.end(), [&](std::uint32_t peer) {
    const State& state = states_[peer];
    if (state.ejected_until) return true;
    return is_known(state) && uptime_of(state.attempts, state.failures) <=
                                  100 - static_cast<double>(config_.failure_percent);
  });
}

}  // namespace sluice::upstream
