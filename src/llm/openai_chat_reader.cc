#include "sluice/llm/openai_chat_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "openai_members.h"
#include "own_tools.h"
#include "sluice/llm/openai_error.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

// The words of OpenAI and of hosts; any other is a plain stop.
constexpr std::array<std::pair<std::string_view, FinishReason>, 12> reason_words = {{
    {"stop", FinishReason::stop},
    {"eos", FinishReason::stop},
    {"eos_token", FinishReason::stop},
    {"end_turn", FinishReason::stop},
    {"length", FinishReason::length},
    {"max_tokens", FinishReason::length},
    {"model_length", FinishReason::length},
    {"tool_calls", FinishReason::tool_calls},
    {"tool_use", FinishReason::tool_calls},
    {"function_call", FinishReason::tool_calls},
    {"content_filter", FinishReason::content_filter},
    {"refusal", FinishReason::content_filter},
}};

std::optional<FinishReason> known_reason(std::string_view word) {
  for (const auto& [name, reason] : reason_words) {
    if (name == word) return reason;
  }
  return std::nullopt;
}

bool is_error(const OpenaiMembers& members) {
  return (members.error && !members.error->is_null()) ||
         (members.object && members.object->string_equals("error")) ||
         (members.type && members.type->string_equals("error"));
}

}  // namespace

// What comes out of the call order goes through the caller's tools.
class OpenaiChatReader::OwnSink final : public ChatSink {
 public:
  OwnSink(OwnTools& tools, ChatSink& out) noexcept : tools_(tools), out_(out) {}
  void take(const ChatEvent& event) override { tools_.take(event, out_); }

 private:
  OwnTools& tools_;
  ChatSink& out_;
};

OpenaiChatReader::OpenaiChatReader(AskedFor asked) : asked_(std::move(asked)) {
  if (asked_.custom_tools.empty() && asked_.renamed_tools.empty()) return;
  own_tools_ = std::make_unique<OwnTools>(asked_);
}
OpenaiChatReader::~OpenaiChatReader() = default;

std::optional<ApiError> OpenaiChatReader::read_whole(std::string_view body, json::Index& index,
                                                     ChatSink& sink) {
  const auto built = index.build(body);
  if (!built) {
    return errors::upstream_malformed(asked_.provider, built.error().defect == json::Defect::empty
                                                           ? "the answer is empty"
                                                           : "the answer is not valid JSON");
  }
  const Value top = json::root(index);
  if (!top.is(Kind::object)) {
    return errors::upstream_malformed(asked_.provider, "the answer is not a JSON object");
  }
  if (auto error = read_top(top, true, sink)) return error;
  if (choices_.empty()) {
    return errors::upstream_malformed(asked_.provider, "the answer holds no choice");
  }
  tell_end(sink);
  return std::nullopt;
}

ReadResult OpenaiChatReader::read_event(std::string_view name, std::string_view data,
                                        json::Index& index, ChatSink& sink) {
  ReadResult result;
  const auto fail_with = [&](ApiError error) {
    failed_ = true;
    if (started_) tell_usage(sink);  // what was counted so far was used all the same
    result.error = std::move(error);
    return result;
  };
  const std::string_view text = trimmed(data);
  if (text.empty()) return result;
  if (text == "[DONE]") {
    if (choices_.empty()) {
      return fail_with(errors::upstream_malformed(asked_.provider, "its stream says nothing"));
    }
    const auto has_reason = [](const Choice& choice) { return choice.reason.has_value(); };
    if (std::ranges::none_of(choices_, has_reason) && !counted_last_) {
      return fail_with(errors::upstream_truncated(asked_.provider));
    }
    done_ = true;
    tell_end(sink);
    result.ended = true;
    return result;
  }
  if (!index.build(data) || !json::root(index).is(Kind::object)) {
    return fail_with(name == "error"
                         ? errors::upstream_failed(asked_.provider, 0, "")
                         : errors::upstream_malformed(
                               asked_.provider, "an event of its stream is not a JSON object"));
  }
  if (name == "error") {
    const auto error = json::root(index).find("error");
    return fail_with(read_openai_error_value(asked_.provider, error.value_or(json::root(index))));
  }
  odd_ = false;
  if (auto error = read_top(json::root(index), false, sink)) return fail_with(std::move(*error));
  result.odd = odd_;
  return result;
}

StreamEnd OpenaiChatReader::finish(ChatSink& sink) {
  if (failed_) return StreamEnd::failed;
  if (done_) return StreamEnd::complete;
  const bool all_ended =
      std::ranges::all_of(choices_, [](const Choice& choice) { return choice.reason.has_value(); });
  if (choices_.empty() || !all_ended) {
    if (started_) tell_usage(sink);
    return StreamEnd::truncated;
  }
  tell_end(sink);
  return StreamEnd::finished;
}

