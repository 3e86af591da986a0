// Which dialects a chat can be translated between, and the readers and writers that do it.
//
//   caller's dialect --read_chat()--> ChatRequest --write_chat_call()--> provider's dialect
//   caller's dialect <--ChatWriter-- chat events <--ChatReader-- provider's dialect
#pragma once
#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>

#include "sluice/json/index.h"
#include "sluice/llm/chat_call.h"
#include "sluice/llm/chat_reader.h"
#include "sluice/llm/chat_writer.h"
#include "sluice/llm/endpoint.h"

namespace sluice::llm {

/// What providers speak, as far as chats go.
enum class ChatDialect : std::uint8_t { openai, responses, anthropic, gemini, bedrock };

/// How a dialect's streams are framed.
enum class StreamFraming : std::uint8_t { sse, aws_event_stream };

[[nodiscard]] StreamFraming stream_framing(ChatDialect dialect) noexcept;

/// The media type of a stream so framed.
[[nodiscard]] std::string_view media_type(StreamFraming framing) noexcept;

/// Whether requests of this operation can be written in another dialect than the caller's.
[[nodiscard]] bool is_translatable(Operation operation) noexcept;

/// Reads a body that was understood before. `index` is scratch. Lifetime: of the body.
[[nodiscard]] std::expected<ChatRequest, ApiError> read_chat(Operation operation,
                                                             std::string_view body,
                                                             json::Index& index);

/// Writes it for a provider. `index` is scratch.
[[nodiscard]] WrittenCall write_chat_call(ChatDialect dialect, const ChatRequest& request,
                                          const ChatTarget& target, json::Index& index);

[[nodiscard]] std::unique_ptr<ChatReader> make_chat_reader(ChatDialect dialect, AskedFor asked);

/// For a stream, or for a whole answer.
[[nodiscard]] std::unique_ptr<ChatWriter> make_chat_writer(Operation operation, bool stream,
                                                           const AnswerFrame& frame);

}  // namespace sluice::llm
