// The attempt stage of an exchange: one deployment after the other, until the first good event.
//
//   round --> the request's own plan --> its fallbacks, each with a plan of its own
//     `--failed, and a pause may help--> the next round
//
// Everybody who may serve is asked before anybody is asked again: somebody else need not be waited
// for. Where a second attempt may start while the first is silent, the two race: exchange_hedge.cc.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>

#include "exchange.h"

namespace sluice::gateway {

class Exchange::AttemptStage {
 public:
  /// Lifetime: the exchange outlives its stage.
  explicit AttemptStage(Exchange& exchange) noexcept;

  /// Nothing: the exchange has an attempt to show; else what the client is told.
  [[nodiscard]] Task<MaybeError> run();

 private:
  // What a try has come to.
  enum class Tried : std::uint8_t {
    skipped,   // nobody was asked
    begun,     // one attempt is under way
    failed,    // failed_ says why
    answered,  // the exchange has the attempt to show
    stopped,   // the exchange is over: failed_ says why
  };

  // Whom to ask next.
  void begin_round();
  [[nodiscard]] bool turn_to_next(Tried last);
  [[nodiscard]] bool stays_with_plan(Tried last) const;
  [[nodiscard]] std::optional<MonotonicTime> next_round_at(std::uint32_t round);
  [[nodiscard]] bool anybody_is_free(MonotonicTime then) const;
  [[nodiscard]] bool others_may_serve(const llm::ApiError& refusal) const;
  [[nodiscard]] bool wants_the_first_alone() const noexcept;
  void keep_to_the_first();

  // One try.
  [[nodiscard]] const route::Step& step() const noexcept {
    return ask().plan.steps[turned_to_ - 1];
  }
  [[nodiscard]] Tried begin(Attempt& attempt, MaybeError refused);
  [[nodiscard]] Tried end(std::unique_ptr<Attempt> attempt, MaybeError error);
  [[nodiscard]] Tried conclude(std::unique_ptr<Attempt> attempt, MaybeError error);
  void serve(std::unique_ptr<Attempt> attempt);
  [[nodiscard]] bool is_elsewhere(const Attempt& attempt) const;
  [[nodiscard]] std::optional<std::chrono::milliseconds> latency_threshold() const noexcept;

  // A try that may be hedged.
  struct Contender;
  struct Race;
  [[nodiscard]] std::optional<Duration> hedge_delay() const;
  Task<Tried> run_hedged(std::unique_ptr<Attempt> first, Duration delay);
  Task<void> run_first(Race& race);
  Task<void> run_second(Race& race, Duration delay);
  void settle_race(Race& race);

  // The end.
  [[nodiscard]] llm::ApiError why_nobody_answered();
  [[nodiscard]] llm::ApiError stopped(MaybeError error) const;

  [[nodiscard]] Ask& ask() const noexcept { return *exchange_.ask_; }
  [[nodiscard]] const llm::RouteWishes* wishes() const noexcept {
    return exchange_.own_.request.wishes.get();
  }
  [[nodiscard]] Health& health() const noexcept { return exchange_.generation_->health(); }
  [[nodiscard]] MonotonicTime now() const noexcept { return exchange_.core_.loop.now(); }

  Exchange& exchange_;
  std::size_t turned_to_ = 0;      // steps of what is asked now, in this round
  std::uint32_t tries_left_ = 0;   // of this round
  std::size_t next_fallback_ = 0;  // of the request's
  MaybeError failed_;              // the last failure
  const catalog::Model* failed_model_ = nullptr;
  std::unique_ptr<Attempt> refused_;  // whose it is, where it is a provider's refusal to be shown
};

}  // namespace sluice::gateway
