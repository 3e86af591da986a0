#include "reset_time.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::upstream {
namespace {

constexpr double ns_per_ms = 1e6;
constexpr double ns_per_s = 1e9;

Duration capped(double ns) {
  constexpr auto most = static_cast<double>(reset_max.count());
  return Duration(static_cast<std::int64_t>(std::clamp(ns, 0.0, most)));
}

// Takes "12" or "12.5" off the front: no sign, no exponent, no word that from_chars would know.
std::optional<double> take_number(std::string_view& text) {
  const std::size_t size = std::min(text.find_first_not_of("0123456789."), text.size());
  double value = 0;
  const auto [end, status] =
      std::from_chars(text.data(), text.data() + size, value, std::chars_format::fixed);
  if (size == 0 || status != std::errc{} || end != text.data() + size) return std::nullopt;
  text.remove_prefix(size);
  return value;
}

struct Unit {
  std::string_view name;
  double ns;
};
constexpr std::array units = {Unit{"ns", 1},       Unit{"us", 1e3}, Unit{"ms", ns_per_ms},
                              Unit{"s", ns_per_s}, Unit{"m", 60e9}, Unit{"h", 3'600e9},
                              Unit{"d", 86'400e9}};

std::optional<Duration> parse_span(std::string_view text) {
  double ns = 0;
  while (!text.empty()) {
    const std::optional<double> number = take_number(text);
    if (!number) return std::nullopt;
    const std::size_t size = std::min(text.find_first_of("0123456789."), text.size());
    const std::string_view name = text.substr(0, size);
    const auto unit = std::find_if(units.begin(), units.end(),
                                   [&](const Unit& known) { return known.name == name; });
    if (unit == units.end()) return std::nullopt;
    ns += *number * unit->ns;
    text.remove_prefix(size);
  }
  return capped(ns);
}

std::optional<unsigned> digits(std::string_view text, std::size_t at, std::size_t count) {
  unsigned value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

// What stands behind the seconds: a fraction, which does not matter here, and Z or an offset.
std::optional<std::chrono::minutes> parse_zone(std::string_view text) {
  if (text.starts_with('.')) {
    text.remove_prefix(std::min(text.find_first_not_of("0123456789", 1), text.size()));
  }
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  if (text.size() != 6 || text[3] != ':' || (text[0] != '+' && text[0] != '-')) {
    return std::nullopt;
  }
  const auto hours = digits(text, 1, 2);
  const auto minutes = digits(text, 4, 2);
  if (!hours || !minutes) return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return text[0] == '+' ? offset : -offset;
}

// RFC 3339 5.6: "2026-08-19T14:34:12Z".
std::optional<Duration> parse_moment(std::string_view text, WallTime now) {
  constexpr std::string_view shape = "nnnn-nn-nnTnn:nn:nn";
  if (text.size() <= shape.size() || (text[10] != 'T' && text[10] != 't')) return std::nullopt;
  for (const std::size_t at : {4U, 7U}) {
    if (text[at] != '-') return std::nullopt;
  }
  for (const std::size_t at : {13U, 16U}) {
    if (text[at] != ':') return std::nullopt;
  }
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  const auto offset = parse_zone(text.substr(shape.size()));
  if (!year || !month || !day || !hour || !minute || !second || !offset) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  if (!date.ok() || *year < 1970 || *year > 2200) return std::nullopt;
  const WallTime moment = WallTime(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
                          std::chrono::minutes(*minute) + std::chrono::seconds(*second) - *offset;
  return std::clamp<Duration>(moment - now, Duration(0), reset_max);
}

Duration plain_span(double number, WallTime now, std::optional<Duration> period) {
  constexpr double since_1970_s = 1e9;  // September 2001: no span is as long
  constexpr double since_1970_ms = 1e12;
  const auto now_ns = static_cast<double>(now.time_since_epoch().count());
  if (number >= since_1970_ms) return capped(number * ns_per_ms - now_ns);
  if (number >= since_1970_s) return capped(number * ns_per_s - now_ns);
  const bool counts_ms = period && number * ns_per_s > static_cast<double>(period->count());
  return capped(number * (counts_ms ? ns_per_ms : ns_per_s));
}

}  // namespace

std::optional<Duration> parse_reset(std::string_view text, WallTime now,
                                    std::optional<Duration> period) {
  constexpr std::size_t bytes_max = 40;  // the longest moment has 35
  if (text.empty() || text.size() > bytes_max) return std::nullopt;
  if (text.find('-') == 4) return parse_moment(text, now);
  std::string_view rest = text;
  const std::optional<double> number = take_number(rest);
  if (number && rest.empty()) return plain_span(*number, now, period);
  return parse_span(text);
}

}  // namespace sluice::upstream
