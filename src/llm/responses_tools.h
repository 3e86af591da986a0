// Reads the tools of a Responses API request, and which of them may be called:
// responses_request.h.
#pragma once
#include <optional>
#include <string>
#include <unordered_set>

#include "member_reading.h"
#include "sluice/json/value.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm {

/// Lifetime: both outlive the reader. False is always with the error in `reading`.
class ResponsesTools {
 public:
  ResponsesTools(MemberReading& reading, ChatRequest& request) noexcept
      : reading_(reading), request_(request) {}

  bool read(json::Value tools);
  /// The `tools` of an input item at this place: those whose names are new. Call behind read().
  bool read_more(json::Value tools, const Place& place);
  bool read_choice(json::Value choice);

 private:
  bool read_tool(json::Value value, const Place& place, Tool& tool);
  bool read_definition(json::Value value, const Place& place, Tool& tool);
  bool read_mode(json::Value value, const Place& place);
  bool read_allowed(json::Value value);

  MemberReading& reading_;
  ChatRequest& request_;
  std::optional<std::unordered_set<std::string>> names_ = {};  // once they are needed
};

}  // namespace sluice::llm
