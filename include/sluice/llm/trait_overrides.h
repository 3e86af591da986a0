// Some traits, said by name: what the catalogue or the configuration says of a model or a host and
// what it leaves as it was. Both spell the names as the members of the structs.
//
//   defaults --rules of the catalogue--> --entry of the catalogue--> --configuration--> traits
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/llm/host_traits.h"
#include "sluice/llm/model_traits.h"

namespace sluice::llm {

/// A member that is true or false, by its name.
template <typename Traits>
struct TraitFlag {
  std::string_view name;
  bool Traits::* member;
};
[[nodiscard]] std::span<const TraitFlag<ModelTraits>> model_flags() noexcept;
[[nodiscard]] std::span<const TraitFlag<HostTraits>> host_flags() noexcept;

/// The enumerators' names, in order; nothing for any other text.
[[nodiscard]] std::optional<ThinkingControl> parse_thinking(std::string_view name) noexcept;
[[nodiscard]] std::string_view to_string(ThinkingControl control) noexcept;
[[nodiscard]] std::optional<ThinkingSwitch> parse_thinking_switch(std::string_view name) noexcept;
[[nodiscard]] std::string_view to_string(ThinkingSwitch spelling) noexcept;
[[nodiscard]] std::optional<Prefill> parse_prefill(std::string_view name) noexcept;
[[nodiscard]] std::string_view to_string(Prefill prefill) noexcept;
[[nodiscard]] std::span<const std::string_view> thinking_names() noexcept;
[[nodiscard]] std::span<const std::string_view> thinking_switch_names() noexcept;
[[nodiscard]] std::span<const std::string_view> prefill_names() noexcept;

struct ModelTraitOverrides {
  std::vector<std::pair<bool ModelTraits::*, bool>> flags = {};
  std::optional<std::uint64_t> output_tokens_max = {};
  std::optional<ThinkingControl> thinking = {};
  std::optional<std::string> publisher = {};
  std::optional<std::string> thinking_variable = {};

  void apply_to(ModelTraits& traits) const;
  /// The first rule broken, in words for whoever wrote them, or nothing.
  [[nodiscard]] std::optional<std::string_view> broken_rule() const noexcept;
};

struct HostTraitOverrides {
  std::vector<std::pair<bool HostTraits::*, bool>> flags = {};
  std::optional<std::string> output_tokens_name = {};
  std::optional<std::string> seed_name = {};
  std::optional<std::uint32_t> call_id_letters = {};
  std::optional<std::string> reasoning_name = {};
  std::optional<ThinkingSwitch> thinking_switch = {};
  std::optional<Prefill> prefill = {};
  std::optional<std::vector<std::string>> refused = {};

  void apply_to(HostTraits& traits) const;
  /// The first rule broken, in words for whoever wrote them ("seed_name must ..."), or nothing.
  [[nodiscard]] std::optional<std::string_view> broken_rule() const noexcept;
};

}  // namespace sluice::llm
