#include "sluice/llm/gemini_reader.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "gemini_arguments.h"
#include "gemini_logprobs.h"
#include "gemini_members.h"
#include "gemini_sources.h"
#include "gemini_usage.h"
#include "sluice/llm/openai_error.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Text;
using json::Value;

constexpr std::int64_t choices_max = 16;  // Google gives eight at most
// What is kept of an answer's text, to find the places of its sources.
constexpr std::size_t kept_text_bytes_max = std::size_t{1} << 20;
constexpr std::size_t word_bytes_max = 64;

Text made_here(std::string_view bytes) noexcept { return {.bytes = bytes}; }

// FNV-1a, 64 bits: names what has no name, guards nothing.
std::uint64_t hash_of(std::string_view bytes) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return hash;
}

// An id for a call that came without: "call_", the answer's hash, the choice and the place in it.
// It is the same whenever the same answer is read, and short enough for OpenAI (40 bytes), where
// the conversation may go on.
std::string made_id(std::uint64_t answer, std::uint32_t choice, std::uint32_t call) {
  std::string id = "call_";
  const auto add = [&](std::uint64_t value, int digits) {
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
      id += "0123456789abcdef"[(value >> shift) & 15];
    }
  };
  add(answer, 16);
  add(choice, 2);
  add(call, 8);
  return id;
}

std::string shortened(Value word) {
  std::string text = word.string().value_or("");
  return text.size() <= word_bytes_max ? text : quotable(text, word_bytes_max);
}

bool is_image(Text media_type) {
  std::string scratch;
  return media_type.plain(scratch).starts_with("image/");
}

// A call whose arguments come in pieces.
struct OpenCall {
  std::string id;
  std::string name;  // as sent
  std::string signature;
  GeminiArguments arguments;
};

}  // namespace

struct GeminiReader::Choice {
  std::uint32_t index = 0;
  std::uint32_t calls = 0;  // of tools that are the caller's
  bool said_something = false;
  bool broken = false;    // the pieces of a call made no sense
  std::string word = {};  // why it finished, in Google's words; empty: not said yet
  std::string text = {};
  std::unique_ptr<OpenCall> open = {};
};

GeminiReader::GeminiReader(AskedFor asked)
    : asked_(std::move(asked)), text_kept_(asked_.searches) {}
GeminiReader::~GeminiReader() = default;

std::optional<ApiError> GeminiReader::read_whole(std::string_view body, json::Index& index,
                                                 ChatSink& sink) {
  streaming_ = false;
  text_kept_ = true;
  if (auto error = take_document(body, index, sink)) return error;
  const bool says_something =
      !blocked_.empty() || std::ranges::any_of(choices_, [](const Choice& choice) {
        return choice.said_something || !choice.word.empty();
      });
  if (!says_something) {
    return errors::upstream_malformed(asked_.provider, "it has no candidate that says anything");
  }
  tell_end(sink);
  return std::nullopt;
}

ReadResult GeminiReader::read_event(std::string_view /*name*/, std::string_view data,
                                    json::Index& index, ChatSink& sink) {
  odd_ = false;
  ReadResult result;
  result.error = take_document(data, index, sink);
  result.odd = odd_;
  failed_ = failed_ || result.error.has_value();
  return result;
}

StreamEnd GeminiReader::finish(ChatSink& sink) {
  if (failed_) return StreamEnd::failed;
  if (!every_choice_ended()) return StreamEnd::truncated;
  if (!finished_) tell_end(sink);
  return StreamEnd::complete;
}

std::optional<ApiError> GeminiReader::take_document(std::string_view text, json::Index& index,
                                                    ChatSink& sink) {
  if (!index.build(text)) return errors::upstream_malformed(asked_.provider, "it is not JSON");
  Value top = json::root(index);
  const bool is_list = top.is(Kind::array) && !top.is_empty();
  if (is_list) top = *top.elements().begin();  // [{"error":..}]
  const GeminiAnswer answer(top);
  if (answer.error) return read_openai_error_value(asked_.provider, *answer.error);
  if (is_list || !top.is(Kind::object)) {
    return errors::upstream_malformed(asked_.provider, "it is not a JSON object");
  }
  if (answer.empty()) {
    odd_ = true;
    return std::nullopt;
  }
  if (!started_) id_seed_ = hash_of(answer.id ? answer.id->raw() : text);
  return take_answer(answer, sink);
}

