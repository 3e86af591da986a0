#include "sluice/llm/openai_usage.h"

namespace sluice::llm {
namespace {

using std::size_t;
constexpr auto npos = std::string_view::npos;

size_t skip_white_space(std::string_view text, size_t at) noexcept {
  while (at < text.size() && static_cast<unsigned char>(text[at]) <= ' ') ++at;
  return at;
}

// Behind the bracket that closes the last of the `depth` open at `at`; npos: there is none. `at` is
// outside of strings.
size_t behind_closing(std::string_view text, size_t at, int depth) noexcept {
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at + 1;
    if (c != '"') continue;
    for (++at; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\') ++at;
    }
  }
  return npos;
}

// The object that is the value of the key at `at`, if that is a member of the top object: what
// follows it closes one bracket and ends. Else nothing.
std::string_view top_object_of_key(std::string_view tail, size_t at, size_t key_bytes) noexcept {
  // Behind a backslash the first quote is text, and what looks like a key the end of a string.
  if (at > 0 && tail[at - 1] == '\\') return {};
  size_t begin = skip_white_space(tail, at + key_bytes);
  if (begin == tail.size() || tail[begin] != ':') return {};
  begin = skip_white_space(tail, begin + 1);
  if (begin == tail.size() || tail[begin] != '{') return {};
  const size_t end = behind_closing(tail, begin, 0);
  if (end == npos) return {};
  const size_t end_of_top = behind_closing(tail, end, 1);
  if (end_of_top == npos || skip_white_space(tail, end_of_top) != tail.size()) return {};
  return tail.substr(begin, end - begin);
}

}  // namespace

Usage find_openai_usage_in_tail(std::string_view tail, json::Index& index) {
  constexpr std::string_view key = "\"usage\"";
  constexpr int tries_max = 8;  // each looks at all that follows
  size_t at = tail.rfind(key);
  for (int tries = 0; at != npos && tries < tries_max; ++tries) {
    const std::string_view object = top_object_of_key(tail, at, key.size());
    if (!object.empty() && index.build(object)) return parse_openai_usage(json::root(index));
    at = at == 0 ? npos : tail.rfind(key, at - 1);
  }
  return {};
}

}  // namespace sluice::llm
