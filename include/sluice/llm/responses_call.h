// Writes a chat request of another dialect for a provider that speaks OpenAI's Responses API.
//
//   system          a message of its own, wherever it stands
//   assistant       a message per run of words, function_call and custom_tool_call items, and of
//                   its thoughts those that OpenAI sealed, each with its summary; one with nothing
//                   behind it is left out, as OpenAI refuses it
//   results         function_call_output: a text, or parts where there are several or media
//   is_error        "Error: " in front of the result's text: there is no field
//   tools           flat; `strict` is said, for unsaid means true here and false in chats
//   a schema        text.format, strict where the caller's dialect gives formats no names
//   thinking        reasoning.effort; a summary is asked for where the caller wants to see thoughts
//                   and says more than an effort (OpenAI gives them to verified organisations only)
//
// Nothing is kept there: `store` is false, and reasoning comes sealed. OpenAI's least
// max_output_tokens is 16: less is written as that.
//
// 400s: several choices, hosted tools and MCP servers, audio, files that are ids, media of the
// assistant's. Dropped: stop, seed, penalties, top_k, logprobs. Tools' names and ids travel as they
// are.
//
// Source: OpenAI's reference of POST /v1/responses (2026), and recorded traffic.
#pragma once
#include "sluice/json/index.h"
#include "sluice/llm/chat_call.h"

namespace sluice::llm {

/// `index` is scratch. The target is "/responses".
[[nodiscard]] WrittenCall write_responses_call(const ChatRequest& request, const ChatTarget& target,
                                               json::Index& index);

}  // namespace sluice::llm