std::optional<ApiError> GeminiReader::take_answer(const GeminiAnswer& answer, ChatSink& sink) {
  if (!started_) {
    started_ = true;
    sink.take({.kind = ChatEventKind::started,
               .id = answer.id ? json::raw_text(*answer.id) : Text{},
               .model = answer.model ? json::raw_text(*answer.model) : Text{}});
  }
  if (answer.candidates) {
    for (const Value candidate : answer.candidates->elements()) take_candidate(candidate, sink);
  }
  if (answer.feedback) {
    const auto reason = answer.feedback->find("blockReason");
    if (reason && reason->is(Kind::string)) blocked_ = shortened(*reason);
  }
  if (answer.usage) take_usage(*answer.usage, sink);
  if (std::ranges::none_of(choices_, &Choice::broken)) return std::nullopt;
  return errors::upstream_malformed(asked_.provider,
                                    "the pieces of a tool call do not fit together");
}

GeminiReader::Choice* GeminiReader::choice_at(std::int64_t index) {
  for (Choice& choice : choices_) {
    if (choice.index == index) return &choice;
  }
  if (index < 0 || index >= choices_max) return nullptr;
  return &choices_.emplace_back(Choice{.index = static_cast<std::uint32_t>(index)});
}

void GeminiReader::take_candidate(Value value, ChatSink& sink) {
  const GeminiCandidate candidate(value);
  Choice* const choice = choice_at(candidate.index);
  if (choice == nullptr) {
    odd_ = true;
    return;
  }
  if (candidate.parts) {
    for (const Value part : candidate.parts->elements()) take_part(*choice, part, sink);
  }
  if (candidate.grounding) {
    tell_gemini_sources(*candidate.grounding, known_text(*choice), choice->index, sink);
  }
  if (candidate.logprobs) tell_gemini_logprobs(*candidate.logprobs, choice->index, sink);
  // The unspecified one says that it goes on.
  if (candidate.reason && !candidate.reason->string_equals("FINISH_REASON_UNSPECIFIED")) {
    choice->word = shortened(*candidate.reason);
  }
}

void GeminiReader::take_part(Choice& choice, Value value, ChatSink& sink) {
  const GeminiPart part(value);
  if (part.call) {
    take_call(choice, part, sink);
    return;
  }
  const bool shows_image = !part.media.empty() && is_image(part.media_type);
  if (part.text.empty() && part.signature.empty() && !shows_image) return;
  if (choice.open) tell_open_call(choice, sink);  // without the part that ends it
  choice.said_something = true;
  const auto tell = [&](ChatEventKind kind, Text text) {
    if (text.empty()) return;
    sink.take(
        {.kind = kind, .choice = choice.index, .text = text, .origin = ReasoningOrigin::google});
  };
  if (part.thought) tell(ChatEventKind::reasoning, part.text);
  tell(ChatEventKind::reasoning_signed, part.signature);
  if (!part.thought && !part.text.empty()) tell_text(choice, part.text, sink);
  if (shows_image) {
    sink.take({.kind = ChatEventKind::image,
               .choice = choice.index,
               .text = part.media,
               .name = part.media_type});
  }
}

void GeminiReader::tell_text(Choice& choice, Text text, ChatSink& sink) {
  choice.said_something = true;
  if (known_text(choice)) json::append_plain(choice.text, text);
  sink.take({.kind = ChatEventKind::text, .choice = choice.index, .text = text});
}

std::optional<std::string_view> GeminiReader::known_text(const Choice& choice) const {
  if (!text_kept_ || choice.text.size() >= kept_text_bytes_max) return std::nullopt;
  return choice.text;
}

void GeminiReader::take_call(Choice& choice, const GeminiPart& part, ChatSink& sink) {
  const GeminiCall call(*part.call);
  if (choice.open && call.name.empty()) {
    take_pieces(choice, call, sink);
    return;
  }
  if (choice.open) tell_open_call(choice, sink);
  if (call.name.empty()) {
    odd_ = odd_ || call.arguments || call.pieces;  // an empty one ends a call, perhaps twice
    return;
  }
  if (!call.goes_on && !call.pieces) {
    tell_whole_call(choice, call, part.signature, sink);
    return;
  }
  choice.open = std::make_unique<OpenCall>();
  json::append_plain(choice.open->id, call.id);
  json::append_plain(choice.open->name, call.name);
  json::append_plain(choice.open->signature, part.signature);
  take_pieces(choice, call, sink);
}

