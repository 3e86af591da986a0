// About how many tokens a chat is, for models whose provider does not say and where asking takes
// too long.
//
// No tokenizer: a rule of thumb over all texts, definitions and arguments that the model reads.
// About four letters of a Latin script make a token, two of others of an alphabet (Greek, Cyrillic,
// Arabic, ...), one of Chinese, Japanese and Korean; a message has a few of its own. English prose
// and code come out up to a third too high or too low; it is meant for "will it fit" and never for
// money. Of short chats it says little: what providers put around them weighs most.
#pragma once
#include <cstdint>
#include <string_view>

#include "sluice/llm/chat_request.h"

namespace sluice::llm {

/// Of UTF-8, JSON escapes read as they are spelled.
[[nodiscard]] std::uint64_t estimate_tokens(std::string_view text) noexcept;

/// Of all that is sent: messages, tools, the schema of the answer. An image counts as one of a
/// megapixel, a document and a recording by their bytes.
[[nodiscard]] std::uint64_t estimate_tokens(const ChatRequest& request) noexcept;

}  // namespace sluice::llm
