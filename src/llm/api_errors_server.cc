// Errors whose fault is the gateway's or a provider's.
#include <fmt/format.h>

#include "sluice/llm/api_error.h"

namespace sluice::llm::errors {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds default_wait = std::chrono::seconds(1);
// Somebody has to be told, and to put a new key in its place.
constexpr milliseconds credentials_wait = std::chrono::seconds(60);

ApiError server_error(ApiErrorKind kind, Fault fault, int status, std::string code,
                      std::string message) {
  return {.kind = kind,
          .fault = fault,
          .retryable = true,
          .status = status,
          .type = "server_error",
          .code = std::move(code),
          .message = std::move(message)};
}

ApiError upstream(ApiErrorKind kind, int status, std::string code, std::string message,
                  int upstream_status = 0) {
  ApiError error = server_error(kind, Fault::provider, status, std::move(code), std::move(message));
  error.upstream_status = upstream_status;
  return error;
}

bool ends_sentence(std::string_view text) {
  return text.ends_with('.') || text.ends_with('!') || text.ends_with('?') || text.ends_with("…");
}

ApiError broken(ErrorKind cause, ApiError error) {
  error.cause = cause;
  return error;
}

std::string_view reason_of(const Error& cause) {
  switch (cause.kind) {
    case ErrorKind::resolve_failed: return "its host name could not be resolved";
    case ErrorKind::connect_failed: return "the connection was refused or not routable";
    case ErrorKind::connection_closed: return "it closed the connection before it answered";
    case ErrorKind::connection_reset: return "the connection broke";
    case ErrorKind::tls_failed: return "the TLS connection failed";
    case ErrorKind::certificate_invalid: return "its certificate is not trusted";
    case ErrorKind::malformed: return "its answer is not valid HTTP";
    case ErrorKind::too_large: return "its answer is too large";
    case ErrorKind::deadline_exceeded: return "it took too long";
    case ErrorKind::exhausted: return "the gateway ran out of a resource";
    case ErrorKind::cancelled:
    case ErrorKind::unsupported:
    case ErrorKind::invalid:
    case ErrorKind::not_found:
    case ErrorKind::io: return "the exchange with it failed";
  }
  __builtin_unreachable();
}

}  // namespace

ApiError gateway_overloaded(milliseconds wait) {
  ApiError error = server_error(ApiErrorKind::overloaded, Fault::gateway, 503, "overloaded",
                                "The gateway is at its capacity. Try again after the time "
                                "Retry-After says.");
  error.retry_after = wait;
  error.cause = ErrorKind::exhausted;
  return error;
}

ApiError gateway_shutting_down() {
  ApiError error = server_error(ApiErrorKind::shutting_down, Fault::gateway, 503, "shutting_down",
                                "The gateway is shutting down. What came so far is not the whole "
                                "answer: try again.");
  error.retry_after = default_wait;
  error.cause = ErrorKind::cancelled;
  return error;
}

ApiError upstream_auth(std::string_view provider, int upstream_status) {
  return upstream(ApiErrorKind::upstream_auth, 502, "upstream_auth_failed",
                  fmt::format("Provider '{}' refused the gateway's own credential. Your key is "
                              "not the cause: ask the gateway's operator to check the provider's "
                              "key and permissions.",
                              provider),
                  upstream_status);
}

ApiError upstream_forbidden(std::string_view provider, int upstream_status) {
  return upstream(ApiErrorKind::upstream_auth, 502, "upstream_permission_denied",
                  fmt::format("Provider '{}' does not permit the gateway's account this model, "
                              "region or feature. Use another model, or ask the gateway's "
                              "operator to check the account's permissions.",
                              provider),
                  upstream_status);
}

ApiError upstream_token_missing(std::string_view provider, std::string_view problem) {
  ApiError error =
      server_error(ApiErrorKind::upstream_auth, Fault::gateway, 503, "upstream_token_missing",
                   fmt::format("The gateway has no access token for provider '{}': {}. Your key is "
                               "not the cause: try again, or ask the gateway's operator to check "
                               "the provider's credentials.",
                               provider, problem));
  error.retry_after = default_wait;
  return error;
}

ApiError credentials_refused(std::string_view model) {
  ApiError error = server_error(
      ApiErrorKind::upstream_auth, Fault::gateway, 503, "upstream_credentials_refused",
      fmt::format("The providers of the model '{}' refused every credential the gateway has. Your "
                  "key is not the cause: ask the gateway's operator to replace the providers' "
                  "keys, or use another model.",
                  quotable(model, 100)));
  error.retry_after = credentials_wait;
  return error;
}

ApiError caller_key_refused(std::string_view provider, int upstream_status) {
  return {.kind = ApiErrorKind::unauthenticated,
          .status = 401,
          .type = "invalid_request_error",
          .code = "provider_key_refused",
          .message = fmt::format("Provider '{}' refused the provider key you sent along. Check "
                                 "that key.",
                                 provider),
          .upstream_status = upstream_status};
}

