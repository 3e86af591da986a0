#include "sluice/llm/openai_stream.h"

#include <array>

#include "openai_members.h"
#include "sluice/llm/openai_usage.h"
#include "sluice/llm/provider_error.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
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

// Any member of a delta but its role is something the model said: text, refusal, tool calls, audio,
// and reasoning under the many names hosts give it.
bool delta_has_content(Value delta) {
  for (const json::Member member : delta.members()) {
    if (says_something(member.value) && !member.key.string_equals("role")) return true;
  }
  return false;
}

struct Choice {
  bool content = false;
  bool finished = false;
  bool failed = false;
  std::optional<Value> index;
  Usage usage;
};

Choice read_choice(Value value) {
  Choice choice;
  std::string scratch;
  for (const json::Member member : value.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    const auto is = [&](std::string_view wanted) { return name == wanted; };
    if (is("index")) {
      choice.index = member.value;
    } else if (is("delta") || is("message")) {
      choice.content = choice.content || delta_has_content(member.value);
    } else if (is("text")) {
      choice.content = choice.content || says_something(member.value);
    } else if (is("finish_reason")) {
      choice.finished = member.value.is(Kind::string) && says_something(member.value);
      choice.failed = member.value.string_equals("error");
    } else if (is("usage")) {
      choice.usage = parse_openai_usage(member.value);
    }
  }
  return choice;
}

// Hosts leave the index out when there is one choice. Choices above 63 are not followed: they can
// only make a stream look finished early, and [DONE] is what is waited for.
std::uint64_t choice_bit(std::optional<Value> index) {
  const std::int64_t number = index ? index->integer().value_or(0) : 0;
  return number < 0 || number > 63 ? 0 : std::uint64_t{1} << number;
}

// Whether a stream is complete with an event, and whether anything follows it.
enum class Ends : std::uint8_t {
  no,
  perhaps,  // complete, but one more of its kind may come: one for each image
  yes,
};

struct TypedRule {
  std::string_view type;
  StreamEventKind kind;
  bool carries_content;
  Ends ends;
};

constexpr std::array<TypedRule, 21> typed_rules = {{
    {"response.created", StreamEventKind::lifecycle, false, Ends::no},
    {"response.queued", StreamEventKind::lifecycle, false, Ends::no},
    {"response.in_progress", StreamEventKind::lifecycle, false, Ends::no},
    {"response.content_part.added", StreamEventKind::lifecycle, false, Ends::no},
    {"response.reasoning_summary_part.added", StreamEventKind::lifecycle, false, Ends::no},
    {"response.completed", StreamEventKind::finish, false, Ends::yes},
    {"response.incomplete", StreamEventKind::finish, false, Ends::yes},
    {"response.cancelled", StreamEventKind::finish, false, Ends::yes},
    {"keepalive", StreamEventKind::lifecycle, false, Ends::no},
    {"ping", StreamEventKind::lifecycle, false, Ends::no},
    {"image_generation.partial_image", StreamEventKind::content, true, Ends::no},
    {"image_generation.completed", StreamEventKind::finish, true, Ends::perhaps},
    {"image_edit.partial_image", StreamEventKind::content, true, Ends::no},
    {"image_edit.completed", StreamEventKind::finish, true, Ends::perhaps},
    {"transcript.text.delta", StreamEventKind::content, true, Ends::no},
    {"transcript.text.segment", StreamEventKind::content, true, Ends::no},
    {"transcript.text.done", StreamEventKind::finish, true, Ends::yes},
    {"speech.audio.delta", StreamEventKind::content, true, Ends::no},
    {"speech.audio.done", StreamEventKind::finish, false, Ends::yes},
    {"response.output_item.done", StreamEventKind::content, true, Ends::no},
    {"response.content_part.done", StreamEventKind::content, true, Ends::no},
}};

const TypedRule* find_rule(std::string_view type) {
  for (const TypedRule& rule : typed_rules) {
    if (rule.type == type) return &rule;
  }
  return nullptr;
}

// An item that is begun: a message or a thought is empty yet, a tool call names its tool.
bool added_item_has_content(Value event) {
  const auto item = event.find("item");
  const auto type = item ? item->find("type") : std::nullopt;
  return type && !type->string_equals("message") && !type->string_equals("reasoning");
}

StreamEvent event_of(StreamEventKind kind, bool carries_content = false) {
  StreamEvent event;
  event.kind = kind;
  event.carries_content = carries_content;
  return event;
}

bool is_chunked(Operation operation) {
  return operation == Operation::chat_completions || operation == Operation::completions;
}

}  // namespace

