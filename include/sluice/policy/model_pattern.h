// A pattern of model names: `*` stands for any run of characters, none included; every other
// character for itself, in its own case. `*` alone is every model.
#pragma once
#include <cstddef>
#include <string_view>

namespace sluice::policy {

/// A longer pattern, or one with more stars, is a mistake: it is refused when the keys are built,
/// which bounds a match to (length of the name) x (length of the pattern).
inline constexpr std::size_t model_pattern_bytes_max = 256;

/// Whether the whole name fits the pattern. No recursion, no allocation.
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view name) noexcept;

}  // namespace sluice::policy
