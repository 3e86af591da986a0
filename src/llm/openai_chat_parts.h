// The pieces that chunks and whole answers of OpenAI's dialect share.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/json/text.h"
#include "sluice/llm/chat_event.h"
#include "sluice/llm/chat_writer.h"

namespace sluice::llm {

/// Choices above this are no answer of a provider's: their events are left out.
inline constexpr std::uint32_t choices_written_max = 128;

/// The names of formats in `reasoning_details`; null without quotes where it is not known.
[[nodiscard]] std::string_view quoted_format(ReasoningOrigin origin) noexcept;

/// One element of `reasoning_details` without its closing brace: type and format, and the index.
void open_detail(std::string& out, std::string_view type, ReasoningOrigin origin,
                 std::uint32_t index, json::Text id);

/// `,"name":` and the text with its quotes.
void append_member(std::string& out, std::string_view name, json::Text text);

/// {"type":"image_url","image_url":{"url":"data:image/png;base64,.."}}
void append_image(std::string& out, const ChatEvent& event);

/// ,"extra_content":{"google":{"thought_signature":".."}} where there is one.
void append_signature(std::string& out, json::Text signature);

/// {"content":[..],"refusal":null}, or null where there are none.
void append_logprobs(std::string& out, std::string_view elements);

/// "finish_reason":"..","native_finish_reason":".." and what else is known of the end.
void append_finish(std::string& out, const ChatEvent& event);

/// The usage object, with its price. A count that the provider did not give is null, a detail left
/// out.
void append_openai_usage(std::string& out, const Usage& usage, const AnswerFrame::Cost& cost);

/// An id that is longer is none: it would be said again in every chunk.
inline constexpr std::size_t answer_id_bytes_max = 256;

/// The id of an answer: the provider's, or one made of the request's.
[[nodiscard]] std::string answer_id(json::Text id, std::string_view request_id);

/// "model":"..","request_id":"..": the members `request_id` and `provider`, a comma in front.
void append_tags(std::string& out, const AnswerFrame& frame);

}  // namespace sluice::llm
