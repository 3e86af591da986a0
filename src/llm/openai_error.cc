#include "sluice/llm/openai_error.h"

#include <algorithm>
#include <array>
#include <span>

#include "sluice/json/object_edit.h"
#include "sluice/json/writer.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

constexpr std::size_t message_bytes_max = 500;
constexpr std::size_t word_bytes_max = 100;

// What an error body says, whichever of its shapes it has.
struct Said {
  std::string message;
  std::string type;
  std::string code;
  std::string param;
  std::string failed_generation;
};

// A string, or a number as text (some hosts' codes are); anything else is nothing.
std::string text_of(Value value) {
  if (value.is(Kind::string)) return *value.string();
  if (value.is(Kind::number)) return std::string(value.raw());
  return {};
}

void read_members(Value object, Said& said) {
  for (const json::Member member : object.members()) {
    const auto is = [&](std::string_view name) { return member.key.string_equals(name); };
    if (is("message") || (is("detail") && said.message.empty())) {
      said.message =
          member.value.is(Kind::string) ? text_of(member.value) : std::string(member.value.raw());
    } else if (is("type")) {
      said.type = text_of(member.value);
    } else if (is("code")) {
      said.code = text_of(member.value);
    } else if (is("param")) {
      said.param = text_of(member.value);
    } else if (is("failed_generation")) {
      said.failed_generation = text_of(member.value);
    }
  }
}

Said read_error_member(Value error) {
  Said said;
  if (error.is(Kind::object)) read_members(error, said);
  if (error.is(Kind::string)) said.message = text_of(error);
  return said;
}

// {"error":{..}}; {"error":"text","code":..}; {"message","type","code"}; {"detail":..}.
Said read_body(std::string_view body, json::Index& index) {
  Said said;
  if (!index.build(body)) return said;
  const Value top = json::root(index);
  if (!top.is(Kind::object)) return said;
  const auto error = top.find("error");
  if (error && error->is(Kind::object)) {
    read_members(*error, said);
    return said;
  }
  read_members(top, said);
  if (error && error->is(Kind::string)) said.message = text_of(*error);
  return said;
}

bool contains(std::string_view text, std::string_view part) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [&](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

bool contains_any(std::string_view text, std::span<const std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return contains(text, part); });
}

bool is_named(const Said& said, std::span<const std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return said.code == name || said.type == name; });
}

// The words providers use, seen in recorded traffic and their references (2025).
bool is_context_length(const Said& said) {
  constexpr std::array<std::string_view, 3> names = {
      "context_length_exceeded", "exceed_context_size_error", "string_above_max_length"};
  constexpr std::array<std::string_view, 7> texts = {"maximum context length",
                                                     "context length exceeded",
                                                     "prompt is too long",
                                                     "input token count",
                                                     "input is too long",
                                                     "exceeds the context window",
                                                     "exceeds the available context size"};
  return is_named(said, names) || contains_any(said.message, texts);
}

bool is_content_filter(const Said& said) {
  constexpr std::array<std::string_view, 4> names = {"content_filter", "content_policy_violation",
                                                     "ResponsibleAIPolicyViolation",
                                                     "moderation_blocked"};
  constexpr std::array<std::string_view, 2> texts = {"content management policy",
                                                     "rejected by the safety system"};
  return is_named(said, names) || contains_any(said.message, texts);
}

bool is_bad_key(const Said& said) {
  constexpr std::array<std::string_view, 3> names = {"invalid_api_key", "authentication_error",
                                                     "API_KEY_INVALID"};
  constexpr std::array<std::string_view, 4> texts = {"incorrect api key", "invalid api key",
                                                     "api key not valid", "api key is invalid"};
  return is_named(said, names) || contains_any(said.message, texts);
}

bool is_quota(const Said& said) {
  constexpr std::array<std::string_view, 7> names = {"insufficient_quota",
                                                     "credit_balance_exhausted",
                                                     "organization_spend_limit_exceeded",
                                                     "project_spend_limit_exceeded",
                                                     "organization_usage_limit_exceeded",
                                                     "billing_hard_limit_reached",
                                                     "billing_not_active"};
  return is_named(said, names);
}

