#include "sluice/llm/responses_reader.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "responses_item.h"
#include "responses_members.h"
#include "sluice/llm/openai_usage.h"
#include "sluice/llm/provider_error.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Text;
using json::Value;

std::optional<Value> present(std::optional<Value> object, std::string_view name) {
  const auto value = object ? object->find(name) : std::nullopt;
  return value && !value->is_null() ? value : std::nullopt;
}

}  // namespace

struct ResponsesReader::Handler {
  std::string_view type;
  void (ResponsesReader::*take)(const ResponsesEvent&, ChatSink&);
};

ResponsesReader::ResponsesReader(AskedFor asked) : asked_(std::move(asked)) {}
ResponsesReader::~ResponsesReader() = default;

// --- whole answers ---

std::optional<ApiError> ResponsesReader::read_whole(std::string_view body, json::Index& index,
                                                    ChatSink& sink) {
  const auto malformed = [&](std::string_view reason) {
    failed_ = true;
    return errors::upstream_malformed(asked_.provider, reason);
  };
  if (!index.build(body)) return malformed("it is not JSON");
  const Value top = json::root(index);
  if (!top.is(Kind::object)) return malformed("it is not a JSON object");
  const auto status = present(top, "status");
  const auto error = present(top, "error");
  if (error || (status && status->string_equals("failed"))) {
    failed_ = true;
    return error_of(error);
  }
  const auto output = present(top, "output");
  if (!output || !output->is(Kind::array)) return malformed("it has no output");
  for (const std::string_view unfinished : {"queued", "in_progress", "cancelled"}) {
    if (status && status->string_equals(unfinished)) return malformed("it is not finished");
  }
  take_end(top, status && status->string_equals("incomplete"), sink);
  return std::nullopt;
}

// --- streams ---

ReadResult ResponsesReader::read_event(std::string_view name, std::string_view data,
                                       json::Index& index, ChatSink& sink) {
  using Self = ResponsesReader;
  static constexpr std::array<Handler, 24> handlers = {{
      {"response.output_text.delta", &Self::take_text},
      {"response.function_call_arguments.delta", &Self::take_arguments},
      {"response.reasoning_summary_text.delta", &Self::take_summary},
      {"response.reasoning_text.delta", &Self::take_thought},
      {"response.custom_tool_call_input.delta", &Self::take_arguments},
      {"response.refusal.delta", &Self::take_refusal},
      {"response.output_text.annotation.added", &Self::take_annotation},
      {"response.output_text.done", &Self::take_text},
      {"response.refusal.done", &Self::take_refusal},
      {"response.reasoning_summary_text.done", &Self::take_summary},
      {"response.reasoning_text.done", &Self::take_thought},
      {"response.function_call_arguments.done", &Self::take_arguments},
      {"response.custom_tool_call_input.done", &Self::take_arguments},
      {"response.output_item.added", &Self::take_added},
      {"response.output_item.done", &Self::take_item_done},
      {"response.created", &Self::take_response},
      {"response.queued", &Self::take_response},
      {"response.in_progress", &Self::take_response},
      {"response.completed", &Self::take_completed},
      {"response.incomplete", &Self::take_incomplete},
      {"response.failed", &Self::take_failed},
      {"response.cancelled", &Self::take_failed},
      {"response.error", &Self::take_error},
      {"error", &Self::take_error},
  }};
  ReadResult result;
  odd_ = false;
  if (done_ || failed_ || data == "[DONE]") {
    result.ended = done_;
    return result;
  }
  if (!index.build(data) || !json::root(index).is(Kind::object)) {
    failed_ = true;
    result.error = errors::upstream_malformed(asked_.provider, "an event is not a JSON object");
    return result;
  }
  const ResponsesEvent event(json::root(index));
  std::string scratch;
  const std::string_view type = event.type ? event.type->unescaped(scratch) : name;
  const auto known = std::ranges::find(handlers, type, &Handler::type);
  if (known != handlers.end()) {
    (this->*known->take)(event, sink);
  } else if (!event.type && event.error) {
    take_error(event, sink);  // an edge in between speaks as for chats
  }
  failed_ = error_.has_value();
  result.error = std::exchange(error_, std::nullopt);
  result.ended = done_;
  result.odd = odd_;
  return result;
}

StreamEnd ResponsesReader::finish(ChatSink& /*sink*/) {
  if (failed_) return StreamEnd::failed;
  return done_ ? StreamEnd::complete : StreamEnd::truncated;
}

void ResponsesReader::take_response(const ResponsesEvent& event, ChatSink& sink) {
  tell_started(event.response.value_or(event.top), sink);
}

