// Whole JSON answers of the OpenAI dialect.
#pragma once
#include <optional>
#include <string_view>

#include "sluice/json/index.h"
#include "sluice/llm/answer_shapes.h"
#include "sluice/llm/answer_tag.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/endpoint.h"
#include "sluice/llm/usage.h"

namespace sluice::llm {

struct ResponseFacts {
  Usage usage;
  // Set when the answer cannot be shown as a success: no JSON object, an `error` inside a 200, or
  // none of the members an answer of this operation has.
  std::optional<ApiError> error;
  TagPlace tag_place;  // without an error
};

/// Inspects a 2xx answer with a JSON body. `index` is scratch; `shapes` are of answers like it.
[[nodiscard]] ResponseFacts inspect_openai_response(Operation operation, std::string_view provider,
                                                    std::string_view body, json::Index& index,
                                                    AnswerShapes& shapes);

}  // namespace sluice::llm
