// Reads one string out of a text that should be JSON. Internal to this room.
//
// Where a quote may end the string or be part of it, what follows decides: in a valid document a
// quote that ends a string is always followed by what ends it here, so those are never misread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "repair_text.h"

namespace sluice::json {

/// Where a string stands.
enum class StringPlace : std::uint8_t { key, member, element, alone };

class StringReader {
 public:
  /// Lifetime: of the text.
  explicit StringReader(std::string_view text) noexcept;

  /// Reads the string whose opening quote stands at `at`, appends it to `out` as a JSON string and
  /// tells where it ends in the text.
  std::size_t read(std::size_t at, StringPlace place, std::string& out);

 private:
  [[nodiscard]] bool fits_opener(QuoteMark mark) const noexcept;
  [[nodiscard]] bool ends_string(QuoteMark mark) const noexcept;
  [[nodiscard]] bool comma_ends_string(std::size_t at) const noexcept;
  [[nodiscard]] bool another_quote_follows(std::size_t behind) const noexcept;
  [[nodiscard]] bool quote_ends_string(std::size_t behind, std::size_t next) const noexcept;
  enum class Key : std::uint8_t { no, perhaps, yes };
  [[nodiscard]] Key begins_quoted_key(std::size_t at) const noexcept;
  void read_quote(QuoteMark mark);
  void read_escape();
  void read_unicode_escape();
  void read_control();
  void read_line_end();
  void read_sequence();
  void append(std::string_view bytes);

  std::string_view text_;
  std::size_t last_plain_;
  std::size_t last_single_;
  std::size_t last_smart_;

  // Of the string being read.
  std::size_t at_ = 0;
  std::string* out_ = nullptr;
  StringPlace place_ = StringPlace::alone;
  QuoteMark::Kind opener_ = QuoteMark::Kind::none;
  bool ended_ = false;
  /// Where in `out` the first half of a surrogate pair stands that is the last thing appended.
  std::size_t half_pair_ = std::string::npos;
};

}  // namespace sluice::json
