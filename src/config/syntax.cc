#include "syntax.h"

#include <algorithm>

#include "sluice/config/parse.h"
#include "sluice/config/spelling.h"

namespace sluice::config {
namespace {

// A dotted key makes a table per dot, and tables are destroyed recursively: thousands of dots would
// end the process by its stack. No key can continue on the next line.
constexpr std::size_t dots_per_line_max = 256;

std::optional<Place> too_many_dots(std::string_view text) noexcept {
  Place place{1, 0};
  std::size_t dots = 0;
  for (const char c : text) {
    ++place.column;
    if (c == '\n') {
      ++place.line;
      place.column = 0;
      dots = 0;
    } else if (c == '.' && ++dots > dots_per_line_max) {
      return place;
    }
  }
  return std::nullopt;
}

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
  if (const auto place = too_many_dots(text)) {
    complaints.error(*place, "", "more than 256 dots on one line; break the line");
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
