// What an exchange needs to ask a deployment: an attempt of its own, the request read whole where
// it is to be written anew, the files that it names, and the deadline.
#include <algorithm>
#include <utility>

#include "exchange.h"
#include "sluice/llm/cache_breakpoints.h"
#include "sluice/llm/media_by_url.h"

namespace sluice::gateway {

using llm::ApiError;

AttemptContext& Exchange::context() {
  if (!ask_->context) {
    ask_->context.emplace(AttemptContext{.core = core_,
                                         .generation = generation_,
                                         .head = downstream_.head(),
                                         .endpoint = endpoint_,
                                         .request = ask_->request,
                                         .body = ask_->body,
                                         .request_id = request_id_,
                                         .chat = ask_->asked_chat()});
  }
  return *ask_->context;
}

std::unique_ptr<Attempt> Exchange::make_attempt(const route::Step& step) {
  const catalog::Deployment& deployment = step.passage.deployment();
  return std::make_unique<Attempt>(context(), step, credential_for(*deployment.provider),
                                   speech_for(endpoint_, ask_->request, deployment));
}

// Once per ask, and only where a provider speaks another dialect.
MaybeError Exchange::read_chat() {
  if (ask_->chat) return std::nullopt;
  auto chat = llm::read_chat(endpoint_.operation, ask_->body.view(), core_.index);
  if (!chat) return std::move(chat.error());
  ask_->chat = std::make_unique<llm::ChatRequest>(std::move(*chat));
  if (ask_->context) ask_->context->chat = ask_->asked_chat();
  return std::nullopt;
}

// What an attempt needs of the request beside its bytes.
MaybeError Exchange::read_for(const Attempt& attempt) {
  if (!attempt.is_translated()) return std::nullopt;
  if (endpoint_.operation != llm::Operation::embeddings) return read_chat();
  if (ask_->embeddings) return std::nullopt;
  auto embeddings = llm::read_embeddings(ask_->body.view(), core_.index);
  if (!embeddings) return std::move(embeddings.error());
  ask_->embeddings = std::make_unique<llm::EmbeddingsRequest>(std::move(*embeddings));
  context().embeddings = ask_->embeddings.get();
  return std::nullopt;
}

bool Exchange::may_lack_files(const Attempt& attempt) const noexcept {
  return attempt.is_translated() && ask_->chat && snapshot_.config.media.fetch;
}

// Nothing to do, as a rule. Where files were named and fetching them is not allowed, the writer of
// the call says what is to be done.
Task<MaybeError> Exchange::fetch_media(const catalog::Deployment& deployment, StopToken stop) {
  auto parts = llm::media_to_fetch(
      *ask_->asked_chat(), chat_dialect(deployment, endpoint_.operation), deployment.traits);
  if (parts.empty()) co_return std::nullopt;
  if (!ask_->media)
    ask_->media = std::make_unique<MediaFetches>(core_, *generation_, *ask_->asked_chat());
  MaybeError failed = co_await ask_->media->fetch(std::move(parts), stop);
  media_at_ = core_.loop.now();
  co_return failed;
}

// What is put into the chat for one deployment is taken out again: the next one may be another
// kind.
MaybeError Exchange::prepare(Attempt& attempt) {
  if (!attempt.is_translated() || !ask_->chat) return attempt.prepare();
  const catalog::Deployment& deployment = attempt.deployment();
  const llm::ChatDialect dialect = chat_dialect(deployment, endpoint_.operation);
  std::optional<MediaFetches::InPlace> bytes;
  if (ask_->media) {
    bytes.emplace(*ask_->media,
                  llm::media_to_fetch(*ask_->asked_chat(), dialect, deployment.traits));
  }
  std::optional<llm::CacheBreakpoints> breakpoints;
  if (deployment.traits.automatic_cache_breakpoints) {
    breakpoints.emplace(*ask_->asked_chat(), dialect, chat_target(deployment));
  }
  return attempt.prepare();
}

// Whether a deployment may be asked: for the first time, or once more while its budget lasts.
bool Exchange::may_ask(const catalog::Deployment& deployment) {
  if (std::ranges::find(asked_, &deployment) == asked_.end()) return true;
  if (!tried_at(context(), deployment).empty()) return true;  // with another credential
  if (generation_->health().retries(deployment).try_spend(core_.loop.now())) return true;
  core_.metrics.retries_over_budget.add();
  return false;
}

void Exchange::count_asked(const catalog::Deployment& deployment, bool is_hedge) {
  if (std::ranges::find(asked_, &deployment) != asked_.end()) {
    core_.metrics.upstream_retries.add();
  } else {
    if (!asked_.empty() && !is_hedge) core_.metrics.upstream_fallbacks.add();
    asked_.push_back(&deployment);
    generation_->health().retries(deployment).count_request();
  }
  last_asked_ = &deployment;
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

// Before anybody is asked: what the file and the caller allow at most.
void Exchange::start_deadline() {
  shrink_deadline(snapshot_.config.timeouts.total);
  const llm::RouteWishes* const wishes = own_.request.wishes.get();
  if (wishes == nullptr || !wishes->timeout) return;
  const MonotonicTime before = total_at_;
  shrink_deadline(*wishes->timeout);
  total_is_callers_ = total_at_ < before;
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
