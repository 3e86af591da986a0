// How a provider stores a model's weights: fewer bits are cheaper, and answer a little worse.
//
// The names are OpenRouter's, as requests write them in `provider.quantizations` and the
// configuration of a provider or a deployment in `quantization`.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace sluice::llm {

enum class Quantization : std::uint8_t {
  unknown,  // nobody said
  int4,
  int8,
  fp4,
  mxfp4,
  nvfp4,
  fp6,
  fp8,
  mxfp8,
  fp16,
  bf16,
  fp32,
};
inline constexpr std::size_t quantization_count = 12;

[[nodiscard]] std::string_view to_string(Quantization quantization) noexcept;
/// In lower case only; nothing when it is none of them.
[[nodiscard]] std::optional<Quantization> parse_quantization(std::string_view name) noexcept;
/// All names, for messages: "unknown, int4, ...".
[[nodiscard]] std::string_view quantization_names() noexcept;

/// A set of them.
class Quantizations {
 public:
  constexpr Quantizations() noexcept = default;
  constexpr Quantizations(std::initializer_list<Quantization> members) noexcept {
    for (const Quantization member : members) add(member);
  }
  constexpr void add(Quantization member) noexcept { bits_ |= bit(member); }
  [[nodiscard]] constexpr bool contains(Quantization member) const noexcept {
    return (bits_ & bit(member)) != 0;
  }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  friend constexpr bool operator==(Quantizations, Quantizations) = default;

 private:
  static constexpr std::uint16_t bit(Quantization member) noexcept {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(member));
  }
  std::uint16_t bits_ = 0;
};

}  // namespace sluice::llm
