// Writes the `input` of a request to the Responses API: responses_call.h.
#pragma once
#include <optional>
#include <string>
#include <unordered_set>

#include "sluice/json/writer.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_request.h"
#include "sluice/llm/chat_turns.h"

namespace sluice::llm {

/// Lifetime: both outlive the writer.
class ResponsesInput {
 public:
  ResponsesInput(const ChatRequest& request, json::Writer& writer) noexcept
      : request_(request), writer_(writer) {}

  /// The array; `instruction` is a system message in front, or empty.
  [[nodiscard]] std::optional<ApiError> write(const Turns& turns, std::string_view instruction);

 private:
  void write_system(const std::vector<const Part*>& parts);
  std::optional<ApiError> write_user(const Turn& turn);
  std::optional<ApiError> write_assistant(const Turn& turn);
  void write_said(const Part& part);
  void write_call(const ToolCall& call);
  std::optional<ApiError> write_result(const ToolResult& result);
  std::optional<ApiError> write_part(const Part& part);
  std::optional<ApiError> write_media(const MediaPart& media);
  void write_location(std::string_view member, std::string_view url_member, const MediaPart& media);
  void write_thought(const Turn& turn, std::size_t& at);
  void open_message(std::string_view role);
  void close_message();

  const ChatRequest& request_;
  json::Writer& writer_;
  bool message_open_ = false;
  std::unordered_set<std::string> custom_calls_ = {};
};

}  // namespace sluice::llm
