#include "sluice/llm/bedrock_reader.h"

#include "bedrock_parts.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

// Arguments of one custom call, which are held whole.
constexpr std::size_t held_bytes_max = 4 * 1024 * 1024;

json::Text text_member(Value object, std::string_view name) noexcept {
  const auto value = object.find(name);
  return value ? json::raw_text(*value) : json::Text{};
}

std::int64_t block_index(Value top) noexcept {
  const auto index = top.find("contentBlockIndex");
  return index ? index->integer().value_or(0) : 0;
}

std::string string_member(Value object, std::string_view name) {
  const auto value = object.find(name);
  return value ? value->string().value_or("") : "";
}

// Where requests ask for it: /stop_sequence of whole answers, /delta/stop_sequence of streams.
std::string stop_sequence_of(Value top) {
  const auto fields = top.find("additionalModelResponseFields");
  if (!fields) return {};
  const auto delta = fields->find("delta");
  return string_member(delta.value_or(*fields), "stop_sequence");
}

std::string message_of(std::string_view data, json::Index& index) {
  if (!index.build(data)) return std::string(data);  // of an error: the text itself
  const Value top = json::root(index);
  std::string message = string_member(top, "message");
  return message.empty() ? string_member(top, "Message") : message;
}

}  // namespace

void BedrockReader::start(ChatSink& sink) {
  if (started_) return;
  started_ = true;
  sink.take({.kind = ChatEventKind::started});
}

bool BedrockReader::is_custom(json::Text name) const noexcept {
  std::string scratch;
  const std::string_view wanted = name.plain(scratch);
  std::string_view names = asked_.custom_tools;
  while (!names.empty()) {
    const std::size_t end = names.find('\n');
    if (names.substr(0, end) == wanted) return true;
    if (end == names.npos) break;
    names.remove_prefix(end + 1);
  }
  return false;
}

// --- whole answers ---

std::optional<ApiError> BedrockReader::read_whole(std::string_view body, json::Index& index,
                                                  ChatSink& sink) {
  if (!index.build(body))
    return fail(errors::upstream_malformed(asked_.provider, "its body is not valid JSON")).error;
  const Value top = json::root(index);
  const auto output = top.find("output");
  const auto message = output ? output->find("message") : std::nullopt;
  const auto content = message ? message->find("content") : std::nullopt;
  if (!content || !content->is(Kind::array)) {
    return fail(errors::upstream_malformed(asked_.provider, "it holds no message")).error;
  }
  take_stop(top);
  if (const auto usage = top.find("usage")) usage_ = read_bedrock_usage(*usage);
  start(sink);
  for (const Value block : content->elements()) read_block(block, sink);
  end_answer(sink);
  return std::nullopt;
}

void BedrockReader::read_block(Value block, ChatSink& sink) {
  std::string scratch;
  for (const json::Member member : block.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "text") {
      tell_text(ChatEventKind::text, json::raw_text(member.value), sink);
    } else if (name == "toolUse") {
      read_call(member.value, sink);
    } else if (name == "reasoningContent") {
      (void)tell_reasoning(member.value, sink);
    } else if (name == "image") {
      tell_image(member.value, sink);
    } else if (name == "citationsContent") {
      if (const auto content = member.value.find("content")) {
        for (const Value said : content->elements()) {
          tell_text(ChatEventKind::text, text_member(said, "text"), sink);
        }
      }
      if (const auto citations = member.value.find("citations")) {
        for (const Value citation : citations->elements()) tell_citation(citation, sink);
      }
    }
  }
}

void BedrockReader::read_call(Value call, ChatSink& sink) {
  open_call(0, call, sink);
  const auto input = call.find("input");
  if (input && !input->is_null()) {
    const auto wrapped = open_ == Open::custom_call ? input->find("input") : std::nullopt;
    const bool is_text = wrapped && wrapped->is(Kind::string);
    open_has_arguments_ = true;
    const ChatEventKind kind =
        open_ == Open::output ? ChatEventKind::text : ChatEventKind::tool_arguments;
    sink.take({.kind = kind,
               .call = open_ == Open::output ? 0 : calls_ - 1,
               .text = is_text ? json::raw_text(*wrapped) : json::Text{.bytes = input->raw()}});
  }
  close_call(sink);
}

// --- streams ---

ReadResult BedrockReader::fail(ApiError error) {
  failed_ = true;
  ReadResult result;
  result.error = std::move(error);
  return result;
}

ReadResult BedrockReader::read_event(std::string_view name, std::string_view data,
                                     json::Index& index, ChatSink& sink) {
  for (const std::string_view prefix : {bedrock_exception_prefix, bedrock_error_prefix}) {
    if (!name.starts_with(prefix)) continue;
    name.remove_prefix(prefix.size());
    return fail(bedrock_stream_error(asked_.provider, name, message_of(data, index)));
  }
  const auto malformed = [this] {
    return fail(
        errors::upstream_malformed(asked_.provider, "an event of its stream is no JSON object"));
  };
  if (!index.build(data) || !json::root(index).is(Kind::object)) return malformed();
  const bool goes_on = name == "contentBlockDelta" && block_index(json::root(index)) == open_block_;
  if (open_ == Open::custom_call && !goes_on) {
    tell_custom_arguments(index, sink);
    if (!index.build(data)) return malformed();  // cannot be: it was built above
  }
  ReadResult result;
  result.odd = !read_message(name, json::root(index), sink);
  if (held_.size() > held_bytes_max) {
    return fail(errors::upstream_malformed(asked_.provider,
                                           "the arguments of a tool call are too "
                                           "long to be held"));
  }
  result.ended = ended_;
  return result;
}

