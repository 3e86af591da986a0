#include "scalars.h"

namespace sluice::json {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "find_backslash counts from the low byte");

std::size_t escape_bytes(std::string_view text) noexcept {
  if (text.size() < 2) return 0;
  switch (text[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return 2;
    case 'u':
      if (text.size() < 6) return 0;
      for (std::size_t i = 2; i < 6; ++i) {
        if (hex_value(text[i]) < 0) return 0;
      }
      return 6;
    default: return 0;
  }
}

std::size_t number_bytes(std::string_view text) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto skip_digits = [&]() {
    const char* const first = at;
    while (at != end && is_digit(*at)) ++at;
    return at != first;
  };
  if (at != end && *at == '-') ++at;
  const std::size_t whole_bytes = integer_bytes({at, static_cast<std::size_t>(end - at)});
  if (whole_bytes == 0) return 0;
  at += whole_bytes;
  if (at != end && *at == '.') {
    ++at;
    if (!skip_digits()) return 0;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    if (!skip_digits()) return 0;
  }
  return static_cast<std::size_t>(at - text.data());
}

}  // namespace sluice::json
