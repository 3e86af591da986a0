#include "sluice/llm/anthropic_reader.h"

#include <string>
#include <utility>

#include "anthropic_blocks.h"
#include "anthropic_delta_shape.h"
#include "sluice/llm/anthropic_usage.h"
#include "sluice/llm/provider_error.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

constexpr std::string_view known_events =
    "|message_start|content_block_start|content_block_delta|content_block_stop|message_delta|"
    "message_stop|ping|error||";

bool is_known_event(std::string_view name) {
  return known_events.contains("|" + std::string(name) + "|");
}

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// The members of an event, found in one pass.
struct EventMembers {
  std::optional<Value> type;
  std::optional<Value> index;
  std::optional<Value> delta;
  std::optional<Value> content_block;
  std::optional<Value> message;
  std::optional<Value> usage;
  std::optional<Value> error;
};

EventMembers read_members(Value event, std::string& scratch) {
  EventMembers members;
  for (const json::Member member : event.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "type") members.type = member.value;
    if (name == "index") members.index = member.value;
    if (name == "delta") members.delta = member.value;
    if (name == "content_block") members.content_block = member.value;
    if (name == "message") members.message = member.value;
    if (name == "usage") members.usage = member.value;
    if (name == "error") members.error = member.value;
  }
  return members;
}

FinishReason finish_reason(std::string_view word, bool calls_tools) noexcept {
  if (word == "max_tokens" || word == "model_context_window_exceeded") return FinishReason::length;
  if (word == "refusal") return FinishReason::content_filter;
  if (word == "pause_turn" || word == "compaction") return FinishReason::paused;
  // Without a call there is nothing to answer: what was called is the answer's own form.
  if (word == "tool_use" && calls_tools) return FinishReason::tool_calls;
  return FinishReason::stop;
}

// What a message, or the delta of its end, says about why it ended.
struct End {
  std::optional<Value> reason;
  std::optional<Value> sequence;
  std::optional<Value> explanation;
};

End read_end(Value object) {
  End end;
  for (const json::Member member : object.members()) {
    const auto is = [&](std::string_view name) { return member.key.string_equals(name); };
    if (is("stop_reason")) end.reason = member.value;
    if (is("stop_sequence")) end.sequence = member.value;
    if (is("stop_details")) end.explanation = member.value.find("explanation");
  }
  return end;
}

json::Text text_or_nothing(std::optional<Value> value) {
  return value ? json::raw_text(*value) : json::Text{};
}

}  // namespace

class AnthropicReader::State {
 public:
  explicit State(AskedFor asked) : asked_(std::move(asked)), blocks_(asked_) {}

  std::optional<ApiError> read_whole(std::string_view body, json::Index& index, ChatSink& sink);
  ReadResult read_event(std::string_view name, std::string_view data, json::Index& index,
                        ChatSink& sink);
  EventRun read_run(std::string_view stream, std::size_t event_bytes_max, ChatSink& sink);
  StreamEnd finish(ChatSink& sink);

 private:
  ReadResult dispatch(std::string_view type, const EventMembers& members, ChatSink& sink);
  ReadResult begin_message(const EventMembers& members, ChatSink& sink);
  ReadResult end_message(ChatSink& sink);
  ReadResult fail(ApiError error);
  ReadResult fail_with(std::optional<Value> error);
  void start(std::optional<Value> message, ChatSink& sink);
  void read_delta_of_message(const EventMembers& members, ChatSink& sink);
  void tell_end(Value message, ChatSink& sink);
  void tell_finished(FinishReason reason, json::Text word, json::Text sequence, ChatSink& sink);
  void tell_usage(ChatSink& sink);

  AskedFor asked_;
  AnthropicBlocks blocks_;
  // Of the deltas of the block that is open; learned from the first that was taken.
  AnthropicDeltaShape delta_shape_;
  bool delta_shape_tried_ = false;
  AnthropicUsage usage_;
  std::string id_;
  std::string scratch_;
  bool started_ = false;
  bool finished_ = false;  // the sink knows why it ended
  bool ended_ = false;     // message_stop was seen
  bool failed_ = false;
};

