// Writes a chat request in the Anthropic Messages dialect.
//
//   POST {base}/messages
//   {"model":..,"max_tokens":..,"system":[..],"messages":[..],"tools":[..],"tool_choice":{..},
//    "thinking":{..},"output_config":{..}}
//
// On Vertex AI the path names the model and the body the version: vertex_target.h.
//
// A form of the answer that the model has no words for is asked for by a tool it must call
// (AskedFor::output_tool), a custom tool by one with a text in it (AskedFor::custom_tools). Ids and
// names in letters that Anthropic refuses are exchanged, the same way wherever they stand.
//
// Members of Messages that the caller gives by these names travel as they are: container,
// mcp_servers, context_management, inference_geo, speed.
#pragma once
#include "sluice/json/index.h"
#include "sluice/llm/chat_call.h"

namespace sluice::llm {

/// `scratch` is used to check the arguments of tool calls, and schemas.
[[nodiscard]] WrittenCall write_anthropic_call(const ChatRequest& request, const ChatTarget& target,
                                               json::Index& scratch);

}  // namespace sluice::llm
