#include "text.h"

#include <algorithm>
#include <chrono>

#include "sluice/base/decimal.h"

namespace sluice::telemetry {

char* write_time(char* at, WallTime time) noexcept {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto ms = static_cast<unsigned>(
      std::chrono::floor<std::chrono::milliseconds>(time - day).count());  // below 86 400 000
  const unsigned seconds = ms / 1'000;
  const auto year = static_cast<unsigned>(std::clamp(static_cast<int>(date.year()), 0, 9999));
  at = write_four_digits(at, year);
  *at++ = '-';
  at = write_two_digits(at, static_cast<unsigned>(date.month()));
  *at++ = '-';
  at = write_two_digits(at, static_cast<unsigned>(date.day()));
  *at++ = 'T';
  at = write_two_digits(at, seconds / 3'600);
  *at++ = ':';
  at = write_two_digits(at, seconds / 60 % 60);
  *at++ = ':';
  at = write_two_digits(at, seconds % 60);
  *at++ = '.';
  *at++ = static_cast<char>('0' + ms % 1'000 / 100);
  at = write_two_digits(at, ms % 100);
  *at++ = 'Z';
  return at;
}

}  // namespace sluice::telemetry
