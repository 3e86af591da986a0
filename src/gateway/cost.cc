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

}  // namespace

std::optional<double> cost_usd(const catalog::Price& price, const llm::Usage& usage) noexcept {
  const llm::Usage::Count output = output_of(usage);
  if (!usage.input || !output) return std::nullopt;
  const catalog::TokenPrice tokens = price.at(*usage.input);
  const std::array input_parts = {
      Part{usage.cached_input, tokens.cached_input, Without::costs_the_same},
      Part{usage.cache_write_input, tokens.cache_write, Without::costs_the_same},
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
