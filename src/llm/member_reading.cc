#include "member_reading.h"

#include <fmt/format.h>

namespace sluice::llm {

using json::Kind;
using json::Value;

std::string Place::text() const {
  std::string out;
  const auto add = [&](std::string_view part) {
    if (part.empty()) return;
    if (!out.empty()) out += '.';
    out += part;
  };
  if (!list.empty()) out = fmt::format("{}[{}]", list, index);
  if (!inner_list.empty()) add(fmt::format("{}[{}]", inner_list, inner_index));
  add(name);
  return out;
}

bool MemberReading::invalid(const Place& place, std::string_view rule) {
  return refuse(errors::field_invalid(place.text(), fmt::format("'{}' {}", place.text(), rule)));
}

bool MemberReading::text(Value value, const Place& place, json::Text& out) {
  if (!value.is(Kind::string)) return wrong_type(place, "a string", value);
  out = json::raw_text(value);
  return true;
}

bool MemberReading::boolean(Value value, const Place& place, std::optional<bool>& out) {
  out = value.boolean();
  return out.has_value() || wrong_type(place, "a boolean", value);
}

bool MemberReading::number(Value value, const Place& place, double min, double max,
                           std::optional<Number>& out) {
  if (!value.is(Kind::number)) return wrong_type(place, "a number", value);
  const std::optional<double> number = value.number();
  if (!number || *number < min || *number > max) {
    return invalid(place, fmt::format("must be between {} and {}.", min, max));
  }
  out = Number{.raw = value.raw(), .value = *number};
  return true;
}

bool MemberReading::count(Value value, const Place& place, std::uint64_t min, std::uint64_t max,
                          std::optional<std::uint64_t>& out) {
  if (!value.is(Kind::number)) return wrong_type(place, "a whole number", value);
  const std::optional<std::int64_t> number = value.integer();
  if (!number || *number < 0 || static_cast<std::uint64_t>(*number) < min ||
      static_cast<std::uint64_t>(*number) > max) {
    return invalid(place, fmt::format("must be a whole number between {} and {}.", min, max));
  }
  out = static_cast<std::uint64_t>(*number);
  return true;
}

bool MemberReading::object(Value value, const Place& place) {
  return value.is(Kind::object) || wrong_type(place, "an object", value);
}

bool MemberReading::array(Value value, const Place& place) {
  return value.is(Kind::array) || wrong_type(place, "an array", value);
}

bool MemberReading::cache_mark(Value value, const Place& place, CacheMark& out) {
  if (!object(value, place)) return false;
  const auto type = given(value, "type");
  if (!type || !type->string_equals("ephemeral")) {
    return invalid(place, R"(must have the type "ephemeral".)");
  }
  const auto ttl = given(value, "ttl");
  if (!ttl || ttl->string_equals("5m")) {
    out = CacheMark::five_minutes;
    return true;
  }
  out = CacheMark::one_hour;
  return ttl->string_equals("1h") || invalid(place, R"(must have the ttl "5m" or "1h".)");
}

std::optional<Value> given(Value object, std::string_view name) noexcept {
  const std::optional<Value> value = object.find(name);
  return value && !value->is_null() ? value : std::nullopt;
}

}  // namespace sluice::llm
