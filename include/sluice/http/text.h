// The small grammar every part of HTTP shares: tokens, field values, comma lists, letter case.
//
// All functions are pure and take bytes as they came; none allocates. RFC 9110 section 5.6.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::http {

/// RFC 9110 5.6.2: one or more of the visible characters a name may hold.
[[nodiscard]] bool is_token(std::string_view text) noexcept;

/// RFC 9110 5.5: HTAB, SP, visible ASCII and bytes from 0x80; no CR, LF, NUL or other control. May
/// be empty. Blanks at the ends are not asked about.
[[nodiscard]] bool is_field_value(std::string_view text) noexcept;

/// Equality that takes ASCII letters of either case as one.
[[nodiscard]] bool same_ignoring_case(const char* a, const char* b,
                                      std::size_t size_bytes) noexcept;
[[nodiscard]] inline bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && same_ignoring_case(a.data(), b.data(), a.size());
}

/// SP or HTAB; and `text` without SP and HTAB at both ends.
[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
[[nodiscard]] inline std::string_view trim_blanks(std::string_view text) noexcept {
  const char* begin = text.data();
  const char* end = begin + text.size();
  while (begin != end && is_blank(*begin)) ++begin;
  while (begin != end && is_blank(end[-1])) --end;
  return {begin, static_cast<std::size_t>(end - begin)};
}

/// One or more decimal digits, at most 19, no sign, at most 2^63 - 1; nothing otherwise.
[[nodiscard]] std::optional<std::uint64_t> parse_decimal(std::string_view text) noexcept;

/// Walks a comma list (RFC 9110 5.6.1), trimmed, empty elements left out. Commas inside quoted
/// strings separate too: only lists of tokens are read with it.
class CommaList {
 public:
  explicit CommaList(std::string_view list) noexcept : rest_(list) {}
  /// The next element, or nothing at the end.
  [[nodiscard]] std::optional<std::string_view> next() noexcept;

 private:
  std::string_view rest_;
};

/// Whether a comma list holds `token`, in any letter case.
[[nodiscard]] bool list_has_token(std::string_view list, std::string_view token) noexcept;

}  // namespace sluice::http
