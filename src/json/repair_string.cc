#include "repair_string.h"

#include <algorithm>

#include "sluice/json/utf8.h"
#include "sluice/json/writer.h"

namespace sluice::json {
namespace {

using Mark = QuoteMark::Kind;

constexpr std::size_t key_bytes_max = 64;
constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20; }
bool is_ascii(char c) noexcept { return static_cast<unsigned char>(c) < 0x80; }

bool is_hex(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// A byte that stands for itself wherever it is.
bool is_plain(char c) noexcept {
  return is_ascii(c) && !is_control(c) && c != '"' && c != '\'' && c != '\\';
}

// Whether the bytes are the beginning of a character that the end of the text cuts.
bool is_cut_sequence(std::string_view rest) noexcept {
  const auto first = static_cast<unsigned char>(rest[0]);
  const std::size_t whole = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  return rest.size() < whole &&
         std::all_of(
             rest.begin() + 1, rest.end(),
             [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; });
}

// Whether a value may begin with this word where the text is valid, or nearly.
bool begins_with_literal(std::string_view rest) noexcept {
  std::size_t size = 0;
  while (size < rest.size() && size < 10 &&
         ((rest[size] >= 'a' && rest[size] <= 'z') || (rest[size] >= 'A' && rest[size] <= 'Z'))) {
    ++size;
  }
  const std::string_view word = rest.substr(0, size);
  return literal_of(word) || (size == rest.size() && literal_cut_to(word));
}

}  // namespace

StringReader::StringReader(std::string_view text) noexcept
    : text_(text),
      last_plain_(text.rfind('"')),
      last_single_(text.rfind('\'')),
      last_smart_(text.rfind("\xE2\x80")) {}

std::size_t StringReader::read(std::size_t at, StringPlace place, std::string& out) {
  const QuoteMark opener = quote_at(text_, at);
  at_ = at + opener.size_bytes;
  out_ = &out;
  place_ = place;
  opener_ = opener.kind;
  ended_ = false;
  half_pair_ = std::string::npos;
  out += '"';
  while (!ended_ && at_ < text_.size()) {
    std::size_t end = at_;
    while (end < text_.size() && is_plain(text_[end])) ++end;
    if (end > at_) {
      append(text_.substr(at_, end - at_));
      at_ = end;
    } else if (const QuoteMark mark = quote_at(text_, at_)) {
      read_quote(mark);
    } else if (text_[at_] == '\\') {
      read_escape();
    } else if (is_control(text_[at_])) {
      read_control();
    } else {
      read_sequence();
    }
  }
  // Cut in the middle of a character: its first half says nothing.
  if (!ended_ && half_pair_ != std::string::npos) out.resize(half_pair_);
  out += '"';
  return at_;
}

void StringReader::append(std::string_view bytes) {
  *out_ += bytes;
  half_pair_ = std::string::npos;
}

bool StringReader::fits_opener(QuoteMark mark) const noexcept {
  switch (opener_) {
    case Mark::plain: return mark.kind == Mark::plain;
    case Mark::single: return mark.kind == Mark::single;
    case Mark::smart_double: return mark.kind == Mark::smart_double || mark.kind == Mark::plain;
    case Mark::smart_single: return mark.kind == Mark::smart_single || mark.kind == Mark::single;
    case Mark::none: break;
  }
  return false;
}

void StringReader::read_quote(QuoteMark mark) {
  if (fits_opener(mark) && ends_string(mark)) {
    ended_ = true;
  } else if (mark.kind == Mark::plain) {
    append("\\\"");
  } else {
    append(text_.substr(at_, mark.size_bytes));
  }
  at_ += mark.size_bytes;
}

bool StringReader::another_quote_follows(std::size_t behind) const noexcept {
  const auto follows = [behind](std::size_t last) {
    return last != std::string_view::npos && last >= behind;
  };
  switch (opener_) {
    case Mark::plain: return follows(last_plain_);
    case Mark::single: return follows(last_single_);
    case Mark::smart_double: return follows(last_smart_) || follows(last_plain_);
    case Mark::smart_single: return follows(last_smart_) || follows(last_single_);
    case Mark::none: break;
  }
  return false;
}

bool StringReader::ends_string(QuoteMark mark) const noexcept {
  const std::size_t behind = at_ + mark.size_bytes;
  if (place_ == StringPlace::key || !another_quote_follows(behind)) return true;
  const std::size_t next = skip_blanks(text_, behind);
  if (next == text_.size()) return true;
  if (place_ == StringPlace::alone) return false;
  switch (text_[next]) {
    case '}':
    case ']':
    case '{':
    case '[': return true;  // the last two: a comma is missing
    case ',':
    case ';': return comma_ends_string(next + 1);
    case ':': return false;  // behind a value there is none
    default: break;
  }
  if (quote_at(text_, next)) return quote_ends_string(behind, next);
  if (begins_comment(text_, next)) return true;
  return text_.substr(behind, next - behind).find('\n') != std::string_view::npos;
}

// Of two quotes side by side the first belongs to the text where the second can end the string;
// else a comma is missing between them.
bool StringReader::quote_ends_string(std::size_t behind, std::size_t next) const noexcept {
  if (next != behind) return true;
  const std::size_t after = skip_blanks(text_, next + quote_at(text_, next).size_bytes);
  return after < text_.size() && text_[after] != ',' && text_[after] != '}' && text_[after] != ']';
}

// Whether what stands behind the comma could be what follows a value: else both belong to the text.
bool StringReader::comma_ends_string(std::size_t at) const noexcept {
  const std::size_t next = skip_blanks(text_, at);
  if (next == text_.size()) return true;
  const char c = text_[next];
  if (begins_comment(text_, next) || c == '}' || c == ']' || c == ',') return true;
  if (place_ == StringPlace::member) {
    return begins_bare_key(text_, next) || begins_quoted_key(next) != Key::no;
  }
  return quote_at(text_, next) || c == '(' || c == '{' || c == '[' || c == '-' || c == '.' ||
         (c >= '0' && c <= '9') || begins_with_literal(text_.substr(next));
}

// Escapes that JSON knows are copied. Any other is a backslash that was meant.
void StringReader::read_escape() {
  if (at_ + 1 == text_.size()) {
    ++at_;  // cut
    return;
  }
  const char c = text_[at_ + 1];
  if (c == 'u') return read_unicode_escape();
  if (std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos) {
    append(text_.substr(at_, 2));
    at_ += 2;
  } else if (c == '\'') {
    append("'");
    at_ += 2;
  } else if (c == '\n' || c == '\r') {
    ++at_;  // a line goes on: the line end is read next
  } else {
    append("\\\\");
    ++at_;
  }
}

void StringReader::read_unicode_escape() {
  const std::string_view digits = text_.substr(at_ + 2, 4);
  const auto wrong = std::find_if_not(digits.begin(), digits.end(), is_hex);
  if (wrong != digits.end()) {
    append("\\\\");
    ++at_;
  } else if (digits.size() < 4) {
    at_ = text_.size();  // cut
  } else {
    const bool begins_pair = (digits[0] == 'd' || digits[0] == 'D') &&
                             (digits[1] == '8' || digits[1] == '9' || digits[1] == 'a' ||
                              digits[1] == 'A' || digits[1] == 'b' || digits[1] == 'B');
    const std::size_t place = out_->size();
    append(text_.substr(at_, 6));
    if (begins_pair) half_pair_ = place;
    at_ += 6;
  }
}

void StringReader::read_control() {
  if (text_[at_] == '\n') return read_line_end();
  json::append_escaped(*out_, text_.substr(at_, 1));
  half_pair_ = std::string::npos;
  ++at_;
}

// A line that ends inside a string, and a next one that begins with a key: the quote was forgotten.
void StringReader::read_line_end() {
  const std::size_t next = skip_blanks(text_, at_);
  if (place_ == StringPlace::member && opener_ != Mark::single && opener_ != Mark::smart_single &&
      begins_quoted_key(next) == Key::yes) {
    while (out_->back() == ' ') out_->pop_back();
    if (out_->back() == ',') out_->pop_back();
    ended_ = true;
    return;
  }
  json::append_escaped(*out_, text_.substr(at_, next - at_));
  half_pair_ = std::string::npos;
  at_ = next;
}

// Perhaps: it is long, has escapes, or the text ends with it.
StringReader::Key StringReader::begins_quoted_key(std::size_t at) const noexcept {
  const QuoteMark mark = quote_at(text_, at);
  if (!mark) return Key::no;
  const std::size_t begin = at + mark.size_bytes;
  const std::string_view name = text_.substr(begin, key_bytes_max);
  const bool is_smart = mark.kind == Mark::smart_double || mark.kind == Mark::smart_single;
  const std::size_t size = is_smart ? name.find("\xE2\x80")
                                    : name.find_first_of(mark.kind == Mark::plain ? "\"\\" : "'\\");
  const QuoteMark end =
      size == std::string_view::npos ? QuoteMark{} : quote_at(text_, begin + size);
  if (!end) return Key::perhaps;
  const std::size_t colon = skip_blanks(text_, begin + size + end.size_bytes);
  if (colon == text_.size()) return Key::perhaps;
  return text_[colon] == ':' ? Key::yes : Key::no;
}

// A character outside ASCII, or a byte that is part of none.
void StringReader::read_sequence() {
  const std::string_view rest = text_.substr(at_, 4);
  const std::size_t size = utf8_sequence_bytes(rest);
  if (size != 0) {
    append(rest.substr(0, size));
    at_ += size;
  } else if (at_ + rest.size() == text_.size() && is_cut_sequence(rest)) {
    at_ = text_.size();
  } else {
    append(replacement);
    ++at_;
  }
}

}  // namespace sluice::json
