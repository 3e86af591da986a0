// HealthWindow: what all cores counted in the last seconds, of the deployments or credentials that
// one core sums up.
//
//   cores' tables --differences since the last refresh--> the second of `now` --> totals
//                                                         seconds too old    --> out of the totals
//
// Exact: what was counted is in the totals from the first refresh after it until the window has
// moved on, once, however long a refresh was late. Kept of a second is only what happened in it,
// packed: some hundred bytes per subject that was asked then, and nothing for the others.
// That core alone refreshes and reads it. No clock: time is passed in.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "sluice/base/attributes.h"
#include "sluice/base/clock.h"
#include "sluice/upstream/health_counters.h"
#include "sluice/upstream/standing_board.h"

namespace sluice::upstream {

class HealthWindow {
 public:
  struct Subject {
    HealthTotals totals;  // in the window
    std::uint32_t in_flight = 0;
    MonotonicTime cooling_until{};    // the latest of all cores'
    std::uint64_t attempts_ever = 0;  // see Standing
    std::uint64_t failures_ever = 0;
    HealthTotals seen{};  // of all cores, modulo the width of a cell; for differences
  };

  /// `window_s` counts the second of the latest refresh too, and is at least 1.
  HealthWindow(SubjectRange range, std::uint32_t window_s);

  /// Takes in what is new. `tables`, of all cores and always the same ones, have the window's
  /// subjects, and others. Time that runs back is taken for standing still.
  void refresh(std::span<const HealthTable* const> tables, MonotonicTime now);

  /// Those that the latest refresh changed, in no order.
  [[nodiscard]] std::span<const std::uint32_t> changed() const noexcept SLUICE_LIFETIMEBOUND {
    return changed_;
  }
  /// One of the range, by its number in the tables.
  [[nodiscard]] const Subject& subject(std::size_t index) const noexcept SLUICE_LIFETIMEBOUND;
  /// Of seconds kept: for who wonders what the window weighs.
  [[nodiscard]] std::size_t bytes_kept() const noexcept { return bytes_kept_; }

 private:
  struct Second {
    std::int64_t at_s;
    std::vector<std::uint8_t> bytes;  // see health_window.cc
  };
  void forget_before(std::int64_t first_s);
  void find_active(std::span<const HealthTable* const> tables);
  void take(std::uint32_t position, std::span<const HealthTable* const> tables, Second& second);
  void mark_changed(std::uint32_t position);
  [[nodiscard]] Second& second_of(std::int64_t at_s);

  SubjectRange range_;
  std::int64_t window_s_;
  std::int64_t now_s_ = 0;
  // By position in the range, as all but `changed_`.
  std::vector<std::unique_ptr<Subject>> subjects_;  // null: nothing was ever heard of it
  std::vector<std::uint32_t> versions_;  // seen: of each table's subjects, table by table
  std::vector<std::uint32_t> active_;    // positions
  std::vector<std::uint32_t> changed_;   // numbers
  std::vector<bool> is_active_;
  std::vector<bool> is_changed_;
  std::deque<Second> seconds_;  // rising, and only those in which something happened
  std::size_t bytes_kept_ = 0;
};

}  // namespace sluice::upstream
