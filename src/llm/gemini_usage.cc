#include "gemini_usage.h"

#include <string>
#include <string_view>

#include "sluice/llm/openai_usage.h"

namespace sluice::llm {
namespace {

using json::Value;

Usage::Count count_of(Value value) noexcept {
  const std::optional<std::int64_t> number = value.integer();
  if (!number || *number < 0) return std::nullopt;
  const auto count = static_cast<std::uint64_t>(*number);
  if (count > usage_tokens_max) return std::nullopt;
  return count;
}

Usage::Count sum(Usage::Count a, Usage::Count b) noexcept {
  if (!a) return b;
  return b ? *a + *b : a;
}

// [{"modality":"AUDIO","tokenCount":5}]
void read_modalities(Value details, Usage::Count& audio, Usage::Count& image) noexcept {
  for (const Value detail : details.elements()) {
    const auto modality = detail.find("modality");
    const auto tokens = detail.find("tokenCount");
    if (!modality || !tokens) continue;
    if (modality->string_equals("AUDIO")) audio = count_of(*tokens);
    if (modality->string_equals("IMAGE")) image = count_of(*tokens);
  }
}

}  // namespace

Usage parse_gemini_usage(Value metadata) noexcept {
  Usage usage;
  Usage::Count tool_use;
  Usage::Count candidates;
  std::string scratch;
  for (const json::Member member : metadata.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    const auto is = [&](std::string_view wanted) { return name == wanted; };
    if (is("promptTokenCount")) {
      usage.input = count_of(member.value);
    } else if (is("toolUsePromptTokenCount")) {
      tool_use = count_of(member.value);
    } else if (is("cachedContentTokenCount")) {
      usage.cached_input = count_of(member.value);
    } else if (is("candidatesTokenCount")) {
      candidates = count_of(member.value);
    } else if (is("thoughtsTokenCount")) {
      usage.reasoning_output = count_of(member.value);
    } else if (is("totalTokenCount")) {
      usage.total = count_of(member.value);
    } else if (is("promptTokensDetails")) {
      read_modalities(member.value, usage.audio_input, usage.image_input);
    } else if (is("candidatesTokensDetails")) {
      read_modalities(member.value, usage.audio_output, usage.image_output);
    }
  }
  usage.input = sum(usage.input, tool_use);
  usage.output = sum(candidates, usage.reasoning_output);
  return usage;
}

}  // namespace sluice::llm
