// What a text that should be JSON is made of: blanks, comments, quotes and words. Internal to this
// room.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::json {

/// A quote of whatever kind.
struct QuoteMark {
  enum class Kind : unsigned char { none, plain, single, smart_double, smart_single };
  Kind kind = Kind::none;
  std::size_t size_bytes = 0;

  explicit operator bool() const noexcept { return kind != Kind::none; }
};
[[nodiscard]] QuoteMark quote_at(std::string_view text, std::size_t at) noexcept;

/// Behind white space, a no-break space or a byte order mark that begin at `at`.
[[nodiscard]] std::size_t skip_blanks(std::string_view text, std::size_t at) noexcept;
/// The same, over comments as well.
[[nodiscard]] std::size_t skip_blanks_and_comments(std::string_view text, std::size_t at) noexcept;
/// Whether "//", "/*" or "#" begins there.
[[nodiscard]] bool begins_comment(std::string_view text, std::size_t at) noexcept;
/// Whether a name of at most 64 letters, digits, _, $ and - stands there with a colon behind it.
[[nodiscard]] bool begins_bare_key(std::string_view text, std::size_t at) noexcept;

/// The JSON literal that a word stands for: True is true, None and NaN are null.
[[nodiscard]] std::optional<std::string_view> literal_of(std::string_view word) noexcept;
/// The literal that a word is the beginning of, where the text ends with it.
[[nodiscard]] std::optional<std::string_view> literal_cut_to(std::string_view word) noexcept;
/// The word as a JSON number, spelled as it is where it can be; nothing when it is none.
[[nodiscard]] std::optional<std::string> number_of(std::string_view word);

}  // namespace sluice::json
