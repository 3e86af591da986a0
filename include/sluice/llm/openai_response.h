// Whole JSON answers of the OpenAI dialect, and the members the gateway adds to answers.
#pragma once
#include <optional>
#include <string_view>

#include "sluice/json/splice.h"
#include "sluice/json/value.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/endpoint.h"
#include "sluice/llm/usage.h"

namespace sluice::llm {

struct ResponseFacts {
  Usage usage;
  // Set when the answer cannot be shown as a success: no JSON object, an `error` inside a 200, or
  // none of the members an answer of this operation has.
  std::optional<ApiError> error;
};

/// Inspects a 2xx answer with a JSON body. `index` holds its document after, when it is JSON.
[[nodiscard]] ResponseFacts inspect_openai_response(Operation operation, std::string_view provider,
                                                    std::string_view body, json::Index& index);

/// Edits that add `request_id` and `provider` at the end of an answer's or a first chunk's top
/// object; members that are there already stay as the provider sent them. `answer` must be an
/// object.
[[nodiscard]] json::Splice tag_openai_answer(json::Value answer, std::string_view request_id,
                                             std::string_view provider);

}  // namespace sluice::llm
