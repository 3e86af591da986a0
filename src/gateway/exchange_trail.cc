// The routing trail of an exchange: what it has done by now, put into its answer.
#include "exchange.h"
#include "routing_trail.h"

namespace sluice::gateway {

bool Exchange::shows_routing() const noexcept {
  const llm::RouteWishes* const wishes = own_.request.wishes.get();
  return wishes != nullptr && wishes->shows_routing && !ask_->plan.considered.empty();
}

// The attempt that is shown is recorded when all of it was sent: till then it counts as it stands.
std::string Exchange::routing_trail() {
  CachedVector<telemetry::AttemptRecord> attempts;
  attempts.reserve(attempts_.size() + 1);
  for (const telemetry::AttemptRecord& attempt : attempts_) attempts.push_back(attempt);
  if (serving_ && !serving_is_recorded_) {
    priced_ = nullptr;  // an earlier one may have stood where this one stands
    attempts.push_back(record_of(*serving_, core_.loop.now()));
    priced_ = nullptr;  // it may use more yet
  }
  return render_trail(
      {.plan = ask_->plan, .names_model = ask_->model != nullptr, .attempts = attempts});
}

void Exchange::add_trail(SliceChain& answer) {
  if (shows_routing()) put_trail(answer, routing_trail(), core_.index);
}

}  // namespace sluice::gateway
