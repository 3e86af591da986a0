#include "exchange.h"

#include <algorithm>
#include <utility>

#include "sluice/base/assert.h"
#include "sluice/http/media_type.h"
#include "sluice/http/multipart.h"
#include "sluice/http/text.h"
#include "sluice/llm/anthropic_request.h"
#include "sluice/llm/cache_breakpoints.h"
#include "sluice/llm/media_by_url.h"
#include "sluice/llm/openai_request.h"
#include "sluice/llm/token_count.h"
#include "sluice/policy/credential_header.h"
#include "sluice/policy/local_request.h"

namespace sluice::gateway {
namespace {

using llm::ApiError;

std::string_view content_type_of(const http::RequestHead& head) {
  return head.headers.value(http::FieldName::content_type).value_or(std::string_view{});
}

// Whether another deployment may do better: anything that is not the request's own fault.
bool another_may_serve(const ApiError& error) noexcept {
  return error.fault != Fault::client || error.retryable;
}

// Of an absolute-form target the path and query are ours to answer, whatever host it names. They
// lie side by side, unless the target had no path at all ("http://host?x"): then "/" stands for it.
std::string_view path_and_query(const http::RequestHead& head) noexcept {
  const std::size_t with_mark = head.path.size() + 1;
  if (head.query.empty() || head.query.data() != head.path.data() + with_mark) return head.path;
  return {head.path.data(), with_mark + head.query.size()};
}

ApiError own_key_error(const Error& error) {
  return llm::errors::field_invalid("x-sluice-provider-key", error.what);
}

ApiError body_error(const Error& error, std::size_t bytes_max) {
  if (error.kind == ErrorKind::too_large) return llm::errors::body_too_large(bytes_max);
  if (error.kind == ErrorKind::deadline_exceeded) return llm::errors::request_too_slow("body");
  return llm::errors::head_malformed(error.what);
}

}  // namespace

Exchange::Exchange(Core& core, std::shared_ptr<Generation> generation,
                   http::ServerExchange& downstream, Anonymous anonymous)
    : core_(core),
      generation_(std::move(generation)),
      snapshot_(generation_->snapshot()),
      downstream_(downstream),
      anonymous_(anonymous) {
  const auto given = downstream.head().headers.value(http::FieldName::x_request_id);
  if (given && telemetry::is_acceptable_request_id(*given)) {
    request_id_ = *given;
  } else {
    own_request_id_ = core.request_ids.next();
    request_id_ = own_request_id_.view();
  }
}

std::unique_ptr<Attempt> Exchange::take_unsettled() noexcept {
  if (!serving_ || !downstream_.finished() || serving_->settled()) return nullptr;
  // Of a stream that failed nothing is worth reading on: its connection goes, and its place is
  // free.
  if (serving_->outcome() != telemetry::AttemptOutcome::success) return nullptr;
  return std::move(serving_);
}

Task<void> Exchange::run() {
  MaybeError failed = locate();
  if (!failed) failed = authenticate();
  if (!failed && endpoint_.is_local) {
    co_await answer_locally();
    account();
    co_return;
  }
  if (!failed) failed = co_await understand();
  if (!failed) failed = plan();
  if (!failed && plan_.empty()) {
    co_await answer_estimate();
    account();
    co_return;
  }
  if (!failed) failed = co_await attempt();
  if (downstream_.departed().stop_requested() && !downstream_.server_ends()) {
    note_client_left();
  } else if (failed && estimates_instead()) {
    co_await answer_estimate();
  } else if (failed) {
    co_await answer_error(std::move(*failed));
  } else {
    co_await relay();
  }
  account();
}

// A count that nobody gave, though what was to be counted is understood: about so many will do.
bool Exchange::estimates_instead() const {
  return llm::asks_token_count(endpoint_.operation) && !attempts_.empty() &&
         (chat_ || may_estimate_) && !total_->passed() && !downstream_.server_ends();
}

// --- locate ---

std::optional<ApiError> Exchange::locate() {
  const http::RequestHead& head = downstream_.head();
  auto endpoint = llm::find_endpoint(head.method_text, path_and_query(head));
  if (!endpoint) {
    if (!endpoint.error().method_wrong()) {
      return llm::errors::path_unknown(head.path, endpoint.error().suggestion);
    }
    endpoint_.operation = endpoint.error().operation;
    located_ = true;
    allow_ = endpoint.error().allow;
    return llm::errors::method_wrong(head.method_text, head.path, allow_);
  }
  endpoint_ = std::move(*endpoint);
  located_ = true;
  return std::nullopt;
}

// --- authenticate ---

std::optional<ApiError> Exchange::authenticate() {
  policy::PresentedKey presented;
  for (const http::Header& header : downstream_.head().headers) {
    const policy::CredentialHeader kind = policy::credential_header(header.name);
    if (kind == policy::CredentialHeader::none) continue;
    const bool is_own = kind == policy::CredentialHeader::provider_key;
    const Result<void> added =
        is_own ? own_keys_.add_named(header.value) : presented.add(kind, header.value);
    if (!added) {
      core_.metrics.count_key_failure(telemetry::KeyFailure::malformed);
      return is_own ? own_key_error(added.error()) : llm::errors::key_malformed(added.error().what);
    }
  }
  const policy::Admission admission =
      policy::admit(snapshot_.keys, presented.key(), anonymous_ != Anonymous::refused);
  switch (admission.refusal) {
    case policy::Refusal::none: break;
    case policy::Refusal::missing_key:
      core_.metrics.count_key_failure(telemetry::KeyFailure::missing);
      return llm::errors::key_missing();
    case policy::Refusal::invalid_key:
      core_.metrics.count_key_failure(telemetry::KeyFailure::invalid);
      return llm::errors::key_unknown();
  }
  const http::RequestHead& head = downstream_.head();
  if (admission.caller->is_anonymous() && anonymous_ == Anonymous::local_programs &&
      !policy::is_local_request(head.authority, head.headers.value("origin").value_or(""))) {
    core_.metrics.count_key_failure(telemetry::KeyFailure::origin);
    return llm::errors::origin_foreign();
  }
  caller_ = admission.caller;
  if (!admission.own_key.empty()) own_keys_.set_presented(admission.own_key);
  if (own_keys_.empty()) return std::nullopt;
  const Result<void> usable = own_keys_.check(snapshot_.own_key_providers);
  if (usable) return std::nullopt;
  return own_key_error(usable.error());
}

// --- understand ---

Task<std::optional<ApiError>> Exchange::understand() {
  const http::RequestHead& head = downstream_.head();
  if (endpoint_.body == llm::BodyForm::none) {
    request_ = llm::understand_openai_bodiless(endpoint_);
    body_at_ = core_.loop.now();
    co_return std::nullopt;
  }
  const std::string_view content_type = content_type_of(head);
  if (endpoint_.json_too && !content_type.empty() &&
      llm::media_type_fits(llm::BodyForm::json, content_type)) {
    endpoint_.body = llm::BodyForm::json;
  }
  if (!llm::media_type_fits(endpoint_.body, content_type)) {
    co_return llm::errors::media_type_wrong(content_type, endpoint_.body == llm::BodyForm::json
                                                              ? "application/json"
                                                              : "multipart/form-data");
  }
  const std::size_t bytes_max = snapshot_.config.server.body_bytes_max;
  Result<Slice> body = co_await downstream_.read_whole_body(bytes_max, downstream_.departed());
  body_at_ = core_.loop.now();
  if (!body && body.error().kind == ErrorKind::cancelled && downstream_.server_ends()) {
    co_return llm::errors::gateway_shutting_down();
  }
  if (!body) co_return body_error(body.error(), bytes_max);
  body_ = std::move(*body);
  if (endpoint_.body == llm::BodyForm::multipart) co_return understand_form();
  auto request = endpoint_.dialect == llm::Dialect::anthropic
                     ? llm::understand_anthropic_json(endpoint_, body_.view(), core_.index)
                     : llm::understand_openai_json(endpoint_, body_.view(), core_.index);
  if (!request) co_return std::move(request.error());
  request_ = std::move(*request);
  co_return std::nullopt;
}

std::optional<ApiError> Exchange::understand_form() {
  const auto type = http::MediaType::parse(content_type_of(downstream_.head()));
  const auto boundary = type ? type->boundary() : std::nullopt;
  if (!boundary) return llm::errors::form_malformed("the Content-Type names no boundary");
  const auto form = http::MultipartForm::parse(body_.view(), *boundary);
  if (!form) return llm::errors::form_malformed(form.error().reason);
  std::vector<llm::FormField> fields;
  fields.reserve(form->parts().size());
  for (const http::MultipartPart& part : form->parts()) {
    const auto offset = static_cast<std::size_t>(part.body.data() - body_.data());
    fields.push_back({.name = part.name,
                      .value = {offset, part.body.size()},
                      .is_file = part.filename.has_value()});
  }
  auto request = llm::understand_openai_form(endpoint_, body_.view(), fields);
  if (!request) return std::move(request.error());
  request_ = std::move(*request);
  return std::nullopt;
}

// --- plan ---

policy::ProviderCredential Exchange::credential_for(const catalog::Provider& provider) const {
  return own_keys_.credential_for(snapshot_.own_key_providers[provider.index],
                                  snapshot_.one_provider_takes_own_keys);
}

// Whether the caller brought a key and yet the gateway's account would pay.
bool Exchange::own_key_goes_nowhere() const {
  if (!own_keys_.has_presented() || !snapshot_.any_provider_takes_own_keys) return false;
  return std::ranges::none_of(plan_, [this](const catalog::Deployment* deployment) {
    return credential_for(*deployment->provider).is_callers;
  });
}

bool Exchange::may_reach(const catalog::Deployment& deployment) const {
  const catalog::Provider& provider = *deployment.provider;
  return caller_->may_reach(deployment.region) &&
         (provider.usable_without_byok() || credential_for(provider).is_callers);
}

std::optional<ApiError> Exchange::plan() {
  std::string_view wanted = request_.model;
  const catalog::Selection selected = snapshot_.models.select(wanted);
  model_ = selected.model;
  if (model_ == nullptr && !wanted.empty()) return llm::errors::model_unknown(wanted);
  if (model_ != nullptr && !caller_->may_use(model_->name)) {
    core_.metrics.count_key_failure(telemetry::KeyFailure::model_denied);
    return llm::errors::model_forbidden(wanted);
  }
  bool region_refused = false;
  const auto consider = [&](const catalog::Deployment& deployment) {
    if (!selected.includes(deployment)) return;
    const Speech speech = speech_for(endpoint_, request_, deployment);
    if (speech != Speech::none && may_reach(deployment)) {
      if (speech == Speech::estimated) {
        may_estimate_ = true;
      } else {
        plan_.push_back(&deployment);
      }
    } else if (!caller_->may_reach(deployment.region)) {
      region_refused = true;
    }
  };
  if (model_ != nullptr) {
    for (const catalog::Deployment& deployment : model_->deployments) consider(deployment);
  } else {
    // A request that names no model: the first provider will do. Of a response by its id only who
    // made it knows, and we keep no record of that: each provider is asked in turn.
    const auto enough = [&](const catalog::Deployment& deployment) {
      if (!is_by_id()) return !plan_.empty();
      return std::ranges::any_of(plan_, [&](const catalog::Deployment* planned) {
        return planned->provider == deployment.provider;
      });
    };
    for (const catalog::Model& model : snapshot_.models.models()) {
      if (!caller_->may_use(model.name)) continue;
      for (const catalog::Deployment& deployment : model.deployments) {
        if (!enough(deployment)) consider(deployment);
      }
    }
  }
  if (plan_.empty() && may_estimate_) return std::nullopt;
  if (own_key_goes_nowhere()) {
    core_.metrics.count_key_failure(telemetry::KeyFailure::invalid);
    return llm::errors::own_key_unusable();
  }
  if (!plan_.empty()) return std::nullopt;
  if (region_refused) return llm::errors::region_unavailable(wanted);
  if (model_ == nullptr) return llm::errors::model_unknown(wanted);
  return llm::errors::operation_unsupported(llm::to_string(endpoint_.operation), wanted);
}

// --- attempt ---

// Once per exchange, and only where a provider speaks another dialect.
std::optional<ApiError> Exchange::read_chat() {
  if (chat_) return std::nullopt;
  auto chat = llm::read_chat(endpoint_.operation, body_.view(), core_.index);
  if (!chat) return std::move(chat.error());
  chat_ = std::move(*chat);
  if (context_) context_->chat = &*chat_;
  return std::nullopt;
}

std::optional<ApiError> Exchange::read_to_translate() {
  if (endpoint_.operation != llm::Operation::embeddings) return read_chat();
  if (embeddings_) return std::nullopt;
  auto embeddings = llm::read_embeddings(body_.view(), core_.index);
  if (!embeddings) return std::move(embeddings.error());
  embeddings_ = std::move(*embeddings);
  context_->embeddings = &*embeddings_;
  return std::nullopt;
}

// Nothing to do, as a rule. Where files were named and fetching them is not allowed, the writer of
// the call says what is to be done.
Task<std::optional<ApiError>> Exchange::fetch_media(const catalog::Deployment& deployment) {
  auto parts =
      llm::media_to_fetch(*chat_, chat_dialect(deployment, endpoint_.operation), deployment.traits);
  if (parts.empty()) co_return std::nullopt;
  if (!media_) media_ = std::make_unique<MediaFetches>(core_, *generation_, *chat_);
  MaybeError failed = co_await media_->fetch(std::move(parts), total_->token());
  media_at_ = core_.loop.now();
  co_return failed;
}

// What is put into the chat for one deployment is taken out again: the next one may be another
// kind.
std::optional<ApiError> Exchange::prepare(Attempt& attempt) {
  if (!attempt.is_translated() || !chat_) return attempt.prepare();
  const catalog::Deployment& deployment = attempt.deployment();
  const llm::ChatDialect dialect = chat_dialect(deployment, endpoint_.operation);
  std::optional<MediaFetches::InPlace> bytes;
  if (media_) {
    bytes.emplace(*media_, llm::media_to_fetch(*chat_, dialect, deployment.traits));
  }
  std::optional<llm::CacheBreakpoints> breakpoints;
  if (deployment.traits.automatic_cache_breakpoints) {
    breakpoints.emplace(*chat_, dialect, chat_target(deployment));
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

Task<std::optional<ApiError>> Exchange::attempt() {
  // The smallest of those tried so far: it only shrinks.
  MonotonicTime total_at = downstream_.began_at() + plan_.front()->timeouts.total;
  total_.emplace(core_.loop, total_at, downstream_.departed());
  context_.emplace(AttemptContext{.core = core_,
                                  .generation = generation_,
                                  .head = downstream_.head(),
                                  .endpoint = endpoint_,
                                  .request = request_,
                                  .body = body_,
                                  .request_id = request_id_});
  MaybeError failed;
  MaybeError unsayable;  // what the request asks for and some provider cannot be told
  for (const catalog::Deployment* deployment : plan_) {
    const MonotonicTime own_total_at = downstream_.began_at() + deployment->timeouts.total;
    if (own_total_at < total_at) total_->extend(total_at = own_total_at);
    auto attempt =
        std::make_unique<Attempt>(*context_, *deployment, credential_for(*deployment->provider),
                                  speech_for(endpoint_, request_, *deployment));
    MaybeError refused;
    if (attempt->is_translated()) refused = read_to_translate();
    if (!refused && attempt->is_translated() && chat_ && snapshot_.config.media.fetch) {
      refused = co_await fetch_media(*deployment);
      if (total_->token().stop_requested()) co_return stopped(std::move(refused));
    }
    if (!refused) refused = prepare(*attempt);
    if (refused) {
      if (!unsayable) unsayable = std::move(refused);
      continue;
    }
    if (!attempts_.empty()) core_.metrics.upstream_fallbacks.add();
    MaybeError error = co_await attempt->run(total_->token());
    if (total_->token().stop_requested()) {
      attempt->set_outcome(total_->passed() ? telemetry::AttemptOutcome::timed_out
                                            : telemetry::AttemptOutcome::cancelled);
      record_attempt(*attempt, core_.loop.now());
      co_return stopped(std::move(error));
    }
    // "Not here" is an answer only when everybody said so: whoever failed may be the one who knows.
    const bool is_last = deployment == plan_.back();
    if (is_by_id() && attempt->status() == http::status::not_found && (!is_last || failed)) {
      record_attempt(*attempt, core_.loop.now());
      continue;
    }
    if (!error) {
      serving_ = std::move(attempt);
      media_.reset();  // no further attempt needs the files
      co_return std::nullopt;
    }
    failed = std::move(error);
    record_attempt(*attempt, core_.loop.now());
    count_spent(*attempt);
    if (!another_may_serve(*failed)) break;
  }
  co_return failed ? std::move(failed) : std::move(unsayable);
}

ApiError Exchange::relay_timeout(llm::errors::Deadline which, Duration waited) const {
  const std::string_view provider =
      serving_ ? serving_->deployment().provider->name : plan_.front()->provider->name;
  return llm::errors::upstream_timeout(
      provider, which, std::chrono::duration_cast<std::chrono::milliseconds>(waited));
}

}  // namespace sluice::gateway
