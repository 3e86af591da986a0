// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
//
// simdjson checks at speed; its scalar twin here says where the first wrong byte is, which is what
// a message needs, and encodes what escapes name.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::json {

/// Length in bytes, 1 to 4, of the well-formed sequence `bytes` begins with; 0 when there is none.
[[nodiscard]] std::size_t utf8_sequence_bytes(std::string_view bytes) noexcept;

/// Offset of the first byte that belongs to no well-formed sequence; bytes.size() when all do.
[[nodiscard]] std::size_t find_invalid_utf8(std::string_view bytes) noexcept;

/// Whether all bytes do; fast where they are many.
[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;

/// Appends the encoding of `code_point`; U+FFFD in place of a surrogate or a value above U+10FFFF.
void append_utf8(std::string& out, char32_t code_point);

/// At most `bytes_max` bytes of `text`, cut where no sequence is split.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) noexcept;

}  // namespace sluice::json
