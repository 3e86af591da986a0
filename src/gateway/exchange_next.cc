// The attempt stage of an exchange: whom to ask next, and when to begin anew.
#include <algorithm>
#include <utility>

#include "exchange_attempt.h"
#include "failure.h"

namespace sluice::gateway {
void Exchange::AttemptStage::begin_round() {
  tries_left_ = exchange_.is_by_id() ? UINT32_MAX : exchange_.policy().retry.fallbacks + 1;
  turned_to_ = 0;
  next_fallback_ = 0;
}

// The next step of the plan, or the first of the next fallback's. False: the round is over.
bool Exchange::AttemptStage::turn_to_next(Tried last) {
  if (last == Tried::answered || last == Tried::stopped) return false;
  if (last == Tried::failed &&
      exchange_.may_rotate_) {  // each credential once, at no try's expense
    ++tries_left_;
    return true;
  }
  if (stays_with_plan(last) && turned_to_ < ask().plan.steps.size() && tries_left_ > 0) {
    exchange_.shrink_deadline(ask().plan.steps[turned_to_++].passage.deployment().timeouts.total);
    exchange_.context().tried.clear();
    return true;
  }
  while (tries_left_ > 0 && next_fallback_ < exchange_.fallback_count()) {
    if (MaybeError refused = exchange_.turn_to_fallback(next_fallback_++)) {
      if (!exchange_.unsayable_) exchange_.unsayable_ = std::move(refused);
      continue;
    }
    const bool any = wishes()->fallbacks_on_any_error;
    if (failed_ && !may_fall_back(*failed_, failed_model_, ask().model, any)) continue;
    turned_to_ = 0;
    return turn_to_next(Tried::skipped);
  }
  return false;
}

bool Exchange::AttemptStage::stays_with_plan(Tried last) const {
  if (turned_to_ == 0) return true;
  if (last == Tried::skipped) return !exchange_.wants_no_fallback() || exchange_.is_by_id();
  return may_go_elsewhere(*failed_) && !exchange_.wants_no_fallback();
}

// Whether somebody who has not been asked yet may do better than a refusal.
bool Exchange::AttemptStage::others_may_serve(const llm::ApiError& refusal) const {
  if (exchange_.wants_no_fallback()) return false;
  if (turned_to_ < ask().plan.steps.size() && may_go_elsewhere(refusal)) return true;
  for (std::size_t number = next_fallback_; number < exchange_.fallback_count(); ++number) {
    const std::string& name = wishes()->fallbacks[number].model;
    const catalog::Model* const to =
        name.empty() ? exchange_.own_.model : exchange_.model_named(name);
    if (may_fall_back(refusal, ask().model, to, wishes()->fallbacks_on_any_error)) return true;
  }
  return false;
}

// Whether the caller wants the first choice or an error, later too.
bool Exchange::AttemptStage::wants_the_first_alone() const noexcept {
  return exchange_.wants_no_fallback() ||
         (wishes() != nullptr && !wishes()->provider.allow_fallbacks &&
          wishes()->provider.order.empty());
}

void Exchange::AttemptStage::keep_to_the_first() {
  if (exchange_.asked_.empty()) return;
  std::erase_if(ask().plan.steps, [this](const route::Step& step) {
    return &step.passage.deployment() != exchange_.asked_.front();
  });
}

// Whether one of those that were asked may be asked again then, as far as is known now.
bool Exchange::AttemptStage::anybody_is_free(MonotonicTime then) const {
  return std::ranges::any_of(exchange_.asked_, [&](const catalog::Deployment* deployment) {
    if (!health().retries(*deployment).has_one(then)) return false;
    route::Candidate candidate{.deployment = deployment};
    health().describe(*deployment, then, candidate, exchange_.payer_for(*deployment->provider));
    return candidate.obstacle == route::Obstacle::none ||
           candidate.obstacle == route::Obstacle::ejected;
  });
}

// When to begin another round; nothing: it is of no use, or not allowed.
std::optional<MonotonicTime> Exchange::AttemptStage::next_round_at(std::uint32_t round) {
  const route::RetryPolicy& retry = exchange_.policy().retry;
  if (exchange_.attempts_.empty()) {
    const auto queue_until =
        exchange_.downstream_.began_at() + std::chrono::milliseconds(retry.queue_ms_max);
    const auto& soonest = exchange_.own_.plan.soonest;
    const bool waits = soonest && *soonest <= queue_until && *soonest < exchange_.total_at_;
    return waits ? soonest : std::nullopt;
  }
  if (round >= retry.retries || !failed_ || !may_try_again(*failed_)) return std::nullopt;
  if (wishes() != nullptr && wishes()->retry == false) return std::nullopt;
  // From half of it to one and a half times: who failed together does not come back together.
  const auto backoff = std::chrono::milliseconds(retry.backoff_ms);
  const Duration pause =
      Duration(backoff) / 2 +
      Duration(static_cast<std::int64_t>(exchange_.core_.loop.random().unit() *
                                         static_cast<double>(Duration(backoff).count())));
  const MonotonicTime at = now() + pause;
  if (at >= exchange_.total_at_ || !anybody_is_free(at)) return std::nullopt;
  return at;
}

}  // namespace sluice::gateway
