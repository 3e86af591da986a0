// What an Anthropic text quotes, as OpenAI's chat answers have it.
//
//   web search      {"type":"url_citation","url_citation":{"url","title","content","start_index",..
//   a document      {"type":"file_citation","file_citation":{"filename","index","content",..
//
// `content` is what is quoted. OpenAI's chat answers know no documents; the second form follows the
// first one, with the names of OpenAI's other API.
#pragma once
#include <cstdint>
#include <string>

#include "sluice/json/text.h"
#include "sluice/json/value.h"

namespace sluice::llm {

/// Appends the annotation but for its end; false, and nothing appended, for what is no citation.
bool begin_annotation(std::string& out, json::Value citation);
/// Appends its end: which characters of the answer's text rest on it.
void end_annotation(std::string& out, std::uint64_t first, std::uint64_t behind);

/// How many characters (code points) the text has.
[[nodiscard]] std::uint64_t count_characters(json::Text text) noexcept;

}  // namespace sluice::llm