std::string_view to_string(StreamEventKind kind) noexcept {
  switch (kind) {
    case StreamEventKind::lifecycle: return "lifecycle";
    case StreamEventKind::content: return "content";
    case StreamEventKind::finish: return "finish";
    case StreamEventKind::usage_only: return "usage_only";
    case StreamEventKind::error: return "error";
    case StreamEventKind::done: return "done";
    case StreamEventKind::unknown: return "unknown";
    case StreamEventKind::malformed: return "malformed";
  }
  __builtin_unreachable();
}

std::string_view to_string(StreamEnd end) noexcept {
  switch (end) {
    case StreamEnd::complete: return "complete";
    case StreamEnd::finished: return "finished";
    case StreamEnd::truncated: return "truncated";
    case StreamEnd::failed: return "failed";
  }
  __builtin_unreachable();
}

OpenaiStream::OpenaiStream(Operation operation, std::string_view provider, AnswerShapes& shapes)
    : shapes_(shapes),
      key_{.operation = operation, .form = AnswerShapes::Form::event},
      chunked_(is_chunked(operation)),
      provider_(provider) {}

StreamEvent OpenaiStream::inspect(std::string_view event_name, std::string_view data,
                                  json::Index& index) {
  if (data.size() < 16) {  // room for the two that are no JSON, blanks included
    const std::string_view text = trimmed(data);
    if (text.empty()) return event_of(StreamEventKind::lifecycle);
    if (text == "[DONE]") {
      done_ = choices_.ended != 0 || counted_last_;
      return event_of(StreamEventKind::done);
    }
  }
  for (const Followed& followed : followed_) {
    if (followed.event_name == event_name && followed.pattern.matches(data)) {
      counted_last_ = false;
      return event_of(StreamEventKind::content, true);
    }
  }
  if (const auto match = shapes_.find(key_, event_name, data)) return known_event(*match, data);
  const auto built = index.build(data);
  if (!built || !json::root(index).is(Kind::object)) {
    if (event_name != "error") return event_of(StreamEventKind::malformed);
    failed_ = true;
    StreamEvent event = event_of(StreamEventKind::error);
    event.error = errors::upstream_failed(provider_, 0, "");
    return event;
  }
  return inspect_indexed(event_name, data, json::root(index));
}

StreamEvent OpenaiStream::known_event(const AnswerShapes::Match& match, std::string_view data) {
  const ShapeFacts& facts = match.shape->facts;
  note({.open = facts.choices_open, .ended = facts.choices_ended});
  StreamEvent event = event_of(facts.kind, facts.carries_content);
  event.tag_place = facts.tag_place;
  note_count(match.usage.known() && !facts.carries_content);
  if (match.usage.known()) {
    event.usage = match.usage;
    usage_.update(match.usage);
  } else if (facts.kind == StreamEventKind::content) {
    follow(match.shape->pattern, match.shape->event_name, data);
  }
  return event;
}

StreamEvent OpenaiStream::inspect_indexed(std::string_view event_name, std::string_view data,
                                          Value top) {
  const OpenaiMembers members = read_openai_members(top);
  const bool typed_error = members.type && members.type->string_equals("error");
  const bool has_error = members.error && !members.error->is_null();
  if (has_error || typed_error || event_name == "error") {
    StreamEvent event = make_error(has_error ? *members.error : top);
    event.is_last = typed_error && !chunked_;
    return event;
  }

  StreamEvent event;
  Choices choices;
  bool completes = false;
  if (chunked_) {
    choices = inspect_chunk(members.choices, event);
  } else {
    completes = inspect_typed(
        members.type ? members.type->string().value_or("") : std::string(event_name), top, event);
  }
  note(choices);
  done_ = done_ || completes;
  const bool usage_in_choice = event.usage.known();
  if (members.usage || members.response || members.x_groq)
    event.usage.update(read_openai_usage(members));
  if (event.usage.known()) usage_.update(event.usage);
  note_count(event.usage.known() && !event.carries_content);
  const bool nothing_else = event.kind == StreamEventKind::lifecycle && chunked_;
  if (nothing_else && event.usage.known() && members.choices->is_empty()) {
    event.kind = StreamEventKind::usage_only;
  }
  if (event.kind == StreamEventKind::error) return event;
  event.tag_place = find_tag_place(top);
  if (event.kind == StreamEventKind::unknown || completes) return event;
  // Of the places that usage may stand in this one alone is learned.
  const bool usage_at_top = members.usage && members.usage->is(Kind::object);
  if (event.usage.known() && (!usage_at_top || usage_in_choice)) return event;
  const json::TextTemplate* const pattern =
      shapes_.learn(key_, event_name, data, top, members.usage,
                    {.kind = event.kind,
                     .carries_content = event.carries_content,
                     .choices_open = choices.open,
                     .choices_ended = choices.ended,
                     .tag_place = *event.tag_place,
                     .usage = event.usage});
  const bool is_content_alone = event.kind == StreamEventKind::content && !event.usage.known();
  if (pattern != nullptr && is_content_alone) follow(*pattern, event_name, data);
  return event;
}

