#include "compact_json.h"

#include <algorithm>

namespace sluice::llm {
namespace {

constexpr std::string_view blanks = " \t\r\n";

// The size of the string that the text begins with, quotes included.
std::size_t string_bytes(std::string_view text) noexcept {
  std::size_t at = 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2U : 1U;
  return std::min(at + 1, text.size());
}

// The size of what stands in front of the first blank between tokens.
std::size_t compact_bytes(std::string_view json) noexcept {
  std::size_t at = 0;
  while (at < json.size() && !blanks.contains(json[at])) {
    at += json[at] == '"' ? string_bytes(json.substr(at)) : 1;
  }
  return at;
}

}  // namespace

std::string_view compact_json(std::string_view json, std::string& scratch) {
  std::size_t size = compact_bytes(json);
  if (size == json.size()) return json;
  scratch.clear();
  while (!json.empty()) {
    scratch += json.substr(0, size);
    json.remove_prefix(size);
    json.remove_prefix(std::min(json.find_first_not_of(blanks), json.size()));
    size = compact_bytes(json);
  }
  return scratch;
}

}  // namespace sluice::llm
