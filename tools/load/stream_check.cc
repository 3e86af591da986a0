#include "load/stream_check.h"

#include "load/json_places.h"
#include "sluice/base/assert.h"
#include "sluice/json/value.h"

namespace sluice::load {
namespace {

constexpr std::string_view event_begin = "data: ";
constexpr std::string_view event_end = "\n\n";

std::size_t kind_of(const EventSaid& said) noexcept {
  if (said.has_text) return 1;
  if (said.ends) return 2;
  return said.usage_tokens ? 3 : 0;
}

}  // namespace

const char* StreamCheck::take_text(std::string_view text) {
  if (full_stop_) return "the text goes on behind its end";
  if (tokens_ != 0) {
    if (!text.starts_with(' ')) return "an event of the stream is lost, doubled or cut";
    text.remove_prefix(1);
  }
  if (text.ends_with('.')) {
    full_stop_ = true;
    text.remove_suffix(1);
  }
  ++tokens_;
  return text == words_.next() ? nullptr : "the stream's content is not that of this request";
}

void StreamCheck::remember_around(std::string_view data, std::string_view text) {
  const auto front = static_cast<std::size_t>(text.data() - data.data());
  SLUICE_ASSERT(front + text.size() < data.size());
  due_front_.assign(event_begin).append(data.substr(0, front));
  due_back_.assign(data.substr(front + text.size())).append(event_end);
}

std::size_t StreamCheck::take_due(std::string_view bytes) noexcept {
  if (due_front_.empty() || finished_ || done_) return 0;
  const std::size_t size_bytes = bytes.size();
  const std::string_view front = due_front_;
  const std::string_view back = due_back_;
  simulator::Words words = words_;
  std::uint64_t taken = 0;
  while (!full_stop_ && bytes.starts_with(front)) {
    simulator::Words after = words;  // taken over with the event
    const std::string_view word = after.next();
    std::string_view rest = bytes.substr(front.size());
    if (!rest.starts_with(' ')) break;  // never the first text, which was remembered
    rest.remove_prefix(1);
    if (!rest.starts_with(word)) break;
    rest.remove_prefix(word.size());
    const bool full_stop = rest.starts_with('.');
    if (full_stop) rest.remove_prefix(1);
    if (!rest.starts_with(back)) break;
    full_stop_ = full_stop;
    bytes = rest.substr(back.size());
    words = after;
    ++taken;
  }
  words_ = words;
  tokens_ += taken;
  return size_bytes - bytes.size();
}

// Whether an event of some kind was like this one, and what it said.
bool StreamCheck::recall(std::string_view data, EventSaid& said, std::string_view& text) noexcept {
  for (std::size_t i = 0; i < memory_.known.size(); ++i) {
    const std::size_t kind = (kind_ + i) % memory_.known.size();
    const StreamMemory::Known& known = memory_.known[kind];
    const auto content = known.like.content_of(data);
    if (!content || content->empty() == known.said.has_text) continue;
    kind_ = kind;
    said = known.said;
    text = *content;
    return true;
  }
  return false;
}

std::expected<EventSaid, const char*> StreamCheck::read(std::string_view data,
                                                        std::string_view& text) {
  if (!memory_.index.build(data)) return std::unexpected("an event is no JSON");
  const json::Value root = json::root(memory_.index);
  if (root.find("error")) return std::unexpected("the stream holds an error event");
  EventSaid said;
  if (const auto usage = root.find("usage"); usage && usage->is(json::Kind::object)) {
    const auto count = usage->find("completion_tokens");
    said.usage_tokens = count ? count->integer() : std::nullopt;
    if (!said.usage_tokens) return std::unexpected("the usage has no completion_tokens");
  }
  const auto choice = first_of(root, "choices");
  const auto delta = choice ? choice->find("delta") : std::nullopt;
  const auto piece = delta ? delta->find("content") : std::nullopt;
  const auto reason = choice ? choice->find("finish_reason") : std::nullopt;
  const auto role = delta ? delta->find("role") : std::nullopt;
  said.has_choice = choice.has_value();
  said.has_role = role && role->string_equals("assistant");
  said.ends = reason && reason->is(json::Kind::string);
  said.cut = said.ends && reason->string_equals("length");
  text = piece ? piece->string_raw().value_or("") : "";
  said.has_text = !text.empty();
  if (!said.has_text) text = data.substr(data.size());
  if (const auto id = id_in_front_of(root, text)) {
    StreamMemory::Known& known = memory_.known[kind_of(said)];
    known.like.learn(data, *id, text);
    known.said = said;
  }
  return said;
}

const char* StreamCheck::take_usage(std::uint64_t tokens) {
  if (!usage_due_) return "a usage came that nobody asked for";
  if (usage_came_) return "the usage came twice";
  if (!finished_) return "the usage came before the finish reason";
  if (tokens != tokens_) return "the usage counts other tokens than came";
  usage_came_ = true;
  return nullptr;
}

const char* StreamCheck::take(const EventSaid& said, std::string_view text) {
  if (said.has_choice) {
    if (finished_) return "a choice goes on behind its finish reason";
    if (said.has_role && !said.has_text && role_came_) return "the stream begins twice";
    role_came_ = role_came_ || said.has_role;
    if (!role_came_) return "the stream does not begin with the assistant's role";
    if (const char* const wrong = said.has_text ? take_text(text) : nullptr) return wrong;
    if (said.ends && !said.has_text) {
      finished_ = true;
      cut_ = said.cut;
    }
  }
  return said.usage_tokens ? take_usage(static_cast<std::uint64_t>(*said.usage_tokens)) : nullptr;
}

const char* StreamCheck::event(std::string_view data) {
  if (done_) return "an event came behind [DONE]";
  if (data == "[DONE]") {
    done_ = true;
    return nullptr;
  }
  EventSaid said;
  std::string_view text;
  if (!recall(data, said, text)) {
    const auto read_said = read(data, text);
    if (!read_said) return read_said.error();
    said = *read_said;
  }
  const char* const wrong = take(said, text);
  if (wrong == nullptr && said.has_text && !said.ends && due_front_.empty())
    remember_around(data, text);
  return wrong;
}

const char* StreamCheck::finish() const noexcept {
  if (!finished_) return "the stream ended without a finish reason";
  if (!done_) return "the stream ended without [DONE]";
  if (usage_due_ && !usage_came_) return "the stream lacks the usage that was asked for";
  if (cut_ ? tokens_ != tokens_max_ : !full_stop_) return "the stream lacks its last events";
  if (tokens_max_ != 0 && tokens_ > tokens_max_) return "the stream has too many events";
  return nullptr;
}

}  // namespace sluice::load
