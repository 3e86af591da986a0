#include "sluice/catalog/dialect.h"

#include <array>
#include <utility>

namespace sluice::catalog {
namespace {
constexpr std::array<std::pair<Dialect, std::string_view>, 6> names = {{
    {Dialect::openai, "openai"},
    {Dialect::anthropic, "anthropic"},
    {Dialect::gemini, "gemini"},
    {Dialect::vertex, "vertex"},
    {Dialect::azure, "azure"},
    {Dialect::bedrock, "bedrock"},
}};
}  // namespace

std::string_view to_string(Dialect dialect) noexcept {
  for (const auto& [value, name] : names) {
    if (value == dialect) return name;
  }
  return "unknown";
}

std::optional<Dialect> parse_dialect(std::string_view name) noexcept {
  for (const auto& [value, known] : names) {
    if (known == name) return value;
  }
  return std::nullopt;
}

}  // namespace sluice::catalog