std::optional<ApiError> OpenaiChatReader::read_top(Value top, bool whole, ChatSink& sink) {
  const OpenaiMembers members = read_openai_members(top);
  if (is_error(members)) {
    const bool named = members.error && !members.error->is_null();
    return read_openai_error_value(asked_.provider, named ? *members.error : top);
  }
  const Usage usage = find_openai_usage(members);
  usage_.update(usage);
  counted_last_ = usage.known();
  if (!members.choices || !members.choices->is(Kind::array)) {
    odd_ = !members.usage && !members.x_groq;
    return std::nullopt;
  }
  // Azure's first chunk has no choice, and neither id nor model.
  if (!members.choices->is_empty()) tell_started(top, sink);
  for (const Value value : members.choices->elements()) {
    if (auto error = read_choice(value, whole, sink)) return error;
    if (call_words_bytes_ > call_words_bytes_max) {
      return errors::upstream_malformed(asked_.provider,
                                        "the ids and names of its tool calls are too large");
    }
  }
  return std::nullopt;
}

std::optional<ApiError> OpenaiChatReader::read_choice(Value value, bool whole, ChatSink& sink) {
  Choice* const choice = choice_at(value.find("index"));
  if (choice == nullptr || !value.is(Kind::object)) {
    odd_ = true;
    return std::nullopt;
  }
  std::optional<Value> delta;
  std::optional<Value> message;
  std::optional<Value> reason;
  std::string scratch;
  for (const json::Member member : value.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "delta") {
      delta = member.value;
    } else if (name == "message") {
      message = member.value;
    } else if (name == "finish_reason") {
      reason = member.value;
    } else if ((name == "stop_reason" || name == "matched_stop") && member.value.is(Kind::string)) {
      // vLLM's and SGLang's words for the stop sequence that was met.
      std::string met = *member.value.string();
      if (!known_reason(met)) choice->stop_sequence = std::move(met);
    }
  }
  if (delta) {
    read_message(*delta, *choice, sink);
  } else if (message && (whole || !choice->said_something)) {
    read_message(*message, *choice, sink);
  }
  return reason ? read_reason(*reason, *choice) : std::nullopt;
}

std::optional<ApiError> OpenaiChatReader::read_reason(Value value, Choice& choice) {
  std::string scratch;
  const std::string_view word = value.unescaped(scratch);  // null and "" are none
  if (word.empty()) return std::nullopt;
  if (word == "error") return errors::upstream_failed(asked_.provider, 0, "");
  if (word == "insufficient_system_resource") {  // DeepSeek broke off
    return errors::upstream_overloaded(asked_.provider, 200, std::nullopt);
  }
  choice.reason = known_reason(word).value_or(FinishReason::stop);
  choice.reason_word = word;
  return std::nullopt;
}

OpenaiChatReader::Choice* OpenaiChatReader::choice_at(std::optional<Value> index) {
  const std::int64_t number = index ? index->integer().value_or(0) : 0;
  if (number < 0 || number >= choices_max) return nullptr;
  const auto wanted = static_cast<std::uint32_t>(number);
  const auto found = std::ranges::find(choices_, wanted, &Choice::number);
  if (found != choices_.end()) return &*found;
  choices_.push_back({.number = wanted});
  return &choices_.back();
}

void OpenaiChatReader::tell_started(Value top, ChatSink& sink) {
  if (std::exchange(started_, true)) return;
  ChatEvent event{.kind = ChatEventKind::started};
  if (const auto id = top.find("id")) event.id = json::raw_text(*id);
  if (const auto model = top.find("model")) event.model = json::raw_text(*model);
  sink.take(event);
}

void OpenaiChatReader::tell_text(ChatEventKind kind, json::Text text, Choice& choice,
                                 ChatSink& sink) {
  if (!text.empty()) tell({.kind = kind, .text = text}, choice, sink);
}

void OpenaiChatReader::tell(ChatEvent event, Choice& choice, ChatSink& sink) {
  choice.said_something = true;
  event.choice = choice.number;
  counted_last_ = false;
  bool taken = false;
  if (own_tools_ == nullptr) {
    taken = order_.take(event, sink);
  } else {
    OwnSink own(*own_tools_, sink);
    taken = order_.take(event, own);
  }
  odd_ = odd_ || !taken;  // arguments of a call that has ended
}

void OpenaiChatReader::tell_end(ChatSink& sink) {
  for (Choice& choice : choices_) {
    FinishReason reason = choice.reason.value_or(FinishReason::stop);
    if (reason == FinishReason::stop && choice.calls_told > 0) reason = FinishReason::tool_calls;
    // A forced call that is the answer's text.
    if (reason == FinishReason::tool_calls && choice.calls_told == 0) reason = FinishReason::stop;
    tell({.kind = ChatEventKind::finished,
          .text = {.bytes = choice.reason_word},
          .name = {.bytes = reason == FinishReason::stop ? std::string_view(choice.stop_sequence)
                                                         : std::string_view()},
          .reason = reason},
         choice, sink);
  }
  tell_usage(sink);
}

void OpenaiChatReader::tell_usage(ChatSink& sink) const {
  if (usage_.known()) sink.take({.kind = ChatEventKind::usage, .usage = usage_});
}

}  // namespace sluice::llm
