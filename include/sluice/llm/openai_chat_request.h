// Reads the body of a chat completion in OpenAI's dialect into a chat request, for a provider that
// speaks another one. (For one that speaks the same the body travels as it is: openai_request.h.)
//
// Extensions that clients of several hosts use are understood too: `cache_control` (on messages,
// parts, tools and the request), `reasoning` and `include_reasoning` (OpenRouter), `thinking`
// (Anthropic's member in an OpenAI body), `top_k`; in histories `reasoning_content`, `reasoning`,
// `reasoning_details`, `thinking_blocks` and `extra_content.google.thought_signature`.
//
// Source: OpenAI's reference of POST /v1/chat/completions, OpenRouter's of reasoning tokens,
// Google's of thought signatures in its OpenAI compatibility (2025 and 2026).
#pragma once
#include <expected>

#include "sluice/json/value.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm {

/// `top` is an object that understand_openai_json() took. Refused with a 400 that names the place:
/// members of a wrong type, numbers out of OpenAI's ranges, parts and roles that nobody knows, a
/// tool message without tool_call_id, media that is neither a URL nor base64. Lifetime: the request
/// has views of the body, none of the index.
[[nodiscard]] std::expected<ChatRequest, ApiError> read_openai_chat(json::Value top);

}  // namespace sluice::llm
