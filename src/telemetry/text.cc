#include "text.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace sluice::telemetry {
namespace {

void append_digits(std::string& out, unsigned value, std::size_t width) {
  char digits[8];
  for (std::size_t place = width; place-- > 0; value /= 10) {
    digits[place] = static_cast<char>('0' + value % 10);
  }
  out.append(digits, width);
}

}  // namespace

void append_time(std::string& out, WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto ms = static_cast<unsigned>(
      std::chrono::floor<std::chrono::milliseconds>(time - day).count());  // below 86 400 000
  append_digits(out, static_cast<unsigned>(std::clamp(static_cast<int>(date.year()), 0, 9999)), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_digits(out, ms / 3'600'000, 2);
  out += ':';
  append_digits(out, ms / 60'000 % 60, 2);
  out += ':';
  append_digits(out, ms / 1'000 % 60, 2);
  out += '.';
  append_digits(out, ms % 1'000, 3);
  out += 'Z';
}

}  // namespace sluice::telemetry
