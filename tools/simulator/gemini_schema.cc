// The schemas that Gemini takes by their proto: a subset of OpenAPI 3.0.
#include <array>
#include <set>

#include "simulator/gemini_check.h"
#include "simulator/gemini_words.h"
#include "simulator/shape.h"

namespace sluice::simulator {
namespace {

using Complaint = std::optional<std::string>;

constexpr int depth_max = 32;

constexpr auto schema_fields = std::to_array<Field>({
    {"type"},  // by name or, as any enum of a proto, by number (recorded)
    {"format", Want::string},
    {"title", Want::string},
    {"description", Want::string},
    {"nullable", Want::boolean},
    {"enum", Want::array},
    {"items", Want::object},
    {"minItems"},
    {"maxItems"},
    {"properties", Want::object},
    {"minProperties"},
    {"maxProperties"},
    {"required", Want::array},
    {"propertyOrdering", Want::array},
    {"anyOf", Want::array},
    {"minimum", Want::number},
    {"maximum", Want::number},
    {"minLength"},
    {"maxLength"},
    {"pattern", Want::string},
    {"default"},
    {"example"},
    {"additionalProperties"},
    {"$ref", Want::string},  // newer versions
    {"$defs", Want::object},
    {"ref", Want::string},
    {"defs", Want::object},
});

Complaint check_enum(json::Value schema, const std::string& path, const std::string& type) {
  const auto values = proto_member(schema, "enum");
  if (!values) return std::nullopt;
  std::size_t i = 0;
  for (const json::Value value : values->elements()) {
    if (!value.is(json::Kind::string)) {
      return fmt::format("Invalid value at '{}.enum[{}]' (TYPE_STRING), {}", path, i, value.raw());
    }
    if (value.string()->empty())
      return google_says(fmt::format("{}.enum[{}]", path, i), "cannot be empty");
    ++i;
  }
  if (type != "STRING") return google_says(path + ".enum", "only allowed for STRING type");
  return std::nullopt;
}

Complaint check_object(json::Value schema, const std::string& path, int depth) {
  std::set<std::string> names;
  const auto properties = proto_member(schema, "properties");
  if (properties) {
    for (const json::Member property : properties->members()) {
      const std::string name = property.key.string().value_or("");
      names.insert(name);
      const std::string place = fmt::format("{}.properties[{}]", path, name);
      if (!property.value.is(json::Kind::object))
        return fmt::format("Invalid value at '{}'", place);
      if (auto wrong = check_gemini_schema(property.value, place, depth + 1)) return wrong;
    }
  }
  const auto required = proto_member(schema, "required");
  if (!required) return std::nullopt;
  std::size_t i = 0;
  for (const json::Value name : required->elements()) {
    if (!names.contains(name.string().value_or("")))
      return google_says(fmt::format("{}.required[{}]", path, i), "property is not defined");
    ++i;
  }
  return std::nullopt;
}

}  // namespace

Complaint check_gemini_schema(json::Value schema, const std::string& path, int depth) {
  if (depth > depth_max) return google_says(path, "too deeply nested");
  const auto raw_type = schema.find("type");
  if (raw_type && raw_type->is(json::Kind::array)) {
    return fmt::format(
        "Invalid JSON payload received. Unknown name \"type\" at '{}': Proto field is not "
        "repeating, cannot start list.",
        path);
  }
  if (auto wrong = google_told(path, find_defect(schema, schema_fields, Naming::proto)))
    return wrong;
  std::string type = text_member(schema, "type");
  if (raw_type && !raw_type->is(json::Kind::string) &&
      !(raw_type->integer() >= 0 && raw_type->integer() <= 7)) {
    return fmt::format("Invalid value at '{}.type' (TYPE_ENUM), {}", path,
                       raw_type->raw().substr(0, 64));
  }
  for (char& c : type) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (!type.empty() && !is_one_of(type, {"TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER",
                                         "BOOLEAN", "ARRAY", "OBJECT", "NULL"})) {
    return fmt::format(
        "Invalid value at '{}.type' (type.googleapis.com/google.ai.generativelanguage"
        ".v1beta.Type), {}",
        path, raw_type->raw());
  }
  if (auto wrong = check_enum(schema, path, type)) return wrong;
  const std::string format = text_member(schema, "format");
  if (type == "STRING" && !format.empty() && !is_one_of(format, {"enum", "date-time"})) {
    return google_says(path + ".format",
                       "only 'enum' and 'date-time' are supported for STRING type");
  }
  const auto items = proto_member(schema, "items");
  if (type == "ARRAY" && !items) return google_says(path + ".items", "missing field.");
  if (items) {
    if (auto wrong = check_gemini_schema(*items, path + ".items", depth + 1)) return wrong;
  }
  std::size_t i = 0;
  if (const auto options = proto_member(schema, "anyOf")) {
    for (const json::Value option : options->elements()) {
      const std::string place = fmt::format("{}.any_of[{}]", path, i++);
      if (!option.is(json::Kind::object)) return fmt::format("Invalid value at '{}'", place);
      if (auto wrong = check_gemini_schema(option, place, depth + 1)) return wrong;
    }
  }
  return check_object(schema, path, depth);
}

}  // namespace sluice::simulator
