#include "simulator/answer.h"

#include "sluice/http/sse.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

std::string_view type_of(http::StatusCode status) noexcept {
  if (status == http::status::unauthorized) return "authentication_error";
  if (status == http::status::too_many_requests) return "requests";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

}  // namespace

std::string error_body(http::StatusCode status, std::string_view message, std::string_view param,
                       std::string_view code) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("error").begin_object();
  writer.key("message").string(message).key("type").string(type_of(status));
  writer.key("param");
  param.empty() ? writer.null() : writer.string(param);
  writer.key("code");
  code.empty() ? writer.null() : writer.string(code);
  writer.end_object().end_object();
  return text;
}

Answer error_answer(http::StatusCode status, std::string_view message, std::string_view param,
                    std::string_view code) {
  Answer answer;
  answer.status = status;
  answer.body = error_body(status, message, param, code);
  return answer;
}

Answer stream_answer(std::string stream) {
  Answer answer;
  answer.content_type = "text/event-stream; charset=utf-8";
  answer.is_stream = true;
  http::SseParser parser;
  parser.feed(Slice::copy_of(stream));
  http::SseEvent event;
  std::size_t end = 0;
  while (parser.next(event) == http::SseStatus::event) {
    end += event.raw.size();
    answer.event_ends.push_back(end);
  }
  if (end != stream.size()) answer.event_ends.push_back(stream.size());
  answer.body = std::move(stream);
  return answer;
}

}  // namespace sluice::simulator
