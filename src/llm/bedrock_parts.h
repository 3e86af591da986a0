// The parts of Converse's answers that are the same in whole answers and in streams.
#pragma once
#include <string_view>

#include "sluice/json/value.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_event.h"

namespace sluice::llm {

/// A piece of text; none is told of an empty one.
void tell_text(ChatEventKind kind, json::Text text, ChatSink& sink);
/// {"reasoningText":{"text","signature"}}, {"text"}, {"signature"}, {"redactedContent"}; false: it
/// is none of these.
bool tell_reasoning(json::Value reasoning, ChatSink& sink);
/// A source on the web; one inside a document has no counterpart, and nothing is told.
void tell_citation(json::Value citation, ChatSink& sink);
/// {"format","source":{"bytes"}}
void tell_image(json::Value image, ChatSink& sink);

/// `usage` of an answer: here the input counts what was cached, as `inputTokens` does not.
[[nodiscard]] Usage read_bedrock_usage(json::Value usage) noexcept;

[[nodiscard]] FinishReason bedrock_finish_reason(std::string_view stop_reason, bool has_calls);

/// An exception inside a stream, or an error. `name` is without its prefix, with or without
/// "Exception" at its end; `message` the service's words.
[[nodiscard]] ApiError bedrock_stream_error(std::string_view provider, std::string_view name,
                                            std::string_view message);

}  // namespace sluice::llm