// --- whole answers ---

std::optional<ApiError> AnthropicReader::State::read_whole(std::string_view body,
                                                           json::Index& index, ChatSink& sink) {
  if (!index.build(body)) {
    return errors::upstream_malformed(asked_.provider, "its body is not JSON");
  }
  const Value message = json::root(index);
  const auto error = message.find("error");
  if (error && !error->is_null()) return read_provider_error_value(asked_.provider, *error);
  const auto content = message.find("content");
  if (!content || !content->is(Kind::array)) {
    return errors::upstream_malformed(asked_.provider, "it is no message with content");
  }
  start(message, sink);
  for (const Value block : content->elements()) blocks_.read_whole(block, sink);
  tell_end(message, sink);
  if (!finished_) tell_finished(FinishReason::stop, {}, {}, sink);
  tell_usage(sink);
  return std::nullopt;
}

// --- streams ---

ReadResult AnthropicReader::State::read_event(std::string_view name, std::string_view data,
                                              json::Index& index, ChatSink& sink) {
  if (failed_) return {.odd = true};
  if (!index.build(data)) {
    // Proxies in front of Anthropic end its streams as OpenAI does.
    const std::string_view word = trimmed(data);
    if (word.empty() || word == "[DONE]") return {};
    if (ended_ || !is_known_event(name)) return {.odd = true};
    return fail(errors::upstream_malformed(asked_.provider, "an event of its stream is not JSON"));
  }
  if (ended_) return {.odd = true};
  const EventMembers members = read_members(json::root(index), scratch_);
  const std::string_view type = members.type ? members.type->unescaped(scratch_) : name;
  const ReadResult result = dispatch(type, members, sink);
  if (!delta_shape_tried_ && blocks_.takes_more()) {
    delta_shape_.learn(data, json::root(index));
    delta_shape_tried_ = true;
  }
  return result;
}

// Nearly all events of a stream.
EventRun AnthropicReader::State::read_run(std::string_view stream, std::size_t event_bytes_max,
                                          ChatSink& sink) {
  EventRun run;
  if (failed_ || finished_ || ended_) return run;
  while (blocks_.takes_more()) {
    const auto event = delta_shape_.first_of(stream.substr(run.size_bytes));
    if (!event || event->size_bytes > event_bytes_max) break;
    blocks_.read_more(event->text, sink);
    run.size_bytes += event->size_bytes;
    ++run.count;
  }
  return run;
}

ReadResult AnthropicReader::State::dispatch(std::string_view type, const EventMembers& members,
                                            ChatSink& sink) {
  if (finished_ && type.starts_with("content_block_")) return {.odd = true};
  if (type == "content_block_delta") {
    if (!members.delta) return {.odd = true};
    start(std::nullopt, sink);
    return {.odd = !blocks_.read_delta(members.index, *members.delta, sink)};
  }
  if (type == "content_block_start") {
    if (!members.content_block) return {.odd = true};
    start(std::nullopt, sink);
    delta_shape_.forget();
    delta_shape_tried_ = false;
    blocks_.begin(members.index, *members.content_block, sink);
    return {};
  }
  if (type == "content_block_stop") return {.odd = !blocks_.end(members.index, sink)};
  if (type == "message_start") return begin_message(members, sink);
  if (type == "message_delta") {
    start(std::nullopt, sink);
    read_delta_of_message(members, sink);
    return {};
  }
  if (type == "message_stop") return end_message(sink);
  if (type == "ping") return {};
  if (type == "error" || members.error) return fail_with(members.error);
  return {};  // of an event that is new there is nothing to say
}

// A message may be announced twice; another one in its stead means that two answers were mixed.
ReadResult AnthropicReader::State::begin_message(const EventMembers& members, ChatSink& sink) {
  if (!members.message) return {.odd = true};
  if (!started_) {
    start(members.message, sink);
    tell_usage(sink);
    return {};
  }
  const auto id = members.message->find("id");
  if (id && !id->string_equals(id_)) {
    return fail(errors::upstream_malformed(asked_.provider, "another answer begins within it"));
  }
  return {.odd = true};
}

