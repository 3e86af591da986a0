// The messages of a chat request in OpenAI's dialect: openai_chat_call.h says by which rules.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sluice/json/writer.h"
#include "sluice/llm/chat_call.h"
#include "sluice/llm/chat_turns.h"

namespace sluice::llm {

class OpenaiChatMessages {
 public:
  /// Writes to the end of `out` by `writer`, which writes there too.
  OpenaiChatMessages(const ChatRequest& request, const ModelTraits& traits, std::string& out,
                     json::Writer& writer)
      : request_(request), traits_(traits), out_(out), writer_(writer) {}

  /// The value of `messages`. `instruction` is one more text of the system's; may be empty.
  [[nodiscard]] std::optional<ApiError> write(const Turns& turns, std::string_view instruction);

 private:
  void write_system(const std::vector<const Part*>& parts, std::string_view instruction);
  std::optional<ApiError> write_user(const Turn& turn);
  void write_result(const ToolResult& result);
  std::optional<ApiError> write_user_part(const Part& part);
  std::optional<ApiError> write_media(const MediaPart& media);
  std::optional<ApiError> write_document(const MediaPart& media);
  std::optional<ApiError> write_audio(const MediaPart& media);
  void write_image(const MediaPart& media);
  void write_text_part(json::Text text);
  void write_assistant(const Turn& turn, bool is_begun_answer);
  void write_thoughts(const Turn& turn);
  void write_call(const ToolCall& call);

  // A string value whose text is put together: begin, append escaped bytes to out_, end.
  void begin_string();
  void end_string() { out_ += '"'; }

  // Media that cannot stand where they came, and what is said in front of them.
  struct Moved {
    std::string label;
    const MediaPart* media;
  };

  const ChatRequest& request_;
  const ModelTraits& traits_;
  std::string& out_;
  json::Writer& writer_;
  std::vector<Moved> moved_;
};

}  // namespace sluice::llm
