#include "sluice/llm/chat_translation.h"

#include <utility>

#include "sluice/base/assert.h"
#include "sluice/json/value.h"
#include "sluice/llm/anthropic_call.h"
#include "sluice/llm/anthropic_reader.h"
#include "sluice/llm/anthropic_request.h"
#include "sluice/llm/anthropic_writer.h"
#include "sluice/llm/bedrock_call.h"
#include "sluice/llm/bedrock_reader.h"
#include "sluice/llm/gemini_call.h"
#include "sluice/llm/gemini_reader.h"
#include "sluice/llm/media_by_url.h"
#include "sluice/llm/openai_chat_call.h"
#include "sluice/llm/openai_chat_reader.h"
#include "sluice/llm/openai_chat_request.h"
#include "sluice/llm/openai_chat_writer.h"
#include "sluice/llm/responses_call.h"
#include "sluice/llm/responses_reader.h"
#include "sluice/llm/responses_request.h"
#include "sluice/llm/responses_writer.h"
#include "sluice/llm/token_count.h"

namespace sluice::llm {

StreamFraming stream_framing(ChatDialect dialect) noexcept {
  switch (dialect) {
    case ChatDialect::openai:
    case ChatDialect::responses:
    case ChatDialect::anthropic:
    case ChatDialect::gemini: return StreamFraming::sse;
    case ChatDialect::bedrock: return StreamFraming::aws_event_stream;
  }
  __builtin_unreachable();
}

std::string_view media_type(StreamFraming framing) noexcept {
  switch (framing) {
    case StreamFraming::sse: return "text/event-stream";
    case StreamFraming::aws_event_stream: return "application/vnd.amazon.eventstream";
  }
  __builtin_unreachable();
}

bool is_translatable(Operation operation) noexcept {
  return operation == Operation::chat_completions || operation == Operation::messages ||
         operation == Operation::responses || asks_token_count(operation);
}

namespace {

std::expected<ChatRequest, ApiError> read_top(Operation operation, json::Value top) {
  if (operation == Operation::messages) return read_anthropic_chat(top);
  if (operation == Operation::messages_count_tokens) {
    return read_anthropic_chat(top, OutputLimit::optional);
  }
  if (operation == Operation::responses || operation == Operation::responses_input_tokens) {
    return read_responses_chat(top);
  }
  return read_openai_chat(top);
}

}  // namespace

std::expected<ChatRequest, ApiError> read_chat(Operation operation, std::string_view body,
                                               json::Index& index) {
  SLUICE_ASSERT(is_translatable(operation));
  const auto built = index.build(body);
  if (!built) return std::unexpected(errors::body_not_json(built.error(), index.limits()));
  auto request = read_top(operation, json::root(index));
  if (request && asks_token_count(operation)) request->stream = false;  // a count comes whole
  index.clear();
  return request;
}

namespace {

// What a dialect has no room for its writer says; here it is the model, or its host.
std::optional<ApiError> refuse_urls(ChatDialect dialect, const ChatRequest& request,
                                    const ModelTraits& traits) {
  if (traits.takes_media_urls) return std::nullopt;
  for (const std::vector<Part>* parts : {&request.parts, &request.result_parts}) {
    for (const Part& part : *parts) {
      const auto* media = std::get_if<MediaPart>(&part.body);
      if (media == nullptr || media->source != MediaSource::url) continue;
      if (takes_url(dialect, traits, *media)) continue;
      return errors::field_invalid(
          "messages",
          "This model's provider fetches nothing from the web: send images and documents as data "
          "URLs (data:image/png;base64,...).");
    }
  }
  return std::nullopt;
}

}  // namespace

WrittenCall write_chat_call(ChatDialect dialect, const ChatRequest& request,
                            const ChatTarget& target, json::Index& index) {
  if (auto refused = refuse_urls(dialect, request, target.traits)) {
    return std::unexpected(std::move(*refused));
  }
  switch (dialect) {
    case ChatDialect::openai: return write_openai_chat_call(request, target, index);
    case ChatDialect::responses: return write_responses_call(request, target, index);
    case ChatDialect::anthropic: return write_anthropic_call(request, target, index);
    case ChatDialect::gemini: return write_gemini_call(request, target, index);
    case ChatDialect::bedrock: return write_bedrock_call(request, target, index);
  }
  __builtin_unreachable();
}

std::unique_ptr<ChatReader> make_chat_reader(ChatDialect dialect, AskedFor asked) {
  switch (dialect) {
    case ChatDialect::openai: return std::make_unique<OpenaiChatReader>(std::move(asked));
    case ChatDialect::responses: return std::make_unique<ResponsesReader>(std::move(asked));
    case ChatDialect::anthropic: return std::make_unique<AnthropicReader>(std::move(asked));
    case ChatDialect::gemini: return std::make_unique<GeminiReader>(std::move(asked));
    case ChatDialect::bedrock: return std::make_unique<BedrockReader>(std::move(asked));
  }
  __builtin_unreachable();
}

std::unique_ptr<ChatWriter> make_chat_writer(Operation operation, bool stream,
                                             const AnswerFrame& frame) {
  if (operation == Operation::messages) {
    if (stream) return std::make_unique<AnthropicStreamWriter>(frame);
    return std::make_unique<AnthropicWholeWriter>(frame);
  }
  if (operation == Operation::responses) {
    if (stream) return std::make_unique<ResponsesStreamWriter>(frame);
    return std::make_unique<ResponsesAnswerWriter>(frame);
  }
  SLUICE_ASSERT(operation == Operation::chat_completions);
  if (stream) return std::make_unique<OpenaiChunkWriter>(frame);
  return std::make_unique<OpenaiAnswerWriter>(frame);
}

}  // namespace sluice::llm
