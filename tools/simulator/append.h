// Appends pieces of text and whole numbers to a string, one after the other.
//
//   append(out, R"({"index":)", i, R"(,"name":)", name, "}");
//
// What fmt::format_to() does, without a format string to read at run time: the string grows once,
// and a literal is copied by instructions of known size. For what every answer is made of; where
// an answer is rare, fmt says it more briefly.
#pragma once
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace sluice::simulator {

/// Copies `text` to `at`, which has room for it; the end.
inline char* write_bytes(char* at, std::string_view text) noexcept {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

namespace append_detail {

inline constexpr std::size_t number_bytes_max = 20;  // of 64 bits: 19 digits and a sign, or 20

inline std::size_t room_for(std::string_view text) noexcept { return text.size(); }
constexpr std::size_t room_for(std::integral auto) noexcept { return number_bytes_max; }
template <std::size_t size>
constexpr std::size_t room_for(const char (&)[size]) noexcept {
  return size - 1;
}

inline char* write(char* at, std::string_view text) noexcept { return write_bytes(at, text); }
inline char* write(char* at, std::integral auto number) noexcept {
  return std::to_chars(at, at + number_bytes_max, number).ptr;
}
template <std::size_t size>
inline char* write(char* at, const char (&literal)[size]) noexcept {
  std::memcpy(at, literal, size - 1);
  return at + size - 1;
}

}  // namespace append_detail

/// Each part: a string literal, anything that is a std::string_view, or a whole number (no char,
/// no bool).
template <typename... Parts>
void append(std::string& out, const Parts&... parts) {
  const std::size_t before = out.size();
  const std::size_t room = (append_detail::room_for(parts) + ...);
  out.resize_and_overwrite(before + room, [&](char* bytes, std::size_t) {
    char* at = bytes + before;
    ((at = append_detail::write(at, parts)), ...);
    return static_cast<std::size_t>(at - bytes);
  });
}

}  // namespace sluice::simulator
