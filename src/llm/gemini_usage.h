// Reads the token counts of a Gemini answer, its `usageMetadata`.
#pragma once
#include "sluice/json/value.h"
#include "sluice/llm/usage.h"

namespace sluice::llm {

/// Input is the prompt and what tools added to it, output the candidates and the thoughts. Counts
/// that are left out are unknown, though Google leaves out zeros too.
[[nodiscard]] Usage parse_gemini_usage(json::Value metadata) noexcept;

}  // namespace sluice::llm
