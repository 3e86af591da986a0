#include "unescape.h"

#include "scalars.h"
#include "sluice/json/utf8.h"

namespace sluice::json {
namespace {

char32_t hex4(std::string_view digits) noexcept {
  char32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = (value << 4) | static_cast<char32_t>(hex_value(digits[i]));
  }
  return value;
}

// The code point of the escape `raw` begins with; its bytes are taken off. A pair of surrogates is
// one code point; a lone one is returned as it is (append_utf8 replaces it).
char32_t take_escape(std::string_view& raw) noexcept {
  const char letter = raw[1];
  if (letter != 'u') {
    raw.remove_prefix(2);
    switch (letter) {
      case 'b': return '\b';
      case 'f': return '\f';
      case 'n': return '\n';
      case 'r': return '\r';
      case 't': return '\t';
      default: return static_cast<char32_t>(letter);  // the quote, the slashes
    }
  }
  const char32_t high = hex4(raw.substr(2));
  raw.remove_prefix(6);
  const bool pair_may_follow = high >= 0xD800 && high <= 0xDBFF && raw.starts_with("\\u");
  if (!pair_may_follow) return high;
  const char32_t low = hex4(raw.substr(2));
  if (low < 0xDC00 || low > 0xDFFF) return high;
  raw.remove_prefix(6);
  return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

}  // namespace

void append_unescaped(std::string& out, std::string_view raw) {
  while (!raw.empty()) {
    const char* const end = raw.data() + raw.size();
    const auto plain = static_cast<std::size_t>(find_backslash(raw.data(), end) - raw.data());
    out.append(raw.substr(0, plain));
    raw.remove_prefix(plain);
    if (!raw.empty()) append_utf8(out, take_escape(raw));
  }
}

bool unescaped_equals(std::string_view raw, std::string_view text) noexcept {
  if (raw.size() < text.size()) return false;  // an escape is never shorter than what it names
  std::string one;                             // at most four bytes: never on the heap
  while (!raw.empty()) {
    const char* const end = raw.data() + raw.size();
    const auto plain = static_cast<std::size_t>(find_backslash(raw.data(), end) - raw.data());
    if (text.substr(0, plain) != raw.substr(0, plain)) return false;
    raw.remove_prefix(plain);
    text.remove_prefix(plain);
    if (raw.empty()) break;
    one.clear();
    append_utf8(one, take_escape(raw));
    if (!text.starts_with(one)) return false;
    text.remove_prefix(one.size());
  }
  return text.empty();
}

}  // namespace sluice::json
