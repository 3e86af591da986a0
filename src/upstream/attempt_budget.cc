#include "sluice/upstream/attempt_budget.h"

#include <algorithm>

#include "sluice/base/assert.h"

namespace sluice::upstream {
namespace {

constexpr double saved_min = 10;
// A fifth five times is a whole one, whatever binary fractions say.
constexpr double one = 1 - 1e-9;

}  // namespace

AttemptBudget::AttemptBudget(const AttemptBudgetConfig& config) noexcept
    : config_(config), balance_(config.per_s_min) {
  SLUICE_ASSERT(!config.broken_rule());
}

double AttemptBudget::saved_max() const noexcept {
  return std::max(saved_min, static_cast<double>(config_.per_s_min) * config_.saved_s_max);
}

void AttemptBudget::count_request() noexcept {
  balance_ = std::min(balance_ + config_.share, saved_max());
}

double AttemptBudget::balance(MonotonicTime now) const noexcept {
  if (filled_at_ == MonotonicTime{} || now <= filled_at_) return balance_;
  const double elapsed_s = std::chrono::duration<double>(now - filled_at_).count();
  return std::min(balance_ + elapsed_s * config_.per_s_min, saved_max());
}

bool AttemptBudget::has_one(MonotonicTime now) const noexcept { return balance(now) >= one; }

bool AttemptBudget::try_spend(MonotonicTime now) noexcept {
  balance_ = balance(now);
  filled_at_ = std::max(filled_at_, now);
  if (balance_ < one) return false;
  balance_ = std::max(0.0, balance_ - 1);
  return true;
}

}  // namespace sluice::upstream
