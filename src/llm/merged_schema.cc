#include "merged_schema.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "sluice/llm/api_error.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

constexpr std::size_t depth_max = 28;
constexpr std::size_t references_max = 64;  // each in the one before
constexpr std::size_t work_max = 100'000;   // an honest schema has hundreds of members

bool is_null_type(Value schema) {
  const auto type = schema.find("type");
  const auto constant = schema.find("const");
  return (type && type->string_equals("null")) || (constant && constant->is_null());
}

void keep(std::string_view name, Value value, SchemaKeywords& found) {
  constexpr std::array<std::pair<std::string_view, std::optional<Value> SchemaKeywords::*>, 9>
      places = {{{"type", &SchemaKeywords::type},
                 {"format", &SchemaKeywords::format},
                 {"description", &SchemaKeywords::description},
                 {"nullable", &SchemaKeywords::nullable},
                 {"enum", &SchemaKeywords::values},
                 {"const", &SchemaKeywords::constant},
                 {"items", &SchemaKeywords::items},
                 {"properties", &SchemaKeywords::properties},
                 {"required", &SchemaKeywords::required}}};
  for (const auto& [wanted, place] : places) {
    if (name == wanted) found.*place = value;
  }
  if (name == "prefixItems" && !found.items) found.items = value;
  for (std::size_t at = 0; at < schema_limits.size(); ++at) {
    const bool wanted =
        schema_limits[at] == "pattern" ? value.is(Kind::string) : value.is(Kind::number);
    if (name == schema_limits[at] && wanted) found.limit[at] = value;
  }
}

std::string unescaped(std::string_view token) {
  std::string out;
  for (std::size_t at = 0; at < token.size(); ++at) {
    if (token.substr(at, 2) == "~0" || token.substr(at, 2) == "~1") {
      out += token[++at] == '0' ? '~' : '/';
    } else {
      out += token[at];
    }
  }
  return out;
}

}  // namespace

std::optional<Value> MergedSchema::first(std::optional<Value> SchemaKeywords::* keyword) const {
  for (const SchemaKeywords& source : sources) {
    if (source.*keyword) return source.*keyword;
  }
  return std::nullopt;
}

std::optional<MergedSchema> SchemaMerger::enter(Value schema) {
  if (entered_.size() == depth_max) {
    fail("is too deep: nest less");
    return std::nullopt;
  }
  entered_.push_back(within_.size());
  MergedSchema merged;
  if (!collect(schema, merged)) return std::nullopt;
  return merged;
}

void SchemaMerger::leave() {
  within_.resize(entered_.back());
  entered_.pop_back();
}

bool SchemaMerger::fail(std::string reason) {
  if (why_.empty()) why_ = std::move(reason);
  return false;
}

bool SchemaMerger::charge(std::size_t work) {
  work_ += work;
  if (work_ <= work_max) return true;
  return fail("is too large once its parts stand where they are referred to: make it smaller");
}

bool SchemaMerger::collect(Value schema, MergedSchema& merged) {
  if (!charge(1)) return false;
  if (!schema.is(Kind::object)) return true;  // true and false: anything, nothing
  SchemaKeywords found;
  std::optional<Value> reference, all_of, any_of;
  std::string scratch;
  for (const json::Member member : schema.members()) {
    if (!charge(1)) return false;
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "$ref") {
      reference = member.value;
    } else if (name == "allOf") {
      all_of = member.value;
    } else if (name == "anyOf" || name == "oneOf") {
      any_of = member.value;
    } else {
      keep(name, member.value, found);
    }
  }
  merged.sources.push_back(std::move(found));
  if (reference && !collect_reference(*reference, merged)) return false;
  if (all_of) {
    for (const Value part : all_of->elements()) {
      if (!collect(part, merged)) return false;
    }
  }
  return !any_of || collect_variants(*any_of, merged);
}

// Of several variants one that may also be null is that one, nullable.
bool SchemaMerger::collect_variants(Value list, MergedSchema& merged) {
  std::vector<Value> variants;
  for (const Value variant : list.elements()) {
    if (!charge(1)) return false;
    if (is_null_type(variant)) {
      merged.nullable = true;
    } else {
      variants.push_back(variant);
    }
  }
  if (variants.size() == 1) return collect(variants.front(), merged);
  if (merged.variants.empty()) merged.variants = std::move(variants);
  return true;
}

bool SchemaMerger::collect_reference(Value reference, MergedSchema& merged) {
  const std::string pointer = reference.string().value_or("");
  const auto target = resolve(pointer);
  if (!target) {
    return fail("has a \"$ref\", \"" + quotable(pointer, 64) +
                "\", that leads nowhere: write \"#/$defs/name\" and define that name");
  }
  const auto seen = std::ranges::find(within_, target->token());
  if (within_.size() == references_max) return fail("is too deep: refer less");
  if (seen == within_.end()) {
    within_.push_back(target->token());
    return collect(*target, merged);
  }
  if (seen - within_.begin() >= static_cast<std::ptrdiff_t>(entered_.back()))
    return true;  // said twice
  return fail("holds itself (\"" + quotable(pointer, 64) +
              "\"), which this model cannot be told: write out as many levels as are needed, or "
              "use a newer model");
}

// A JSON pointer in a fragment (RFC 6901), percent signs not decoded.
std::optional<Value> SchemaMerger::resolve(std::string_view pointer) {
  if (!pointer.starts_with('#')) return std::nullopt;
  pointer.remove_prefix(1);
  Value at = top_;
  while (!pointer.empty()) {
    if (pointer.front() != '/') return std::nullopt;
    const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
    const auto next = child_of(at, unescaped(pointer.substr(1, end - 1)));
    if (!next) return std::nullopt;
    at = *next;
    pointer.remove_prefix(end);
  }
  return at;
}

std::optional<Value> SchemaMerger::child_of(Value value, const std::string& name) {
  for (const json::Member member : value.members()) {
    if (!charge(1)) return std::nullopt;
    if (member.key.string_equals(name)) return member.value;
  }
  std::size_t place = 0;
  const auto [last, error] = std::from_chars(name.data(), name.data() + name.size(), place);
  if (error != std::errc{} || last != name.data() + name.size()) return std::nullopt;
  for (const Value element : value.elements()) {
    if (!charge(1)) return std::nullopt;
    if (place-- == 0) return element;
  }
  return std::nullopt;
}

}  // namespace sluice::llm
