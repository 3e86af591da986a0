#include "sluice/llm/openapi_schema.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>
#include <vector>

#include "merged_schema.h"
#include "sluice/json/value.h"
#include "sluice/json/writer.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

// What is copied from one place to many.
constexpr std::size_t output_bytes_max = std::size_t{1} << 20;

class Cleaner {
 public:
  Cleaner(Value top, std::string& out) : merger_(top), out_(out), writer_(out) {}

  /// False: `why()` is the rest of a sentence.
  [[nodiscard]] bool write(Value schema) {
    auto merged = merger_.enter(schema);
    if (!merged || !write_merged(*merged)) return false;
    merger_.leave();
    return true;
  }
  [[nodiscard]] const std::string& why() const noexcept { return merger_.why(); }

 private:
  // After a false nothing more is written: the text is of no use.
  bool write_merged(MergedSchema& merged) {
    std::vector<std::string> types = types_of(merged);
    writer_.begin_object();
    if (types.size() > 1) {
      write_types(types);
    } else if (types.empty()) {
      if (!write_variants(merged)) return false;
    } else if (!write_typed(types.front(), merged)) {
      return false;
    }
    const auto description = merged.first(&SchemaKeywords::description);
    if (description && description->is(Kind::string)) {
      writer_.key("description").raw(description->raw());
    }
    const auto nullable = merged.first(&SchemaKeywords::nullable);
    if (merged.nullable || (nullable && nullable->boolean().value_or(false))) {
      writer_.key("nullable").boolean(true);
    }
    writer_.end_object();
    // Few members may hold long texts that many places copy.
    return merger_.charge(out_.size() <= output_bytes_max ? 1 : out_.size());
  }

  // None: only its variants say what it is.
  static std::vector<std::string> types_of(MergedSchema& merged) {
    std::vector<std::string> types;
    const auto add = [&](Value type) {
      std::string name = type.string().value_or("");
      for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      if (name == "null") {
        merged.nullable = true;
      } else if (!name.empty() && types.size() < 8) {
        types.push_back(std::move(name));
      }
    };
    if (const auto type = merged.first(&SchemaKeywords::type)) {
      if (type->is(Kind::string)) add(*type);
      for (const Value one : type->elements()) add(one);
    }
    if (merged.first(&SchemaKeywords::values) || merged.first(&SchemaKeywords::constant)) {
      return {types.size() == 1 ? types.front() : "string"};
    }
    if (merged.first(&SchemaKeywords::properties)) return {"object"};
    if (types.size() > 1 && !merged.variants.empty()) return {};
    if (types.empty() && merged.first(&SchemaKeywords::items)) return {"array"};
    if (types.empty() && merged.variants.empty()) return {"string"};  // anything at all
    if (types == std::vector<std::string>{"object"} && !merged.variants.empty()) return {};
    return types;
  }

  void write_types(const std::vector<std::string>& types) {
    writer_.key("anyOf").begin_array();
    for (const std::string& type : types) {
      writer_.begin_object().key("type").string(type);
      if (type == "array") {
        writer_.key("items").begin_object().key("type").string("string").end_object();
      }
      writer_.end_object();
    }
    writer_.end_array();
  }

  bool write_variants(const MergedSchema& merged) {
    writer_.key("anyOf").begin_array();
    for (const Value variant : merged.variants) {
      if (!write(variant)) return false;
    }
    writer_.end_array();
    return true;
  }

  bool write_typed(const std::string& type, const MergedSchema& merged) {
    const bool has_values =
        merged.first(&SchemaKeywords::values) || merged.first(&SchemaKeywords::constant);
    writer_.key("type").string(has_values ? std::string_view("string") : std::string_view(type));
    if (has_values) write_values(merged);
    if (!has_values) write_format(type, merged);
    for (std::size_t at = 0; at < schema_limits.size(); ++at) {
      for (const SchemaKeywords& source : merged.sources) {
        if (!source.limit[at] || has_values) continue;
        writer_.key(schema_limits[at]).raw(source.limit[at]->raw());
        break;
      }
    }
    if (type == "array") return write_items(merged);
    return type != "object" || has_values || write_properties(merged);
  }

  // Its values are strings, none of them empty.
  void write_values(const MergedSchema& merged) {
    writer_.key("enum").begin_array();
    const auto add = [&](Value value) {
      if (value.is(Kind::string)) {
        if (!value.string_equals("")) writer_.raw(value.raw());
      } else if (!value.is_null()) {
        writer_.string(value.raw());
      }
    };
    if (const auto values = merged.first(&SchemaKeywords::values)) {
      for (const Value value : values->elements()) add(value);
    } else if (const auto constant = merged.first(&SchemaKeywords::constant)) {
      add(*constant);
    }
    writer_.end_array();
  }

  void write_format(std::string_view type, const MergedSchema& merged) {
    const auto format = merged.first(&SchemaKeywords::format);
    if (!format) return;
    constexpr std::array<std::string_view, 2> of_strings = {"enum", "date-time"};
    constexpr std::array<std::string_view, 4> of_numbers = {"float", "double", "int32", "int64"};
    const bool is_known =
        type == "string" ? std::ranges::any_of(
                               of_strings, [&](auto name) { return format->string_equals(name); })
                         : std::ranges::any_of(
                               of_numbers, [&](auto name) { return format->string_equals(name); });
    if (is_known) writer_.key("format").raw(format->raw());
  }

  bool write_items(const MergedSchema& merged) {
    auto items = merged.first(&SchemaKeywords::items);
    if (items && items->is(Kind::array)) {  // one schema for each place: the first for all
      items = items->is_empty() ? std::nullopt : std::optional(*items->elements().begin());
    }
    writer_.key("items");
    if (items) return write(*items);
    writer_.begin_object().key("type").string("string").end_object();  // it insists on some
    return true;
  }

  bool write_properties(const MergedSchema& merged) {
    std::unordered_set<std::string> names;
    for (const SchemaKeywords& source : merged.sources) {
      if (!source.properties) continue;
      for (const json::Member member : source.properties->members()) {
        const std::string name = member.key.string().value_or("");
        if (name.empty() || !names.insert(name).second) continue;
        if (names.size() == 1) writer_.key("properties").begin_object();
        writer_.key(name);
        if (!write(member.value)) return false;
      }
    }
    if (names.empty()) return true;
    writer_.end_object();
    write_required(merged, names);
    return true;
  }

  // Only of what there is.
  void write_required(const MergedSchema& merged, std::unordered_set<std::string>& names) {
    bool any = false;
    for (const SchemaKeywords& source : merged.sources) {
      if (!source.required) continue;
      for (const Value value : source.required->elements()) {
        if (names.erase(value.string().value_or("")) == 0) continue;
        if (!any) writer_.key("required").begin_array();
        any = true;
        writer_.raw(value.raw());
      }
    }
    if (any) writer_.end_array();
  }

  SchemaMerger merger_;
  std::string& out_;
  json::Writer writer_;
};

}  // namespace

std::expected<std::string, ApiError> openapi_schema(std::string_view schema, std::string_view param,
                                                    json::Index& index) {
  const auto refuse = [&](const std::string& why) {
    return std::unexpected(errors::field_invalid(
        param, "The JSON Schema in '" + std::string(param) + "' " + why + "."));
  };
  if (!index.build(schema)) return refuse("is not JSON: send an object");
  std::string out;
  Cleaner cleaner(json::root(index), out);
  if (!cleaner.write(json::root(index))) return refuse(cleaner.why());
  return out;
}

}  // namespace sluice::llm
