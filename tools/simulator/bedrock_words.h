// How Bedrock's Converse words its complaints.
#pragma once
#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

#include "simulator/shape.h"

namespace sluice::simulator {

/// "1 validation error detected: Value null at 'messages' failed to satisfy constraint: ...".
inline std::string bedrock_constraint(std::string_view value, std::string_view path,
                                      std::string_view constraint) {
  return fmt::format(
      "1 validation error detected: Value {} at '{}' failed to satisfy constraint: {}", value, path,
      constraint);
}

/// `path` is of the object; empty for the body.
inline std::optional<std::string> bedrock_told(std::string_view path,
                                               const std::optional<Defect>& defect) {
  if (!defect) return std::nullopt;
  const std::string place = fmt::format("{}{}{}", path, path.empty() ? "" : ".", defect->name);
  switch (defect->kind) {
    case Defect::Kind::unknown:
      return fmt::format(
          "Malformed input request: #{}{}: extraneous key [{}] is not permitted, please reformat "
          "your input and try again.",
          path.empty() ? "" : "/", path, defect->name);
    case Defect::Kind::missing: return bedrock_constraint("null", place, "Member must not be null");
    case Defect::Kind::wrong_type:
      return fmt::format(
          "Unexpected field type: the value at {} is not of the type that is expected there.",
          place);
  }
  __builtin_unreachable();
}

}  // namespace sluice::simulator
