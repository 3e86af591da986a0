// The understand stage of an exchange: the body is received and read for what the gateway must
// know.
#include <utility>

#include "exchange.h"
#include "sluice/http/media_type.h"
#include "sluice/http/multipart.h"
#include "sluice/llm/anthropic_request.h"
#include "sluice/llm/openai_request.h"

namespace sluice::gateway {
namespace {

using llm::ApiError;

std::string_view content_type_of(const http::RequestHead& head) {
  return head.headers.value(http::FieldName::content_type).value_or(std::string_view{});
}

ApiError body_error(const Error& error, std::size_t bytes_max) {
  if (error.kind == ErrorKind::too_large) return llm::errors::body_too_large(bytes_max);
  if (error.kind == ErrorKind::deadline_exceeded) return llm::errors::request_too_slow("body");
  return llm::errors::head_malformed(error.what);
}

}  // namespace

Task<MaybeError> Exchange::understand() {
  const http::RequestHead& head = downstream_.head();
  if (endpoint_.body == llm::BodyForm::none) {
    ask_->request = llm::understand_openai_bodiless(endpoint_);
    body_at_ = core_.loop.now();
    co_return header_wishes_.join(own_.request);
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
  ask_->body = std::move(*body);
  if (endpoint_.body == llm::BodyForm::multipart) {
    MaybeError refused = understand_form();
    if (!refused) refused = header_wishes_.join(own_.request);
    co_return refused;
  }
  MaybeError refused = understand_json(own_);
  if (!refused) refused = header_wishes_.join(own_.request);
  co_return refused;
}

MaybeError Exchange::understand_json(Ask& ask) {
  auto request = endpoint_.dialect == llm::Dialect::anthropic
                     ? llm::understand_anthropic_json(endpoint_, ask.body.view(), core_.index)
                     : llm::understand_openai_json(endpoint_, ask.body.view(), core_.index);
  if (!request) return std::move(request.error());
  ask.request = std::move(*request);
  return std::nullopt;
}

MaybeError Exchange::understand_form() {
  const auto type = http::MediaType::parse(content_type_of(downstream_.head()));
  const auto boundary = type ? type->boundary() : std::nullopt;
  if (!boundary) return llm::errors::form_malformed("the Content-Type names no boundary");
  const auto form = http::MultipartForm::parse(ask_->body.view(), *boundary);
  if (!form) return llm::errors::form_malformed(form.error().reason);
  std::vector<llm::FormField> fields;
  fields.reserve(form->parts().size());
  for (const http::MultipartPart& part : form->parts()) {
    const auto offset = static_cast<std::size_t>(part.body.data() - ask_->body.data());
    fields.push_back({.name = part.name,
                      .value = {offset, part.body.size()},
                      .is_file = part.filename.has_value()});
  }
  auto request = llm::understand_openai_form(endpoint_, ask_->body.view(), fields);
  if (!request) return std::move(request.error());
  ask_->request = std::move(*request);
  return std::nullopt;
}

}  // namespace sluice::gateway
