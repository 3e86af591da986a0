// Stage 2 of the index: walks the tokens once, checks all that stage 1 does not, and notes each
// opening bracket's partner.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/json/index.h"

namespace sluice::json {

/// What stage 1 found, and where stage 2 writes.
struct GrammarInput {
  std::string_view text;
  const char* first_backslash;  // in the text, or its end
  const std::uint32_t* tokens;  // tokens_count offsets and one more: the size of the text
  std::uint32_t tokens_count;   // at least 1
  std::uint32_t* partners;      // room for as many
  std::uint32_t* open;          // room for depth_max
  std::uint32_t depth_max;
};

/// Nothing when the text is one JSON value; else the first rule it breaks.
[[nodiscard]] std::optional<IndexError> check_grammar(const GrammarInput& input) noexcept;

}  // namespace sluice::json
