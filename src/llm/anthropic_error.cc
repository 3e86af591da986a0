#include "sluice/llm/anthropic_error.h"

#include "sluice/json/object_edit.h"
#include "sluice/json/writer.h"
#include "sluice/llm/openai_error.h"

namespace sluice::llm {
bool anthropic_error_passes(const ProviderAnswer& answer, const ApiError& error,
                            std::string_view request_id, json::Index& index, json::Splice& splice) {
  json::Splice others;
  if (!openai_error_passes(answer, error, request_id, index, others)) return false;
  const json::Value top = json::root(index);
  const auto type = top.find("type");
  if (!type || !type->string_equals("error")) return false;
  const json::Lookup given = top.find_unique("request_id");
  if (given.duplicate) return false;
  if (given.value) {
    splice.replace(given.value->span(), Slice::take(json::quote(request_id)));
  } else {
    splice = std::move(others);
  }
  return true;
}

std::string_view anthropic_error_type(const ApiError& error) noexcept {
  switch (error.kind) {
    case ApiErrorKind::bad_request:
      return error.status == 409 ? "conflict_error" : "invalid_request_error";
    case ApiErrorKind::context_length:
    case ApiErrorKind::content_filter:
    case ApiErrorKind::method_not_allowed:
    case ApiErrorKind::unsupported: return "invalid_request_error";
    case ApiErrorKind::unauthenticated: return "authentication_error";
    case ApiErrorKind::forbidden: return "permission_error";
    case ApiErrorKind::not_found: return "not_found_error";
    case ApiErrorKind::too_large: return "request_too_large";
    case ApiErrorKind::rate_limited: return "rate_limit_error";
    case ApiErrorKind::quota_exhausted: return "billing_error";
    case ApiErrorKind::overloaded:
    case ApiErrorKind::shutting_down: return "overloaded_error";
    case ApiErrorKind::client_timeout:
    case ApiErrorKind::upstream_timeout: return "timeout_error";
    case ApiErrorKind::upstream_auth: return "api_error";  // of our key: not the client's business
    case ApiErrorKind::upstream_failed:
      return error.status == 400 ? "invalid_request_error" : "api_error";
  }
  __builtin_unreachable();
}

std::string render_anthropic_error_body(const ApiError& error, std::string_view request_id) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("type").string("error");
  writer.key("error").begin_object();
  writer.key("type").string(anthropic_error_type(error));
  writer.key("message").string(error.message);
  if (error.failed_generation) writer.key("failed_generation").string(*error.failed_generation);
  writer.end_object();
  writer.key("request_id").string(request_id);
  writer.end_object();
  return out;
}

std::string render_anthropic_error_event(const ApiError& error, std::string_view request_id) {
  return "event: error\ndata: " + render_anthropic_error_body(error, request_id) + "\n\n";
}

}  // namespace sluice::llm