void GeminiReader::take_pieces(Choice& choice, const GeminiCall& call, ChatSink& sink) {
  if (call.pieces) {
    for (const Value piece : call.pieces->elements()) {
      choice.broken = choice.broken || !choice.open->arguments.add(piece);
    }
  }
  if (!call.goes_on && !choice.broken) tell_open_call(choice, sink);
}

void GeminiReader::tell_whole_call(Choice& choice, const GeminiCall& call, Text signature,
                                   ChatSink& sink) {
  CallWords words{.id = call.id,
                  .name = callers_name(call.name),
                  .signature = signature,
                  .arguments = made_here(call.arguments ? call.arguments->raw() : "{}")};
  if (call.arguments && is_custom(words.name)) {
    const auto input = call.arguments->find("input");
    if (input && input->is(Kind::string)) words.arguments = json::raw_text(*input);
  }
  tell_call(choice, words, sink);
}

void GeminiReader::tell_open_call(Choice& choice, ChatSink& sink) {
  const std::unique_ptr<OpenCall> call = std::move(choice.open);
  call->arguments.close();
  CallWords words{.id = made_here(call->id),
                  .name = callers_name(made_here(call->name)),
                  .signature = made_here(call->signature),
                  .arguments = made_here(call->arguments.json())};
  if (is_custom(words.name)) {
    words.arguments = call->arguments.only_string("input").value_or(words.arguments);
  }
  tell_call(choice, words, sink);
}

void GeminiReader::tell_call(Choice& choice, const CallWords& call, ChatSink& sink) {
  if (is_output(call.name)) {
    tell_text(choice, call.arguments, sink);
    return;
  }
  const std::uint32_t place = choice.calls++;
  const std::string made = call.id.empty() ? made_id(id_seed_, choice.index, place) : "";
  sink.take({.kind = ChatEventKind::tool_call,
             .choice = choice.index,
             .call = place,
             .text = call.signature,
             .id = call.id.empty() ? made_here(made) : call.id,
             .name = call.name});
  sink.take({.kind = ChatEventKind::tool_arguments,
             .choice = choice.index,
             .call = place,
             .text = call.arguments});
  choice.said_something = true;
}

Text GeminiReader::callers_name(Text sent) const {
  for (const RenamedTool& tool : asked_.renamed_tools) {
    if (sent.equals(tool.sent)) return made_here(tool.name);
  }
  return sent;
}

bool GeminiReader::is_output(Text name) const {
  return !asked_.output_tool.empty() && name.equals(asked_.output_tool);
}

bool GeminiReader::is_custom(Text name) const {
  std::string_view names = asked_.custom_tools;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find('\n'), names.size());
    if (name.equals(names.substr(0, end))) return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

void GeminiReader::take_usage(Value metadata, ChatSink& sink) {
  const Usage usage = parse_gemini_usage(metadata);
  if (!usage.known() || usage == usage_) return;
  usage_ = usage;
  if (streaming_) sink.take({.kind = ChatEventKind::usage, .usage = usage_});
}

bool GeminiReader::every_choice_ended() const noexcept {
  if (!blocked_.empty()) return true;
  return !choices_.empty() &&
         std::ranges::none_of(choices_, [](const Choice& choice) { return choice.word.empty(); });
}

void GeminiReader::tell_end(ChatSink& sink) {
  finished_ = true;
  if (choices_.empty()) choices_.emplace_back();  // the prompt was blocked
  for (Choice& choice : choices_) {
    if (choice.open) tell_open_call(choice, sink);
    const bool blocked = choice.word.empty() && !blocked_.empty();
    const std::string_view word = choice.word.empty() ? "STOP" : std::string_view(choice.word);
    sink.take({.kind = ChatEventKind::finished,
               .choice = choice.index,
               .text = made_here(blocked ? blocked_ : choice.word),
               .reason = blocked ? FinishReason::content_filter
                                 : gemini_finish_reason(word, choice.calls > 0)});
  }
  if (usage_.known()) sink.take({.kind = ChatEventKind::usage, .usage = usage_});
}

}  // namespace sluice::llm
