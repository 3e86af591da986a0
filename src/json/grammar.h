// Stage 2 of the index: walks the tokens once, checks all that stage 1 does not, and notes each
// opening bracket's partner.
#pragma once
#include <cstdint>
#include <string_view>

#include "sluice/json/index.h"

namespace sluice::json {

class GrammarCheck {
 public:
  /// `tokens` has tokens_count offsets and one more: the size of the text. `partners` has room for
  /// as many, `open` for depth_max.
  GrammarCheck(std::string_view text, const std::uint32_t* tokens, std::uint32_t tokens_count,
               std::uint32_t* partners, std::uint32_t* open, std::uint32_t depth_max) noexcept;

  /// True when the text is one JSON value; else error() says why not.
  [[nodiscard]] bool run() noexcept;
  [[nodiscard]] const IndexError& error() const noexcept { return error_; }

 private:
  // What may stand at the next token.
  enum class Expect : std::uint8_t { value, first_key, key, first_element, separator, nothing };

  [[nodiscard]] bool step() noexcept;
  [[nodiscard]] bool step_value(char first) noexcept;
  [[nodiscard]] bool step_key(char first) noexcept;
  [[nodiscard]] bool step_separator(char first) noexcept;
  [[nodiscard]] bool open_bracket(char bracket) noexcept;
  void close_bracket() noexcept;
  [[nodiscard]] bool check_string() noexcept;
  [[nodiscard]] bool check_plain(std::size_t size_bytes, const char* reason) noexcept;
  [[nodiscard]] bool check_ended() noexcept;
  [[nodiscard]] bool refuse(std::size_t offset, const char* reason,
                            Defect defect = Defect::malformed) noexcept;
  [[nodiscard]] std::size_t offset() const noexcept { return tokens_[token_]; }
  [[nodiscard]] std::string_view plain_text() const noexcept {
    return text_.substr(tokens_[token_], tokens_[token_ + 1] - tokens_[token_]);
  }

  std::string_view text_;
  const std::uint32_t* tokens_;
  std::uint32_t tokens_count_;
  std::uint32_t* partners_;
  std::uint32_t* open_;
  std::uint32_t depth_max_;

  std::uint32_t token_ = 0;
  std::uint32_t depth_ = 0;
  bool in_object_ = false;  // meaningful with depth_ > 0
  Expect expect_ = Expect::value;
  const char* next_backslash_;  // the first at or behind the strings not yet checked
  IndexError error_;
};

}  // namespace sluice::json
