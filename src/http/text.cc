#include "sluice/http/text.h"

#include <cstring>

#include "scan.h"

namespace sluice::http {
namespace {

template <typename Word>
Word load(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

// Eight bytes with capital ASCII letters made small: the sums carry into a byte's top bit when its
// lower seven are at least 'A', and beyond 'Z'.
constexpr std::uint64_t lower(std::uint64_t bytes) noexcept {
  constexpr std::uint64_t each = 0x0101010101010101;
  const std::uint64_t low7 = bytes & each * 0x7f;
  const std::uint64_t from_a = low7 + each * (0x80 - 'A');
  const std::uint64_t beyond_z = low7 + each * (0x7f - 'Z');
  const std::uint64_t capital = (from_a ^ beyond_z) & ~bytes & each * 0x80;
  return bytes | capital >> 2;
}

// Most differences show in the bits that letter case does not touch.
bool same_letters(std::uint64_t a, std::uint64_t b) noexcept {
  constexpr std::uint64_t not_case = ~std::uint64_t{0x2020202020202020};
  return ((a ^ b) & not_case) == 0 && lower(a) == lower(b);
}

// All of a text of 1 to 7 bytes, some of them twice.
std::uint64_t short_word(const char* from, std::size_t size_bytes) noexcept {
  if (size_bytes >= 4) {
    return std::uint64_t{load<std::uint32_t>(from)} << 32 |
           load<std::uint32_t>(from + size_bytes - 4);
  }
  const auto byte = [from](std::size_t at) {
    return std::uint64_t{static_cast<unsigned char>(from[at])};
  };
  return byte(0) << 16 | byte(size_bytes / 2) << 8 | byte(size_bytes - 1);
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
