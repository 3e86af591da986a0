// Hedging: a second attempt elsewhere while the first is still silent.
//
//   first   --run---------------------------> first good event: it wins
//   second        --delay--run--------------> or this one does
//
// The first good event wins; the loser's connection is closed at once, and what it cost is counted.
// A first attempt that fails before the delay is over is no hedge's business: the next deployment
// is tried as ever. One that fails later leaves the answer to the second.
#include <algorithm>
#include <utility>

#include "exchange.h"
#include "failure.h"

namespace sluice::gateway {

struct Exchange::Contender {
  explicit Contender(StopToken parent) : stop(parent) {}
  std::unique_ptr<Attempt> attempt = nullptr;  // null: not begun
  StopSource stop;
  MaybeError error = std::nullopt;
  bool lost = false;  // stopped: for the other's sake, or with the exchange

  // A refusal that somebody else may not share is no good event.
  [[nodiscard]] bool is_good() const noexcept {
    const llm::ApiError* const refusal = error ? nullptr : attempt->refusal();
    return !error && (refusal == nullptr || !may_go_elsewhere(*refusal));
  }
};

struct Exchange::Race {
  explicit Race(StopToken parent) : first(parent), second(parent) {}
  Contender first, second;
  Contender* winner = nullptr;

  void end(Contender& contender, Contender& other) {
    const bool begun = other.attempt != nullptr;
    contender.lost = contender.lost || contender.stop.token().stop_requested();
    if (!contender.lost && contender.is_good() && winner == nullptr) {
      winner = &contender;
      other.lost = begun;
      other.stop.request_stop();
    } else if (!begun) {
      other.stop.request_stop();  // it failed, and nobody is to wait for the delay
    }
  }
};

// How long the first may be silent; nothing: no second attempt is to be made.
std::optional<Duration> Exchange::hedge_delay(const route::Step& first) const {
  const route::HedgePolicy& hedge = policy().hedge;
  const llm::RouteWishes* const wishes = own_.request.wishes.get();
  if (!hedge.enabled || wants_no_fallback() || is_by_id()) return std::nullopt;
  if (wishes != nullptr && wishes->no_hedge) return std::nullopt;
  if (step_ + 1 >= ask_->plan.steps.size() || tries_left_ < 2) return std::nullopt;
  // Where somebody is down already the others have enough to do.
  const bool is_degraded = std::ranges::any_of(ask_->plan.considered, [](const auto& each) {
    return route::passes_by_itself(each.obstacle);
  });
  if (is_degraded) return std::nullopt;
  if (hedge.delay_ms > 0) return std::chrono::milliseconds(hedge.delay_ms);
  if (!ask_->request.stream) return std::nullopt;  // how long a whole answer takes says little
  const double p95_ms =
      generation_->health().standing(first.passage.deployment()).first_content_p95_ms;
  if (p95_ms <= 0) return std::nullopt;  // not known yet
  const auto learned =
      std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(p95_ms));
  return std::max<Duration>(learned, std::chrono::milliseconds(hedge.delay_ms_min));
}

// Lifetime: try_hedged() joins both tasks.
Task<void> Exchange::run_first(Race& race) {
  race.first.error = co_await race.first.attempt->run(race.first.stop.token());
  race.end(race.first, race.second);
}

Task<void> Exchange::run_second(Race& race, Duration delay) {
  const Result<void> slept =
      co_await ring::sleep_until(core_.loop, core_.loop.now() + delay, race.second.stop.token());
  if (!slept) co_return;
  if (!generation_->health().hedges().has_one(core_.loop.now())) {
    core_.metrics.hedges_over_budget.add();
    co_return;
  }
  const route::Step step = ask_->plan.steps[step_ + 1];
  const catalog::Deployment& deployment = step.passage.deployment();
  auto made = co_await make_attempt(step, race.second.stop.token());
  if (!made || race.second.stop.token().stop_requested()) co_return;
  const MonotonicTime now = core_.loop.now();
  if (!may_ask(deployment) || !generation_->health().hedges().try_spend(now)) co_return;
  const auto ticket = generation_->health().begin(deployment, now);
  if (!ticket) co_return;
  (*made)->hold(*ticket);
  race.second.attempt = std::move(*made);
  ++step_;
  count_asked(deployment, true);
  shrink_deadline(deployment.timeouts.total);
  context().first_content_max = latency_threshold();
  core_.metrics.hedges.add();
  race.second.error = co_await race.second.attempt->run(race.second.stop.token());
  race.end(race.second, race.first);
}

// What both have come to, in the order in which they began.
void Exchange::settle_race(Race& race) {
  const MonotonicTime now = core_.loop.now();
  for (Contender* contender : {&race.first, &race.second}) {
    if (!contender->attempt || contender == race.winner) continue;
    if (contender->lost) {
      contender->attempt->set_outcome(total_->passed() ? telemetry::AttemptOutcome::timed_out
                                                       : telemetry::AttemptOutcome::cancelled);
      record_attempt(*contender->attempt, now);
    } else {
      record_attempt(*contender->attempt, now, contender->error ? &*contender->error : nullptr);
    }
    count_spent(*contender->attempt);
  }
}

Task<Exchange::Tried> Exchange::try_hedged(std::unique_ptr<Attempt> first, Duration delay) {
  Race race(total_->token());
  race.first.attempt = std::move(first);
  generation_->health().hedges().count_request();
  {
    Scope scope;
    scope.spawn(run_first(race));
    scope.spawn(run_second(race, delay));
    co_await scope.join();
  }
  const bool is_over = total_->token().stop_requested();
  if (is_over) race.winner = nullptr;
  // Of two that are no good a refusal in the provider's words says the most.
  for (Contender* contender : {&race.first, &race.second}) {
    if (race.winner == nullptr && !is_over && contender->attempt && !contender->lost &&
        !contender->error) {
      race.winner = contender;
    }
  }
  settle_race(race);
  if (is_over) {
    failed_ = stopped(std::move(race.first.error));
    co_return Tried::stopped;
  }
  if (race.winner == nullptr) {
    failed_ = std::move(race.second.attempt ? race.second.error : race.first.error);
    failed_model_ = ask_->model;
    refused_.reset();
    co_return Tried::failed;
  }
  if (race.winner == &race.second && race.second.is_good()) core_.metrics.hedges_won.add();
  co_return conclude(std::move(race.winner->attempt), std::nullopt);
}

}  // namespace sluice::gateway
