#include "json_schema_subset.h"

#include <algorithm>
#include <array>
#include <span>
#include <unordered_set>
#include <vector>

#include "sluice/json/text.h"
#include "sluice/json/value.h"
#include "sluice/json/writer.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

constexpr std::size_t limit_bytes_max = 1'000;  // of one keyword that is told in words

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

// Follows every reference once, and finds those that lead back.
class References {
 public:
  explicit References(Value root) : root_(root) {}

  // Whether all of them lead somewhere, and none to what it stands in.
  [[nodiscard]] bool end() { return visit(root_); }

 private:
  bool visit(Value value) {
    if (!value.is(Kind::object) && !value.is(Kind::array)) return true;
    const std::size_t place = value.span().offset;
    if (std::ranges::find(path_, place) != path_.end()) return false;
    if (done_.contains(place)) return true;
    if (path_.size() == depth_max) return false;
    path_.push_back(place);
    bool fine = true;
    for (const Value element : value.elements()) fine = fine && visit(element);
    for (const json::Member member : value.members()) {
      fine = fine && visit(member.value);
      if (fine && member.key.string_equals("$ref") && member.value.is(Kind::string)) {
        const auto target = resolve(*member.value.string());
        fine = target && visit(*target);
      }
    }
    path_.pop_back();
    done_.insert(place);
    return fine;
  }

  // As Value::find(), but not for ever: references times definitions may be very many.
  std::optional<Value> find(Value object, std::string_view name) {
    for (const json::Member member : object.members()) {
      if (++looks_ > looks_max) return std::nullopt;
      if (member.key.string_equals(name)) return member.value;
    }
    return std::nullopt;
  }

  // "#", "#/$defs/name": names with escapes are not looked for.
  std::optional<Value> resolve(std::string_view pointer) {
    if (!pointer.starts_with('#')) return std::nullopt;
    pointer.remove_prefix(1);
    Value value = root_;
    while (!pointer.empty()) {
      if (pointer.front() != '/') return std::nullopt;
      pointer.remove_prefix(1);
      const std::size_t end = std::min(pointer.find('/'), pointer.size());
      const auto child = find(value, pointer.substr(0, end));
      if (!child) return std::nullopt;
      value = *child;
      pointer.remove_prefix(end);
    }
    return value;
  }

  static constexpr std::size_t depth_max = 256;
  static constexpr std::size_t looks_max = 1'000'000;
  const Value root_;
  std::vector<std::size_t> path_;  // where what we stand in begins
  std::unordered_set<std::size_t> done_;
  std::size_t looks_ = 0;
};

class SubsetWriter {
 public:
  explicit SubsetWriter(json::Writer& out) : out_(out) {}

  void write(Value schema) {
    if (!schema.is(Kind::object) || ++depth_ > depth_max) {
      fits_ = false;
      out_.null();
    } else {
      write_object(schema);
    }
    --depth_;
  }
  [[nodiscard]] bool fits() const noexcept { return fits_; }

 private:
  // What a schema says that is written at its end.
  struct Rest {
    json::Text description = {};
    std::string limits = {};
    bool is_object = false;
    bool has_properties = false;
    bool is_open = true;  // it may have members of other names
  };

  void write_object(Value schema) {
    Rest rest;
    out_.begin_object();
    std::string scratch;
    for (const json::Member member : schema.members()) {
      write_keyword(std::string(member.key.unescaped(scratch)), member.value, rest);
    }
    if (rest.is_object || rest.has_properties) {
      // Closed, an object of any members would be one of none.
      if (!rest.has_properties && rest.is_open) fits_ = false;
      out_.key("additionalProperties").boolean(false);
    }
    write_description(rest);
    out_.end_object();
  }

  void write_keyword(const std::string& name, Value value, Rest& rest) {
    constexpr std::array<std::string_view, 6> copied = {"$ref",    "enum",  "const",
                                                        "default", "title", "required"};
    constexpr std::array<std::string_view, 3> maps = {"properties", "$defs", "definitions"};
    constexpr std::array<std::string_view, 10> silent = {
        "$schema", "$id",        "$comment", "$anchor",   "examples",
        "example", "deprecated", "readOnly", "writeOnly", "discriminator"};
    if (name == "type") {
      rest.is_object = rest.is_object || says_object(value);
      out_.key(name).raw(value.raw());
    } else if (name == "description") {
      rest.description = json::raw_text(value);
    } else if (name == "additionalProperties") {
      const auto open = value.boolean();
      rest.is_open = open.value_or(true);
      if (!open && !value.is_empty()) fits_ = false;  // a map
    } else if (name == "anyOf" || name == "oneOf" || name == "allOf") {
      write_list(name == "allOf" ? "allOf" : "anyOf", value);
    } else if (name == "items") {
      out_.key(name);
      write(value);
    } else if (is_one_of(name, maps) && value.is(Kind::object)) {
      rest.has_properties = rest.has_properties || (name == "properties" && !value.is_empty());
      write_map(name, value);
    } else if (is_one_of(name, copied) || is_kept_limit(name, value)) {
      out_.key(name).raw(value.raw());
    } else if (!is_one_of(name, silent)) {
      add_limit(name, value, rest);
    }
  }

  static bool says_object(Value type) {
    if (type.string_equals("object")) return true;
    for (const Value element : type.elements()) {
      if (element.string_equals("object")) return true;
    }
    return false;
  }

  static bool is_kept_limit(std::string_view name, Value value) {
    constexpr std::array<std::string_view, 10> formats = {
        "date-time", "date", "time", "duration", "email",
        "hostname",  "uri",  "ipv4", "ipv6",     "uuid"};
    if (name == "minItems") return value.raw() == "0" || value.raw() == "1";
    if (name != "format") return false;
    return std::ranges::any_of(
        formats, [&](std::string_view format) { return value.string_equals(format); });
  }

  void write_list(std::string_view name, Value list) {
    out_.key(name).begin_array();
    for (const Value schema : list.elements()) write(schema);
    out_.end_array();
  }

  void write_map(std::string_view name, Value map) {
    out_.key(name).begin_object();
    for (const json::Member member : map.members()) {
      out_.key(*member.key.string());
      write(member.value);
    }
    out_.end_object();
  }

  static void add_limit(std::string_view name, Value value, Rest& rest) {
    if (value.raw().size() > limit_bytes_max) return;
    rest.limits += rest.limits.empty() ? "{" : ", ";
    rest.limits += name;
    rest.limits += ": ";
    if (!value.append_string(rest.limits)) rest.limits += value.raw();
  }

  void write_description(const Rest& rest) {
    if (rest.description.empty() && rest.limits.empty()) return;
    std::string description;
    json::append_plain(description, rest.description);
    if (!rest.limits.empty()) {
      if (!description.empty()) description += "\n\n";
      description += rest.limits + "}";
    }
    out_.key("description").string(description);
  }

  static constexpr int depth_max = 24;  // of schemas, two brackets each; the writer has 63
  json::Writer& out_;
  int depth_ = 0;
  bool fits_ = true;
};

}  // namespace

std::optional<std::string> json_schema_subset(std::string_view schema, json::Index& index) {
  if (!index.build(schema)) return std::nullopt;
  const Value root = json::root(index);
  if (!root.is(Kind::object) || !References(root).end()) return std::nullopt;
  std::string out;
  json::Writer writer(out);
  SubsetWriter subset(writer);
  subset.write(root);
  return subset.fits() ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace sluice::llm
