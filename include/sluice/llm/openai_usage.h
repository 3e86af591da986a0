// Reads the `usage` object of the OpenAI dialect, in all its spellings.
//
// Chat, completions and embeddings say prompt_tokens and completion_tokens; responses, images and
// audio say input_tokens and output_tokens; hosts add their own places for cached tokens
// (prompt_cache_hit_tokens, usage.cached_tokens). Absent, null, negative, fractional or absurdly
// large counts are unknown; 12.0 is 12.
#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "sluice/json/index.h"
#include "sluice/json/value.h"
#include "sluice/llm/usage.h"

namespace sluice::llm {

/// Counts above this are taken for garbage: they would overflow sums of prices.
inline constexpr std::uint64_t usage_tokens_max = std::uint64_t{1} << 40;

/// `usage` is the usage object itself; anything else gives an unknown usage.
[[nodiscard]] Usage parse_openai_usage(json::Value usage) noexcept;

/// Where a count of a usage object stands.
struct UsagePlace {
  Usage::Count Usage::* count;
  std::size_t offset;  // of the number, in the indexed text
};
/// The numbers that parse_openai_usage() takes from the same object. With other plain non-negative
/// integers up to usage_tokens_max in these places it would take those.
[[nodiscard]] std::vector<UsagePlace> find_openai_usage_places(json::Value usage);

/// The usage in a whole answer or chunk: at the top, in `response` (responses API events), in
/// `x_groq`, or in the first choice (Kimi).
[[nodiscard]] Usage find_openai_usage(json::Value answer) noexcept;

/// The usage of a whole answer of which only the last bytes are at hand: its top object's member,
/// where it and all that follows it lie in `tail`; else unknown. `index` is scratch.
[[nodiscard]] Usage find_openai_usage_in_tail(std::string_view tail, json::Index& index);

}  // namespace sluice::llm
