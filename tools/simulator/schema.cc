#include <optional>

#include "simulator/generate.h"
#include "simulator/text.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

constexpr int depth_max = 24;
constexpr std::size_t bytes_max = 64 * 1024;

// Gemini's schemas say OBJECT.
std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

// Walks one schema and writes a value that fits it.
class SchemaWriter {
 public:
  SchemaWriter(json::Value root, std::uint64_t seed, std::string& out)
      : root_(root), words_(seed), out_(out), writer_(out) {}

  void write(json::Value schema, int depth) {
    if (depth >= depth_max || out_.size() > bytes_max) {
      writer_.null();
    } else if (const auto target = reference(schema)) {
      write(*target, depth + 1);
    } else if (const auto constant = schema.find("const")) {
      writer_.raw(constant->raw());
    } else if (const auto chosen = first_of(schema, {"enum"})) {
      writer_.raw(chosen->raw());
    } else if (const auto option = first_of(schema, {"anyOf", "oneOf", "allOf"})) {
      write(*option, depth + 1);
    } else {
      write_type(schema, depth);
    }
  }

 private:
  std::optional<json::Value> first_of(json::Value schema,
                                      std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
      const auto list = schema.find(name);
      if (!list) continue;
      for (const json::Value element : list->elements()) return element;
    }
    return std::nullopt;
  }

  // "#", "#/$defs/Step": within the schema.
  std::optional<json::Value> reference(json::Value schema) const {
    const auto name = schema.find("$ref");
    if (!name) return std::nullopt;
    const std::optional<std::string> path = name->string();
    if (!path || !path->starts_with('#')) return std::nullopt;
    json::Value at = root_;
    std::string_view rest = std::string_view(*path).substr(1);
    while (!rest.empty()) {
      rest.remove_prefix(1);
      const std::string_view step = rest.substr(0, rest.find('/'));
      rest.remove_prefix(step.size());
      const auto next = at.find(step);
      if (!next) return std::nullopt;
      at = *next;
    }
    return at;
  }

  [[nodiscard]] std::string type_of(json::Value schema) const {
    if (const auto type = schema.find("type")) {
      if (const auto name = type->string()) return lower_case(*name);
      for (const json::Value element : type->elements()) {
        if (const auto name = element.string(); name && *name != "null") return *name;
      }
    }
    if (schema.find("properties")) return "object";
    return schema.find("items") ? "array" : "null";
  }

  void write_type(json::Value schema, int depth) {
    const std::string type = type_of(schema);
    if (type == "object") return write_object(schema, depth);
    if (type == "array") return write_array(schema, depth);
    if (type == "string") return write_string(schema);
    if (type == "boolean") {
      writer_.boolean(true);
    } else if (type == "integer" || type == "number") {
      const auto minimum = schema.find("minimum");
      writer_.integer(minimum && minimum->integer() ? *minimum->integer() : 7);
    } else {
      writer_.null();
    }
  }

  void write_object(json::Value schema, int depth) {
    writer_.begin_object();
    if (const auto properties = schema.find("properties")) {
      for (const json::Member member : properties->members()) {
        writer_.key(member.key.string().value_or(""));
        write(member.value, depth + 1);
      }
    }
    writer_.end_object();
  }

  void write_array(json::Value schema, int depth) {
    const auto asked = schema.find("minItems");
    const std::int64_t count = asked && asked->integer() ? *asked->integer() : 1;
    const auto items = schema.find("items");
    writer_.begin_array();
    for (std::int64_t i = 0; i < count && items && out_.size() < bytes_max; ++i)
      write(*items, depth + 1);
    writer_.end_array();
  }

  void write_string(json::Value schema) {
    const auto format = schema.find("format");
    if (!format) {
      writer_.string(words_.next());
    } else if (format->string_equals("date-time")) {
      writer_.string("2025-01-31T12:00:00Z");
    } else if (format->string_equals("date")) {
      writer_.string("2025-01-31");
    } else if (format->string_equals("time")) {
      writer_.string("12:00:00Z");
    } else if (format->string_equals("email")) {
      writer_.string("someone@example.com");
    } else if (format->string_equals("uuid")) {
      writer_.string("123e4567-e89b-42d3-a456-426614174000");
    } else if (format->string_equals("uri")) {
      writer_.string("https://example.com/");
    } else {
      writer_.string(words_.next());
    }
  }

  json::Value root_;
  Words words_;
  std::string& out_;
  json::Writer writer_;
};

}  // namespace

std::string value_for_schema(json::Value schema, std::uint64_t seed) {
  std::string out;
  SchemaWriter(schema, seed, out).write(schema, 0);
  return out;
}

}  // namespace sluice::simulator
