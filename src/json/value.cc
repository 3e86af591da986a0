#include "sluice/json/value.h"

#include <charconv>
#include <cmath>
#include <system_error>

#include "scalars.h"
#include "unescape.h"

namespace sluice::json {

std::string_view to_string(Kind kind) noexcept {
  switch (kind) {
    case Kind::object: return "an object";
    case Kind::array: return "an array";
    case Kind::string: return "a string";
    case Kind::number: return "a number";
    case Kind::boolean: return "a boolean";
    case Kind::null: return "null";
  }
  __builtin_unreachable();
}

Kind Value::kind() const noexcept {
  switch (first_byte()) {
    case '{': return Kind::object;
    case '[': return Kind::array;
    case '"': return Kind::string;
    case 't':
    case 'f': return Kind::boolean;
    case 'n': return Kind::null;
    default: return Kind::number;  // the index let nothing else pass
  }
}

std::uint32_t Value::next_token() const noexcept {
  const char first = first_byte();
  if (first == '{' || first == '[') return index_->token_partner(token_) + 1;
  return token_ + 1;
}

Span Value::span() const noexcept {
  const std::size_t begin = index_->token_offset(token_);
  const char first = first_byte();
  if (first == '{' || first == '[') {
    return {begin, index_->token_offset(index_->token_partner(token_)) + 1 - begin};
  }
  std::size_t end = index_->token_offset(token_ + 1);
  while (is_white_space(index_->text()[end - 1])) --end;  // stops at the scalar's last byte
  return {begin, end - begin};
}

std::string_view Value::raw() const noexcept {
  const Span place = span();
  return index_->text().substr(place.offset, place.size_bytes);
}

std::optional<std::string_view> Value::string_raw() const noexcept {
  if (first_byte() != '"') return std::nullopt;
  const std::string_view quoted = raw();
  return quoted.substr(1, quoted.size() - 2);
}

std::optional<std::string> Value::string() const {
  std::string out;
  if (!append_string(out)) return std::nullopt;
  return out;
}

bool Value::append_string(std::string& out) const {
  const std::optional<std::string_view> text = string_raw();
  if (!text) return false;
  append_unescaped(out, *text);
  return true;
}

// The common case byte by byte: as long as no backslash came, both texts are spelled alike, so the
// first difference decides. The closing quote ends the loop at the latest.
bool Value::string_equals(std::string_view text) const noexcept {
  if (first_byte() != '"') return false;
  const char* at = index_->text().data() + index_->token_offset(token_) + 1;
  for (const char c : text) {
    if (*at == '\\') return unescaped_equals(*string_raw(), text);
    if (*at == '"' || *at != c) return false;
    ++at;
  }
  return *at == '"';
}

std::optional<std::int64_t> Value::integer() const noexcept {
  if (!is(Kind::number)) return std::nullopt;
  const std::string_view text = raw();
  const char* const end = text.data() + text.size();
  std::int64_t value = 0;
  const auto [stop, status] = std::from_chars(text.data(), end, value);
  if (status == std::errc::result_out_of_range) return std::nullopt;
  if (stop == end) return value;
  // A fraction or an exponent: whole all the same, if a double holds it exactly.
  constexpr double exact_end = 9007199254740992;  // 2^53: above it, neighbours round to one
  const std::optional<double> real = number();
  if (!real || std::abs(*real) >= exact_end || std::trunc(*real) != *real) return std::nullopt;
  return static_cast<std::int64_t>(*real);
}

namespace {

// from_chars reports too large and too small alike: tell them apart by the decimal exponent.
bool is_too_large(std::string_view text) noexcept {
  if (text.front() == '-') text.remove_prefix(1);
  long long digits = 0;
  while (static_cast<std::size_t>(digits) < text.size() &&
         is_digit(text[static_cast<std::size_t>(digits)])) {
    ++digits;
  }
  if (text.front() == '0') digits = 0;
  const std::size_t mark = text.find_first_of("eE");
  if (mark == std::string_view::npos) return digits > 0;
  std::string_view exponent = text.substr(mark + 1);
  const bool negative = exponent.front() == '-';
  if (negative || exponent.front() == '+') exponent.remove_prefix(1);
  long long magnitude = 0;
  const auto status =
      std::from_chars(exponent.data(), exponent.data() + exponent.size(), magnitude).ec;
  if (status != std::errc{}) return !negative;
  return digits + (negative ? -magnitude : magnitude) > 0;
}

}  // namespace

std::optional<double> Value::number() const noexcept {
  if (!is(Kind::number)) return std::nullopt;
  const std::string_view text = raw();
  double value = 0;
  const auto status = std::from_chars(text.data(), text.data() + text.size(), value).ec;
  if (status == std::errc::result_out_of_range) {
    if (is_too_large(text)) return std::nullopt;
    return text.front() == '-' ? -0.0 : 0.0;
  }
  return value;
}

std::optional<bool> Value::boolean() const noexcept {
  switch (first_byte()) {
    case 't': return true;
    case 'f': return false;
    default: return std::nullopt;
  }
}

Members Value::members() const noexcept {
  if (first_byte() != '{') return {*index_, token_, token_};
  return {*index_, token_ + 1, index_->token_partner(token_)};
}

Elements Value::elements() const noexcept {
  if (first_byte() != '[') return {*index_, token_, token_};
  return {*index_, token_ + 1, index_->token_partner(token_)};
}

bool Value::is_empty() const noexcept {
  const char first = first_byte();
  return (first == '{' || first == '[') && index_->token_partner(token_) == token_ + 1;
}

std::optional<Value> Value::find(std::string_view name) const noexcept {
  for (const Member member : members()) {
    if (member.key.string_equals(name)) return member.value;
  }
  return std::nullopt;
}

Lookup Value::find_unique(std::string_view name) const noexcept {
  Lookup found;
  for (const Member member : members()) {
    if (!member.key.string_equals(name)) continue;
    if (found.value) {
      found.duplicate = true;
      return found;
    }
    found.value = member.value;
  }
  return found;
}

namespace {

// From the token after a value to the next one's: over the comma, or at the closing bracket.
std::uint32_t after_comma(const Index& index, std::uint32_t token) noexcept {
  return index.text()[index.token_offset(token)] == ',' ? token + 1 : token;
}

}  // namespace

Members::Iterator& Members::Iterator::operator++() noexcept {
  token_ = after_comma(*index_, Value(*index_, token_ + 2).next_token());
  return *this;
}

Elements::Iterator& Elements::Iterator::operator++() noexcept {
  token_ = after_comma(*index_, Value(*index_, token_).next_token());
  return *this;
}

}  // namespace sluice::json
