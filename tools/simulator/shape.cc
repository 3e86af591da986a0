#include "simulator/shape.h"

#include <algorithm>

namespace sluice::simulator {
namespace {

bool names_equal(std::string_view key, std::string_view name, Naming naming) {
  return key == name || (naming == Naming::proto && key == snake_case(name));
}

}  // namespace

std::optional<Defect> find_defect(json::Value object, std::span<const Field> fields,
                                  Naming naming) {
  std::uint64_t seen = 0;  // a bit per row of the table
  for (const json::Member member : object.members()) {
    const std::string key = member.key.string().value_or("");
    const auto field = std::ranges::find_if(
        fields, [&](const Field& each) { return names_equal(key, each.name, naming); });
    if (field == fields.end()) return Defect{.kind = Defect::Kind::unknown, .name = key};
    if (member.value.is_null()) continue;
    const bool stands_for_array = naming == Naming::proto && field->want == Want::array &&
                                  member.value.is(json::Kind::object);
    if (!stands_for_array && !is_wanted(member.value, field->want)) {
      return Defect{Defect::Kind::wrong_type, key, field->want, member.value.raw()};
    }
    seen |= std::uint64_t{1} << static_cast<unsigned>(field - fields.begin());
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].required && (seen >> i & 1U) == 0) {
      return Defect{Defect::Kind::missing, std::string(fields[i].name), fields[i].want};
    }
  }
  return std::nullopt;
}

bool is_wanted(json::Value value, Want want) {
  switch (want) {
    case Want::anything: return true;
    case Want::string: return value.is(json::Kind::string);
    case Want::integer: return value.is(json::Kind::number) && value.integer().has_value();
    case Want::number: return value.is(json::Kind::number) && value.number().has_value();
    case Want::boolean: return value.is(json::Kind::boolean);
    case Want::object: return value.is(json::Kind::object);
    case Want::array: return value.is(json::Kind::array);
  }
  __builtin_unreachable();
}

std::optional<json::Value> member(json::Value object, std::string_view name) {
  const auto value = object.find(name);
  return value && !value->is_null() ? value : std::nullopt;
}

std::optional<json::Value> proto_member(json::Value object, std::string_view name) {
  if (auto value = member(object, name)) return value;
  return member(object, snake_case(name));
}

std::vector<json::Value> proto_elements(json::Value list) {
  if (!list.is(json::Kind::array)) return {list};
  std::vector<json::Value> elements;
  for (const json::Value element : list.elements()) elements.push_back(element);
  return elements;
}

std::string text_member(json::Value object, std::string_view name) {
  const auto value = object.find(name);
  return value ? value->string().value_or("") : std::string();
}

std::string snake_case(std::string_view camel_case) {
  std::string out;
  for (const char c : camel_case) {
    if (c >= 'A' && c <= 'Z') {
      out += '_';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c;
    }
  }
  return out;
}

bool is_name(std::string_view text, std::size_t min, std::size_t max, std::string_view more) {
  return text.size() >= min && text.size() <= max && std::ranges::all_of(text, [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  more.find(c) != more.npos;
         });
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> list) {
  return std::ranges::find(list, text) != list.end();
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n\f\v") == text.npos; }

}  // namespace sluice::simulator
