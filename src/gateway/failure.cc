#include "failure.h"

namespace sluice::gateway {

using llm::ApiErrorKind;
using telemetry::AttemptOutcome;
using upstream::Verdict;

namespace {

// The provider does not know the model that the file says it has: its trouble, or ours.
bool lacks_the_model(const llm::ApiError& error) noexcept {
  return error.upstream_status == 404 && error.code == "model_not_found";
}

}  // namespace

bool may_go_elsewhere(const llm::ApiError& error) noexcept {
  if (error.fault != Fault::client || error.retryable || lacks_the_model(error)) return true;
  // "unsupported_parameter", "unsupported_value": not so of every provider.
  return error.kind == ApiErrorKind::bad_request && error.upstream_status != 0 &&
         error.code.starts_with("unsupported_");
}

bool may_fall_back(const llm::ApiError& error, const catalog::Model* from, const catalog::Model* to,
                   bool any) noexcept {
  if (any || may_go_elsewhere(error)) return true;
  if (error.kind != ApiErrorKind::context_length) return false;
  if (from == nullptr || to == nullptr || from == to) return false;
  if (!from->context_tokens || !to->context_tokens) return true;
  return *to->context_tokens > *from->context_tokens;
}

bool may_try_again(const llm::ApiError& error) noexcept {
  if (!error.retryable) return false;
  if (error.failed_generation) return false;  // the model's fault, and paid for
  switch (error.kind) {
    case ApiErrorKind::overloaded:
    case ApiErrorKind::rate_limited: return true;
    case ApiErrorKind::upstream_failed:
      // An answer came, and was paid for: the same one again is as useless.
      return error.cause != ErrorKind::malformed && error.cause != ErrorKind::too_large;
    case ApiErrorKind::upstream_timeout:
    case ApiErrorKind::quota_exhausted:
    case ApiErrorKind::upstream_auth:
    case ApiErrorKind::bad_request:
    case ApiErrorKind::unauthenticated:
    case ApiErrorKind::forbidden:
    case ApiErrorKind::not_found:
    case ApiErrorKind::method_not_allowed:
    case ApiErrorKind::too_large:
    case ApiErrorKind::client_timeout:
    case ApiErrorKind::context_length:
    case ApiErrorKind::content_filter:
    case ApiErrorKind::unsupported:
    case ApiErrorKind::shutting_down: return false;
  }
  __builtin_unreachable();
}

bool is_key_bad(const llm::ApiError& error) noexcept {
  return error.kind == ApiErrorKind::upstream_auth && error.code == "upstream_auth_failed" &&
         (error.upstream_status == 401 || error.upstream_status == 403);
}

std::optional<telemetry::CredentialRefusal> credential_refusal_of(Verdict verdict,
                                                                  bool is_key_bad) noexcept {
  using telemetry::CredentialRefusal;
  if (verdict == Verdict::rate_limited) return CredentialRefusal::rate;
  if (verdict == Verdict::quota) return CredentialRefusal::quota;
  if (verdict != Verdict::auth_refused) return std::nullopt;
  return is_key_bad ? CredentialRefusal::key : CredentialRefusal::permission;
}

Verdict verdict_of(AttemptOutcome outcome, const llm::ApiError* error) noexcept {
  switch (outcome) {
    case AttemptOutcome::success: return Verdict::success;
    case AttemptOutcome::connect_failed:
    case AttemptOutcome::tls_failed: return Verdict::unreachable;
    case AttemptOutcome::timed_out: return Verdict::timed_out;
    case AttemptOutcome::reset: return Verdict::reset;
    case AttemptOutcome::malformed: return Verdict::malformed;
    case AttemptOutcome::cancelled:
    case AttemptOutcome::exhausted: return Verdict::abandoned;
    case AttemptOutcome::rate_limited:
    case AttemptOutcome::refused:
    case AttemptOutcome::failed: break;
  }
  if (error != nullptr) {
    if (error->failed_generation) return Verdict::refused;  // the model's mistake, not the host's
    if (error->kind == ApiErrorKind::quota_exhausted) return Verdict::quota;
    if (error->kind == ApiErrorKind::overloaded) return Verdict::overloaded;
    if (error->kind == ApiErrorKind::rate_limited) return Verdict::rate_limited;
    if (error->kind == ApiErrorKind::upstream_auth) return Verdict::auth_refused;
    if (error->fault == Fault::client) return Verdict::refused;
  }
  if (outcome == AttemptOutcome::rate_limited) return Verdict::rate_limited;
  return outcome == AttemptOutcome::refused ? Verdict::refused : Verdict::failed;
}

}  // namespace sluice::gateway