ApiError upstream_rate_limited(std::string_view provider, std::optional<milliseconds> wait) {
  return {.kind = ApiErrorKind::rate_limited,
          .fault = Fault::provider,
          .retryable = true,
          .status = 429,
          .type = "rate_limit_error",
          .code = "rate_limit_exceeded",
          .message = fmt::format("Provider '{}' limits the rate of requests. Wait as long as "
                                 "Retry-After says, then try again.",
                                 provider),
          .retry_after = wait.value_or(default_wait),
          .upstream_status = 429};
}

ApiError upstream_quota(std::string_view provider, int upstream_status) {
  return {.kind = ApiErrorKind::quota_exhausted,
          .fault = Fault::provider,
          .retryable = true,  // elsewhere: here no waiting helps
          .status = 429,
          .type = "insufficient_quota",
          .code = "insufficient_quota",
          .message = fmt::format("The gateway's account at provider '{}' has no quota or credit "
                                 "left. Use another model, or ask the gateway's operator.",
                                 provider),
          .retry_after = std::chrono::minutes(1),
          .upstream_status = upstream_status};
}

ApiError upstream_overloaded(std::string_view provider, int upstream_status,
                             std::optional<milliseconds> wait) {
  ApiError error =
      upstream(ApiErrorKind::overloaded, 503, "overloaded",
               fmt::format("Provider '{}' is overloaded. Wait as long as Retry-After says, then "
                           "try again.",
                           provider),
               upstream_status);
  error.retry_after = wait.value_or(default_wait);
  return error;
}

ApiError all_resting(std::string_view model, milliseconds wait) {
  ApiError error = upstream(
      ApiErrorKind::overloaded, 503, "temporarily_unavailable",
      fmt::format("Every provider of the model '{}' failed or asked for a pause a moment ago. Try "
                  "again after the time Retry-After says, or use another model.",
                  quotable(model, 100)),
      0);
  error.retry_after = wait;
  return error;
}

ApiError upstream_failed(std::string_view provider, int upstream_status, std::string_view detail) {
  const std::string status =
      upstream_status == 0 ? std::string() : fmt::format(" with status {}", upstream_status);
  const std::string said = detail.empty() ? std::string() : fmt::format(": {}", detail);
  return upstream(ApiErrorKind::upstream_failed, 502, "upstream_error",
                  fmt::format("Provider '{}' failed{}{}{} Try again, or use another model.",
                              provider, status, said, ends_sentence(said) ? "" : "."),
                  upstream_status);
}

ApiError generation_unusable(std::string code, std::string message, std::string failed_generation) {
  if (message.empty()) {
    message =
        "The model's output is not what the request demands. Try again, or change the prompt "
        "or the tools.";
  }
  // 400, as the provider has it where nothing is streamed; but the request is not what is wrong.
  ApiError error =
      upstream(ApiErrorKind::upstream_failed, 400, std::move(code), std::move(message), 400);
  error.type = "invalid_request_error";
  error.failed_generation = std::move(failed_generation);
  return error;
}

ApiError upstream_unreachable(std::string_view provider, const Error& cause) {
  return broken(
      cause.kind,
      upstream(ApiErrorKind::upstream_failed, 502, "upstream_unreachable",
               fmt::format("Provider '{}' gave no answer: {}. Try again, or use another model.",
                           provider, reason_of(cause))));
}

ApiError upstream_malformed(std::string_view provider, std::string_view reason) {
  return broken(
      ErrorKind::malformed,
      upstream(ApiErrorKind::upstream_failed, 502, "upstream_malformed",
               fmt::format("Provider '{}' gave an answer that cannot be used: {}. Try again, or "
                           "use another model.",
                           provider, reason)));
}

ApiError upstream_truncated(std::string_view provider, ErrorKind cause) {
  return broken(
      cause,
      upstream(ApiErrorKind::upstream_failed, 502, "upstream_truncated",
               fmt::format("Provider '{}' ended its answer before it was complete. What came so "
                           "far is not the whole answer: try again.",
                           provider)));
}

ApiError upstream_timeout(std::string_view provider, Deadline deadline, milliseconds waited) {
  std::string_view what;
  switch (deadline) {
    case Deadline::connect: what = "accepted no connection"; break;
    case Deadline::first_byte: what = "sent no answer"; break;
    case Deadline::first_content: what = "sent no content"; break;
    case Deadline::idle: what = "stopped sending"; break;
    case Deadline::total: what = "did not finish"; break;
  }
  return broken(
      ErrorKind::deadline_exceeded,
      upstream(ApiErrorKind::upstream_timeout, 504, "timeout",
               fmt::format("Provider '{}' {} within {} ms. Try again, ask for less at once, or "
                           "use another model.",
                           provider, what, waited.count())));
}

}  // namespace sluice::llm::errors
