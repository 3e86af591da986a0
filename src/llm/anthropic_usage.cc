#include "sluice/llm/anthropic_usage.h"

#include "sluice/llm/openai_usage.h"

namespace sluice::llm {
namespace {

using json::Value;

void take(Usage::Count& count, Value value) noexcept {
  const auto number = value.integer();
  if (!number || *number < 0) return;
  const auto tokens = static_cast<std::uint64_t>(*number);
  if (tokens <= usage_tokens_max) count = tokens;
}

}  // namespace

void AnthropicUsage::update(Value usage) noexcept {
  for (const json::Member member : usage.members()) {
    const auto is = [&](std::string_view name) { return member.key.string_equals(name); };
    if (is("input_tokens")) {
      take(uncached_input_, member.value);
    } else if (is("output_tokens")) {
      take(counts_.output, member.value);
    } else if (is("cache_read_input_tokens")) {
      take(counts_.cached_input, member.value);
    } else if (is("cache_creation_input_tokens")) {
      take(counts_.cache_write_input, member.value);
    } else if (is("cache_creation")) {
      for (const json::Member kept : member.value.members()) {
        if (kept.key.string_equals("ephemeral_5m_input_tokens")) {
          take(counts_.cache_write_5m_input, kept.value);
        } else if (kept.key.string_equals("ephemeral_1h_input_tokens")) {
          take(counts_.cache_write_1h_input, kept.value);
        }
      }
    } else if (is("output_tokens_details")) {
      const auto thinking = member.value.find("thinking_tokens");
      if (thinking) take(counts_.reasoning_output, *thinking);
    }
  }
}

Usage AnthropicUsage::usage() const noexcept {
  Usage usage = counts_;
  if (uncached_input_) {
    usage.input =
        *uncached_input_ + usage.cached_input.value_or(0) + usage.cache_write_input.value_or(0);
  }
  // A proxy may say once how long the writes are kept, and correct their sum later.
  const std::uint64_t five_minutes = usage.cache_write_5m_input.value_or(0);
  const std::uint64_t one_hour = usage.cache_write_1h_input.value_or(0);
  if (five_minutes + one_hour != usage.cache_write_input.value_or(0)) {
    usage.cache_write_5m_input.reset();
    usage.cache_write_1h_input.reset();
  }
  return usage;
}

}  // namespace sluice::llm
