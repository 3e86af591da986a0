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

std::string_view Value::unescape(std::string_view raw, std::string& scratch) {
  if (raw.find('\\') == raw.npos) return raw;
  scratch.clear();
  append_unescaped(scratch, raw);
  return scratch;
}

bool Value::escaped_equals(std::string_view raw, std::string_view text) noexcept {
  return unescaped_equals(raw, text);
}

// A count is a few digits, and those are read at once.
std::optional<std::int64_t> Value::integer() const noexcept {
  constexpr std::ptrdiff_t fitting_digits_max = 18;
  if (!is(Kind::number)) return std::nullopt;
  const std::string_view text = raw();
  const char* at = text.data();
  const char* const end = at + text.size();
  if (end - at > fitting_digits_max) return long_integer(text);
  std::int64_t value = 0;
  for (; at != end && is_digit(*at); ++at) value = value * 10 + (*at - '0');
  if (at != end) return long_integer(text);
  return value;
}

std::optional<std::int64_t> Value::long_integer(std::string_view text) const noexcept {
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

}  // namespace sluice::json
