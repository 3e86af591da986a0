// Writes a chat request of another dialect for a provider that speaks OpenAI's chat completions.
//
//   results of tools   `tool` messages first, then the rest of the user's turn; images and
//   documents
//                      of results follow in the user's message, behind a label that names the call
//   is_error           "Error: " in front of the result's text: there is no field
//   thoughts           reasoning_content, or reasoning_details where they are signed or sealed;
//   only
//                      those of hosts of this dialect, and not to OpenAI itself, which has none
//   a schema           response_format; where the model has none, JSON mode and the schema in words
//   stop               the first four
//
// 400s: hosted tools and MCP servers, files that are ids, documents by URL, video and odd audio.
// Names in `dropped` are those of Anthropic's dialect. Ids of calls travel as they are, and so do
// names of tools that OpenAI takes; others are exchanged for legal ones, and a custom tool for a
// function where there are no custom tools: the reader of the answer is told.
#pragma once
#include "sluice/json/index.h"
#include "sluice/llm/chat_call.h"

namespace sluice::llm {

/// `index` is scratch. The target is "/chat/completions". Usage of streams is always asked for.
[[nodiscard]] WrittenCall write_openai_chat_call(const ChatRequest& request,
                                                 const ChatTarget& target, json::Index& index);

}  // namespace sluice::llm
