#include "wish_reading.h"

#include <algorithm>

#include <fmt/format.h>

namespace sluice::llm {

using json::Kind;
using json::Value;

bool WishReading::name(Value value, const Place& place, std::string& out) {
  if (!value.is(Kind::string)) return wrong_type(place, "a string", value);
  // An escape takes at most six bytes for one: what is longer as it stands is so unescaped too.
  if (value.string_raw()->size() > 6 * wish_name_bytes_max)
    out.assign(wish_name_bytes_max + 1, ' ');
  else
    out = *value.string();
  if (out.empty()) return refuse(errors::field_empty(place.text()));
  return out.size() <= wish_name_bytes_max ||
         invalid(place, fmt::format("must not be longer than {} bytes.", wish_name_bytes_max));
}

bool WishReading::few_entries(Value array, const Place& place) {
  std::size_t count = 0;
  for ([[maybe_unused]] const Value entry : array.elements()) {
    if (++count > wish_entries_max) {
      return invalid(place, fmt::format("must not have more than {} entries.", wish_entries_max));
    }
  }
  return true;
}

bool WishReading::names(Value value, const char* list, std::vector<std::string>& out) {
  if (!array(value, list) || !few_entries(value, list)) return false;
  for (const Value entry : value.elements()) {
    const Place place(list, out.size());
    if (!name(entry, place, out.emplace_back())) return false;
  }
  return true;
}

bool WishReading::amount(Value value, const Place& place, std::optional<double>& out) {
  if (!value.is(Kind::number)) return wrong_type(place, "a number", value);
  out = value.number();
  // Nothing: too large for any arithmetic. A minus zero is a zero.
  return (out && *out >= 0 && *out <= wish_number_max) ||
         invalid(place, "must be a number that is not negative, and at most 1e12.");
}

bool WishReading::flag(Value value, const Place& place, bool& out) {
  std::optional<bool> said;
  if (!boolean(value, place, said)) return false;
  out = *said;
  return true;
}

namespace {
char lowered(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
}
}  // namespace

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lowered);
  return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lowered, lowered);
}

ApiError contradiction(std::string_view a, std::string_view b, std::string_view advice) {
  return errors::field_invalid(
      a, fmt::format("'{}' and '{}' contradict each other. {}", a, b, advice));
}

}  // namespace sluice::llm
