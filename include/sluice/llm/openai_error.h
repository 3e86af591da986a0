// Errors in the OpenAI dialect: reads a provider's, writes ours.
//
//   {"error":{"message":"..","type":"..","param":null,"code":null},"request_id":"req_.."}
#pragma once
#include <string>
#include <string_view>

#include "sluice/json/splice.h"
#include "sluice/json/value.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/provider_answer.h"

namespace sluice::llm {

/// Reads the answer into our record: the kind told from status, code, type and text (rate limit or
/// quota, context length, content filter, bad key, overloaded, unknown model).
[[nodiscard]] ApiError read_openai_error(const ProviderAnswer& answer, json::Index& index);

/// Reads an error met in a 200: `error` is the value of the `error` member (object or string).
[[nodiscard]] ApiError read_openai_error_value(std::string_view provider, json::Value error);

/// Whether the body of this answer may go to an OpenAI-dialect client as it is: the request is the
/// client's business (400, 404, 409, 413, 415, 422, a context or content refusal) and the body is a
/// JSON object with an `error` object. Edits that add `request_id` are put into `splice`. Never
/// for 401, 403, 402, 429 and 5xx, whose texts speak of the gateway's account and key.
[[nodiscard]] bool openai_error_passes(const ProviderAnswer& answer, const ApiError& error,
                                       std::string_view request_id, json::Index& index,
                                       json::Splice& splice);

/// The wait named by Retry-After (seconds or an HTTP date, RFC 9110 10.2.3) or retry-after-ms,
/// which wins; nothing when neither can be read. At most an hour; a date gone by is 0.
[[nodiscard]] std::optional<std::chrono::milliseconds> read_retry_after(
    std::string_view retry_after, std::string_view retry_after_ms, WallTime now);

[[nodiscard]] std::string render_openai_error_body(const ApiError& error,
                                                   std::string_view request_id);
[[nodiscard]] std::string render_openai_error_event(const ApiError& error,
                                                    std::string_view request_id);

}  // namespace sluice::llm
