#include "sluice/llm/openai_usage.h"

#include <string>
#include <string_view>

#include "openai_members.h"

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

// A known count is not undone by a null or absurd one under another name.
void take(Usage::Count& count, Value value) noexcept {
  if (const Usage::Count found = count_of(value)) count = found;
}

void read_input_details(Value details, Usage& usage) noexcept {
  std::string scratch;
  for (const json::Member member : details.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "cached_tokens") {
      take(usage.cached_input, member.value);
    } else if (name == "cache_write_tokens") {
      take(usage.cache_write_input, member.value);
    } else if (name == "audio_tokens") {
      take(usage.audio_input, member.value);
    } else if (name == "image_tokens") {
      take(usage.image_input, member.value);
    }
  }
}

void read_output_details(Value details, Usage& usage) noexcept {
  std::string scratch;
  for (const json::Member member : details.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "reasoning_tokens") {
      take(usage.reasoning_output, member.value);
    } else if (name == "audio_tokens") {
      take(usage.audio_output, member.value);
    } else if (name == "image_tokens") {
      take(usage.image_output, member.value);
    } else if (name == "accepted_prediction_tokens") {
      take(usage.accepted_prediction_output, member.value);
    } else if (name == "rejected_prediction_tokens") {
      take(usage.rejected_prediction_output, member.value);
    }
  }
}

}  // namespace

Usage parse_openai_usage(Value value) noexcept {
  Usage usage;
  Usage::Count cached_beside;  // hosts' own places, beside or in place of the details
  std::string scratch;
  for (const json::Member member : value.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    const auto is = [&](std::string_view wanted) { return name == wanted; };
    if (is("prompt_tokens") || is("input_tokens")) {
      take(usage.input, member.value);
    } else if (is("completion_tokens") || is("output_tokens")) {
      take(usage.output, member.value);
    } else if (is("total_tokens")) {
      take(usage.total, member.value);
    } else if (is("prompt_tokens_details") || is("input_tokens_details") ||
               is("input_token_details")) {
      read_input_details(member.value, usage);
    } else if (is("completion_tokens_details") || is("output_tokens_details") ||
               is("output_token_details")) {
      read_output_details(member.value, usage);
    } else if (is("prompt_cache_hit_tokens") || is("cached_tokens")) {
      take(cached_beside, member.value);
    }
  }
  if (!usage.cached_input) usage.cached_input = cached_beside;
  return usage;
}

Usage find_openai_usage(Value answer) noexcept {
  return find_openai_usage(read_openai_members(answer));
}

}  // namespace sluice::llm
