// Reads the `input` of a Responses API request: responses_request.h.
#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "member_reading.h"
#include "responses_tools.h"
#include "sluice/json/value.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm {

/// Lifetime: all three outlive the reader. False is always with the error in `reading`.
class ResponsesItems {
 public:
  ResponsesItems(MemberReading& reading, ResponsesTools& tools, ChatRequest& request) noexcept
      : reading_(reading), tools_(tools), request_(request) {}

  bool read_instructions(json::Value instructions);
  /// Call behind the tools.
  bool read(json::Value input);

 private:
  bool read_item(json::Value item);
  bool read_message(json::Value item);
  bool read_content(json::Value content, const Place& place, std::vector<Part>& out);
  bool read_part(json::Value value, const Place& place, Part& part);
  bool read_text(json::Value part, const Place& place, std::string_view member, json::Text& out);
  bool read_image(json::Value part, const Place& place, MediaPart& media);
  bool read_file(json::Value part, const Place& place, MediaPart& media);
  bool read_call(json::Value item, bool is_custom);
  bool read_result(json::Value item);
  bool read_reasoning(json::Value item);
  bool read_thoughts(json::Value list, const Place& place, ReasoningPart& last);
  bool leave_out(json::Value item);

  [[nodiscard]] Place here(std::string_view member) const noexcept {
    return {"input", index_, member};
  }
  void begin(Role role);
  void go_on_as_assistant();
  void end() noexcept;

  MemberReading& reading_;
  ResponsesTools& tools_;
  ChatRequest& request_;
  std::size_t index_ = 0;  // of the item being read
  bool is_assistants_run_ = false;
  json::Text call_signature_ = {};  // for the next call
};

}  // namespace sluice::llm