bool is_overloaded(const Said& said) {
  constexpr std::array<std::string_view, 3> names = {"server_is_overloaded", "overloaded_error",
                                                     "overloaded"};
  return is_named(said, names);
}

bool is_unknown_model(const Said& said) {
  constexpr std::array<std::string_view, 1> names = {"model_not_found"};
  constexpr std::array<std::string_view, 2> texts = {"does not exist", "not found"};
  return is_named(said, names) ||
         (contains(said.message, "model") && contains_any(said.message, texts));
}

// The model's own output is refused: what Groq says where it checks tool calls and JSON itself
// (console.groq.com/docs/errors, and recorded in a stream, February 2026).
bool is_unusable_generation(const Said& said) {
  constexpr std::array<std::string_view, 2> names = {"tool_use_failed", "json_validate_failed"};
  return is_named(said, names);
}

// An error the client can act on: the provider's words, cleaned.
ApiError client_error(ApiErrorKind kind, int status, const Said& said,
                      std::string_view default_message) {
  ApiError error{.kind = kind, .status = status, .type = "invalid_request_error"};
  error.code = quotable(said.code, word_bytes_max);
  error.param = quotable(said.param, word_bytes_max);
  error.message = said.message.empty() ? std::string(default_message)
                                       : quotable(said.message, message_bytes_max);
  error.upstream_status = status;
  return error;
}

ApiError with_code(ApiError error, std::string code) {
  error.code = std::move(code);
  return error;
}

// Kinds that text and code tell, whatever the status.
std::optional<ApiError> classify_words(std::string_view provider, int status, const Said& said,
                                       bool key_is_callers) {
  if (is_quota(said)) return errors::upstream_quota(provider, status);
  if (is_bad_key(said)) {
    return key_is_callers ? errors::caller_key_refused(provider, status)
                          : errors::upstream_auth(provider, status);
  }
  if (is_context_length(said)) {
    return with_code(client_error(ApiErrorKind::context_length, 400, said,
                                  "The prompt is longer than the model's context. Shorten it."),
                     "context_length_exceeded");
  }
  if (is_content_filter(said)) {
    return with_code(client_error(ApiErrorKind::content_filter, 400, said,
                                  "The provider's content filter refused the request. Change it."),
                     "content_filter");
  }
  return std::nullopt;
}

ApiError classify_status(const ProviderAnswer& answer, const Said& said,
                         std::optional<std::chrono::milliseconds> wait) {
  const int status = answer.status;
  switch (status) {
    case 401:
    case 403:
      return answer.key_is_callers ? errors::caller_key_refused(answer.provider, status)
                                   : errors::upstream_auth(answer.provider, status);
    case 402: return errors::upstream_quota(answer.provider, status);
    case 429: return errors::upstream_rate_limited(answer.provider, wait);
    case 503:
    case 529: return errors::upstream_overloaded(answer.provider, status, wait);
    case 408:
    case 504:
    case 524: {
      ApiError error = errors::upstream_failed(answer.provider, status, "it ran out of time");
      error.kind = ApiErrorKind::upstream_timeout;
      error.status = 504;
      error.code = "timeout";
      return error;
    }
    case 404: {
      ApiError error = client_error(ApiErrorKind::not_found, 404, said,
                                    "The provider does not know what was asked for.");
      if (is_unknown_model(said)) error.code = "model_not_found";
      return error;
    }
    case 413:
      return client_error(ApiErrorKind::too_large, 413, said,
                          "The request is too large for the provider. Send less.");
    case 409: {
      ApiError error = client_error(ApiErrorKind::bad_request, 409, said,
                                    "The request conflicts with another. Try again.");
      error.retryable = true;
      return error;
    }
    case 400:
    case 415:
    case 422:
      return client_error(ApiErrorKind::bad_request, status, said,
                          "The provider refused the request and did not say why.");
    default: break;
  }
  if (is_overloaded(said)) return errors::upstream_overloaded(answer.provider, status, wait);
  // What a failing server says is about itself, and often about the account it serves; any other
  // 4xx is about the request.
  const bool is_about_request = status >= 400 && status < 500;
  return errors::upstream_failed(
      answer.provider, status,
      is_about_request ? quotable(said.message, message_bytes_max) : std::string{});
}

