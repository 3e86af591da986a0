#include "repair_text.h"

#include <algorithm>
#include <array>

namespace sluice::json {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '$' ||
         c == '-';
}

constexpr std::size_t key_bytes_max = 64;

/// Reads digits from the front of `rest`, and underscores between them, which are left out.
std::string take_digits(std::string_view& rest) {
  std::string digits;
  while (!rest.empty()) {
    const bool separates =
        rest[0] == '_' && !digits.empty() && rest.size() > 1 && is_digit(rest[1]);
    if (!separates && !is_digit(rest[0])) break;
    if (!separates) digits += rest[0];
    rest.remove_prefix(1);
  }
  return digits;
}

}  // namespace

QuoteMark quote_at(std::string_view text, std::size_t at) noexcept {
  using Kind = QuoteMark::Kind;
  if (at >= text.size()) return {};
  if (text[at] == '"') return {Kind::plain, 1};
  if (text[at] == '\'') return {Kind::single, 1};
  if (text.substr(at, 2) != "\xE2\x80" || at + 2 >= text.size()) return {};
  switch (static_cast<unsigned char>(text[at + 2])) {
    case 0x9C:
    case 0x9D:
    case 0x9E:
    case 0x9F: return {Kind::smart_double, 3};  // “ ” „ ‟
    case 0x98:
    case 0x99:
    case 0x9A:
    case 0x9B: return {Kind::smart_single, 3};  // ‘ ’ ‚ ‛
    default: return {};
  }
}

std::size_t skip_blanks(std::string_view text, std::size_t at) noexcept {
  while (at < text.size()) {
    if (is_blank(text[at])) {
      ++at;
    } else if (text.substr(at, 2) == "\xC2\xA0") {
      at += 2;
    } else if (text.substr(at, 3) == "\xEF\xBB\xBF") {
      at += 3;
    } else {
      break;
    }
  }
  return at;
}

bool begins_comment(std::string_view text, std::size_t at) noexcept {
  if (at >= text.size()) return false;
  if (text[at] == '#') return true;
  const std::string_view two = text.substr(at, 2);
  return two == "//" || two == "/*";
}

std::size_t skip_blanks_and_comments(std::string_view text, std::size_t at) noexcept {
  while (true) {
    at = skip_blanks(text, at);
    if (!begins_comment(text, at)) return at;
    const bool is_block = text.substr(at, 2) == "/*";
    const std::size_t end = is_block ? text.find("*/", at + 2) : text.find('\n', at);
    if (end == std::string_view::npos) return text.size();
    at = end + (is_block ? 2 : 1);
  }
}

bool begins_bare_key(std::string_view text, std::size_t at) noexcept {
  const std::size_t begin = at;
  while (at < text.size() && at - begin <= key_bytes_max && is_name_character(text[at])) ++at;
  if (at == begin || at - begin > key_bytes_max) return false;
  at = skip_blanks(text, at);
  return at < text.size() && text[at] == ':';
}

std::optional<std::string_view> literal_of(std::string_view word) noexcept {
  if (word.size() > 9) return std::nullopt;  // "undefined"; "-Infinity"
  std::array<char, 9> lower{};
  std::transform(word.begin(), word.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c; });
  std::string_view name(lower.data(), word.size());
  if (name == "true") return "true";
  if (name == "false") return "false";
  if (name == "null" || name == "none" || name == "nil" || name == "undefined") return "null";
  if (name.starts_with('-') || name.starts_with('+')) name.remove_prefix(1);
  if (name == "nan" || name == "infinity" || name == "inf") return "null";
  return std::nullopt;
}

std::optional<std::string_view> literal_cut_to(std::string_view word) noexcept {
  if (word.empty()) return std::nullopt;
  for (const std::string_view whole : {"true", "false", "null", "True", "False", "None"}) {
    if (whole.starts_with(word)) return literal_of(whole);
  }
  return std::nullopt;
}

std::optional<std::string> number_of(std::string_view word) {
  std::string number;
  if (word.starts_with('-')) number = "-";
  if (word.starts_with('-') || word.starts_with('+')) word.remove_prefix(1);
  const std::string whole = take_digits(word);
  if (whole.size() > 1 && whole[0] == '0') return std::nullopt;  // 007 is a name, not a number
  std::string fraction;
  if (word.starts_with('.')) {
    word.remove_prefix(1);
    fraction = take_digits(word);
  }
  if (whole.empty() && fraction.empty()) return std::nullopt;
  number += whole.empty() ? "0" : whole;
  if (!fraction.empty()) number += "." + fraction;
  if (word.starts_with('e') || word.starts_with('E')) {
    std::string exponent(1, word[0]);
    word.remove_prefix(1);
    if (word.starts_with('-') || word.starts_with('+')) {
      exponent += word[0];
      word.remove_prefix(1);
    }
    const std::string digits = take_digits(word);
    if (!digits.empty()) number += exponent + digits;
  }
  if (!word.empty()) return std::nullopt;
  return number;
}

}  // namespace sluice::json
