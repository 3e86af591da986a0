// What a JSON Schema says once its references are followed and its "allOf" is put together: the
// common ground of those who write it for a provider that knows neither.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/json/value.h"

namespace sluice::llm {

// Limits that are copied as they are.
inline constexpr std::array<std::string_view, 9> schema_limits = {
    "minItems",  "maxItems",      "minimum",       "maximum", "minLength",
    "maxLength", "minProperties", "maxProperties", "pattern"};

struct SchemaKeywords {
  std::optional<json::Value> type, format, description, nullable, values, constant, items,
      properties, required;
  std::array<std::optional<json::Value>, schema_limits.size()> limit;
};

/// A schema with all that references and "allOf" add to it; the first to say something is right.
struct MergedSchema {
  std::vector<SchemaKeywords> sources;
  std::vector<json::Value> variants;  // of anyOf or oneOf, more than one
  bool nullable = false;              // one of the variants was null, or so was told

  [[nodiscard]] std::optional<json::Value> first(
      std::optional<json::Value> SchemaKeywords::* keyword) const;
};

/// Merges a schema and, while that is written, the ones inside it: what was referred to on the way
/// is remembered, so that a schema that holds itself is found.
class SchemaMerger {
 public:
  explicit SchemaMerger(json::Value top) : top_(top) {}

  /// Nothing: `why()` says so. Obliges the caller to leave() once all inside it is done.
  [[nodiscard]] std::optional<MergedSchema> enter(json::Value schema);
  void leave();

  /// Counts members looked at, those of a part once for each place it is put in. False: too many.
  [[nodiscard]] bool charge(std::size_t work);
  /// The rest of a sentence that begins with "The JSON Schema".
  [[nodiscard]] const std::string& why() const noexcept { return why_; }

 private:
  bool fail(std::string reason);
  bool collect(json::Value schema, MergedSchema& merged);
  bool collect_variants(json::Value list, MergedSchema& merged);
  bool collect_reference(json::Value reference, MergedSchema& merged);
  std::optional<json::Value> resolve(std::string_view pointer);
  std::optional<json::Value> child_of(json::Value value, const std::string& name);

  const json::Value top_;
  std::vector<std::uint32_t> within_;  // the tokens of what was referred to on the way here
  std::vector<std::size_t> entered_;   // how many of them when each schema was entered
  std::size_t work_ = 0;
  std::string why_;
};

}  // namespace sluice::llm
