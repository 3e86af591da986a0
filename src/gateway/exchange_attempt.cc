// The attempt stage of an exchange: one deployment after the other, until the first good event.
//
//   round --> the request's own plan --> its fallbacks, each with a plan of its own
//     `--failed, and a pause may help--> the next round
//
// Everybody who may serve is asked before anybody is asked again: somebody else need not be waited
// for.
#include <algorithm>
#include <utility>

#include "exchange.h"
#include "failure.h"
#include "sluice/json/writer.h"
#include "sluice/llm/cache_breakpoints.h"
#include "sluice/llm/media_by_url.h"
#include "sluice/llm/override_members.h"

namespace sluice::gateway {
namespace {

// The body with another model's name in it. `name_at`: where the name stands, or is to be put as
// a member of its own.
std::string with_model(std::string_view body, json::Span name_at, std::string_view name) {
  std::string out(body.substr(0, name_at.offset));
  if (name_at.size_bytes == 0) out += "\"model\":";
  json::append_quoted(out, name);
  if (name_at.size_bytes == 0) out += ',';
  out += body.substr(name_at.offset + name_at.size_bytes);
  return out;
}

}  // namespace

using llm::ApiError;

// Once per ask, and only where a provider speaks another dialect.
std::optional<ApiError> Exchange::read_chat() {
  if (ask_->chat) return std::nullopt;
  auto chat = llm::read_chat(endpoint_.operation, ask_->body.view(), core_.index);
  if (!chat) return std::move(chat.error());
  ask_->chat = std::make_unique<llm::ChatRequest>(std::move(*chat));
  if (ask_->context) ask_->context->chat = ask_->chat.get();
  return std::nullopt;
}

std::optional<ApiError> Exchange::read_to_translate() {
  if (endpoint_.operation != llm::Operation::embeddings) return read_chat();
  if (ask_->embeddings) return std::nullopt;
  auto embeddings = llm::read_embeddings(ask_->body.view(), core_.index);
  if (!embeddings) return std::move(embeddings.error());
  ask_->embeddings = std::make_unique<llm::EmbeddingsRequest>(std::move(*embeddings));
  context().embeddings = ask_->embeddings.get();
  return std::nullopt;
}

// Nothing to do, as a rule. Where files were named and fetching them is not allowed, the writer of
// the call says what is to be done.
Task<std::optional<ApiError>> Exchange::fetch_media(const catalog::Deployment& deployment,
                                                    StopToken stop) {
  auto parts = llm::media_to_fetch(*ask_->chat, chat_dialect(deployment, endpoint_.operation),
                                   deployment.traits);
  if (parts.empty()) co_return std::nullopt;
  if (!ask_->media) ask_->media = std::make_unique<MediaFetches>(core_, *generation_, *ask_->chat);
  MaybeError failed = co_await ask_->media->fetch(std::move(parts), stop);
  media_at_ = core_.loop.now();
  co_return failed;
}

// What is put into the chat for one deployment is taken out again: the next one may be another
// kind.
std::optional<ApiError> Exchange::prepare(Attempt& attempt) {
  if (!attempt.is_translated() || !ask_->chat) return attempt.prepare();
  const catalog::Deployment& deployment = attempt.deployment();
  const llm::ChatDialect dialect = chat_dialect(deployment, endpoint_.operation);
  std::optional<MediaFetches::InPlace> bytes;
  if (ask_->media) {
    bytes.emplace(*ask_->media, llm::media_to_fetch(*ask_->chat, dialect, deployment.traits));
  }
  std::optional<llm::CacheBreakpoints> breakpoints;
  if (deployment.traits.automatic_cache_breakpoints) {
    breakpoints.emplace(*ask_->chat, dialect, chat_target(deployment));
  }
  return attempt.prepare();
}

// What ends an exchange that was stopped, in place of what its last step saw of that.
ApiError Exchange::stopped(MaybeError error) const {
  if (total_->passed()) {
    return relay_timeout(llm::errors::Deadline::total, core_.loop.now() - downstream_.began_at());
  }
  if (downstream_.server_ends() || !error) return llm::errors::gateway_shutting_down();
  return std::move(*error);  // the client left: nobody reads it
}

// The exchange's deadline only shrinks: the smallest of those that anybody asked has.
void Exchange::shrink_deadline(Duration total) {
  const MonotonicTime at = downstream_.began_at() + total;
  if (at >= total_at_) return;
  total_at_ = at;
  total_is_callers_ = false;
  if (total_) {
    total_->extend(at);
  } else {
    total_.emplace(core_.loop, at, downstream_.departed());
  }
}

// How long an attempt may be silent if there is somebody else to ask.
std::optional<std::chrono::milliseconds> Exchange::latency_threshold() const noexcept {
  const llm::RouteWishes* const wishes = own_.request.wishes.get();
  if (wishes == nullptr || wants_the_first_alone()) return std::nullopt;
  const bool others = step_ + 1 < ask_->plan.steps.size() || next_fallback_ < fallback_count();
  return others ? wishes->latency_threshold : std::nullopt;
}

AttemptContext& Exchange::context() {
  if (!ask_->context) {
    ask_->context.emplace(AttemptContext{.core = core_,
                                         .generation = generation_,
                                         .head = downstream_.head(),
                                         .endpoint = endpoint_,
                                         .request = ask_->request,
                                         .body = ask_->body,
                                         .request_id = request_id_,
                                         .chat = ask_->chat.get()});
  }
  return *ask_->context;
}

// An attempt ready to be run; or why this deployment cannot be told what the request asks for.
Task<std::expected<std::unique_ptr<Attempt>, ApiError>> Exchange::make_attempt(
    const route::Step& step, StopToken stop) {
  const catalog::Deployment& deployment = step.passage.deployment();
  auto attempt = std::make_unique<Attempt>(context(), step, credential_for(*deployment.provider),
                                           speech_for(endpoint_, ask_->request, deployment));
  MaybeError refused;
  if (attempt->is_translated()) refused = read_to_translate();
  if (!refused && attempt->is_translated() && ask_->chat && snapshot_.config.media.fetch) {
    refused = co_await fetch_media(deployment, stop);
  }
  if (!refused && !stop.stop_requested()) refused = prepare(*attempt);
  if (refused) co_return std::unexpected(std::move(*refused));
  co_return attempt;
}

// "Not here" is an answer only when everybody said so: whoever failed may be the one who knows.
bool Exchange::is_elsewhere(const Attempt& attempt, bool is_last) const {
  return is_by_id() && attempt.status() == http::status::not_found && (!is_last || failed_);
}

// Whether a deployment may be asked: for the first time, or once more while its budget lasts.
bool Exchange::may_ask(const catalog::Deployment& deployment) {
  if (std::ranges::find(asked_, &deployment) == asked_.end()) return true;
  if (generation_->health().retries(deployment).try_spend(core_.loop.now())) return true;
  core_.metrics.retries_over_budget.add();
  return false;
}

void Exchange::count_asked(const catalog::Deployment& deployment, bool is_hedge) {
  --tries_left_;
  const bool again = std::ranges::find(asked_, &deployment) != asked_.end();
  if (again) {
    core_.metrics.upstream_retries.add();
  } else {
    if (!asked_.empty() && !is_hedge) core_.metrics.upstream_fallbacks.add();
    asked_.push_back(&deployment);
    generation_->health().retries(deployment).count_request();
  }
  last_asked_ = &deployment;
}

void Exchange::serve(std::unique_ptr<Attempt> attempt) {
  serving_ = std::move(attempt);
  failed_.reset();  // made good
  const AttemptTimes& times = serving_->times();
  const bool is_stream = serving_->form() == Attempt::Form::events;
  generation_->health().commit(*serving_->ticket(),
                               is_stream ? times.first_content - times.started : Duration(-1),
                               core_.loop.now());
  ask_->media.reset();  // no further attempt needs the files
  if (follows_conversation(ask_->plan.strategy)) {
    generation_->keep_conversation(*ask_->conversation, serving_->deployment());
  }
}

Task<Exchange::Tried> Exchange::try_step() {
  const route::Step step = ask_->plan.steps[step_];
  const bool is_last = step_ + 1 == ask_->plan.steps.size();
  const catalog::Deployment& deployment = step.passage.deployment();
  shrink_deadline(deployment.timeouts.total);
  auto made = co_await make_attempt(step, total_->token());
  if (total_->token().stop_requested()) {
    failed_ = stopped(made ? MaybeError{} : std::move(made.error()));
    co_return Tried::stopped;
  }
  if (!made) {
    if (!unsayable_) unsayable_ = std::move(made.error());
    co_return Tried::skipped;
  }
  if (!may_ask(deployment)) co_return Tried::skipped;
  const auto ticket = generation_->health().begin(deployment, core_.loop.now());
  if (!ticket) co_return Tried::skipped;  // somebody else is its probe
  std::unique_ptr<Attempt> attempt = std::move(*made);
  attempt->hold(*ticket);
  const std::optional<Duration> delay = hedge_delay(step);
  count_asked(deployment, false);
  context().first_content_max = latency_threshold();
  if (delay) co_return co_await try_hedged(std::move(attempt), *delay);

  MaybeError error = co_await attempt->run(total_->token());
  if (total_->token().stop_requested()) {
    attempt->set_outcome(total_->passed() ? telemetry::AttemptOutcome::timed_out
                                          : telemetry::AttemptOutcome::cancelled);
    record_attempt(*attempt, core_.loop.now());
    count_spent(*attempt);
    failed_ = stopped(std::move(error));
    co_return Tried::stopped;
  }
  if (is_elsewhere(*attempt, is_last)) {
    record_attempt(*attempt, core_.loop.now(), error ? &*error : nullptr);
    if (!error && !failed_) refused_ = std::move(attempt);
    co_return Tried::skipped;
  }
  co_return conclude(std::move(attempt), std::move(error));
}

// What comes of an attempt that has run: its answer is shown, or it has failed. A provider's
// refusal is kept to be shown in case nobody does better.
Exchange::Tried Exchange::conclude(std::unique_ptr<Attempt> attempt, MaybeError error) {
  const llm::ApiError* const refusal = attempt->refusal();
  if (!error && (refusal == nullptr || !others_may_serve(*refusal))) {
    serve(std::move(attempt));
    return Tried::answered;
  }
  failed_ = error ? std::move(error) : MaybeError(*refusal);
  failed_model_ = ask_->model;
  record_attempt(*attempt, core_.loop.now(), &*failed_);
  count_spent(*attempt);
  refused_ = refusal != nullptr ? std::move(attempt) : nullptr;
  return Tried::failed;
}

// Whether the caller wants the first choice or an error, later too.
bool Exchange::wants_the_first_alone() const noexcept {
  const llm::RouteWishes* const wishes = own_.request.wishes.get();
  return wants_no_fallback() ||
         (wishes != nullptr && !wishes->provider.allow_fallbacks && wishes->provider.order.empty());
}

void Exchange::keep_to_the_first() {
  if (asked_.empty()) return;
  std::erase_if(ask_->plan.steps, [this](const route::Step& step) {
    return &step.passage.deployment() != asked_.front();
  });
}

// Whether somebody who has not been asked yet may do better than a refusal.
bool Exchange::others_may_serve(const llm::ApiError& refusal) const {
  if (wants_no_fallback()) return false;
  if (step_ + 1 < ask_->plan.steps.size() && may_go_elsewhere(refusal)) return true;
  for (std::size_t number = next_fallback_; number < fallback_count(); ++number) {
    const llm::RouteWishes& wishes = *own_.request.wishes;
    const std::string& name = wishes.fallbacks[number].model;
    const catalog::Model* const to = name.empty() ? own_.model : model_named(name);
    if (may_fall_back(refusal, ask_->model, to, wishes.fallbacks_on_any_error)) return true;
  }
  return false;
}

// X-No-Fallback: the first choice, or an error.
bool Exchange::wants_no_fallback() const noexcept {
  return own_.request.wishes != nullptr && own_.request.wishes->no_fallback;
}

Task<Exchange::Tried> Exchange::try_steps() {
  Tried last = Tried::skipped;
  for (step_ = 0; step_ < ask_->plan.steps.size() && tries_left_ > 0; ++step_) {
    const Tried tried = co_await try_step();
    if (tried == Tried::skipped && wants_no_fallback() && !is_by_id()) break;
    if (tried == Tried::skipped) continue;
    last = tried;
    if (tried != Tried::failed || !may_go_elsewhere(*failed_) || wants_no_fallback()) break;
  }
  co_return last;
}

// Makes the next of the request's fallbacks what is asked, planned anew. Nothing: it is; else why
// it cannot be asked at all.
std::optional<ApiError> Exchange::turn_to_fallback(std::size_t number) {
  if (fallback_asks_.size() <= number) fallback_asks_.resize(number + 1);
  std::unique_ptr<Ask>& ask = fallback_asks_[number];
  if (!ask) {
    auto made = std::make_unique<Ask>();
    if (MaybeError refused = write_fallback(number, *made)) return refused;
    ask = std::move(made);
  }
  ask_ = ask.get();
  if (MaybeError refused = resolve_model()) return refused;
  plan_steps();
  return std::nullopt;
}

// A fallback is a request of its own: what it overrides is put over the request's own members. Only
// whether it is streamed is the client's to say once.
std::optional<ApiError> Exchange::write_fallback(std::size_t number, Ask& ask) {
  const llm::FallbackWish& wish = own_.request.wishes->fallbacks[number];
  std::string body;
  if (wish.overrides) {
    // It was understood; but by limits that a reload may have lowered since.
    if (!llm::override_members(own_.body.view(), core_.index, number, body)) {
      return llm::errors::field_invalid(
          "fallbacks", "The body is beyond the limits that hold by now. Send a smaller one.");
    }
  } else {
    body = with_model(own_.body.view(), own_.request.model_span, wish.model);
  }
  ask.body = Slice::take(std::move(body));
  if (MaybeError refused = understand_json(ask)) return refused;
  if (MaybeError refused = header_wishes_.join(ask.request)) return refused;
  if (ask.request.stream != own_.request.stream) {
    return llm::errors::field_invalid("fallbacks.stream",
                                      "A fallback streams if its request does: leave stream out.");
  }
  return std::nullopt;
}

// How many of the request's fallbacks may be asked.
std::size_t Exchange::fallback_count() const noexcept {
  const llm::RouteWishes* const wishes = own_.request.wishes.get();
  if (wishes == nullptr || wants_no_fallback() || wishes->sort_across_models) return 0;
  const std::size_t depth = wishes->depth.value_or(wishes->fallbacks.size());
  return std::min<std::size_t>(wishes->fallbacks.size(), depth);
}

// One round: the request's own plan, then its fallbacks'.
Task<Exchange::Tried> Exchange::try_all() {
  tries_left_ = is_by_id() ? UINT32_MAX : policy().retry.fallbacks + 1;
  next_fallback_ = 0;
  Tried tried = co_await try_steps();
  while (next_fallback_ < fallback_count()) {
    if (tried == Tried::answered || tried == Tried::stopped) break;
    if (MaybeError refused = turn_to_fallback(next_fallback_++)) {
      if (!unsayable_) unsayable_ = std::move(refused);
      continue;
    }
    const bool any = own_.request.wishes->fallbacks_on_any_error;
    if (failed_ && !may_fall_back(*failed_, failed_model_, ask_->model, any)) continue;
    tried = co_await try_steps();
  }
  co_return tried;
}

// Whether one of those that were asked may be asked again then, as far as is known now.
bool Exchange::anybody_is_free(MonotonicTime then) const {
  return std::ranges::any_of(asked_, [&](const catalog::Deployment* deployment) {
    if (!generation_->health().retries(*deployment).has_one(then)) return false;
    route::Candidate candidate{.deployment = deployment};
    generation_->health().describe(*deployment, then, candidate);
    return candidate.obstacle == route::Obstacle::none ||
           candidate.obstacle == route::Obstacle::ejected;
  });
}

// When to begin another round; nothing: it is of no use, or not allowed.
std::optional<MonotonicTime> Exchange::next_round_at(std::uint32_t round) {
  const route::RetryPolicy& retry = policy().retry;
  const llm::RouteWishes* const wishes = own_.request.wishes.get();
  const MonotonicTime now = core_.loop.now();
  if (attempts_.empty()) {
    const auto queue_until = downstream_.began_at() + std::chrono::milliseconds(retry.queue_ms_max);
    const auto& soonest = own_.plan.soonest;
    const bool waits = soonest && *soonest <= queue_until && *soonest < total_at_;
    return waits ? soonest : std::nullopt;
  }
  if (round >= retry.retries || !failed_ || !may_try_again(*failed_)) return std::nullopt;
  if (wishes != nullptr && wishes->retry == false) return std::nullopt;
  // From half of it to one and a half times: who failed together does not come back together.
  const auto backoff = std::chrono::milliseconds(retry.backoff_ms);
  const Duration pause =
      Duration(backoff) / 2 +
      Duration(static_cast<std::int64_t>(core_.loop.random().unit() *
                                         static_cast<double>(Duration(backoff).count())));
  if (now + pause >= total_at_ || !anybody_is_free(now + pause)) return std::nullopt;
  return now + pause;
}

ApiError Exchange::why_nobody_answered() {
  if (failed_) return std::move(*failed_);
  if (unsayable_) return std::move(*unsayable_);
  constexpr auto least = std::chrono::milliseconds(1'000);
  const MonotonicTime now = core_.loop.now();
  const auto wait = own_.plan.soonest && *own_.plan.soonest > now
                        ? std::chrono::ceil<std::chrono::milliseconds>(*own_.plan.soonest - now)
                        : least;
  return llm::errors::all_resting(own_.request.model, std::max(wait, least));
}

Task<std::optional<ApiError>> Exchange::attempt() {
  shrink_deadline(snapshot_.config.timeouts.total);
  const llm::RouteWishes* const wishes = own_.request.wishes.get();
  if (wishes != nullptr && wishes->timeout) {
    const MonotonicTime before = total_at_;
    shrink_deadline(*wishes->timeout);
    total_is_callers_ = total_at_ < before;
  }
  for (std::uint32_t round = 0;;) {
    const Tried tried = co_await try_all();
    if (tried == Tried::answered) co_return std::nullopt;
    if (tried == Tried::stopped) co_return std::move(failed_);
    const std::optional<MonotonicTime> next_at = next_round_at(round);
    if (!next_at && refused_) {  // in the provider's own words
      serving_ = std::move(refused_);
      serving_is_recorded_ = true;
      co_return std::nullopt;
    }
    if (!next_at) co_return why_nobody_answered();
    const Result<void> slept = co_await ring::sleep_until(core_.loop, *next_at, total_->token());
    if (!slept) co_return stopped(std::move(failed_));
    if (!attempts_.empty()) ++round;  // waiting in line is none
    ask_ = &own_;
    plan_steps();
    if (wants_the_first_alone()) keep_to_the_first();
  }
}

ApiError Exchange::relay_timeout(llm::errors::Deadline which, Duration waited) const {
  std::string_view provider;
  if (serving_) {
    provider = serving_->deployment().provider->name;
  } else if (last_asked_ != nullptr) {
    provider = last_asked_->provider->name;
  } else if (!ask_->plan.steps.empty()) {
    provider = ask_->plan.steps.front().passage.deployment().provider->name;
  }
  return llm::errors::upstream_timeout(
      provider, which, std::chrono::duration_cast<std::chrono::milliseconds>(waited));
}

}  // namespace sluice::gateway
