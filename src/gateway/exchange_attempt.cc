#include "exchange_attempt.h"

#include <algorithm>
#include <utility>

#include "failure.h"

namespace sluice::gateway {

using llm::ApiError;

Exchange::AttemptStage::AttemptStage(Exchange& exchange) noexcept : exchange_(exchange) {}

Task<MaybeError> Exchange::AttemptStage::run() {
  for (std::uint32_t round = 0;;) {
    begin_round();
    Tried tried = Tried::skipped;
    while (turn_to_next(tried)) {
      auto attempt = exchange_.make_attempt(step());
      MaybeError refused = exchange_.read_for(*attempt);
      if (!refused && exchange_.may_lack_files(*attempt)) {
        refused = co_await exchange_.fetch_media(attempt->deployment(), exchange_.total_->token());
      }
      tried = begin(*attempt, std::move(refused));
      if (tried != Tried::begun) continue;
      if (const std::optional<Duration> delay = hedge_delay()) {
        tried = co_await run_hedged(std::move(attempt), *delay);
      } else {
        MaybeError error = co_await attempt->run(exchange_.total_->token());
        tried = end(std::move(attempt), std::move(error));
      }
    }
    if (tried == Tried::answered) co_return std::nullopt;
    if (tried == Tried::stopped) co_return std::move(failed_);
    const std::optional<MonotonicTime> next_at = next_round_at(round);
    if (!next_at && refused_) {  // in the provider's own words
      exchange_.serving_ = std::move(refused_);
      exchange_.serving_is_recorded_ = true;
      co_return std::nullopt;
    }
    if (!next_at) co_return why_nobody_answered();
    const Result<void> slept =
        co_await ring::sleep_until(exchange_.core_.loop, *next_at, exchange_.total_->token());
    if (!slept) co_return stopped(std::move(failed_));
    if (!exchange_.attempts_.empty()) ++round;  // waiting in line is none
    exchange_.ask_ = &exchange_.own_;
    exchange_.plan_steps();
    if (wants_the_first_alone()) keep_to_the_first();
  }
}

// --- one try ---

// Readies a new attempt to be run; or says that this deployment is not asked.
Exchange::AttemptStage::Tried Exchange::AttemptStage::begin(Attempt& attempt, MaybeError refused) {
  if (exchange_.total_->token().stop_requested()) {
    failed_ = stopped(std::move(refused));
    return Tried::stopped;
  }
  if (!refused) refused = exchange_.prepare(attempt);
  if (refused) {
    if (!exchange_.unsayable_) exchange_.unsayable_ = std::move(refused);
    return Tried::skipped;
  }
  const catalog::Deployment& deployment = attempt.deployment();
  if (!exchange_.may_ask(deployment)) return Tried::skipped;
  const auto ticket = health().begin(deployment, now(), exchange_.payer_for(*deployment.provider));
  if (!ticket) return Tried::skipped;  // somebody else is its probe
  attempt.hold(*ticket);
  --tries_left_;
  exchange_.count_asked(deployment, false);
  exchange_.context().first_content_max = latency_threshold();
  return Tried::begun;
}

// What comes of an attempt that has run alone.
Exchange::AttemptStage::Tried Exchange::AttemptStage::end(std::unique_ptr<Attempt> attempt,
                                                          MaybeError error) {
  if (exchange_.total_->token().stop_requested()) {
    exchange_.record_stopped(*attempt);
    failed_ = stopped(std::move(error));
    return Tried::stopped;
  }
  if (is_elsewhere(*attempt)) {
    exchange_.record_attempt(*attempt, now(), error.get());
    if (!error && !failed_) refused_ = std::move(attempt);
    return Tried::skipped;
  }
  return conclude(std::move(attempt), std::move(error));
}

// Its answer is shown, or it has failed. A provider's refusal is kept to be shown in case nobody
// does better.
Exchange::AttemptStage::Tried Exchange::AttemptStage::conclude(std::unique_ptr<Attempt> attempt,
                                                               MaybeError error) {
  const ApiError* const refusal = attempt->refusal();
  if (!error && (refusal == nullptr || !others_may_serve(*refusal))) {
    serve(std::move(attempt));
    return Tried::answered;
  }
  failed_ = error ? std::move(error) : MaybeError(*refusal);
  failed_model_ = ask().model;
  exchange_.record_attempt(*attempt, now(), &*failed_);
  exchange_.count_spent(*attempt);
  refused_ = refusal != nullptr ? std::move(attempt) : nullptr;
  return Tried::failed;
}

void Exchange::AttemptStage::serve(std::unique_ptr<Attempt> attempt) {
  const AttemptTimes& times = attempt->times();
  const bool is_stream = attempt->form() == Attempt::Form::events;
  health().commit(*attempt->ticket(),
                  is_stream ? times.first_content - times.started : Duration(-1), now());
  ask().media.reset();  // no further attempt needs the files
  if (exchange_.follows_conversation(ask().plan.strategy)) {
    exchange_.generation_->keep_conversation(*ask().conversation, attempt->deployment());
  }
  exchange_.serving_ = std::move(attempt);
}

// "Not here" is an answer only when everybody said so: whoever failed may be the one who knows.
bool Exchange::AttemptStage::is_elsewhere(const Attempt& attempt) const {
  const bool is_last = turned_to_ == ask().plan.steps.size();
  return exchange_.is_by_id() && attempt.status() == http::status::not_found &&
         (!is_last || failed_);
}

// How long an attempt may be silent if there is somebody else to ask.
std::optional<std::chrono::milliseconds> Exchange::AttemptStage::latency_threshold()
    const noexcept {
  if (wishes() == nullptr || wants_the_first_alone()) return std::nullopt;
  const bool others =
      turned_to_ < ask().plan.steps.size() || next_fallback_ < exchange_.fallback_count();
  return others ? wishes()->latency_threshold : std::nullopt;
}

// --- the end ---

// What ends an exchange that was stopped, in place of what its last step saw of that.
ApiError Exchange::AttemptStage::stopped(MaybeError error) const {
  const http::ServerExchange& downstream = exchange_.downstream_;
  if (exchange_.total_->passed()) {
    return exchange_.relay_timeout(llm::errors::Deadline::total, now() - downstream.began_at());
  }
  if (downstream.server_ends() || !error) return llm::errors::gateway_shutting_down();
  return std::move(*error);  // the client left: nobody reads it
}

ApiError Exchange::AttemptStage::why_nobody_answered() {
  if (failed_) return std::move(*failed_);
  if (exchange_.unsayable_) return std::move(*exchange_.unsayable_);
  constexpr auto least = std::chrono::milliseconds(1'000);
  const auto& soonest = exchange_.own_.plan.soonest;
  const auto wait = soonest && *soonest > now()
                        ? std::chrono::ceil<std::chrono::milliseconds>(*soonest - now())
                        : least;
  return llm::errors::all_resting(exchange_.own_.request.model, std::max(wait, least));
}

}  // namespace sluice::gateway
