// Reads the `messages` of a chat completion: openai_chat_request.h.
#pragma once
#include <cstddef>
#include <string_view>

#include "member_reading.h"
#include "sluice/json/value.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm {

/// Lifetime: both outlive the reader.
class OpenaiMessages {
 public:
  OpenaiMessages(MemberReading& reading, ChatRequest& request) noexcept
      : reading_(reading), request_(request) {}

  /// False with the error in `reading`.
  bool read(json::Value messages);

 private:
  bool read_message(json::Value message);
  bool read_assistant(json::Value message);
  bool read_result(json::Value message, std::string_view id_member);
  bool read_content(json::Value content, std::vector<Part>& out);
  bool read_part(json::Value part, const Place& place, std::vector<Part>& out);
  bool read_thinking_part(json::Value part, const Place& place, std::vector<Part>& out);
  bool read_image(json::Value part, const Place& place, Part& out);
  bool read_file(json::Value part, const Place& place, Part& out);
  bool read_thoughts(json::Value message);
  bool read_thought(json::Value detail, const Place& place);
  bool read_thinking_block(json::Value block, const Place& place);
  bool read_tool_calls(json::Value calls);
  bool read_tool_call(json::Value call, const Place& place);
  bool read_function_call(json::Value call);
  bool read_arguments(json::Value value, const Place& place, json::Text& out);

  [[nodiscard]] Place here(std::string_view member) const noexcept {
    return {"messages", index_, member};
  }
  void begin(Role role) noexcept;
  void end() noexcept;

  MemberReading& reading_;
  ChatRequest& request_;
  std::size_t index_ = 0;  // of the message being read
};

}  // namespace sluice::llm