// Whatever comes behind a count must be looked at: content that is known without would leave the
// count standing as the last word.
void OpenaiStream::note_count(bool is_count) {
  counted_last_ = is_count;
  if (is_count) followed_ = {};
}

// Content like this comes in runs.
void OpenaiStream::follow(const json::TextTemplate& pattern, std::string_view event_name,
                          std::string_view data) {
  if (data.find('\n') != data.npos) return;  // of several data lines: framed as one it is another
  Followed& oldest = followed_[next_followed_];
  pattern.narrow(data, oldest.pattern);
  if (!oldest.pattern.learned()) return;
  oldest.event_name.assign(event_name);
  next_followed_ = (next_followed_ + 1) % followed_.size();
}

json::TextTemplate::Run OpenaiStream::known_events(std::string_view text,
                                                   std::size_t event_bytes_max) const noexcept {
  json::TextTemplate::Run all;
  std::uint32_t known = 0;
  do {
    known = all.count;
    for (const Followed& followed : followed_) {
      const auto run = followed.pattern.match_run(text.substr(all.size_bytes), event_bytes_max);
      all.size_bytes += run.size_bytes;
      all.count += run.count;
    }
  } while (all.count != known);
  return all;
}

OpenaiStream::Choices OpenaiStream::inspect_chunk(std::optional<Value> choices,
                                                  StreamEvent& event) {
  Choices seen;
  if (!choices || !choices->is(Kind::array)) return seen;  // unknown
  event.kind = StreamEventKind::lifecycle;
  bool finished = false;
  bool failed = false;
  for (const Value element : choices->elements()) {
    const Choice choice = read_choice(element);
    (choice.finished ? seen.ended : seen.open) |= choice_bit(choice.index);
    event.carries_content = event.carries_content || choice.content;
    finished = finished || choice.finished;
    failed = failed || choice.failed;
    if (choice.usage.known()) event.usage.update(choice.usage);
  }
  if (failed) {
    failed_ = true;
    event.kind = StreamEventKind::error;
    event.error = errors::upstream_failed(provider_, 0, "");
  } else if (finished) {
    event.kind = StreamEventKind::finish;
  } else if (event.carries_content) {
    event.kind = StreamEventKind::content;
  }
  return seen;
}

// True: the stream is complete with this event.
bool OpenaiStream::inspect_typed(std::string_view type, Value top, StreamEvent& event) {
  const auto say = [&](StreamEventKind kind, bool carries_content) {
    event.kind = kind;
    event.carries_content = carries_content;
  };
  if (type == "response.failed") {
    const auto response = top.find("response");
    const auto error = response ? response->find("error") : std::nullopt;
    event = make_error(error.value_or(top));
    event.is_last = true;
  } else if (const TypedRule* rule = find_rule(type)) {
    say(rule->kind, rule->carries_content);
    event.is_last = rule->ends == Ends::yes;
    return rule->ends != Ends::no;
  } else if (type == "response.output_item.added") {
    const bool content = added_item_has_content(top);
    say(content ? StreamEventKind::content : StreamEventKind::lifecycle, content);
  } else if (type.ends_with(".delta") || type.ends_with(".done") ||
             type.ends_with(".partial_image")) {
    say(StreamEventKind::content, true);
  } else if (type.ends_with(".in_progress") || type.ends_with(".searching") ||
             type.ends_with(".generating") || type.ends_with(".interpreting")) {
    say(StreamEventKind::lifecycle, false);
  }
  return false;
}

StreamEvent OpenaiStream::make_error(Value error) {
  failed_ = true;
  StreamEvent event = event_of(StreamEventKind::error);
  event.error = read_provider_error_value(provider_, error);
  return event;
}

void OpenaiStream::note(const Choices& choices) noexcept {
  choices_.open |= choices.open;
  choices_.ended |= choices.ended;
}

StreamEnd OpenaiStream::end() const noexcept {
  if (failed_) return StreamEnd::failed;
  if (done_) return StreamEnd::complete;
  const bool all_ended = choices_.ended != 0 && (choices_.open & ~choices_.ended) == 0;
  return all_ended ? StreamEnd::finished : StreamEnd::truncated;
}

}  // namespace sluice::llm
