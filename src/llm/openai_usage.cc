#include "sluice/llm/openai_usage.h"

#include <string_view>

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
  for (const json::Member member : details.members()) {
    if (member.key.string_equals("cached_tokens")) {
      take(usage.cached_input, member.value);
    } else if (member.key.string_equals("cache_write_tokens")) {
      take(usage.cache_write_input, member.value);
    } else if (member.key.string_equals("audio_tokens")) {
      take(usage.audio_input, member.value);
    } else if (member.key.string_equals("image_tokens")) {
      take(usage.image_input, member.value);
    }
  }
}

void read_output_details(Value details, Usage& usage) noexcept {
  for (const json::Member member : details.members()) {
    if (member.key.string_equals("reasoning_tokens")) {
      take(usage.reasoning_output, member.value);
    } else if (member.key.string_equals("audio_tokens")) {
      take(usage.audio_output, member.value);
    } else if (member.key.string_equals("image_tokens")) {
      take(usage.image_output, member.value);
    } else if (member.key.string_equals("accepted_prediction_tokens")) {
      take(usage.accepted_prediction_output, member.value);
    } else if (member.key.string_equals("rejected_prediction_tokens")) {
      take(usage.rejected_prediction_output, member.value);
    }
  }
}

}  // namespace

Usage parse_openai_usage(Value value) noexcept {
  Usage usage;
  Usage::Count cached_beside;  // hosts' own places, beside or in place of the details
  for (const json::Member member : value.members()) {
    const auto is = [&](std::string_view name) { return member.key.string_equals(name); };
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
  if (const auto usage = answer.find("usage"); usage && usage->is(json::Kind::object)) {
    return parse_openai_usage(*usage);
  }
  for (const std::string_view holder : {"response", "x_groq"}) {
    const auto inner = answer.find(holder);
    if (!inner) continue;
    if (const auto usage = inner->find("usage")) return parse_openai_usage(*usage);
  }
  if (const auto choices = answer.find("choices")) {
    for (const Value choice : choices->elements()) {
      if (const auto usage = choice.find("usage")) return parse_openai_usage(*usage);
    }
  }
  return {};
}

}  // namespace sluice::llm
