// The format of a custom tool's input, which OpenAI's two APIs spell differently. Between dialects
// it travels as chats have it.
//
//   chats       {"type":"grammar","grammar":{"syntax":"lark","definition":".."}}
//   Responses   {"type":"grammar","syntax":"lark","definition":".."}
#pragma once
#include <string>

#include "sluice/json/value.h"

namespace sluice::llm {

/// Appends the format as chats have it; one that is no grammar as it is.
void append_chat_format(std::string& out, json::Value format);

/// Appends the format as the Responses API has it.
void append_responses_format(std::string& out, json::Value format);

}  // namespace sluice::llm
