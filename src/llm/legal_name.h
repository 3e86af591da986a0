// Names and ids in the letters that most providers take: letters, digits, _ and -. Others are
// exchanged for one that is made of them: always the same one, and two never become one.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "sluice/json/text.h"

namespace sluice::llm {

/// Of OpenAI's dialects.
inline constexpr std::size_t openai_tool_name_bytes_max = 64;

[[nodiscard]] bool is_legal_name(std::string_view name, std::size_t bytes_max) noexcept;

/// A tool's name: itself where it is legal, else one that resembles it.
[[nodiscard]] std::string legal_tool_name(json::Text name, std::size_t bytes_max);

/// A tool call's id: itself where it is legal.
[[nodiscard]] std::string legal_call_id(json::Text id);

}  // namespace sluice::llm
