// The tool calls of OpenAI's chat answers: which call a piece belongs to.
//
//   index and id     hosts give both, one or none; ids come once, always, or as ""
//   what is sure     a call has a name; a piece with another id than the open call's, and a name,
//                    begins another; so does a name where the arguments before are a whole object
#include <algorithm>
#include <string>
#include <utility>

#include "sluice/llm/openai_chat_reader.h"

namespace sluice::llm {

using json::Kind;
using json::Value;

namespace {

// Of a call without a name: it will hardly get one any more.
constexpr std::size_t early_arguments_bytes_max = std::size_t{64} << 10;

std::optional<Value> object_member(Value object, std::string_view name) {
  const auto member = object.find(name);
  return member && member->is(Kind::object) ? member : std::nullopt;
}

// Gemini's, in its OpenAI dialect.
json::Text thought_signature(Value call) {
  const auto extra = object_member(call, "extra_content");
  const auto google = extra ? object_member(*extra, "google") : std::nullopt;
  const auto signature = google ? google->find("thought_signature") : std::nullopt;
  return signature ? json::raw_text(*signature) : json::Text{};
}

std::string plain_member(Value object, std::string_view name) {
  const auto member = object.find(name);
  return member ? member->string().value_or("") : "";
}

// A text, or a value that is JSON itself; null is none.
json::Text arguments_of(Value function, std::string_view name) {
  const auto arguments = function.find(name);
  if (!arguments || arguments->is_null()) return {};
  return arguments->is(Kind::string) ? json::raw_text(*arguments)
                                     : json::Text{.bytes = arguments->raw()};
}

}  // namespace

void OpenaiChatReader::read_calls(Value calls, Choice& choice, ChatSink& sink) {
  for (const Value call : calls.elements()) {
    if (call.is(Kind::object)) {
      read_call(call, choice, sink);
    } else {
      odd_ = true;
    }
  }
}

// A call of a function, of a custom tool, or the `function_call` of old, which is the function
// itself. Snowflake sends all three, of which two say nothing (2026).
void OpenaiChatReader::read_call(Value value, Choice& choice, ChatSink& sink) {
  const auto named_function = object_member(value, "function");
  const auto custom = object_member(value, "custom");
  const auto type = value.find("type");
  const bool is_custom = custom && (!named_function || (type && type->string_equals("custom")));
  const Value function = is_custom ? *custom : named_function.value_or(value);
  std::string id = plain_member(value, "id");
  std::string name = plain_member(function, "name");
  const json::Text arguments = arguments_of(function, is_custom ? "input" : "arguments");
  if (id.empty() && name.empty() && arguments.empty()) return;
  const auto index = value.find("index");
  Call* const call = find_call(index ? index->integer() : std::nullopt, id, name, choice);
  if (call == nullptr) {
    odd_ = true;
    return;
  }
  if (call->id.empty()) keep(call->id, std::move(id));
  if (call->name.empty()) keep(call->name, std::move(name));
  if (!call->is_told) call->is_custom = is_custom;
  if (!call->is_told && !call->name.empty()) {
    tell_call(*call, thought_signature(value), choice, sink);
  }
  tell_arguments(*call, arguments, choice, sink);
}

// What is kept of calls is bounded however many an answer begins.
void OpenaiChatReader::keep(std::string& kept, std::string said) {
  call_words_bytes_ += said.size();
  kept = std::move(said);
}

OpenaiChatReader::Call* OpenaiChatReader::find_call(std::optional<std::int64_t> index,
                                                    std::string_view id, std::string_view name,
                                                    Choice& choice) {
  std::vector<Call>& calls = choice.calls;
  const auto is_same = [&](const Call& call) {
    if (index) return call.index == index;
    return id.empty() || call.id == id;
  };
  const auto found = std::find_if(calls.rbegin(), calls.rend(), is_same);
  if (found != calls.rend()) {
    const bool other_id = !id.empty() && !found->id.empty() && found->id != id;
    const bool names_the_next = id.empty() && (found->end.seen() || found->name != name);
    if (name.empty() || found->name.empty() || (!other_id && !names_the_next)) return &*found;
  } else if (name.empty() && !index && !calls.empty()) {
    return &calls.back();  // an id of its own in every piece
  }
  if (calls.size() == calls_max) return nullptr;
  calls.push_back({.index = index});
  return &calls.back();
}

void OpenaiChatReader::tell_call(Call& call, json::Text signature, Choice& choice, ChatSink& sink) {
  call.is_told = true;
  call.is_output = !asked_.output_tool.empty() && call.name == asked_.output_tool;
  if (!call.is_output) {
    call.number = choice.calls_told++;
    tell({.kind = ChatEventKind::tool_call,
          .call = call.number,
          .is_custom = call.is_custom,
          .text = signature,
          .id = {.bytes = call.id},
          .name = {.bytes = call.name}},
         choice, sink);
  }
  const std::string early = std::exchange(call.early_arguments, {});
  tell_arguments(call, {.bytes = early, .escaped = true}, choice, sink);
}

void OpenaiChatReader::tell_arguments(Call& call, json::Text arguments, Choice& choice,
                                      ChatSink& sink) {
  if (arguments.empty()) return;
  if (!call.is_told) {
    // Of all calls together: pieces without a name are nothing that a client sees.
    const bool fits = arguments.bytes.size() <= early_arguments_bytes_max - early_arguments_bytes_;
    if (fits) {
      json::append_escaped(call.early_arguments, arguments);
      early_arguments_bytes_ += arguments.bytes.size();
    }
    odd_ = odd_ || !fits;
    return;
  }
  call.end.feed(arguments);
  if (call.is_output) {
    tell({.kind = ChatEventKind::text, .text = arguments}, choice, sink);
  } else {
    tell({.kind = ChatEventKind::tool_arguments, .call = call.number, .text = arguments}, choice,
         sink);
  }
}

}  // namespace sluice::llm
