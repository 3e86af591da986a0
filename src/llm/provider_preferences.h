// The `provider` member of a request, as OpenRouter defines it and both callers' dialects take it
// here: which providers the caller would rather have. Read so far: `require_parameters`.
#pragma once
#include <optional>

#include "sluice/json/value.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/request.h"

namespace sluice::llm {

/// Null counts as not given. Refused: what is no object, and members of a wrong type.
[[nodiscard]] std::optional<ApiError> read_provider_preferences(std::optional<json::Value> provider,
                                                                Request& request);

}  // namespace sluice::llm
