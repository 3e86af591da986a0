#include "sealed_reasoning.h"

#include <array>
#include <utility>

namespace sluice::llm {
namespace {

constexpr std::string_view head = "sluice1:";

constexpr std::array<std::pair<ReasoningOrigin, std::string_view>, 4> origins = {{
    {ReasoningOrigin::unknown, "other:"},
    {ReasoningOrigin::anthropic, "anthropic:"},
    {ReasoningOrigin::google, "google:"},
    {ReasoningOrigin::openai, "openai:"},
}};

constexpr std::array<std::pair<SealKind, std::string_view>, 3> kinds = {{
    {SealKind::signature, "signature:"},
    {SealKind::sealed, "sealed:"},
    {SealKind::call, "call:"},
}};

// Takes one of the words off the front of the text.
template <typename Words>
bool take_word(const Words& words, std::string_view& text, auto& out) noexcept {
  for (const auto& [meaning, word] : words) {
    if (!text.starts_with(word)) continue;
    text.remove_prefix(word.size());
    out = meaning;
    return true;
  }
  return false;
}

template <typename Words, typename Meaning>
std::string_view word_of(const Words& words, Meaning wanted) noexcept {
  for (const auto& [meaning, word] : words) {
    if (meaning == wanted) return word;
  }
  return {};
}

}  // namespace

// No letter of a head needs an escape, so the bytes tell.
SealedReasoning read_sealed_reasoning(json::Text encrypted_content) noexcept {
  SealedReasoning found;
  std::string_view bytes = encrypted_content.bytes;
  if (bytes.starts_with(head)) {
    bytes.remove_prefix(head.size());
    if (take_word(origins, bytes, found.origin) && take_word(kinds, bytes, found.kind)) {
      found.rest = {.bytes = bytes, .escaped = encrypted_content.escaped};
      return found;
    }
  }
  return {.rest = encrypted_content};
}

void append_sealed_reasoning(std::string& out, const SealedReasoning& reasoning) {
  const bool is_openais_own =
      reasoning.origin == ReasoningOrigin::openai && reasoning.kind == SealKind::sealed;
  if (!is_openais_own) {
    out += head;
    out += word_of(origins, reasoning.origin);
    out += word_of(kinds, reasoning.kind);
  }
  json::append_escaped(out, reasoning.rest);
}

}  // namespace sluice::llm
