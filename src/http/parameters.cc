#include "parameters.h"

#include "scan.h"
#include "sluice/http/text.h"

namespace sluice::http {
namespace {

// DQUOTE *( qdtext / quoted-pair ) DQUOTE; `text` begins with the quote. RFC 9110 5.6.4.
std::optional<std::string_view> take_quoted(std::string_view& text) noexcept {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
      continue;
    }
    if (text[i] == '"') {
      const std::string_view inside = text.substr(1, i - 1);
      text.remove_prefix(i + 1);
      if (!is_field_value(inside)) return std::nullopt;
      return inside;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view take_token(std::string_view& text) noexcept {
  const char* const begin = text.data();
  const char* const end = skip_token(begin, begin + text.size());
  const std::string_view token = text.substr(0, static_cast<std::size_t>(end - begin));
  text.remove_prefix(token.size());
  return token;
}

bool take_parameter(std::string_view& text, Parameter& parameter) noexcept {
  parameter = {};
  text = trim_blanks(text);
  if (text.empty()) return true;
  if (text.front() != ';') return false;
  text.remove_prefix(1);
  text = trim_blanks(text);
  if (text.empty() || text.front() == ';') return true;
  parameter.name = take_token(text);
  if (parameter.name.empty() || !text.starts_with('=')) return false;
  text.remove_prefix(1);
  if (text.starts_with('"')) {
    const auto value = take_quoted(text);
    if (!value) return false;
    parameter.value = *value;
    return true;
  }
  parameter.value = take_token(text);
  return !parameter.value.empty();
}

}  // namespace sluice::http
