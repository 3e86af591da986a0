// JSON without the blanks between its tokens.
#pragma once
#include <string>
#include <string_view>

namespace sluice::llm {

/// A valid JSON text without blanks: itself where it has none, else made in `scratch`.
[[nodiscard]] std::string_view compact_json(std::string_view json, std::string& scratch);

}  // namespace sluice::llm