void ResponsesReader::take_added(const ResponsesEvent& event, ChatSink& sink) {
  if (!event.item) return;
  Item* const item = find_item(event);
  if (item == nullptr) return;
  const auto type = event.item->find("type");
  const bool is_call =
      type && (type->string_equals("function_call") || type->string_equals("custom_tool_call"));
  if (is_call) begin_call(*item, *event.item, sink);
}

// A piece of a part, or all of it, which counts only where no piece came.
void ResponsesReader::take_piece(const ResponsesEvent& event, Told told, ChatSink& sink) {
  Item* const item = find_item(event);
  if (item == nullptr) return;
  if (event.delta) {
    tell_part(*item, event.part_index, told, *event.delta, sink);
  } else if (event.whole && !item->parts_of(told).has(event.part_index)) {
    tell_part(*item, event.part_index, told, *event.whole, sink);
  }
}

void ResponsesReader::take_text(const ResponsesEvent& event, ChatSink& sink) {
  take_piece(event, Told::text, sink);
}
void ResponsesReader::take_refusal(const ResponsesEvent& event, ChatSink& sink) {
  take_piece(event, Told::refusal, sink);
}
void ResponsesReader::take_summary(const ResponsesEvent& event, ChatSink& sink) {
  take_piece(event, Told::summary, sink);
}
void ResponsesReader::take_thought(const ResponsesEvent& event, ChatSink& sink) {
  take_piece(event, Told::thought, sink);
}

void ResponsesReader::take_arguments(const ResponsesEvent& event, ChatSink& sink) {
  Item* const item = find_item(event);
  if (item == nullptr || !item->begun || item->over) {
    odd_ = true;
  } else if (event.delta) {
    tell_arguments(*item, *event.delta, sink);
  } else {
    if (event.whole && !item->arguments) tell_arguments(*item, *event.whole, sink);
    end_call(*item, sink);
  }
}

void ResponsesReader::take_annotation(const ResponsesEvent& event, ChatSink& sink) {
  Item* const item = find_item(event);
  if (item == nullptr || !event.annotation) return;
  item->sources = true;
  tell_source(*event.annotation, sink);
}

void ResponsesReader::take_item_done(const ResponsesEvent& event, ChatSink& sink) {
  if (!event.item) return;
  Item* const item = find_item(event);
  if (item != nullptr) take_item(*item, *event.item, sink);
}

void ResponsesReader::take_completed(const ResponsesEvent& event, ChatSink& sink) {
  take_end(event.response.value_or(event.top), false, sink);
}
void ResponsesReader::take_incomplete(const ResponsesEvent& event, ChatSink& sink) {
  take_end(event.response.value_or(event.top), true, sink);
}

void ResponsesReader::take_failed(const ResponsesEvent& event, ChatSink& /*sink*/) {
  error_ = error_of(present(event.response, "error"));
}
// {"type":"error","code","message"} by the book, {"type":"error","error":{..}} as recorded.
void ResponsesReader::take_error(const ResponsesEvent& event, ChatSink& /*sink*/) {
  error_ = error_of(event.error ? event.error : event.top);
}

ApiError ResponsesReader::error_of(std::optional<Value> error) const {
  if (!error) return errors::upstream_failed(asked_.provider, 0, "");
  return read_provider_error_value(asked_.provider, *error);
}

void ResponsesReader::take_end(Value response, bool incomplete, ChatSink& sink) {
  tell_started(response, sink);
  const auto output = response.find("output");
  if (output && items_.empty()) {  // a host that tells nothing before
    for (const Value value : output->elements()) {
      Item* const item = new_item(-1, {});
      if (item != nullptr) take_item(*item, value, sink);
    }
  }
  end_calls(sink);
  Text word = member_text(response, "status");
  FinishReason reason = calls_ > 0 ? FinishReason::tool_calls : FinishReason::stop;
  if (incomplete) {
    const auto why = present(present(response, "incomplete_details"), "reason");
    const bool filtered = why && why->string_equals("content_filter");
    reason = filtered ? FinishReason::content_filter : FinishReason::length;
    if (why) word = json::raw_text(*why);
  }
  sink.take({.kind = ChatEventKind::finished, .text = word, .reason = reason});
  const auto usage = present(response, "usage");
  const Usage counts = usage ? parse_openai_usage(*usage) : Usage{};
  if (counts.known()) sink.take({.kind = ChatEventKind::usage, .usage = counts});
  done_ = true;
}

}  // namespace sluice::llm
