#include "sluice/http/text.h"

#include "letter_case.h"
#include "scan.h"

namespace sluice::http {
namespace {

// Most differences show in the bits that letter case does not touch.
bool same_letters(std::uint64_t a, std::uint64_t b) noexcept {
  constexpr std::uint64_t not_case = ~std::uint64_t{0x2020202020202020};
  return ((a ^ b) & not_case) == 0 && lower(a) == lower(b);
}

}  // namespace

bool is_token(std::string_view text) noexcept {
  const char* end = text.data() + text.size();
  return !text.empty() && skip_token(text.data(), end) == end;
}

bool is_field_value(std::string_view text) noexcept {
  const char* end = text.data() + text.size();
  return find_control(text.data(), end) == end;
}

bool same_ignoring_case(const char* a, const char* b, std::size_t size_bytes) noexcept {
  if (size_bytes < 8) {
    return size_bytes == 0 || same_letters(short_word(a, size_bytes), short_word(b, size_bytes));
  }
  for (std::size_t at = 0; at + 8 < size_bytes; at += 8) {
    if (!same_letters(load<std::uint64_t>(a + at), load<std::uint64_t>(b + at))) return false;
  }
  const std::size_t last = size_bytes - 8;  // overlaps what was compared
  return same_letters(load<std::uint64_t>(a + last), load<std::uint64_t>(b + last));
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) noexcept {
  if (text.empty() || text.size() > 19) return std::nullopt;
  std::uint64_t value = 0;  // 19 nines fit
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (value > std::uint64_t{INT64_MAX}) return std::nullopt;
  return value;
}

std::optional<std::string_view> CommaList::next() noexcept {
  while (!rest_.empty()) {
    const std::size_t comma = rest_.find(',');
    const std::string_view element = trim_blanks(rest_.substr(0, comma));
    rest_.remove_prefix(comma == std::string_view::npos ? rest_.size() : comma + 1);
    if (!element.empty()) return element;
  }
  return std::nullopt;
}

bool list_has_token(std::string_view list, std::string_view token) noexcept {
  CommaList elements(list);
  while (const auto element = elements.next()) {
    if (equal_ignoring_case(*element, token)) return true;
  }
  return false;
}

}  // namespace sluice::http
