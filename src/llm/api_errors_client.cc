// Errors whose fault is the client's, or whose cause is what the client may do.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sluice/llm/api_error.h"

namespace sluice::llm::errors {
namespace {

constexpr std::size_t quote_bytes_max = 100;

ApiError invalid_request(int status, std::string code, std::string param, std::string message) {
  return {.kind = ApiErrorKind::bad_request,
          .status = status,
          .type = "invalid_request_error",
          .code = std::move(code),
          .param = std::move(param),
          .message = std::move(message)};
}

ApiError with_kind(ApiErrorKind kind, ApiError error) {
  error.kind = kind;
  return error;
}

std::string quoted_name(std::string_view name) { return quotable(name, quote_bytes_max); }

}  // namespace

ApiError body_missing() {
  return invalid_request(400, "invalid_json", "",
                         "The request has no body. Send a JSON object with Content-Type: "
                         "application/json.");
}

ApiError body_not_json(const json::IndexError& error, const json::IndexLimits& limits) {
  switch (error.defect) {
    case json::Defect::empty: return body_missing();
    case json::Defect::too_large: return body_too_large(limits.bytes_max);
    case json::Defect::too_many:
      return with_kind(
          ApiErrorKind::too_large,
          invalid_request(413, "request_too_large", "",
                          fmt::format("The body has more than the {} JSON values, commas, colons "
                                      "and brackets allowed. Split the request into several.",
                                      limits.tokens_max)));
    case json::Defect::invalid_utf8:
      return invalid_request(
          400, "invalid_utf8", "",
          fmt::format("The body is not valid UTF-8: byte {} is wrong. Encode the body as UTF-8.",
                      error.offset));
    case json::Defect::too_deep:
      return invalid_request(
          400, "json_too_deep", "",
          fmt::format("The body nests objects and arrays more than {} deep at byte {}. Send a "
                      "flatter body.",
                      limits.depth_max, error.offset));
    case json::Defect::malformed:
      return invalid_request(
          400, "invalid_json", "",
          fmt::format("The body is not valid JSON: at byte {}, {}. Correct the body and send it "
                      "again.",
                      error.offset, error.reason));
  }
  __builtin_unreachable();
}

ApiError body_not_object(std::string_view found) {
  return invalid_request(400, "invalid_json", "",
                         fmt::format("The body must be a JSON object, not {}.", found));
}

ApiError body_too_large(std::size_t bytes_max) {
  return with_kind(
      ApiErrorKind::too_large,
      invalid_request(413, "request_too_large", "",
                      fmt::format("The body is larger than the {} bytes allowed. Send less, for "
                                  "instance smaller images or references to files.",
                                  bytes_max)));
}

ApiError form_malformed(std::string_view reason) {
  return invalid_request(400, "invalid_form", "",
                         fmt::format("The body is not a valid multipart form: {}.", reason));
}

ApiError field_missing(std::string_view param, std::string_view advice) {
  return invalid_request(400, "missing_required_parameter", std::string(param),
                         fmt::format("Missing required parameter: '{}'. {}", param, advice));
}

ApiError field_type_wrong(std::string_view param, std::string_view wanted, std::string_view found) {
  return invalid_request(
      400, "invalid_type", std::string(param),
      fmt::format("Invalid type for '{}': expected {}, but got {} instead.", param, wanted, found));
}

ApiError field_empty(std::string_view param) {
  return invalid_request(400, "invalid_value", std::string(param),
                         fmt::format("'{}' is empty. Give it a value.", param));
}

ApiError field_duplicate(std::string_view param) {
  return invalid_request(
      400, "duplicate_parameter", std::string(param),
      fmt::format("'{}' is given more than once, so it is not clear which is meant. Give it once.",
                  param));
}

ApiError field_invalid(std::string_view param, std::string message) {
  return invalid_request(400, "invalid_value", std::string(param), std::move(message));
}

ApiError parameters_unsupported(std::string_view provider, std::span<const std::string> names) {
  return invalid_request(
      400, "unsupported_parameter", quoted_name(names.front()),
      fmt::format("The model's provider {} has nothing like '{}', and provider.require_parameters "
                  "asks for every parameter to be honoured. Leave it out, or use another model.",
                  provider, quotable(fmt::to_string(fmt::join(names, "', '")), 500)));
}

ApiError media_type_wrong(std::string_view found, std::string_view wanted) {
  return invalid_request(415, "unsupported_media_type", "",
                         found.empty()
                             ? fmt::format("The request has no Content-Type. Send {}.", wanted)
                             : fmt::format("Content-Type '{}' is not understood here. Send {}.",
                                           quoted_name(found), wanted));
}

ApiError head_malformed(std::string_view reason) {
  return invalid_request(400, "malformed_request", "",
                         fmt::format("The HTTP request is malformed: {}.", reason));
}

ApiError head_too_large() {
  return with_kind(ApiErrorKind::too_large,
                   invalid_request(431, "headers_too_large", "",
                                   "The request's header fields are too many or too large. Send "
                                   "fewer or shorter ones."));
}

ApiError target_too_long() {
  return with_kind(
      ApiErrorKind::too_large,
      invalid_request(414, "uri_too_long", "", "The request's URL is too long. Shorten it."));
}

ApiError path_unknown(std::string_view path, std::string_view suggestion) {
  const std::string advice =
      suggestion.empty()
          ? "The API lives under /v1, for instance /v1/chat/completions. Check the base URL."
          : fmt::format("Did you mean /v1{}? Check the base URL.", suggestion);
  return with_kind(ApiErrorKind::not_found,
                   invalid_request(404, "unknown_url", "",
                                   fmt::format("Unknown URL: {}. {}", quoted_name(path), advice)));
}

ApiError method_wrong(std::string_view method, std::string_view path, std::string_view allow) {
  return with_kind(ApiErrorKind::method_not_allowed,
                   invalid_request(405, "method_not_allowed", "",
                                   fmt::format("{} is not allowed on {}. Use {}.",
                                               quoted_name(method), quoted_name(path), allow)));
}

ApiError request_too_slow(std::string_view what) {
  return with_kind(
      ApiErrorKind::client_timeout,
      invalid_request(408, "request_timeout", "",
                      fmt::format("The request's {} arrived too slowly. Send it again over a "
                                  "faster connection.",
                                  what)));
}

ApiError http_feature_unsupported(std::string_view reason) {
  return with_kind(
      ApiErrorKind::unsupported,
      invalid_request(501, "unsupported_http_feature", "",
                      fmt::format("The HTTP request asks for what is not spoken here: {}. Use GET, "
                                  "POST or DELETE, and send a body with Content-Length or chunked.",
                                  reason)));
}

ApiError expectation_unsupported() {
  return invalid_request(417, "unsupported_expectation", "",
                         "The only expectation understood is 100-continue. Leave Expect out.");
}

ApiError version_unsupported() {
  return with_kind(ApiErrorKind::unsupported,
                   invalid_request(505, "unsupported_http_version", "",
                                   "This HTTP version is not supported. Use HTTP/1.1."));
}

ApiError key_missing() {
  return with_kind(ApiErrorKind::unauthenticated,
                   invalid_request(401, "invalid_api_key", "",
                                   "No API key was given. Send one of this gateway's keys as "
                                   "Authorization: Bearer <key>."));
}

ApiError key_unknown() {
  return with_kind(
      ApiErrorKind::unauthenticated,
      invalid_request(401, "invalid_api_key", "",
                      "The API key is not known to this gateway. Check that it is one of this "
                      "gateway's keys (not a provider's) and complete, or ask its operator."));
}

ApiError key_malformed(std::string_view reason) {
  return with_kind(ApiErrorKind::unauthenticated,
                   invalid_request(401, "invalid_api_key", "",
                                   fmt::format("The API key cannot be read: {}. Send one key, as "
                                               "Authorization: Bearer <key>.",
                                               reason)));
}

ApiError own_key_unusable() {
  return with_kind(
      ApiErrorKind::unauthenticated,
      invalid_request(401, "invalid_api_key", "",
                      "The API key is none of this gateway's, and cannot be used as your own key "
                      "for a provider of this model. Name the provider that it is for: "
                      "x-sluice-provider-key: <provider>=<key>; or use one of this gateway's "
                      "keys."));
}

ApiError model_unknown(std::string_view model) {
  return with_kind(
      ApiErrorKind::not_found,
      invalid_request(404, "model_not_found", "model",
                      fmt::format("The model '{}' does not exist here or you do not have access "
                                  "to it. GET /v1/models lists the models.",
                                  quoted_name(model))));
}

namespace {

ApiError permission(std::string code, std::string param, std::string message) {
  ApiError error = invalid_request(403, std::move(code), std::move(param), std::move(message));
  error.kind = ApiErrorKind::forbidden;
  error.type = "permission_error";
  return error;
}

}  // namespace

ApiError origin_foreign() {
  return permission("origin_not_allowed", "",
                    "Without keys this gateway serves programs of its own machine, and the "
                    "request's Origin or Host names another place. Call it by 127.0.0.1 or "
                    "localhost; or let its operator make a key (sluice keygen), or write "
                    "anonymous = true for the listener.");
}

ApiError model_forbidden(std::string_view model) {
  return permission("model_not_allowed", "model",
                    fmt::format("Your API key may not use the model '{}'. GET /v1/models lists "
                                "those it may use.",
                                quoted_name(model)));
}

ApiError operation_unsupported(std::string_view operation, std::string_view model) {
  return invalid_request(400, "unsupported_operation", "model",
                         fmt::format("The model '{}' cannot do {}. Choose another model.",
                                     quoted_name(model), operation));
}

ApiError region_unavailable(std::string_view model) {
  return permission("region_not_available", "model",
                    fmt::format("The model '{}' has no deployment in the regions your API key is "
                                "pinned to. Choose another model.",
                                quoted_name(model)));
}

ApiError route_impossible(std::string_view model, std::string_view reasons) {
  return with_kind(
      ApiErrorKind::not_found,
      invalid_request(404, "no_route", "model",
                      fmt::format("Nobody who serves the model '{}' fulfils what the request "
                                  "demands ({}). Demand less, or choose another model.",
                                  quoted_name(model), reasons)));
}

}  // namespace sluice::llm::errors
