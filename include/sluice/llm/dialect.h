// The API dialects spoken on either side. What is dialect-specific lives in files named after the
// dialect (openai_*.h); the functions that choose among them switch over this enum, so that a new
// dialect is a compile error wherever it is not thought of yet.
#pragma once
#include <cstdint>
#include <string_view>

namespace sluice::llm {

enum class Dialect : std::uint8_t { openai, anthropic };

/// The name as the configuration spells it.
[[nodiscard]] std::string_view to_string(Dialect dialect) noexcept;

}  // namespace sluice::llm
