// A schema for the answer, told to a model in words where its provider has JSON mode alone.
//
//   response_format   {"type":"json_schema","json_schema":{"schema":S}}  ->  {"type":"json_object"}
//   instructions      "Be brief."  ->  "Be brief.\n\nAnswer with one JSON object that fits ... S"
//
// JSON mode wants the word JSON in the prompt: hosts refuse a request without it, or the model
// writes blanks without end.
#pragma once
#include <string>
#include <string_view>

#include "sluice/json/splice.h"
#include "sluice/json/value.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm {

[[nodiscard]] std::string schema_in_words(std::string_view schema);

/// What JSON mode wants to be told without a schema; empty where the prompt speaks of JSON already.
[[nodiscard]] std::string_view json_in_words(const ChatRequest& request) noexcept;

/// Edits the messages of a chat body so that `instruction` stands at the end of the system's first
/// words, or in a message of their own where there are none. `messages` is the body's array.
void instruct(json::Value messages, std::string_view instruction, json::Splice& edits);

}  // namespace sluice::llm
