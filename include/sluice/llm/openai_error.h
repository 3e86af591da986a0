// Errors in the OpenAI dialect, as its clients see them: a provider's passed on, ours rendered.
// provider_error.h reads them.
//
//   {"error":{"message":"..","type":"..","param":null,"code":null},"request_id":"req_.."}
#pragma once
#include <string>
#include <string_view>

#include "sluice/json/splice.h"
#include "sluice/json/value.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/provider_answer.h"
#include "sluice/llm/provider_error.h"

namespace sluice::llm {

/// The name this had when OpenAI's was the only dialect.
[[nodiscard]] inline ApiError read_openai_error_value(std::string_view provider,
                                                      json::Value error) {
  return read_provider_error_value(provider, error);
}

/// Whether the body of this answer may go to an OpenAI-dialect client as it is: the request is the
/// client's business (400, 404, 409, 413, 415, 422, a context or content refusal) and the body is a
/// JSON object with an `error` object. Edits that add `request_id` are put into `splice`. Never
/// for 401, 403, 402, 429 and 5xx, whose texts speak of the gateway's account and key.
[[nodiscard]] bool openai_error_passes(const ProviderAnswer& answer, const ApiError& error,
                                       std::string_view request_id, json::Index& index,
                                       json::Splice& splice);

[[nodiscard]] std::string render_openai_error_body(const ApiError& error,
                                                   std::string_view request_id);
[[nodiscard]] std::string render_openai_error_event(const ApiError& error,
                                                    std::string_view request_id);

}  // namespace sluice::llm
