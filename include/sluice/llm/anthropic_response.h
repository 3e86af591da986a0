// Whole JSON answers of the Anthropic dialect, which pass through to a client of the same dialect.
#pragma once
#include <string_view>

#include "sluice/json/index.h"
#include "sluice/llm/endpoint.h"
#include "sluice/llm/openai_response.h"

namespace sluice::llm {

/// Inspects a 2xx answer with a JSON body, to messages or messages_count_tokens. `index` is
/// scratch. An error where it is no JSON object, says "type":"error", or lacks its main member.
[[nodiscard]] ResponseFacts inspect_anthropic_response(Operation operation,
                                                       std::string_view provider,
                                                       std::string_view body, json::Index& index);

}  // namespace sluice::llm
