// Reads the body of OpenAI's Responses API into a chat request, for a provider that speaks another
// dialect. (For one that speaks the same the body travels as it is: openai_request.h.)
//
//   instructions                          a system message in front of all others
//   input, a string                       a user message
//   message                               of its role; a run of the assistant's items is one
//   message: reasoning, function_call, ...         its thoughts, words and calls in the order they
//   stand in function_call_output, ...             a user message with a tool result
//   additional_tools, tool_search_output  their tools are tools of the request, each name once
//   web_search_call and its like          what a tool of OpenAI's did: the answer that follows them
//                                         holds it; left out, and named by their places in `others`
//
// Nothing is kept here, so each request brings the whole conversation: what names a kept response,
// conversation, prompt or item is refused, `background` too; `store` means nothing and is passed
// over. Thoughts of other makers' models come back in `encrypted_content`: sealed_reasoning.h.
// Summaries are shown whether they were asked for or not.
//
// Source: OpenAI's reference of POST /v1/responses (2026), and recorded traffic.
#pragma once
#include <expected>

#include "sluice/json/value.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm {

/// `top` is an object that understand_openai_json() took. Refused with a 400 that names the place:
/// members of a wrong type, numbers out of OpenAI's ranges, items and parts that nobody knows or
/// that another provider cannot know, media that is neither a URL nor base64. Lifetime: the request
/// has views of the body, none of the index.
[[nodiscard]] std::expected<ChatRequest, ApiError> read_responses_chat(json::Value top);

}  // namespace sluice::llm