void AnthropicReader::State::start(std::optional<Value> message, ChatSink& sink) {
  if (started_) return;
  started_ = true;
  ChatEvent event{.kind = ChatEventKind::started};
  if (message) {
    event.id = text_or_nothing(message->find("id"));
    event.model = text_or_nothing(message->find("model"));
    json::append_plain(id_, event.id);
    if (const auto usage = message->find("usage")) usage_.update(*usage);
  }
  sink.take(event);
}

void AnthropicReader::State::read_delta_of_message(const EventMembers& members, ChatSink& sink) {
  if (members.usage) usage_.update(*members.usage);
  if (members.delta) tell_end(*members.delta, sink);
}

ReadResult AnthropicReader::State::end_message(ChatSink& sink) {
  start(std::nullopt, sink);
  if (!finished_) tell_finished(FinishReason::stop, {}, {}, sink);
  ended_ = true;
  tell_usage(sink);
  return {.ended = true};
}

StreamEnd AnthropicReader::State::finish(ChatSink& sink) {
  if (failed_) return StreamEnd::failed;
  if (ended_) return StreamEnd::complete;
  if (!finished_) return StreamEnd::truncated;
  ended_ = true;
  tell_usage(sink);
  return StreamEnd::finished;
}

ReadResult AnthropicReader::State::fail(ApiError error) {
  failed_ = true;
  return {.error = std::move(error)};
}

ReadResult AnthropicReader::State::fail_with(std::optional<Value> error) {
  return fail(error ? read_provider_error_value(asked_.provider, *error)
                    : errors::upstream_failed(asked_.provider, 0, ""));
}

// --- the end, of both ---

void AnthropicReader::State::tell_end(Value message, ChatSink& sink) {
  const End end = read_end(message);
  if (finished_ || !end.reason || !end.reason->is(Kind::string)) return;
  const std::string_view word = end.reason->unescaped(scratch_);
  // Arguments that ran out of tokens stay as they are; else a call without any has none to come.
  blocks_.end_all(word == "tool_use", sink);
  const json::Text explanation = text_or_nothing(end.explanation);
  if (word == "refusal" && !explanation.empty()) {
    sink.take({.kind = ChatEventKind::refusal, .text = explanation});
  }
  tell_finished(finish_reason(word, blocks_.calls() != 0), json::raw_text(*end.reason),
                word == "stop_sequence" ? text_or_nothing(end.sequence) : json::Text{}, sink);
}

void AnthropicReader::State::tell_finished(FinishReason reason, json::Text word,
                                           json::Text sequence, ChatSink& sink) {
  blocks_.end_all(false, sink);
  finished_ = true;
  sink.take({.kind = ChatEventKind::finished, .text = word, .name = sequence, .reason = reason});
}

void AnthropicReader::State::tell_usage(ChatSink& sink) {
  const Usage usage = usage_.usage();
  if (usage.known()) sink.take({.kind = ChatEventKind::usage, .usage = usage});
}

AnthropicReader::AnthropicReader(AskedFor asked)
    : state_(std::make_unique<State>(std::move(asked))) {}

AnthropicReader::~AnthropicReader() = default;

std::optional<ApiError> AnthropicReader::read_whole(std::string_view body, json::Index& index,
                                                    ChatSink& sink) {
  return state_->read_whole(body, index, sink);
}

ReadResult AnthropicReader::read_event(std::string_view name, std::string_view data,
                                       json::Index& index, ChatSink& sink) {
  return state_->read_event(name, data, index, sink);
}

EventRun AnthropicReader::read_run(std::string_view stream, std::size_t event_bytes_max,
                                   ChatSink& sink) {
  return state_->read_run(stream, event_bytes_max, sink);
}

StreamEnd AnthropicReader::finish(ChatSink& sink) { return state_->finish(sink); }

}  // namespace sluice::llm
