#include "anthropic_citation.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

struct Citation {
  json::Text url = {};
  json::Text title = {};
  json::Text quoted = {};
  json::Text document = {};
  std::optional<std::int64_t> document_index = {};
};

Citation read_citation(Value value) {
  Citation citation;
  for (const json::Member member : value.members()) {
    const auto is = [&](std::string_view name) { return member.key.string_equals(name); };
    if (is("url") || is("source")) citation.url = json::raw_text(member.value);
    if (is("title")) citation.title = json::raw_text(member.value);
    if (is("cited_text")) citation.quoted = json::raw_text(member.value);
    if (is("document_title")) citation.document = json::raw_text(member.value);
    if (is("document_index")) citation.document_index = member.value.integer();
  }
  return citation;
}

void append_member(std::string& out, std::string_view name, json::Text text) {
  out += name;
  json::append_quoted(out, text);
}

}  // namespace

bool begin_annotation(std::string& out, Value value) {
  if (!value.is(Kind::object)) return false;
  const Citation citation = read_citation(value);
  if (!citation.url.empty()) {
    append_member(out, R"({"type":"url_citation","url_citation":{"url":)", citation.url);
    append_member(out, R"(,"title":)", citation.title);
  } else if (citation.document_index || !citation.document.empty()) {
    append_member(out, R"({"type":"file_citation","file_citation":{"filename":)",
                  citation.document);
    if (citation.document_index) {
      out += R"(,"index":)" + std::to_string(*citation.document_index);
    }
  } else {
    return false;
  }
  if (!citation.quoted.empty()) append_member(out, R"(,"content":)", citation.quoted);
  return true;
}

void end_annotation(std::string& out, std::uint64_t first, std::uint64_t behind) {
  out += R"(,"start_index":)" + std::to_string(first);
  out += R"(,"end_index":)" + std::to_string(behind) + "}}";
}

namespace {

// Bytes of characters but for their first, eight at a time: most texts are a few letters, too few
// for what a compiler makes of a loop over bytes.
std::uint64_t continuation_bytes(std::string_view bytes) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  std::uint64_t count = 0;
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), size);
    count += static_cast<std::uint64_t>(std::popcount((word >> 7) & ~(word >> 6) & ones));
    bytes.remove_prefix(size);
  }
  return count;
}

}  // namespace

std::uint64_t count_characters(json::Text text) noexcept {
  const std::string_view bytes = text.bytes;
  std::uint64_t count = bytes.size() - continuation_bytes(bytes);
  if (!text.escaped) return count;
  // \n is one, \u00e9 is one, and \ud83d\ude00 is one.
  for (std::size_t at = bytes.find('\\'); at != bytes.npos; at = bytes.find('\\', at)) {
    const bool is_unicode = bytes.size() - at >= 6 && bytes[at + 1] == 'u';
    const bool is_low_half = is_unicode && (bytes[at + 2] == 'd' || bytes[at + 2] == 'D') &&
                             std::string_view("cdefCDEF").contains(bytes[at + 3]);
    const std::size_t size_bytes = is_unicode ? 6 : 2;
    count -= is_low_half ? size_bytes : size_bytes - 1;
    at += size_bytes;
  }
  return count;
}

}  // namespace sluice::llm
