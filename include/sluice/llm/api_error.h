// The one error record behind every error a client sees: whose fault, what, what to do next.
//
// Made by the functions below (or read from a provider's answer: provider_error.h), rendered in the
// caller's dialect at the very end. Messages say what to do next and hold no secret: no function
// here takes a credential, and texts of peers are shortened and cleaned before they are quoted.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sluice/base/error.h"
#include "sluice/json/index.h"
#include "sluice/llm/dialect.h"

namespace sluice::llm {

enum class ApiErrorKind : std::uint8_t {
  bad_request,         // the request is wrong and will stay wrong
  unauthenticated,     // no or unknown gateway key
  forbidden,           // a known caller may not do this
  not_found,           // no such path, model or thing
  method_not_allowed,  // the path exists, the method does not
  too_large,           // body, head or target over a limit
  client_timeout,      // the request came too slowly
  context_length,      // the prompt does not fit the model
  content_filter,      // the provider refuses the content
  rate_limited,        // too often; waiting helps
  quota_exhausted,     // no money or allowance left; waiting does not help
  overloaded,          // gateway or provider is out of capacity; waiting helps
  upstream_auth,       // the provider refuses the gateway's credential
  upstream_failed,     // the provider failed, or its answer cannot be used
  upstream_timeout,    // the provider was too slow
  unsupported,         // HTTP we do not speak (501, 505)
  shutting_down,       // the gateway ends; another one, or this one started anew, will serve
};

/// The kind's name for logs and metrics: the enumerator, in snake_case.
[[nodiscard]] std::string_view to_string(ApiErrorKind kind) noexcept;

struct ApiError {
  ApiErrorKind kind = ApiErrorKind::bad_request;
  Fault fault = Fault::client;
  bool retryable = false;  // the same request may succeed elsewhere or later
  int status = 400;        // for the client
  std::string type = {};   // OpenAI's word: "invalid_request_error"
  std::string code = {};   // empty: null
  std::string param = {};  // empty: null
  std::string message = {};
  /// What the model wrote in place of the tool call or JSON it was to write, perhaps nothing at all
  /// (Groq says so by an empty text); no value: no such error.
  std::optional<std::string> failed_generation = {};
  std::optional<std::chrono::milliseconds> retry_after = {};  // always set with 429 and 503
  bool retry_after_told = false;                              // by the provider, and not made up
  int upstream_status = 0;              // what the provider answered; 0: nothing
  std::optional<ErrorKind> cause = {};  // what broke; nothing: somebody said that it failed
};

/// The body of an error answer, with the request id.
[[nodiscard]] std::string render_error_body(const ApiError& error, Dialect dialect,
                                            std::string_view request_id);
/// The same as an event of a stream already begun, framed and ready to send.
[[nodiscard]] std::string render_error_event(const ApiError& error, Dialect dialect,
                                             std::string_view request_id);
/// The Retry-After field's value: whole seconds, rounded up, at least 1; nothing when there is
/// none.
[[nodiscard]] std::optional<std::string> retry_after_value(const ApiError& error);

/// At most `bytes_max` bytes of a peer's text for a message: valid UTF-8, control characters and
/// runs of white space become one space, what looks like a credential (sk-..., Bearer ...) is
/// blotted out, an ellipsis marks a cut.
[[nodiscard]] std::string quotable(std::string_view text, std::size_t bytes_max);

namespace errors {

// The request is not understood.
[[nodiscard]] ApiError body_missing();
[[nodiscard]] ApiError body_not_json(const json::IndexError& error,
                                     const json::IndexLimits& limits);
[[nodiscard]] ApiError body_not_object(std::string_view found);
[[nodiscard]] ApiError body_too_large(std::size_t bytes_max);
[[nodiscard]] ApiError form_malformed(std::string_view reason);
[[nodiscard]] ApiError field_missing(std::string_view param, std::string_view advice);
[[nodiscard]] ApiError field_type_wrong(std::string_view param, std::string_view wanted,
                                        std::string_view found);
[[nodiscard]] ApiError field_empty(std::string_view param);
[[nodiscard]] ApiError field_duplicate(std::string_view param);
[[nodiscard]] ApiError field_invalid(std::string_view param, std::string message);
/// Every parameter is to be honoured, and the provider (its configured name) knows nothing like
/// these. `names` is not empty.
[[nodiscard]] ApiError parameters_unsupported(std::string_view provider,
                                              std::span<const std::string> names);
[[nodiscard]] ApiError media_type_wrong(std::string_view found, std::string_view wanted);
[[nodiscard]] ApiError head_malformed(std::string_view reason);
[[nodiscard]] ApiError head_too_large();
[[nodiscard]] ApiError target_too_long();
[[nodiscard]] ApiError path_unknown(std::string_view path, std::string_view suggestion);
[[nodiscard]] ApiError method_wrong(std::string_view method, std::string_view path,
                                    std::string_view allow);
[[nodiscard]] ApiError request_too_slow(std::string_view what);  // what: "head" or "body"
/// A method or a transfer coding that is HTTP, but not spoken here; `reason` is the sentence's end.
[[nodiscard]] ApiError http_feature_unsupported(std::string_view reason);
[[nodiscard]] ApiError expectation_unsupported();
[[nodiscard]] ApiError version_unsupported();

// What a chat names by a URL cannot be had. `which` is the beginning of the sentence ("The image at
// cdn.example.com (media 2 of the request)"), `reason` its end; neither holds the URL, whose query
// may be a credential.
/// It is for the client to name another one, or to send the data itself.
[[nodiscard]] ApiError media_refused(std::string_view which, std::string_view reason);
/// The place where it is did not answer, or broke off: it may the next time.
[[nodiscard]] ApiError media_unavailable(std::string_view which, std::string_view reason,
                                         ErrorKind cause);
[[nodiscard]] ApiError media_timeout(std::string_view which, std::chrono::milliseconds waited);

// The caller may not, or not now.
[[nodiscard]] ApiError key_missing();
[[nodiscard]] ApiError key_unknown();
/// The headers that carry keys cannot be read; `reason` is the sentence's end.
[[nodiscard]] ApiError key_malformed(std::string_view reason);
/// The caller's own provider key, presented as if it were a gateway key, would go nowhere.
[[nodiscard]] ApiError own_key_unusable();
/// Callers without a key are programs of this machine here; this one came by a web page.
[[nodiscard]] ApiError origin_foreign();
[[nodiscard]] ApiError model_unknown(std::string_view model);
[[nodiscard]] ApiError model_forbidden(std::string_view model);
[[nodiscard]] ApiError operation_unsupported(std::string_view operation, std::string_view model);
[[nodiscard]] ApiError region_unavailable(std::string_view model);
/// Everybody who serves the model is left out by what the request demands. `reasons`: who by what,
/// such as "openai: price, azure-eu: ignored_provider".
[[nodiscard]] ApiError route_impossible(std::string_view model, std::string_view reasons);

// The gateway cannot.
[[nodiscard]] ApiError gateway_overloaded(std::chrono::milliseconds wait);
/// It was told to end, and this exchange did not get done in time.
[[nodiscard]] ApiError gateway_shutting_down();

// A provider failed. `provider` is its configured name.
[[nodiscard]] ApiError upstream_auth(std::string_view provider, int upstream_status);
/// The credential is good, but not for this model, region or feature.
[[nodiscard]] ApiError upstream_forbidden(std::string_view provider, int upstream_status);
/// The gateway has no access token for the provider; `problem` is a sentence's end that says why.
[[nodiscard]] ApiError upstream_token_missing(std::string_view provider, std::string_view problem);
/// Of all who serve the model the providers refused every credential the gateway has.
[[nodiscard]] ApiError credentials_refused(std::string_view model);
/// The caller's own provider key was refused: theirs to fix, so this one is a 401.
[[nodiscard]] ApiError caller_key_refused(std::string_view provider, int upstream_status);
[[nodiscard]] ApiError upstream_rate_limited(std::string_view provider,
                                             std::optional<std::chrono::milliseconds> wait);
[[nodiscard]] ApiError upstream_quota(std::string_view provider, int upstream_status);
[[nodiscard]] ApiError upstream_overloaded(std::string_view provider, int upstream_status,
                                           std::optional<std::chrono::milliseconds> wait);
/// Everybody who serves the model failed or asked for a pause a moment ago, and is left alone.
[[nodiscard]] ApiError all_resting(std::string_view model, std::chrono::milliseconds wait);
/// A 5xx, or a status that makes no sense here; `detail` is quotable text or empty.
[[nodiscard]] ApiError upstream_failed(std::string_view provider, int upstream_status,
                                       std::string_view detail);
/// The model wrote no tool call or no JSON where the request demands one. The provider's words tell
/// what is wrong with it, and the client can have the model mend it: `message` is quotable text.
[[nodiscard]] ApiError generation_unusable(std::string code, std::string message,
                                           std::string failed_generation);
/// Resolve, connect, TLS and transport failures before an answer was complete.
[[nodiscard]] ApiError upstream_unreachable(std::string_view provider, const Error& cause);
/// The answer is no HTTP, no JSON, no event stream, or too large to hold.
[[nodiscard]] ApiError upstream_malformed(std::string_view provider, std::string_view reason);
/// The stream or body ended before it was complete.
[[nodiscard]] ApiError upstream_truncated(std::string_view provider,
                                          ErrorKind cause = ErrorKind::connection_closed);

enum class Deadline : std::uint8_t { connect, first_byte, first_content, idle, total };
[[nodiscard]] ApiError upstream_timeout(std::string_view provider, Deadline deadline,
                                        std::chrono::milliseconds waited);

}  // namespace errors
}  // namespace sluice::llm
