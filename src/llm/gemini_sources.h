// Tells the sources that Gemini found while it searched, each with its place in the text.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/json/value.h"
#include "sluice/llm/chat_event.h"

namespace sluice::llm {

/// Tells one citation for each source of each supported segment of `metadata`, a candidate's
/// `groundingMetadata`. `text` is what the candidate has said, unescaped: Google counts places in
/// bytes, the callers' dialects in characters. Without it places are left out.
void tell_gemini_sources(json::Value metadata, std::optional<std::string_view> text,
                         std::uint32_t choice, ChatSink& sink);

}  // namespace sluice::llm
