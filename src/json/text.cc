#include "sluice/json/text.h"

#include "sluice/json/writer.h"
#include "unescape.h"

namespace sluice::json {

bool Text::equals(std::string_view text) const noexcept {
  if (!escaped || bytes.find('\\') == bytes.npos) return bytes == text;
  return unescaped_equals(bytes, text);
}

std::string_view Text::plain(std::string& scratch) const {
  if (!escaped || bytes.find('\\') == bytes.npos) return bytes;
  scratch.clear();
  append_unescaped(scratch, bytes);
  return scratch;
}

Text raw_text(Value value) noexcept {
  const auto raw = value.string_raw();
  return raw ? Text{.bytes = *raw, .escaped = true} : Text{};
}

void append_plain(std::string& out, Text text) {
  if (text.escaped) {
    append_unescaped(out, text.bytes);
  } else {
    out += text.bytes;
  }
}

void append_escaped(std::string& out, Text text) {
  if (text.escaped) {
    out += text.bytes;
  } else {
    append_escaped(out, text.bytes);
  }
}

void append_quoted(std::string& out, Text text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

}  // namespace sluice::json
