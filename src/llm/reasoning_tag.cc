#include "reasoning_tag.h"

namespace sluice::llm {
namespace {

constexpr std::string_view call_word = "call";

std::string_view word_of(ReasoningOrigin origin) noexcept {
  switch (origin) {
    case ReasoningOrigin::anthropic: return "anthropic";
    case ReasoningOrigin::google: return "google";
    case ReasoningOrigin::openai: return "openai";
    case ReasoningOrigin::unknown: return "other";
  }
  __builtin_unreachable();
}

ReasoningOrigin origin_of(std::string_view word) noexcept {
  for (const ReasoningOrigin origin : {ReasoningOrigin::google, ReasoningOrigin::openai}) {
    if (word == word_of(origin)) return origin;
  }
  return ReasoningOrigin::unknown;
}

// Neither a colon nor a word above is ever escaped, so escaped bytes are cut as plain ones are.
std::optional<std::string_view> take_word(std::string_view& bytes) noexcept {
  const std::size_t colon = bytes.find(':');
  if (colon == bytes.npos) return std::nullopt;
  const std::string_view word = bytes.substr(0, colon);
  bytes.remove_prefix(colon + 1);
  return word;
}

void append_tag(std::string& out, std::string_view word, json::Text id, json::Text text) {
  out += reasoning_tag;
  out += word;
  out += ':';
  std::string scratch;
  if (id.plain(scratch).find(':') == std::string_view::npos) json::append_escaped(out, id);
  out += ':';
  json::append_escaped(out, text);
}

}  // namespace

std::optional<TaggedReasoning> read_reasoning_tag(json::Text text) noexcept {
  std::string_view bytes = text.bytes;
  if (!bytes.starts_with(reasoning_tag)) return std::nullopt;
  bytes.remove_prefix(reasoning_tag.size());
  const auto word = take_word(bytes);
  const auto id = take_word(bytes);
  if (!word || !id) return TaggedReasoning{};  // ours, and spoilt on the way
  return TaggedReasoning{.origin = origin_of(*word),
                         .of_call = *word == call_word,
                         .id = {.bytes = *id, .escaped = text.escaped},
                         .rest = {.bytes = bytes, .escaped = text.escaped}};
}

void append_tagged_reasoning(std::string& out, ReasoningOrigin origin, json::Text id,
                             json::Text text) {
  if (origin == ReasoningOrigin::anthropic) {
    json::append_escaped(out, text);
  } else {
    append_tag(out, word_of(origin), id, text);
  }
}

void append_tagged_call_signature(std::string& out, json::Text signature) {
  append_tag(out, call_word, {}, signature);
}

}  // namespace sluice::llm