// False: it never comes there.
bool BedrockReader::read_message(std::string_view name, Value top, ChatSink& sink) {
  if (name == "metadata") {
    if (const auto usage = top.find("usage")) usage_.update(read_bedrock_usage(*usage));
    if (stopped_) {
      end_answer(sink);
    }
    return true;
  }
  const bool is_content = name == "messageStart" || name.starts_with("contentBlock");
  if (is_content && stopped_) return false;
  if (name == "messageStart") {
    const bool first = !started_;
    start(sink);
    return first;
  }
  if (name == "contentBlockStart") {
    start(sink);
    close_call(sink);
    const auto begun = top.find("start");
    const auto call = begun ? begun->find("toolUse") : std::nullopt;
    if (call) open_call(block_index(top), *call, sink);
    return true;
  }
  if (name == "contentBlockDelta") {
    start(sink);
    const auto delta = top.find("delta");
    return delta && read_delta(block_index(top), *delta, sink);
  }
  if (name == "contentBlockStop") {
    if (open_ != Open::nothing && block_index(top) == open_block_) close_call(sink);
    return true;
  }
  if (name == "messageStop") {
    if (stopped_) return false;
    start(sink);
    close_call(sink);
    take_stop(top);
    // As a rule the usage follows; where it came before, nothing does.
    if (usage_.known()) end_answer(sink);
  }
  return true;  // others are new, and passed over
}

bool BedrockReader::read_delta(std::int64_t block, Value delta, ChatSink& sink) {
  if (const auto call = delta.find("toolUse")) return add_arguments(block, *call, sink);
  close_call(sink);
  if (const auto text = delta.find("text")) {
    tell_text(ChatEventKind::text, json::raw_text(*text), sink);
  } else if (const auto reasoning = delta.find("reasoningContent")) {
    return tell_reasoning(*reasoning, sink);
  } else if (const auto citation = delta.find("citation")) {
    tell_citation(*citation, sink);
  }
  return true;
}

bool BedrockReader::add_arguments(std::int64_t block, Value call, ChatSink& sink) {
  if (open_ == Open::nothing || block != open_block_) return false;
  const json::Text piece = text_member(call, "input");
  if (piece.empty()) return true;
  open_has_arguments_ = true;
  switch (open_) {
    case Open::nothing: break;
    case Open::call:
      sink.take({.kind = ChatEventKind::tool_arguments, .call = calls_ - 1, .text = piece});
      break;
    case Open::custom_call: json::append_plain(held_, piece); break;
    case Open::output: tell_text(ChatEventKind::text, piece, sink); break;
  }
  return true;
}

void BedrockReader::open_call(std::int64_t block, Value call, ChatSink& sink) {
  const json::Text name = text_member(call, "name");
  open_block_ = block;
  open_has_arguments_ = false;
  held_.clear();
  if (!asked_.output_tool.empty() && name.equals(asked_.output_tool)) {
    open_ = Open::output;
    return;
  }
  open_ = is_custom(name) ? Open::custom_call : Open::call;
  sink.take({.kind = ChatEventKind::tool_call,
             .call = calls_++,
             .id = text_member(call, "toolUseId"),
             .name = name});
}

void BedrockReader::close_call(ChatSink& sink) {
  switch (std::exchange(open_, Open::nothing)) {
    case Open::nothing:
    case Open::custom_call: return;  // told already
    case Open::call:
      if (!open_has_arguments_) {
        sink.take(
            {.kind = ChatEventKind::tool_arguments, .call = calls_ - 1, .text = {.bytes = "{}"}});
      }
      return;
    case Open::output:
      if (!open_has_arguments_) tell_text(ChatEventKind::text, {.bytes = "{}"}, sink);
      return;
  }
}

// {"input":"text"}: the text. What a model has written in its place: as it is.
void BedrockReader::tell_custom_arguments(json::Index& index, ChatSink& sink) {
  open_ = Open::nothing;
  json::Text text{.bytes = held_};
  if (index.build(held_)) {
    const auto input = json::root(index).find("input");
    if (input && input->is(Kind::string)) text = json::raw_text(*input);
  }
  if (!text.empty()) {
    sink.take({.kind = ChatEventKind::tool_arguments, .call = calls_ - 1, .text = text});
  }
  held_.clear();
}

void BedrockReader::take_stop(Value top) {
  stopped_ = true;
  stop_reason_ = string_member(top, "stopReason");
  stop_sequence_ = stop_sequence_of(top);
}

void BedrockReader::end_answer(ChatSink& sink) {
  if (std::exchange(ended_, true)) return;
  sink.take({.kind = ChatEventKind::finished,
             .text = {.bytes = stop_reason_},
             .name = {.bytes = stop_sequence_},
             .reason = bedrock_finish_reason(stop_reason_, calls_ > 0)});
  if (usage_.known()) sink.take({.kind = ChatEventKind::usage, .usage = usage_});
}

StreamEnd BedrockReader::finish(ChatSink& sink) {
  if (failed_) return StreamEnd::failed;
  if (!stopped_) return StreamEnd::truncated;
  end_answer(sink);
  return StreamEnd::complete;
}

}  // namespace sluice::llm
