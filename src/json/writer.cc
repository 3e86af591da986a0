#include "sluice/json/writer.h"

#include <charconv>
#include <cmath>

#include "sluice/base/assert.h"
#include "sluice/base/byte_scan.h"
#include "sluice/json/utf8.h"

namespace sluice::json {
namespace {

void append_escape(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += hex[byte >> 4];
  out += hex[byte & 15];
}

bool needs_escape(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || c == '\x7f';
}

// Whether every byte may stand between quotes as it is: ASCII that needs no escape.
bool is_plain(std::string_view text) noexcept {
  return !any_byte(text, [](ByteBlock bytes) {
    return (bytes < every_byte(' ')) | (bytes == every_byte('"')) | (bytes == every_byte('\\')) |
           (bytes == every_byte('\x7f'));
  });
}

template <typename Number>
void append_number(std::string& out, Number value) {
  char text[32];
  const auto [end, status] = std::to_chars(text, text + sizeof text, value);
  SLUICE_ASSERT(status == std::errc{});
  out.append(text, end);
}

// The same as append_escaped(), for any text.
void append_escaped_slowly(std::string& out, std::string_view text) {
  std::size_t copied = 0;  // what lies before was appended
  std::size_t at = 0;
  const auto flush = [&] { out.append(text.substr(copied, at - copied)); };
  while (at < text.size()) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) < 0x80 && !needs_escape(c)) {
      ++at;
      continue;
    }
    const std::size_t size_bytes = utf8_sequence_bytes(text.substr(at));
    if (size_bytes > 1) {
      at += size_bytes;
      continue;
    }
    flush();
    if (size_bytes == 0) {
      append_utf8(out, 0xFFFD);
    } else {
      append_escape(out, c);
    }
    copied = ++at;
  }
  flush();
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  if (!is_plain(text)) return append_escaped_slowly(out, text);
  out += text;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

std::string quote(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_quoted(out, text);
  return out;
}

void Writer::before_value() {
  if (depth_ == 0) {
    SLUICE_ASSERT(!has_item_);
    has_item_ = true;
    return;
  }
  const std::uint64_t level = std::uint64_t{1} << depth_;
  if ((objects_ & level) != 0) {
    SLUICE_ASSERT(after_key_);
    after_key_ = false;
    return;
  }
  if ((has_items_ & level) != 0) *out_ += ',';
  has_items_ |= level;
}

void Writer::open(char bracket, bool object) {
  SLUICE_ASSERT(depth_ < depth_max);
  before_value();
  ++depth_;
  const std::uint64_t level = std::uint64_t{1} << depth_;
  has_items_ &= ~level;
  objects_ = object ? objects_ | level : objects_ & ~level;
  *out_ += bracket;
}

void Writer::close(char bracket, bool object) {
  SLUICE_ASSERT(depth_ > 0);
  SLUICE_ASSERT(((objects_ >> depth_) & 1) == (object ? 1U : 0U));
  SLUICE_ASSERT(!after_key_);
  --depth_;
  *out_ += bracket;
}

Writer& Writer::begin_object() { return open('{', true), *this; }
Writer& Writer::end_object() { return close('}', true), *this; }
Writer& Writer::begin_array() { return open('[', false), *this; }
Writer& Writer::end_array() { return close(']', false), *this; }

Writer& Writer::key(std::string_view name) {
  const std::uint64_t level = std::uint64_t{1} << depth_;
  SLUICE_ASSERT(depth_ > 0 && (objects_ & level) != 0);
  SLUICE_ASSERT(!after_key_);
  if ((has_items_ & level) != 0) *out_ += ',';
  has_items_ |= level;
  append_quoted(*out_, name);
  *out_ += ':';
  after_key_ = true;
  return *this;
}

Writer& Writer::text(Text text) {
  before_value();
  append_quoted(*out_, text);
  return *this;
}

Writer& Writer::string(std::string_view text) {
  before_value();
  append_quoted(*out_, text);
  return *this;
}

Writer& Writer::integer(std::int64_t value) {
  before_value();
  append_number(*out_, value);
  return *this;
}

Writer& Writer::unsigned_integer(std::uint64_t value) {
  before_value();
  append_number(*out_, value);
  return *this;
}

Writer& Writer::number(double value) {
  if (!std::isfinite(value)) return null();
  before_value();
  append_number(*out_, value);
  return *this;
}

Writer& Writer::boolean(bool value) { return raw(value ? "true" : "false"); }
Writer& Writer::null() { return raw("null"); }

Writer& Writer::raw(std::string_view json) {
  before_value();
  *out_ += json;
  return *this;
}

}  // namespace sluice::json
