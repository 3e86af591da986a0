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

#include "exchange_attempt.h"
#include "failure.h"

namespace sluice::gateway {

struct Exchange::AttemptStage::Contender {
  explicit Contender(StopToken parent) : stop(parent) {}
  std::unique_ptr<Attempt> attempt = nullptr;  // null: not begun
  StopSource stop;
  MaybeError error = {};
  bool has_ended = false;
  bool lost = false;  // stopped: for the other's sake, or with the exchange

  // Of its own: who failed rests or cools down from now on, however long the other goes on.
  [[nodiscard]] const llm::ApiError* failure() const noexcept {
    return lost ? nullptr : error.get();
  }
  // A refusal that somebody else may not share is no good event.
  [[nodiscard]] bool is_good() const noexcept {
    const llm::ApiError* const refusal = error ? nullptr : attempt->refusal();
    return !error && (refusal == nullptr || !may_go_elsewhere(*refusal));
  }
};

struct Exchange::AttemptStage::Race {
  explicit Race(StopToken parent) : first(parent), second(parent) {}
  Contender first, second;
  Contender* winner = nullptr;

  void end(Contender& contender, Contender& other) {
    const bool begun = other.attempt != nullptr;
    contender.has_ended = true;
    contender.lost = contender.lost || contender.stop.token().stop_requested();
    if (!contender.lost && contender.is_good() && winner == nullptr) {
      winner = &contender;
      other.lost = begun && !other.has_ended;
      other.stop.request_stop();
    } else if (!begun) {
      other.stop.request_stop();  // it failed, and nobody is to wait for the delay
    }
  }
};

// How long the first may be silent; nothing: no second attempt is to be made.
std::optional<Duration> Exchange::AttemptStage::hedge_delay() const {
  const route::HedgePolicy& hedge = exchange_.policy().hedge;
  if (!hedge.enabled || exchange_.wants_no_fallback() || exchange_.is_by_id()) return std::nullopt;
  if (wishes() != nullptr && wishes()->no_hedge) return std::nullopt;
  if (turned_to_ >= ask().plan.steps.size() || tries_left_ == 0) return std::nullopt;
  // Where somebody is down already the others have enough to do.
  const bool is_degraded = std::ranges::any_of(ask().plan.considered, [](const auto& each) {
    return route::passes_by_itself(each.obstacle);
  });
  if (is_degraded) return std::nullopt;
  if (hedge.delay_ms > 0) return std::chrono::milliseconds(hedge.delay_ms);
  if (!ask().request.stream) return std::nullopt;  // how long a whole answer takes says little
  const double p95_ms = health().standing(step().passage.deployment()).first_content_p95_ms;
  if (p95_ms <= 0) return std::nullopt;  // not known yet
  const auto learned =
      std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(p95_ms));
  return std::max<Duration>(learned, std::chrono::milliseconds(hedge.delay_ms_min));
}

// Lifetime: run_hedged() joins both tasks.
Task<void> Exchange::AttemptStage::run_first(Race& race) {
  race.first.error = co_await race.first.attempt->run(race.first.stop.token());
  race.end(race.first, race.second);
  if (const auto* failure = race.first.failure()) {
    exchange_.settle_health(*race.first.attempt, now(), failure);
  }
}

Task<void> Exchange::AttemptStage::run_second(Race& race, Duration delay) {
  const StopToken stop = race.second.stop.token();
  const Result<void> slept = co_await ring::sleep_until(exchange_.core_.loop, now() + delay, stop);
  if (!slept) co_return;
  telemetry::Metrics& metrics = exchange_.core_.metrics;
  if (!health().hedges().has_one(now())) {
    metrics.hedges_over_budget.add();
    co_return;
  }
  const route::Step second = ask().plan.steps[turned_to_];
  const catalog::Deployment& deployment = second.passage.deployment();
  auto attempt = exchange_.make_attempt(second);
  MaybeError refused = exchange_.read_for(*attempt);
  if (!refused && exchange_.may_lack_files(*attempt)) {
    refused = co_await exchange_.fetch_media(deployment, stop);
  }
  if (refused || stop.stop_requested() || exchange_.prepare(*attempt)) co_return;
  if (!exchange_.may_ask(deployment) || !health().hedges().try_spend(now())) co_return;
  const auto ticket = health().begin(deployment, now(), exchange_.payer_for(*deployment.provider));
  if (!ticket) co_return;
  attempt->hold(*ticket);
  race.second.attempt = std::move(attempt);
  ++turned_to_;
  --tries_left_;
  exchange_.count_asked(deployment, true);
  exchange_.shrink_deadline(deployment.timeouts.total);
  exchange_.context().first_content_max = latency_threshold();
  metrics.hedges.add();
  race.second.error = co_await race.second.attempt->run(stop);
  race.end(race.second, race.first);
  if (const auto* failure = race.second.failure()) {
    exchange_.settle_health(*race.second.attempt, now(), failure);
  }
}

// What both have come to, in the order in which they began.
void Exchange::AttemptStage::settle_race(Race& race) {
  for (Contender* contender : {&race.first, &race.second}) {
    if (!contender->attempt || contender == race.winner) continue;
    if (contender->lost) {
      exchange_.record_stopped(*contender->attempt);
      continue;
    }
    exchange_.record_attempt(*contender->attempt, now(), contender->error.get());
    exchange_.count_spent(*contender->attempt);
  }
}

Task<Exchange::AttemptStage::Tried> Exchange::AttemptStage::run_hedged(
    std::unique_ptr<Attempt> first, Duration delay) {
  const StopToken total = exchange_.total_->token();
  Race race(total);
  race.first.attempt = std::move(first);
  health().hedges().count_request();
  {
    Scope scope;
    scope.spawn(run_first(race));
    scope.spawn(run_second(race, delay));
    co_await scope.join();
  }
  const bool is_over = total.stop_requested();
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
    // With two there is no telling whose credential would be the next.
    if (race.second.attempt) exchange_.may_rotate_ = false;
    failed_ = std::move(race.second.attempt ? race.second.error : race.first.error);
    failed_model_ = ask().model;
    refused_.reset();
    co_return Tried::failed;
  }
  if (race.winner == &race.second && race.second.is_good()) {
    exchange_.core_.metrics.hedges_won.add();
  }
  co_return conclude(std::move(race.winner->attempt), std::nullopt);
}

}  // namespace sluice::gateway
