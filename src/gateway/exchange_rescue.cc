#include "exchange_rescue.h"

#include <algorithm>
#include <utility>

#include "sluice/coro/scope.h"

namespace sluice::gateway {

using llm::ApiError;

Exchange::StreamRescue::StreamRescue(Exchange& exchange) noexcept
    : exchange_(exchange), tries_left_(exchange.policy().retry.fallbacks + 1) {}

bool Exchange::StreamRescue::may_help(const ApiError& error) const noexcept {
  return exchange_.serving_->so_far() != nullptr && error.fault != Fault::client &&
         !exchange_.total_->passed() && !exchange_.downstream_.server_ends();
}

Task<bool> Exchange::StreamRescue::run(const ApiError& error) {
  Attempt& broken = *exchange_.serving_;
  translation_ = broken.take_translation();
  if (was_whole()) co_return true;
  if (!translation_->so_far()->can_go_on() || tries_left_ == 0) co_return false;
  after_ = llm::to_string(error.kind);
  said_ = translation_->so_far()->said();
  broken.set_outcome(outcome_of(error));
  exchange_.record_attempt(broken, exchange_.core_.loop.now(), &error);
  exchange_.serving_is_recorded_ = true;
  broken_.push_back(&broken.deployment());

  bool is_rescued = false;
  StopSource asking(exchange_.total_->token());
  asking_ = &asking;
  Scope scope;
  scope.spawn(keep_client());
  is_rescued = co_await ask_around();
  asking.request_stop();
  co_await scope.join();
  asking_ = nullptr;
  telemetry::Metrics& metrics = exchange_.core_.metrics;
  (is_rescued ? metrics.streams_rescued : metrics.streams_not_rescued).add();
  co_return is_rescued;
}

// Whatever broke off behind it: all was said, and how it ended.
bool Exchange::StreamRescue::was_whole() {
  if (!translation_->finish().ended) return false;
  EventBatch& rest = exchange_.serving_->held();
  rest.events = translation_->take_events();
  rest.ended = true;
  rest.bytes.push(Slice::take(translation_->take_bytes()));
  return true;
}

// Others first: who broke off once may do so again. But better the same one than nobody, unless
// the caller wants nobody to be asked twice.
Task<bool> Exchange::StreamRescue::ask_around() {
  const llm::RouteWishes* const wishes = exchange_.own_.request.wishes.get();
  const bool may_repeat = wishes == nullptr || wishes->retry != false;
  for (const bool those_that_broke : {false, true}) {
    if (those_that_broke && !may_repeat) break;
    exchange_.ask_ = &exchange_.own_;
    exchange_.plan_steps();
    if (co_await ask_planned(those_that_broke)) co_return true;
    for (std::size_t number = 0; number < exchange_.fallback_count(); ++number) {
      if (turn_to_fallback(number) && co_await ask_planned(those_that_broke)) co_return true;
    }
  }
  co_return false;
}

Task<bool> Exchange::StreamRescue::ask_planned(bool those_that_broke) {
  for (std::size_t i = 0; i < exchange_.ask_->plan.steps.size(); ++i) {
    const route::Step step = exchange_.ask_->plan.steps[i];
    const catalog::Deployment& deployment = step.passage.deployment();
    if (has_broken(deployment) != those_that_broke || !goes_on(deployment)) continue;
    exchange_.context().tried.clear();
    do {  // each of its credentials once, and for no try's sake
      if (tries_left_ == 0 || asking_->token().stop_requested()) co_return false;
      exchange_.may_rotate_ = false;
      if (co_await ask(step)) co_return true;
      if (exchange_.may_rotate_) ++tries_left_;
    } while (exchange_.may_rotate_);
  }
  co_return false;
}

// Lifetime: of the attempt, this frame; what it is told, the exchange.
Task<bool> Exchange::StreamRescue::ask(const route::Step& step) {
  const catalog::Deployment& deployment = step.passage.deployment();
  const StopToken stop = asking_->token();
  if (write_rest()) co_return false;
  auto attempt = exchange_.make_attempt(step);
  if (exchange_.may_lack_files(*attempt) && co_await exchange_.fetch_media(deployment, stop)) {
    co_return false;
  }
  if (stop.stop_requested() || exchange_.prepare(*attempt) || !exchange_.may_ask(deployment)) {
    co_return false;
  }
  Health& health = exchange_.generation_->health();
  const auto ticket = health.begin(deployment, exchange_.core_.loop.now(),
                                   exchange_.payer_for(*deployment.provider));
  if (!ticket) co_return false;
  attempt->hold(*ticket);
  --tries_left_;
  exchange_.count_asked(deployment, false);
  exchange_.shrink_deadline(deployment.timeouts.total);
  attempt->go_on_with(std::move(translation_), after_);
  MaybeError error = co_await attempt->run(stop);
  if (!error && attempt->refusal() == nullptr && !stop.stop_requested()) {
    serve(std::move(attempt));
    co_return true;
  }
  if (error && !stop.stop_requested()) {
    exchange_.record_attempt(*attempt, exchange_.core_.loop.now(), &*error);
    exchange_.count_spent(*attempt);
  } else {
    exchange_.record_stopped(*attempt);
  }
  translation_ = attempt->take_translation();
  co_return false;
}

// Whoever waits for the rest sees that the connection lives.
Task<void> Exchange::StreamRescue::keep_client() {
  const StopToken stop = asking_->token();
  const auto every =
      std::chrono::milliseconds(exchange_.snapshot_.config.streaming.keep_alive_comment_ms);
  if (every.count() == 0) co_return;
  while (true) {
    const Result<void> slept =
        co_await ring::sleep_until(exchange_.core_.loop, exchange_.core_.loop.now() + every, stop);
    if (!slept) co_return;
    const Result<void> sent = co_await exchange_.send_keep_alive();
    if (exchange_.went_out(sent)) continue;
    has_lost_client_ = true;
    asking_->request_stop();
    co_return;
  }
}

bool Exchange::StreamRescue::turn_to_fallback(std::size_t number) {
  return !exchange_.turn_to_fallback(number) && exchange_.ask_->request.continuable;
}

bool Exchange::StreamRescue::goes_on(const catalog::Deployment& deployment) const {
  if (speech_for(exchange_.endpoint_, exchange_.ask_->request, deployment) != Speech::translated) {
    return false;
  }
  return said_.empty() ||
         llm::continues_answers(chat_dialect(deployment, exchange_.endpoint_.operation),
                                chat_target(deployment));
}

bool Exchange::StreamRescue::has_broken(const catalog::Deployment& deployment) const noexcept {
  return std::ranges::find(broken_, &deployment) != broken_.end();
}

// What is asked now, with all that has been said behind it.
MaybeError Exchange::StreamRescue::write_rest() {
  if (MaybeError refused = exchange_.read_chat()) return refused;
  Ask& ask = *exchange_.ask_;
  ask.media.reset();  // it speaks of the chat before
  ask.continued = std::make_unique<llm::ChatRequest>(llm::continued_request(*ask.chat, said_));
  exchange_.context().chat = ask.continued.get();
  exchange_.context().first_content_max = std::nullopt;
  return std::nullopt;
}

void Exchange::StreamRescue::serve(std::unique_ptr<Attempt> attempt) {
  exchange_.count_received(*exchange_.serving_);
  exchange_.count_spent(*exchange_.serving_);
  exchange_.events_before_ = exchange_.events_;
  exchange_.ask_->media.reset();
  exchange_.generation_->health().commit(*attempt->ticket(),
                                         attempt->times().first_content - attempt->times().started,
                                         exchange_.core_.loop.now());
  exchange_.serving_ = std::move(attempt);
  exchange_.serving_is_recorded_ = false;
}

}  // namespace sluice::gateway
