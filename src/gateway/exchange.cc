#include "exchange.h"

#include <utility>

#include "exchange_attempt.h"
#include "sluice/llm/token_count.h"
#include "sluice/policy/credential_header.h"
#include "sluice/policy/local_request.h"

namespace sluice::gateway {
namespace {

using llm::ApiError;

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

}  // namespace

Exchange::Exchange(Core& core, std::shared_ptr<Generation> generation,
                   http::ServerExchange& downstream, std::size_t listener_index,
                   Anonymous anonymous)
    : core_(core),
      generation_(std::move(generation)),
      snapshot_(generation_->snapshot()),
      downstream_(downstream),
      listener_index_(listener_index),
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
  const bool has_answer = co_await reach_commit_point();
  if (has_answer) {
    co_await core_.loop.next_stage();
    co_await relay();
    co_await core_.loop.next_stage();
    if (!serving_is_recorded_) record_attempt(*serving_, core_.loop.now(), broken_.get());
  }
  co_await core_.loop.next_stage();
  co_await account();
}

// True: there is an attempt to show. False: the client has its answer, or none is wanted. On its
// own, so that nothing of its frame is held while an answer is relayed, which may take minutes.
Task<bool> Exchange::reach_commit_point() {
  MaybeError failed = locate();
  if (!failed) failed = authenticate();
  if (!failed && endpoint_.is_local) {
    co_await answer_locally();
    co_return false;
  }
  if (!failed) {
    co_await core_.loop.next_stage();
    failed = co_await understand();
  }
  if (!failed) {
    co_await core_.loop.next_stage();
    failed = plan();
  }
  if (!failed && own_.plan.steps.empty() && own_.may_estimate) {
    co_await answer_estimate();
    co_return false;
  }
  if (!failed) {
    start_deadline();
    AttemptStage stage(*this);
    failed = co_await stage.run();
  }
  if (downstream_.departed().stop_requested() && !downstream_.server_ends()) {
    note_client_left();
  } else if (failed && estimates_instead()) {
    co_await answer_estimate();
  } else if (failed) {
    co_await answer_error(std::move(*failed));
  } else {
    co_return true;
  }
  co_return false;
}

// A count that nobody gave, though what was to be counted is understood: about so many will do.
bool Exchange::estimates_instead() const {
  return llm::asks_token_count(endpoint_.operation) && !attempts_.empty() &&
         (ask_->chat || ask_->may_estimate) && !total_->passed() && !downstream_.server_ends();
}

// --- locate ---

MaybeError Exchange::locate() {
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

MaybeError Exchange::authenticate() {
  policy::PresentedKey presented;
  for (const http::ReceivedHeader& header : downstream_.head().headers) {
    const policy::CredentialHeader kind = policy::credential_header(header.name);
    if (kind == policy::CredentialHeader::none) {
      if (header.known == http::FieldName::other) header_wishes_.add(header.name, header.value);
      continue;
    }
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

}  // namespace sluice::gateway
