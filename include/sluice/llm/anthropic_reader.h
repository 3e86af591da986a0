// Reads answers in the Anthropic Messages dialect: Anthropic's own, and those of Bedrock, Vertex
// and other hosts that speak it.
//
//   message_start           started, usage
//   content_block_start     tool_call; redacted_thinking: reasoning_sealed
//   content_block_delta     text, reasoning, reasoning_signed, tool_arguments
//   content_block_stop      tool_arguments "{}" of a call that has none; citations of the text
//   message_delta           refusal, finished
//   message_stop            usage
//
// One block is open at a time. Blocks of tools that run at the provider are passed over: nobody is
// asked to answer them. What a text quotes is told behind it, when it is known how long it is.
//
// Per event: one pass of the index and one over the members; a delta allocates nothing.
#pragma once
#include <memory>
#include <optional>
#include <string_view>

#include "sluice/llm/chat_reader.h"

namespace sluice::llm {

class AnthropicReader final : public ChatReader {
 public:
  explicit AnthropicReader(AskedFor asked);
  ~AnthropicReader() override;

  [[nodiscard]] std::optional<ApiError> read_whole(std::string_view body, json::Index& index,
                                                   ChatSink& sink) override;
  [[nodiscard]] ReadResult read_event(std::string_view name, std::string_view data,
                                      json::Index& index, ChatSink& sink) override;
  [[nodiscard]] EventRun read_run(std::string_view stream, std::size_t event_bytes_max,
                                  ChatSink& sink) override;
  [[nodiscard]] StreamEnd finish(ChatSink& sink) override;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::llm
