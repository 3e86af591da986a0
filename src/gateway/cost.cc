#include "cost.h"

#include <array>
#include <cstdint>
#include <span>

namespace sluice::gateway {
namespace {

enum class Without : std::uint8_t { costs_the_same, is_not_known };  // without a price of its own

struct Part {
  llm::Usage::Count tokens;
  std::optional<double> price;
  Without without;
};

// One side, input or output: its parts at their own prices, the rest at the side's.
std::optional<double> side_cost(std::uint64_t tokens, std::optional<double> price,
                                std::span<const Part> parts) noexcept {
  double sum = 0;
  for (const Part& part : parts) {
    const std::uint64_t in_part = part.tokens.value_or(0);
    if (in_part > tokens) return std::nullopt;  // more than are left of all
    if (in_part == 0) continue;
    if (part.price) {
      tokens -= in_part;
      sum += static_cast<double>(in_part) * *part.price;
    } else if (part.without == Without::is_not_known) {
      return std::nullopt;
    }
  }
  if (tokens == 0) return sum;
  if (!price) return std::nullopt;
  return sum + static_cast<double>(tokens) * *price;
}

// Embeddings and the like have an input and a total, and no output.
llm::Usage::Count output_of(const llm::Usage& usage) noexcept {
  if (usage.output || !usage.total || !usage.input) return usage.output;
  if (*usage.total < *usage.input) return std::nullopt;
  return *usage.total - *usage.input;
}

// What was written to the prompt cache, by how long it is kept. Where the provider has one price
// for all, or does not say how long, it is the other's.
struct CacheWrites {
  Part five_minutes;
  Part one_hour;
  Part unspecified;
};

std::optional<CacheWrites> cache_writes(const llm::Usage& usage,
                                        const catalog::TokenPrice& price) noexcept {
  const std::uint64_t all = usage.cache_write_input.value_or(0);
  const std::uint64_t five_minutes = usage.cache_write_5m_input.value_or(0);
  const std::uint64_t one_hour = usage.cache_write_1h_input.value_or(0);
  const bool said = five_minutes != 0 || one_hour != 0;
  if (said && (five_minutes > all || one_hour > all - five_minutes)) return std::nullopt;
  const auto either = [](const std::optional<double>& first, const std::optional<double>& second) {
    return first ? first : second;
  };
  return CacheWrites{
      {five_minutes, either(price.cache_write_5m, price.cache_write), Without::costs_the_same},
      {one_hour, either(price.cache_write_1h, price.cache_write), Without::costs_the_same},
      {all - five_minutes - one_hour, either(price.cache_write, price.cache_write_5m),
       Without::costs_the_same}};
}

}  // namespace

std::optional<double> cost_usd(const catalog::Price& price, const llm::Usage& usage) noexcept {
  const llm::Usage::Count output = output_of(usage);
  if (!usage.input || !output) return std::nullopt;
  const catalog::TokenPrice tokens = price.at(*usage.input);
  const auto written_to_cache = cache_writes(usage, tokens);
  if (!written_to_cache) return std::nullopt;
  const std::array input_parts = {
      Part{usage.cached_input, tokens.cached_input, Without::costs_the_same},
      written_to_cache->five_minutes,
      written_to_cache->one_hour,
      written_to_cache->unspecified,
      Part{usage.audio_input, tokens.audio_input, Without::is_not_known},
      Part{usage.image_input, tokens.image_input, Without::costs_the_same}};
  const std::array output_parts = {
      Part{usage.reasoning_output, tokens.reasoning, Without::costs_the_same},
      Part{usage.audio_output, tokens.audio_output, Without::is_not_known},
      Part{usage.image_output, tokens.image_output, Without::is_not_known}};
  const auto read = side_cost(*usage.input, tokens.input, input_parts);
  const auto written = side_cost(*output, tokens.output, output_parts);
  if (!read || !written) return std::nullopt;
  return (*read + *written) / 1e6 + price.units.per_request.value_or(0);
}

}  // namespace sluice::gateway
