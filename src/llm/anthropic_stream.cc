#include "sluice/llm/anthropic_stream.h"

#include <optional>

#include "sluice/llm/answer_tag.h"
#include "sluice/llm/openai_error.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

StreamEvent event_of(StreamEventKind kind, bool carries_content = false) {
  StreamEvent event;
  event.kind = kind;
  event.carries_content = carries_content;
  return event;
}

StreamEvent content_if(bool says_something) {
  return event_of(says_something ? StreamEventKind::content : StreamEventKind::lifecycle,
                  says_something);
}

bool says_something(Value value) {
  switch (value.kind()) {
    case Kind::string: return value.span().size_bytes > 2;
    case Kind::array:
    case Kind::object: return !value.is_empty();
    case Kind::number:
    case Kind::boolean:
    case Kind::null: return false;
  }
  __builtin_unreachable();
}

bool delta_says_something(Value delta) {
  for (const json::Member member : delta.members()) {
    if (says_something(member.value) && !member.key.string_equals("type")) return true;
  }
  return false;
}

// Texts and thoughts begin empty; any other block says something when it begins.
bool block_says_something(Value block) {
  const auto type = block.find("type");
  if (!type) return false;
  if (!type->string_equals("text") && !type->string_equals("thinking")) return true;
  return delta_says_something(block);
}

bool is_blank_or_done(std::string_view data) {
  const std::size_t begin = data.find_first_not_of(" \t\r\n");
  if (begin == data.npos) return true;
  data = data.substr(begin, data.find_last_not_of(" \t\r\n") - begin + 1);
  return data == "[DONE]";
}

}  // namespace

StreamEvent AnthropicStream::inspect(std::string_view event_name, std::string_view data,
                                     json::Index& index) {
  if (data.size() < 16 && is_blank_or_done(data)) return event_of(StreamEventKind::lifecycle);
  const auto built = index.build(data);
  if (!built || !json::root(index).is(Kind::object)) {
    if (event_name != "error") return event_of(StreamEventKind::malformed);
    failed_ = true;
    StreamEvent event = event_of(StreamEventKind::error);
    event.error = errors::upstream_failed(provider_, 0, "");
    return event;
  }
  const Value top = json::root(index);
  const auto type = top.find("type");
  std::string scratch;
  return inspect_object(type ? type->unescaped(scratch) : event_name, top);
}

StreamEvent AnthropicStream::inspect_object(std::string_view type, Value top) {
  if (type == "content_block_delta") {
    const auto delta = top.find("delta");
    return content_if(delta && delta_says_something(*delta));
  }
  if (type == "content_block_start") {
    const auto block = top.find("content_block");
    return content_if(block && block_says_something(*block));
  }
  if (type == "content_block_stop" || type == "ping") return event_of(StreamEventKind::lifecycle);
  if (type == "message_start") return inspect_message_start(top);
  if (type == "message_delta") return inspect_message_delta(top);
  if (type == "message_stop") {
    done_ = true;
    return event_of(StreamEventKind::done);
  }
  const auto error = top.find("error");
  if (type == "error" || (error && !error->is_null())) return make_error(top);
  return event_of(StreamEventKind::unknown);
}

StreamEvent AnthropicStream::inspect_message_start(Value top) {
  StreamEvent event = event_of(StreamEventKind::lifecycle);
  const auto message = top.find("message");
  if (!message) return event;
  const auto id = message->find("id");
  std::string message_id = id ? id->string().value_or("") : "";
  if (started_ && message_id != message_id_) {
    failed_ = true;
    event.kind = StreamEventKind::error;
    event.error = errors::upstream_malformed(provider_, "another message begins in its stream");
    return event;
  }
  if (!started_) event.tag_place = find_tag_place(top);
  started_ = true;
  message_id_ = std::move(message_id);
  read_usage(*message, event);
  return event;
}

StreamEvent AnthropicStream::inspect_message_delta(Value top) {
  StreamEvent event = event_of(StreamEventKind::lifecycle);
  const auto delta = top.find("delta");
  const auto reason = delta ? delta->find("stop_reason") : std::nullopt;
  if (reason && reason->is(Kind::string)) {
    stop_reason_seen_ = true;
    event.kind = StreamEventKind::finish;
  }
  read_usage(top, event);
  return event;
}

void AnthropicStream::read_usage(Value holder, StreamEvent& event) {
  const auto usage = holder.find("usage");
  if (!usage) return;
  usage_.update(*usage);
  event.usage = usage_.usage();
}

StreamEvent AnthropicStream::make_error(Value top) {
  failed_ = true;
  StreamEvent event = event_of(StreamEventKind::error);
  event.error = read_openai_error_value(provider_, top.find("error").value_or(top));
  const auto type = top.find("type");
  event.is_last = type && type->string_equals("error");
  return event;
}

StreamEnd AnthropicStream::end() const noexcept {
  if (failed_) return StreamEnd::failed;
  if (done_) return StreamEnd::complete;
  return stop_reason_seen_ ? StreamEnd::finished : StreamEnd::truncated;
}

}  // namespace sluice::llm
