#include "field_reader.h"

#include <fmt/format.h>

namespace sluice::llm {

using json::Kind;
using json::Value;

bool FieldReader::fail(ApiError error) {
  if (!error_) error_ = std::move(error);
  return false;
}

bool FieldReader::fail_type(const FieldPath& path, std::string_view wanted, Value found) {
  return fail(errors::field_type_wrong(path.text(), wanted, json::to_string(found.kind())));
}

bool FieldReader::fail_value(const FieldPath& path, std::string_view advice) {
  const std::string param = path.text();
  return fail(
      errors::field_invalid(param, fmt::format("Invalid value for '{}': {}", param, advice)));
}

bool FieldReader::be_object(Value object, const FieldPath& path) {
  return object.is(Kind::object) || fail_type(path, "an object", object);
}

bool FieldReader::be_array(Value array, const FieldPath& path) {
  return array.is(Kind::array) || fail_type(path, "an array", array);
}

bool FieldReader::take(Value object, std::string_view name, Kind kind, const FieldPath& path,
                       std::optional<Value>& out) {
  out = object.find(name);
  if (!out) return true;
  if (out->is_null()) {
    out.reset();
    return true;
  }
  return out->is(kind) || fail_type(FieldPath(path, name), json::to_string(kind), *out);
}

bool FieldReader::need(Value object, std::string_view name, Kind kind, const FieldPath& path,
                       std::optional<Value>& out) {
  if (!take(object, name, kind, path, out)) return false;
  if (out) return true;
  return fail(errors::field_missing(FieldPath(path, name).text(),
                                    fmt::format("Give {} there.", json::to_string(kind))));
}

bool FieldReader::take_text(Value object, std::string_view name, const FieldPath& path,
                            json::Text& out) {
  std::optional<Value> value;
  if (!take(object, name, Kind::string, path, value)) return false;
  if (value) out = json::raw_text(*value);
  return true;
}

bool FieldReader::need_text(Value object, std::string_view name, const FieldPath& path,
                            json::Text& out) {
  std::optional<Value> value;
  if (!need(object, name, Kind::string, path, value)) return false;
  out = json::raw_text(*value);
  return true;
}

bool FieldReader::take_boolean(Value object, std::string_view name, const FieldPath& path,
                               std::optional<bool>& out) {
  std::optional<Value> value;
  if (!take(object, name, Kind::boolean, path, value)) return false;
  if (value) out = value->boolean();
  return true;
}

bool FieldReader::read_text(Value value, const FieldPath& path, json::Text& out) {
  if (!value.is(Kind::string)) return fail_type(path, "a string", value);
  out = json::raw_text(value);
  return true;
}

bool FieldReader::read_number(Value value, const FieldPath& path, std::optional<Number>& out) {
  if (!value.is(Kind::number)) return fail_type(path, "a number", value);
  const std::optional<double> number = value.number();
  if (!number) return fail_value(path, "the number is too large.");
  out = Number{.raw = value.raw(), .value = *number};
  return true;
}

bool FieldReader::read_count(Value value, const FieldPath& path, std::uint64_t least,
                             std::optional<std::uint64_t>& out) {
  if (!value.is(Kind::number)) return fail_type(path, "a whole number", value);
  const std::optional<std::int64_t> number = value.integer();
  if (!number || *number < 0 || static_cast<std::uint64_t>(*number) < least) {
    return fail_value(path, fmt::format("give a whole number of at least {}.", least));
  }
  out = static_cast<std::uint64_t>(*number);
  return true;
}

}  // namespace sluice::llm
