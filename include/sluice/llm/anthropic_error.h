// Errors in the Anthropic dialect, as its clients see them: a provider's passed on, ours rendered.
//
//   {"type":"error","error":{"type":"..","message":".."},"request_id":"req_.."}
//
// There is no place for a code or a parameter: messages name the parameter themselves. Clients tell
// errors by status and `type`.
#pragma once
#include <string>
#include <string_view>

#include "sluice/json/splice.h"
#include "sluice/json/value.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/provider_answer.h"

namespace sluice::llm {

/// Whether the body of this answer may go to a client of this dialect as it is: as
/// openai_error_passes() has it, and the body says `"type":"error"`. A `request_id` is the
/// provider's: it is replaced by ours.
[[nodiscard]] bool anthropic_error_passes(const ProviderAnswer& answer, const ApiError& error,
                                          std::string_view request_id, json::Index& index,
                                          json::Splice& splice);

/// Anthropic's word for the error: "invalid_request_error".
[[nodiscard]] std::string_view anthropic_error_type(const ApiError& error) noexcept;

[[nodiscard]] std::string render_anthropic_error_body(const ApiError& error,
                                                      std::string_view request_id);
[[nodiscard]] std::string render_anthropic_error_event(const ApiError& error,
                                                       std::string_view request_id);

}  // namespace sluice::llm
