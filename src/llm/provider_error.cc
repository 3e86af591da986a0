#include "sluice/llm/provider_error.h"

#include <array>
#include <utility>

#include "error_words.h"

namespace sluice::llm {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t message_bytes_max = 500;
constexpr std::size_t word_bytes_max = 100;

// The words providers use, seen in recorded traffic and their references (2025, 2026).
bool is_context_length(const ErrorWords& words) {
  constexpr std::array<std::string_view, 3> names = {
      "context_length_exceeded", "exceed_context_size_error", "string_above_max_length"};
  constexpr std::array<std::string_view, 9> texts = {
      "maximum context length", "context length exceeded",    "prompt is too long",
      "exceed context limit",   "input token count",          "input tokens exceeded",
      "input is too long",      "exceeds the context window", "exceeds the available context size"};
  return words.named(names) || words.says(texts);
}

bool is_content_filter(const ErrorWords& words) {
  constexpr std::array<std::string_view, 4> names = {"content_filter", "content_policy_violation",
                                                     "ResponsibleAIPolicyViolation",
                                                     "moderation_blocked"};
  constexpr std::array<std::string_view, 3> texts = {
      "content management policy", "content filtering policy", "rejected by the safety system"};
  return words.named(names) || words.says(texts);
}

bool is_bad_key(const ErrorWords& words) {
  constexpr std::array<std::string_view, 8> names = {"invalid_api_key",
                                                     "authentication_error",
                                                     "API_KEY_INVALID",
                                                     "UNAUTHENTICATED",
                                                     "UnrecognizedClientException",
                                                     "ExpiredTokenException",
                                                     "InvalidSignatureException",
                                                     "MissingAuthenticationTokenException"};
  constexpr std::array<std::string_view, 5> texts = {"incorrect api key", "invalid api key",
                                                     "api key not valid", "api key is invalid",
                                                     "security token included in the request"};
  return words.named(names) || words.says(texts);
}

// The key is good, but not for this. A bare 403 may be either, and is taken for this: nobody is to
// throw away a good key because of what one caller asked for, or of a firewall that did not like
// it.
bool is_permission(const ErrorWords& words) {
  constexpr std::array<std::string_view, 4> names = {
      "permission_error", "PERMISSION_DENIED", "AccessDeniedException", "insufficient_permissions"};
  constexpr std::array<std::string_view, 1> texts = {"user location is not supported"};
  return words.named(names) || words.says(texts);
}

// Anthropic says it of a spent account with 400 and of a monthly limit with 429.
bool is_quota(const ErrorWords& words) {
  constexpr std::array<std::string_view, 8> names = {"insufficient_quota",
                                                     "credit_balance_exhausted",
                                                     "organization_spend_limit_exceeded",
                                                     "project_spend_limit_exceeded",
                                                     "organization_usage_limit_exceeded",
                                                     "billing_hard_limit_reached",
                                                     "billing_not_active",
                                                     "billing_error"};
  constexpr std::array<std::string_view, 5> texts = {"credit balance is too low", "spend limit",
                                                     "spending limit", "specified api usage limits",
                                                     "billing to be enabled"};
  return words.daily_quota || words.named(names) || words.says(texts);
}

bool is_overloaded(const ErrorWords& words) {
  constexpr std::array<std::string_view, 6> names = {
      "server_is_overloaded",        "overloaded_error",      "overloaded", "UNAVAILABLE",
      "ServiceUnavailableException", "ModelNotReadyException"};
  return words.named(names);
}

bool is_unknown_model(const ErrorWords& words) {
  constexpr std::array<std::string_view, 2> names = {"model_not_found", "DeploymentNotFound"};
  constexpr std::array<std::string_view, 1> model = {"model"};
  constexpr std::array<std::string_view, 3> texts = {"does not exist", "not found",
                                                     "reached the end of its life"};
  // Anthropic says no more than "model: claude-xyz".
  return words.named(names) || words.message.starts_with("model: ") ||
         (words.says(model) && words.says(texts));
}

// Faults of a request that come with a status of another meaning.
bool is_not_found(const ErrorWords& words) {
  constexpr std::array<std::string_view, 2> texts = {
      "provided model identifier is invalid",  // Bedrock, 400
      "CachedContent not found"};              // Gemini, 403
  return words.says(texts);
}

// The model's own output is refused: what Groq says where it checks tool calls and JSON itself
// (console.groq.com/docs/errors, and recorded in a stream, February 2026).
bool is_unusable_generation(const ErrorWords& words) {
  constexpr std::array<std::string_view, 2> names = {"tool_use_failed", "json_validate_failed"};
  return words.named(names);
}

// The status that an error inside a 200 would have had; 0: it does not say.
int status_of(const ErrorWords& words) {
  constexpr std::array<std::pair<std::string_view, int>, 28> statuses = {{
      {"invalid_request_error", 400},
      {"INVALID_ARGUMENT", 400},
      {"FAILED_PRECONDITION", 400},
      {"OUT_OF_RANGE", 400},
      {"ValidationException", 400},
      {"NOT_FOUND", 404},
      {"not_found_error", 404},
      {"ResourceNotFoundException", 404},
      {"conflict_error", 409},
      {"ConflictException", 409},
      {"request_too_large", 413},
      {"rate_limit_exceeded", 429},
      {"rate_limit_error", 429},
      {"RESOURCE_EXHAUSTED", 429},
      {"ThrottlingException", 429},
      {"TooManyRequestsException", 429},
      {"RateLimitReached", 429},
      {"slow_down", 429},
      {"api_error", 500},
      {"server_error", 500},
      {"INTERNAL", 500},
      {"InternalServerException", 500},
      {"ModelErrorException", 424},
      {"ModelStreamErrorException", 424},
      {"timeout_error", 504},
      {"DEADLINE_EXCEEDED", 504},
      {"ModelTimeoutException", 408},
      {"CANCELLED", 499},
  }};
  const std::string& code = words.code;
  if (code.size() == 3 && (code[0] == '4' || code[0] == '5') &&
      code.find_first_not_of("0123456789") == code.npos) {
    return (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
  }
  for (const auto& [name, status] : statuses) {
    if (words.named({&name, 1})) return status;
  }
  return 0;
}

// Whom the classification is for.
struct Asked {
  std::string_view provider;
  bool key_is_callers = false;
  std::optional<milliseconds> wait = {};
};

// An error the client can act on: the provider's words, cleaned.
ApiError client_error(ApiErrorKind kind, int status, const ErrorWords& words,
                      std::string_view default_message) {
  ApiError error{.kind = kind, .status = status, .type = "invalid_request_error"};
  // A number is the status once more.
  const bool is_word = words.code.find_first_not_of("0123456789") != words.code.npos;
  if (is_word) error.code = quotable(words.code, word_bytes_max);
  error.param = quotable(words.param, word_bytes_max);
  error.message = quotable(words.message, message_bytes_max);
  // None was given, or one of control characters alone.
  if (error.message.empty()) error.message = default_message;
  error.upstream_status = status;
  return error;
}

ApiError with_code(ApiError error, std::string code) {
  error.code = std::move(code);
  return error;
}

ApiError key_refused(const Asked& asked, int status) {
  return asked.key_is_callers ? errors::caller_key_refused(asked.provider, status)
                              : errors::upstream_auth(asked.provider, status);
}

ApiError permission_refused(const Asked& asked, int status) {
  return asked.key_is_callers ? errors::caller_key_refused(asked.provider, status)
                              : errors::upstream_forbidden(asked.provider, status);
}

ApiError not_found(const ErrorWords& words) {
  ApiError error = client_error(ApiErrorKind::not_found, 404, words,
                                "The provider does not know what was asked for.");
  if (is_unknown_model(words) || words.message.contains("model identifier")) {
    error.code = "model_not_found";
  }
  return error;
}

// Kinds that the words tell, whatever the status.
std::optional<ApiError> classify_words(const Asked& asked, int status, const ErrorWords& words) {
  if (is_quota(words)) return errors::upstream_quota(asked.provider, status);
  if (is_bad_key(words)) return key_refused(asked, status);
  if (is_not_found(words)) return not_found(words);
  if (is_permission(words)) return permission_refused(asked, status);
  if (is_context_length(words)) {
    return with_code(client_error(ApiErrorKind::context_length, 400, words,
                                  "The prompt is longer than the model's context. Shorten it."),
                     "context_length_exceeded");
  }
  if (is_content_filter(words)) {
    return with_code(client_error(ApiErrorKind::content_filter, 400, words,
                                  "The provider's content filter refused the request. Change it."),
                     "content_filter");
  }
  if (is_overloaded(words)) return errors::upstream_overloaded(asked.provider, status, asked.wait);
  return std::nullopt;
}

ApiError timed_out(const Asked& asked, int status) {
  ApiError error = errors::upstream_failed(asked.provider, status, "it ran out of time");
  error.kind = ApiErrorKind::upstream_timeout;
  error.status = 504;
  error.code = "timeout";
  return error;
}

ApiError conflict(const ErrorWords& words) {
  ApiError error = client_error(ApiErrorKind::bad_request, 409, words,
                                "The request conflicts with another. Try again.");
  error.retryable = true;
  return error;
}

ApiError classify_status(const Asked& asked, int status, const ErrorWords& words) {
  switch (status) {
    case 401: return key_refused(asked, status);
    case 403: return permission_refused(asked, status);
    case 402: return errors::upstream_quota(asked.provider, status);
    case 404: return not_found(words);
    case 408:
    case 504:
    case 524: return timed_out(asked, status);
    case 409: return conflict(words);
    case 413:
      return client_error(ApiErrorKind::too_large, 413, words,
                          "The request is too large for the provider. Send less.");
    case 429: return errors::upstream_rate_limited(asked.provider, asked.wait);
    case 503:
    case 529: return errors::upstream_overloaded(asked.provider, status, asked.wait);
    case 400:
    case 415:
    case 422:
      return client_error(ApiErrorKind::bad_request, status, words,
                          "The provider refused the request and did not say why.");
    default: break;
  }
  // What a failing server says is about itself, and often about the account it serves; any other
  // 4xx is about the request.
  const bool is_about_request = status >= 400 && status < 500;
  return errors::upstream_failed(
      asked.provider, status,
      is_about_request ? quotable(words.message, message_bytes_max) : std::string{});
}

void obey_should_retry(std::string_view should_retry, ApiError& error) {
  if (should_retry == "true") error.retryable = true;
  if (should_retry == "false") error.retryable = false;
}

}  // namespace

ApiError read_provider_error(const ProviderAnswer& answer, json::Index& index) {
  const ErrorWords words = read_error_words(answer.body, answer.aws_error_type, index);
  auto wait = read_retry_after(answer.retry_after, answer.retry_after_ms, answer.received_at);
  if (!wait) wait = words.retry_delay;
  const Asked asked{
      .provider = answer.provider, .key_is_callers = answer.key_is_callers, .wait = wait};
  std::optional<ApiError> known;
  if (answer.status >= 400 && answer.status < 500) {
    known = classify_words(asked, answer.status, words);
  } else if (is_overloaded(words)) {
    known = errors::upstream_overloaded(asked.provider, answer.status, wait);
  }
  ApiError error = known ? std::move(*known) : classify_status(asked, answer.status, words);
  error.upstream_status = answer.status;
  if (wait) error.retry_after = wait;
  error.retry_after_told = wait.has_value();
  obey_should_retry(answer.should_retry, error);
  return error;
}

ApiError read_provider_error_value(std::string_view provider, json::Value value,
                                   std::string_view name) {
  ErrorWords words = read_error_words(value, name);
  const Asked asked{.provider = provider, .wait = words.retry_delay};
  std::optional<ApiError> known = classify_words(asked, 200, words);
  if (!known && is_unusable_generation(words)) {
    known = errors::generation_unusable(quotable(words.code, word_bytes_max),
                                        quotable(words.message, message_bytes_max),
                                        std::move(words.failed_generation));
  }
  if (!known) {
    const int status = status_of(words);
    // Of a failing server there is nothing to say: see classify_status().
    const bool is_known = status != 0 && status != 424 && status != 499 && status != 500;
    known =
        is_known ? classify_status(asked, status, words) : errors::upstream_failed(provider, 0, "");
  }
  known->upstream_status = 200;
  return std::move(*known);
}

}  // namespace sluice::llm
