// Attempt budget: how many attempts beyond the first there may be, as a share of the requests.
//
//   each request      + share          retries of a deployment: 0.2, and 3 a second in any case
//   each second       + per_s_min      hedges of a whole core: 0.05
//   a further attempt - 1, if there is one
//
// When everything fails, everybody retries: without a budget the load doubles just when the
// provider can bear it least. A token bucket; what is saved up is bounded, so that a quiet hour is
// no licence for a storm. One per core, no atomics; time is passed in.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/clock.h"

namespace sluice::upstream {

struct AttemptBudgetConfig {
  double share = 0.2;              // of a further attempt per request, in [0, 1]
  std::uint32_t per_s_min = 3;     // further attempts a second, however few requests there are
  std::uint32_t saved_s_max = 10;  // of per_s_min are saved up; at least ten attempts

  /// The first rule broken, in words for the operator, or nothing.
  [[nodiscard]] constexpr std::optional<std::string_view> broken_rule() const noexcept {
    if (!(share >= 0 && share <= 1)) return "a budget must be a share from 0 to 1";
    return std::nullopt;
  }
  friend bool operator==(const AttemptBudgetConfig&, const AttemptBudgetConfig&) = default;
};
static_assert(!AttemptBudgetConfig{}.broken_rule());

class AttemptBudget {
 public:
  /// Begins with one second's minimum.
  explicit AttemptBudget(const AttemptBudgetConfig& config = {}) noexcept;

  /// A request came: one with its first attempt, which costs nothing.
  void count_request() noexcept;
  /// Takes one further attempt out of the budget, if there is one.
  [[nodiscard]] bool try_spend(MonotonicTime now) noexcept;
  /// Whether that would succeed, for planning.
  [[nodiscard]] bool has_one(MonotonicTime now) const noexcept;

 private:
  [[nodiscard]] double saved_max() const noexcept;
  [[nodiscard]] double balance(MonotonicTime now) const noexcept;

  AttemptBudgetConfig config_;
  double balance_;
  MonotonicTime filled_at_{};  // epoch: not yet
};

}  // namespace sluice::upstream