void obey_should_retry(std::string_view should_retry, ApiError& error) {
  if (should_retry == "true") error.retryable = true;
  if (should_retry == "false") error.retryable = false;
}

}  // namespace

ApiError read_openai_error(const ProviderAnswer& answer, json::Index& index) {
  const Said said = read_body(answer.body, index);
  const auto wait = read_retry_after(answer.retry_after, answer.retry_after_ms, answer.received_at);
  std::optional<ApiError> known;
  if (answer.status >= 400 && answer.status < 500) {
    known = classify_words(answer.provider, answer.status, said, answer.key_is_callers);
  }
  ApiError error = known ? std::move(*known) : classify_status(answer, said, wait);
  error.upstream_status = answer.status;
  if (wait) error.retry_after = wait;
  obey_should_retry(answer.should_retry, error);
  return error;
}

ApiError read_openai_error_value(std::string_view provider, Value value) {
  Said said = read_error_member(value);
  std::optional<ApiError> known = classify_words(provider, 200, said, false);
  if (!known && (said.code == "429" || said.code == "rate_limit_exceeded")) {
    known = errors::upstream_rate_limited(provider, std::nullopt);
  }
  if (!known && (is_overloaded(said) || said.code == "503" || said.code == "529")) {
    known = errors::upstream_overloaded(provider, 200, std::nullopt);
  }
  if (!known && is_unusable_generation(said)) {
    known = errors::generation_unusable(quotable(said.code, word_bytes_max),
                                        quotable(said.message, message_bytes_max),
                                        std::move(said.failed_generation));
  }
  if (!known) {
    known = errors::upstream_failed(provider, 0, "");  // about itself: see classify_status()
  }
  known->upstream_status = 200;
  return std::move(*known);
}

bool openai_error_passes(const ProviderAnswer& answer, const ApiError& error,
                         std::string_view request_id, json::Index& index, json::Splice& splice) {
  constexpr std::array<int, 6> statuses = {400, 404, 409, 413, 415, 422};
  if (std::find(statuses.begin(), statuses.end(), answer.status) == statuses.end()) return false;
  switch (error.kind) {
    case ApiErrorKind::bad_request:
    case ApiErrorKind::not_found:
    case ApiErrorKind::too_large:
    case ApiErrorKind::context_length:
    case ApiErrorKind::content_filter: break;
    case ApiErrorKind::unauthenticated:
    case ApiErrorKind::forbidden:
    case ApiErrorKind::method_not_allowed:
    case ApiErrorKind::client_timeout:
    case ApiErrorKind::rate_limited:
    case ApiErrorKind::quota_exhausted:
    case ApiErrorKind::overloaded:
    case ApiErrorKind::upstream_auth:
    case ApiErrorKind::upstream_failed:
    case ApiErrorKind::upstream_timeout:
    case ApiErrorKind::unsupported:
    case ApiErrorKind::shutting_down: return false;
  }
  if (!index.build(answer.body)) return false;
  const Value top = json::root(index);
  const auto member = top.find("error");
  if (!member || !member->is(Kind::object)) return false;
  if (!top.find("request_id")) {
    json::ObjectEdit edit(top);
    edit.add_last("\"request_id\"", json::quote(request_id));
    edit.write_to(splice);
  }
  return true;
}

std::string render_openai_error_body(const ApiError& error, std::string_view request_id) {
  std::string out;
  json::Writer writer(out);
  const auto text_or_null = [&](std::string_view name, std::string_view text) {
    writer.key(name);
    if (text.empty()) {
      writer.null();
    } else {
      writer.string(text);
    }
  };
  writer.begin_object().key("error").begin_object();
  writer.key("message").string(error.message);
  writer.key("type").string(error.type);
  text_or_null("param", error.param);
  text_or_null("code", error.code);
  if (error.failed_generation) writer.key("failed_generation").string(*error.failed_generation);
  writer.end_object();
  writer.key("request_id").string(request_id);
  writer.end_object();
  return out;
}

std::string render_openai_error_event(const ApiError& error, std::string_view request_id) {
  return "data: " + render_openai_error_body(error, request_id) + "\n\n";
}

}  // namespace sluice::llm
