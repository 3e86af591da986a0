// The plan stage of an exchange: what the model's name means, where the data may go, who of those
// that serve it is asked, and in what order.
#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "exchange.h"
#include "sluice/http/host.h"
#include "sluice/http/text.h"
#include "sluice/json/value.h"
#include "sluice/llm/conversation_key.h"
#include "sluice/llm/token_count.h"
#include "sluice/route/plan.h"

namespace sluice::gateway {
namespace {

using llm::ApiError;
using route::Obstacle;

// "openai: price, azure-eu: ignored_provider": a provider with several deployments is told of once
// for each of its reasons.
std::string reasons_of(std::span<const route::Considered> considered) {
  constexpr std::size_t bytes_max = 512;
  std::string reasons;
  for (const route::Considered& each : considered) {
    if (each.obstacle == Obstacle::none || each.obstacle == Obstacle::region) continue;
    const std::string reason =
        fmt::format("{}: {}", each.deployment->provider->name, route::to_string(each.obstacle));
    if (reasons.find(reason) != std::string::npos) continue;
    if (reasons.size() + reason.size() > bytes_max) return reasons + ", ...";
    if (!reasons.empty()) reasons += ", ";
    reasons += reason;
  }
  return reasons;
}

bool all_are(std::span<const route::Considered> considered, Obstacle obstacle) noexcept {
  return std::ranges::all_of(
      considered, [obstacle](const route::Considered& each) { return each.obstacle == obstacle; });
}

bool any_is(std::span<const route::Considered> considered, Obstacle obstacle) noexcept {
  return std::ranges::any_of(
      considered, [obstacle](const route::Considered& each) { return each.obstacle == obstacle; });
}

}  // namespace

const route::RoutingPolicy& Exchange::policy() const noexcept {
  return snapshot_.routing_of(own_.model);
}

policy::ProviderCredential Exchange::credential_for(const catalog::Provider& provider) const {
  return gateway::credential_for(snapshot_, own_keys_, provider);
}

Payer Exchange::payer_for(const catalog::Provider& provider) const {
  return credential_for(provider).is_callers ? Payer::caller : Payer::gateway;
}

// Whether the caller brought a key and yet the gateway's account would pay.
bool Exchange::own_key_goes_nowhere() const {
  if (!own_keys_.has_presented() || !snapshot_.any_provider_takes_own_keys) return false;
  return std::ranges::none_of(ask_->plan.steps, [this](const route::Step& step) {
    return credential_for(*step.passage.deployment().provider).is_callers;
  });
}

// Everything that binds the data to regions, whatever model is asked.
void Exchange::pin_regions() {
  pin_.narrow(caller_->regions());
  const auto& listeners = snapshot_.config.listeners;
  if (listener_index_ >= listeners.size()) return;  // a reload has taken it away
  const config::ListenerConfig& listener = listeners[listener_index_];
  pin_.narrow(listener.regions);
  if (listener.hosts.empty()) return;
  const auto host = http::host_of(downstream_.head().authority);
  for (const config::HostPin& pin : listener.hosts) {
    if (host && http::equal_ignoring_case(pin.host, *host)) pin_.narrow(pin.regions);
  }
}

MaybeError Exchange::resolve_model() {
  const std::string_view wanted = ask_->request.model;
  const llm::RouteWishes* const wishes = ask_->request.wishes.get();
  auto named = gateway::resolve_model(snapshot_.models, wanted, wishes);
  if (!named) return std::move(named.error());
  if (named->model != nullptr && !caller_->may_use(named->model->name)) {
    core_.metrics.count_key_failure(telemetry::KeyFailure::model_denied);
    return llm::errors::model_forbidden(wanted);
  }
  ask_->pin = pin_;
  if (wishes != nullptr) ask_->pin.narrow(wishes->region);
  ask_->pin.narrow(named->region);
  ask_->model = named->model;
  ask_->provider = named->provider;
  ask_->sort = named->sort;
  return std::nullopt;
}

Asking Exchange::asking() const noexcept {
  return {.snapshot = snapshot_,
          .health = generation_->health(),
          .caller = *caller_,
          .own_keys = own_keys_,
          .endpoint = endpoint_,
          .request = ask_->request,
          .pin = ask_->pin,
          .provider = ask_->provider,
          .now = core_.loop.now()};
}

CachedVector<route::Candidate> Exchange::candidates(const Asking& asking) const {
  if (ask_->model == nullptr) return candidates_of_anybody(asking);
  CachedVector<route::Candidate> candidates;
  add_candidates(asking, *ask_->model, candidates);
  const llm::RouteWishes* const wishes = own_.request.wishes.get();
  if (wishes == nullptr || !wishes->sort_across_models) return candidates;
  for (const llm::FallbackWish& wish : wishes->fallbacks) {
    const catalog::Model* const model = snapshot_.models.find(wish.model);
    if (model != nullptr && model != ask_->model) add_candidates(asking, *model, candidates);
  }
  return candidates;
}

// Where there is a choice that it matters to, the body says more: what it needs, where models
// differ or all of it is to be honoured; and which conversation it goes on with.
void Exchange::look_closer(std::span<const route::Candidate> all, route::Strategy strategy) {
  if (ask_->looked_closer || endpoint_.body != llm::BodyForm::json) return;
  const bool models_differ = std::ranges::any_of(
      all, [&](const route::Candidate& each) { return each.model != all.front().model; });
  const bool wants_needs = models_differ || ask_->request.every_parameter();
  const bool wants_conversation = strategy != route::Strategy::order && policy().affinity.enabled;
  if (!wants_needs && !wants_conversation) return;
  ask_->looked_closer = true;
  if (!core_.index.build(ask_->body.view())) return;
  const json::Value top = json::root(core_.index);
  if (wants_needs) ask_->needs = llm::needs_of(top);
  if (wants_conversation) {
    const std::uint64_t key =
        generation_->conversation_secret() ^ std::hash<std::string_view>{}(caller_->name());
    ask_->conversation = llm::conversation_key(ask_->request, top, key);
  }
  core_.index.clear();
}

// Looks at everybody anew: who failed a moment ago is known to have.
void Exchange::plan_steps() {
  const Asking asking = this->asking();
  CachedVector<route::Candidate> all = candidates(asking);
  route::Question question = question_for(asking, ask_->model, ask_->sort, all);
  if (ask_->model != nullptr && all.size() > 1) {
    look_closer(all, question.strategy);
    question.incumbent = generation_->incumbent(*ask_->model);
    if (follows_conversation(question.strategy)) {
      question.session = generation_->conversation(*ask_->conversation, question.policy.affinity);
    }
  }
  question.needs = ask_->needs ? &*ask_->needs : nullptr;
  ask_->plan = route::plan(question, core_.loop.random());
  note_plan(question);
}

// Where the file's order holds, it holds: nobody is kept from going back to the first.
bool Exchange::follows_conversation(route::Strategy strategy) const noexcept {
  return ask_->conversation && strategy != route::Strategy::order;
}

void Exchange::note_plan(const route::Question& question) {
  const route::Plan& plan = ask_->plan;
  if (follows_conversation(plan.strategy) && question.candidates.size() > 1 && attempts_.empty()) {
    core_.metrics.count_affinity(question.session == nullptr ? telemetry::Affinity::miss
                                 : plan.session_moved        ? telemetry::Affinity::moved
                                                             : telemetry::Affinity::hit);
  }
  count_plan();
  const bool by_rank =
      plan.reason == route::Reason::best_score || plan.reason == route::Reason::incumbent;
  // What a pin or a wish made of it is no choice for others.
  const bool is_free = question.wishes == nullptr && !ask_->pin.is_pinned();
  if (!by_rank || !is_free || ask_->model == nullptr || plan.steps.empty()) return;
  generation_->set_incumbent(*ask_->model, plan.steps.front().passage.deployment());
}

// Once per request, and per fallback that is turned to: looking again after a pause is no other
// choice.
void Exchange::count_plan() {
  const route::Plan& plan = ask_->plan;
  if (ask_->model == nullptr || std::exchange(ask_->plan_is_counted, true)) return;
  if (!plan.steps.empty()) core_.metrics.count_route_choice(plan.strategy, plan.reason);
  for (const route::Considered& each : plan.considered) {
    if (each.obstacle != Obstacle::none) core_.metrics.count_route_obstacle(each.obstacle);
  }
}

MaybeError Exchange::plan() {
  pin_regions();
  if (MaybeError refused = resolve_model()) return refused;
  if (MaybeError refused = check_fallbacks()) return refused;
  look_for_rescue();
  plan_steps();
  ask_->may_estimate = estimates_here();
  const bool nobody = ask_->plan.steps.empty();
  if (nobody && ask_->may_estimate) return std::nullopt;
  // Those who would serve only rest: the attempt stage knows of somebody else, or says so.
  if (nobody && ask_->plan.soonest) return std::nullopt;
  if (own_key_goes_nowhere()) {
    core_.metrics.count_key_failure(telemetry::KeyFailure::invalid);
    return llm::errors::own_key_unusable();
  }
  if (!nobody) return std::nullopt;
  if (fallback_count() == 0) return nobody_serves();
  unsayable_ = nobody_serves();  // the last word, should nobody else serve either
  return std::nullopt;
}

// Whether its answer is to be gone on with if it breaks off, and can be. A body that nobody can
// translate is relayed as ever.
void Exchange::look_for_rescue() {
  const llm::RouteWishes* const wishes = own_.request.wishes.get();
  bool is_wanted = policy().stream_rescue;
  if (wishes != nullptr) is_wanted = wishes->stream_rescue.value_or(is_wanted);
  llm::Request& request = ask_->request;
  if (!is_wanted || !request.stream || !llm::is_translatable(endpoint_.operation)) return;
  const bool first_alone =
      wishes != nullptr && !wishes->provider.allow_fallbacks && wishes->provider.order.empty();
  if (request.repair.any() || wants_no_fallback() || first_alone || read_chat()) return;
  request.continuable = llm::can_be_continued(*ask_->chat);
}

// Tokens are to be counted, and somebody whom the data may reach serves the model, but cannot.
bool Exchange::estimates_here() const {
  if (!llm::asks_token_count(endpoint_.operation) || ask_->model == nullptr) return false;
  return std::ranges::any_of(ask_->model->deployments, [this](const auto& deployment) {
    const catalog::Provider& provider = *deployment.provider;
    return ask_->pin.admits(deployment.region) &&
           (provider.usable_without_byok() || credential_for(provider).is_callers) &&
           speech_for(endpoint_, ask_->request, deployment) == Speech::estimated;
  });
}

// A chain is only as good as its last link: each model in it must exist, and be the caller's to
// use, whether or not it will be needed.
MaybeError Exchange::check_fallbacks() const {
  const llm::RouteWishes* const wishes = own_.request.wishes.get();
  if (wishes == nullptr) return std::nullopt;
  if (wishes->fallbacks.size() > policy().fallback_depth_max) {
    return llm::errors::field_invalid(
        "fallbacks", fmt::format("There are more fallbacks than the {} allowed here. Name fewer.",
                                 policy().fallback_depth_max));
  }
  for (const llm::FallbackWish& wish : wishes->fallbacks) {
    if (wish.model.empty()) continue;
    const catalog::Model* const model = model_named(wish.model);
    if (model == nullptr) return llm::errors::model_unknown(wish.model);
    if (!caller_->may_use(model->name)) return llm::errors::model_forbidden(wish.model);
  }
  return std::nullopt;
}

// By its name, whatever stands before and after it.
const catalog::Model* Exchange::model_named(std::string_view name) const noexcept {
  if (const catalog::Model* const model = snapshot_.models.select(name).model) return model;
  if (const auto named = llm::split_route_suffix(name)) {
    if (const catalog::Model* const model = snapshot_.models.select(named->model).model) {
      return model;
    }
  }
  const auto named = llm::split_region_suffix(name);
  return named ? snapshot_.models.select(named->model).model : nullptr;
}

// X-No-Fallback: the first choice, or an error.
bool Exchange::wants_no_fallback() const noexcept {
  return own_.request.wishes != nullptr && own_.request.wishes->no_fallback;
}

// How many of the request's fallbacks may be asked.
std::size_t Exchange::fallback_count() const noexcept {
  const llm::RouteWishes* const wishes = own_.request.wishes.get();
  if (wishes == nullptr || wants_no_fallback() || wishes->sort_across_models) return 0;
  const std::size_t depth = wishes->depth.value_or(wishes->fallbacks.size());
  return std::min<std::size_t>(wishes->fallbacks.size(), depth);
}

ApiError Exchange::nobody_serves() const {
  const std::string_view wanted = ask_->request.model;
  const auto& considered = ask_->plan.considered;
  if (any_is(considered, Obstacle::region)) return llm::errors::region_unavailable(wanted);
  if (any_is(considered, Obstacle::no_credential)) return llm::errors::credentials_refused(wanted);
  if (ask_->model == nullptr) return llm::errors::model_unknown(wanted);
  if (all_are(considered, Obstacle::operation) || all_are(considered, Obstacle::key)) {
    return llm::errors::operation_unsupported(llm::to_string(endpoint_.operation), wanted);
  }
  return llm::errors::route_impossible(wanted, reasons_of(considered));
}

}  // namespace sluice::gateway
