// The wire formats providers speak. A dialect is a property of a provider's base URL; the same
// model may be served in several.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::catalog {

enum class Dialect : std::uint8_t { openai, anthropic, gemini, vertex, azure, bedrock };

/// The name as configuration files and the catalogue spell it.
[[nodiscard]] std::string_view to_string(Dialect dialect) noexcept;

/// The dialect of that exact (lower-case) name, or nothing.
[[nodiscard]] std::optional<Dialect> parse_dialect(std::string_view name) noexcept;

}  // namespace sluice::catalog
