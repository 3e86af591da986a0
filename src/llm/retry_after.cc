// Retry-After, retry-after-ms and Google's retryDelay: how long a provider asks us to wait.
#include <algorithm>
#include <array>
#include <charconv>

#include "sluice/llm/provider_error.h"

namespace sluice::llm {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds wait_max = std::chrono::hours(1);

std::optional<double> decimal(std::string_view text) {
  if (text.find_first_not_of("0123456789.") != text.npos) return std::nullopt;  // nan, inf, -1
  double value = 0;
  const auto [end, status] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (text.empty() || status != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

milliseconds capped(double wait_ms) {
  return milliseconds(
      static_cast<std::int64_t>(std::min(wait_ms, static_cast<double>(wait_max.count()))));
}

std::optional<int> digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// IMF-fixdate, the one form senders may make (RFC 9110 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<WallTime> http_date(std::string_view text) {
  constexpr std::string_view shape = "ddd, nn mmm nnnn nn:nn:nn GMT";
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != shape.size() || !text.ends_with(" GMT") || text[3] != ',') return std::nullopt;
  const auto day = digits(text.substr(5, 2));
  const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
  const auto year = digits(text.substr(12, 4));
  const auto hour = digits(text.substr(17, 2));
  const auto minute = digits(text.substr(20, 2));
  const auto second = digits(text.substr(23, 2));
  if (!day || month == months.end() || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year(*year),
      std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *year < 1970 || *year > 2200) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

}  // namespace

std::optional<milliseconds> read_retry_after(std::string_view retry_after,
                                             std::string_view retry_after_ms, WallTime now) {
  if (const auto wait_ms = decimal(retry_after_ms)) return capped(*wait_ms);
  if (const auto seconds = decimal(retry_after)) return capped(*seconds * 1000);
  const std::optional<WallTime> date = http_date(retry_after);
  if (!date) return std::nullopt;
  const auto wait = std::chrono::ceil<milliseconds>(*date - now);
  return std::clamp(wait, milliseconds(0), wait_max);
}

std::optional<milliseconds> read_retry_delay(std::string_view delay) {
  if (!delay.ends_with('s')) return std::nullopt;
  delay.remove_suffix(1);
  const auto seconds = decimal(delay);
  return seconds ? std::optional(capped(*seconds * 1000)) : std::nullopt;
}

}  // namespace sluice::llm
