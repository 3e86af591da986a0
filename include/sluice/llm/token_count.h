// Counting what a chat is in tokens without asking for an answer, where a provider has a way to:
//
//   Anthropic   POST /messages/count_tokens          the body, without what is about the answer
//   OpenAI      POST /responses/input_tokens         likewise
//   Gemini      POST /models/{model}:countTokens     {"generateContentRequest":{"model":..,body}}
//   Bedrock     POST /model/{id}/count-tokens        {"input":{"converse":{body}}}
//
// The chat is written as for an answer, so that what is counted is what would be sent. Providers
// without a way are estimated for (token_estimate.h).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/json/index.h"
#include "sluice/llm/chat_call.h"
#include "sluice/llm/chat_reader.h"
#include "sluice/llm/chat_translation.h"
#include "sluice/llm/chat_writer.h"
#include "sluice/llm/endpoint.h"

namespace sluice::llm {

/// Whether an operation asks how many tokens a chat has.
[[nodiscard]] bool asks_token_count(Operation operation) noexcept;

/// Writes the question. Of ChatDialect::openai, which has no way, none may be asked. `index` is
/// scratch.
[[nodiscard]] WrittenCall write_count_call(ChatDialect dialect, const ChatRequest& request,
                                           const ChatTarget& target, json::Index& index);

/// Reads the answer of any of them: tells one `usage` event with the input alone. It comes whole,
/// never as a stream.
class TokenCountReader final : public ChatReader {
 public:
  explicit TokenCountReader(std::string provider) : provider_(std::move(provider)) {}

  [[nodiscard]] std::optional<ApiError> read_whole(std::string_view body, json::Index& index,
                                                   ChatSink& sink) override;
  [[nodiscard]] ReadResult read_event(std::string_view name, std::string_view data,
                                      json::Index& index, ChatSink& sink) override;
  [[nodiscard]] StreamEnd finish(ChatSink& sink) override;

 private:
  std::string provider_;  // configured name
};

/// Writes the count as the caller's operation has it.
class TokenCountWriter final : public ChatWriter {
 public:
  explicit TokenCountWriter(Operation operation) noexcept : operation_(operation) {}

  void take(const ChatEvent& event) override;
  void end() override;

 private:
  Operation operation_;
  std::uint64_t input_ = 0;
};

/// The whole answer with a count.
[[nodiscard]] std::string token_count_answer(Operation operation, std::uint64_t input_tokens);

}  // namespace sluice::llm
