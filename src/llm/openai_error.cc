#include "sluice/llm/openai_error.h"

#include <algorithm>
#include <array>

#include "sluice/json/object_edit.h"
#include "sluice/json/writer.h"

namespace sluice::llm {

using json::Kind;
using json::Value;

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
