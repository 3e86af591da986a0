#include "syntax.h"

#include <algorithm>

#include "sluice/config/parse.h"
#include "sluice/config/spelling.h"

namespace sluice::config {
namespace {

// A dotted key makes a table per dot, and tables are destroyed recursively: thousands of dots would
// end the process by its stack. No key can continue on the next line.
constexpr std::size_t dots_per_line_max = 256;

// Walks over the file knowing only strings and comments, and looks at what is outside of them.
// toml++ 3.3 has undefined behaviour (a wrong table of white space) for letters such as U+00E9
// there, where TOML allows ASCII alone.
class Outside {
 public:
  explicit Outside(std::string_view text) : text_(text) {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = line_start_ = 3;
  }

  /// The first fault, or nothing; `place` is then where it is.
  std::optional<std::string_view> fault(Place& place) {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '#') skip_comment();
      if (c == '"' || c == '\'') skip_string(c);
      if (at_ >= text_.size()) break;
      if (text_[at_] == '\n') new_line();
      if (c == '.' && ++dots_ > dots_per_line_max) {
        place = here();
        return "more than 256 dots on one line; break the line";
      }
      if (static_cast<unsigned char>(c) >= 0x80) {
        place = here();
        return "only texts in quotes and comments may hold characters that are not ASCII; was a "
               "curly quote pasted?";
      }
    }
    return std::nullopt;
  }

 private:
  void skip_comment() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  // Leaves at_ on the last byte of the string, or on the line end that cuts it short.
  void skip_string(char quote) {
    const std::string three(3, quote);
    const bool multi_line = text_.substr(at_).starts_with(three);
    for (at_ += multi_line ? 3 : 1; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\n' && !multi_line) return;
      if (c == '\n') new_line();
      if (c == '\\' && quote == '"' && next() != '\n') ++at_;
      if (c != quote) continue;
      if (!multi_line) return;
      if (!text_.substr(at_).starts_with(three)) continue;
      at_ += 2;
      for (int more = 0; more < 2 && next() == quote; ++more) ++at_;  // they belong to the text
      return;
    }
  }

  [[nodiscard]] char next() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : '\0'; }

  void new_line() {
    ++line_;
    line_start_ = at_ + 1;
    dots_ = 0;
  }

  // Columns are counted in characters: bytes that do not continue one.
  [[nodiscard]] Place here() const {
    const std::string_view line = text_.substr(line_start_, at_ - line_start_ + 1);
    const auto characters = std::count_if(line.begin(), line.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    });
    return {line_, static_cast<std::uint32_t>(characters)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::size_t dots_ = 0;
  std::uint32_t line_ = 1;
};

// The parser quotes names and characters of the file between apostrophes: they stay when they may
// be shown.
std::string without_secrets(std::string_view description) {
  std::string result;
  while (true) {
    const std::size_t open = description.find('\'');
    result += description.substr(0, open);
    if (open == std::string_view::npos) return result;
    const std::size_t close = description.find('\'', open + 1);
    if (close == std::string_view::npos) return result + "...";
    const std::string_view quoted = description.substr(open + 1, close - open - 1);
    result += showable(quoted) ? "'" + std::string(quoted) + "'" : "'...'";
    description.remove_prefix(close + 1);
  }
}

}  // namespace

Place place_of(const toml::source_region& region) noexcept {
  return {static_cast<std::uint32_t>(region.begin.line),
          static_cast<std::uint32_t>(region.begin.column)};
}

std::optional<toml::table> parse_toml(std::string_view text, Complaints& complaints) {
  if (text.size() > config_bytes_max) {
    complaints.error({}, "", "the file is larger than 4 MiB, which no configuration is");
    return std::nullopt;
  }
  Place place;
  if (const auto fault = Outside(text).fault(place)) {
    complaints.error(place, "", std::string(*fault));
    return std::nullopt;
  }
  toml::parse_result result = toml::parse(text);
  if (!result) {
    const toml::parse_error& error = result.error();
    const std::string_view what = error.description();
    const bool bare = what.find("could not determine value type") != std::string_view::npos;
    complaints.error(
        place_of(error.source()), "",
        "not valid TOML: " + without_secrets(what) + (bare ? "; a text stands in quotes" : ""));
    return std::nullopt;
  }
  return std::move(result).table();
}

}  // namespace sluice::config
