#include "sluice/llm/quantization.h"

#include <algorithm>
#include <array>

namespace sluice::llm {
namespace {

constexpr std::array<std::string_view, quantization_count> names = {
    "unknown", "int4", "int8",  "fp4",  "mxfp4", "nvfp4",
    "fp6",     "fp8",  "mxfp8", "fp16", "bf16",  "fp32"};
static_assert(names.back() == "fp32" &&
              static_cast<std::size_t>(Quantization::fp32) + 1 == quantization_count);

}  // namespace

std::string_view to_string(Quantization quantization) noexcept {
  return names[static_cast<std::size_t>(quantization)];
}

std::optional<Quantization> parse_quantization(std::string_view name) noexcept {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Quantization>(found - names.begin());
}

std::string_view quantization_names() noexcept {
  return "int4, int8, fp4, mxfp4, nvfp4, fp6, fp8, mxfp8, fp16, bf16, fp32 or unknown";
}

}  // namespace sluice::llm
