// The members of a Responses API event that are read, found in one pass: this runs once per event
// of a stream. Of a member given twice the last counts.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "sluice/json/text.h"
#include "sluice/json/value.h"

namespace sluice::llm {

struct ResponsesEvent {
  std::optional<json::Value> type, response, item, part, annotation, error;
  std::optional<json::Text> delta;  // a piece
  std::optional<json::Text> whole;  // `text`, `refusal`, `arguments` or `input`
  json::Text item_id = {};
  std::int64_t output_index = -1;
  std::size_t part_index = 0;  // `content_index` or `summary_index`
  json::Value top;

  explicit ResponsesEvent(json::Value event);
};

/// An element of `annotations` of a chat completion, made of one of an output text; false where
/// there is none like it.
bool append_chat_citation(std::string& out, json::Value annotation);

/// What an element of `annotations` of an output text is made of one of a chat completion's; false
/// where there is none like it.
bool append_responses_citation(std::string& out, json::Value citation);

}  // namespace sluice::llm
