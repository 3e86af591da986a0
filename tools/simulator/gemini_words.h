// How Google's APIs word their complaints.
#pragma once
#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

#include "simulator/shape.h"

namespace sluice::simulator {

inline std::string_view google_type(Want want) {
  switch (want) {
    case Want::anything:
    case Want::object: return "TYPE_MESSAGE";
    case Want::array: return "TYPE_REPEATED";
    case Want::string: return "TYPE_STRING";
    case Want::integer: return "TYPE_INT32";
    case Want::number: return "TYPE_FLOAT";
    case Want::boolean: return "TYPE_BOOL";
  }
  __builtin_unreachable();
}

inline std::string joined_path(std::string_view path, std::string_view name) {
  return fmt::format("{}{}{}", path, path.empty() ? "" : ".", snake_case(name));
}

/// "* GenerateContentRequest.contents: contents is not specified".
inline std::string google_says(std::string_view path, std::string_view what) {
  return fmt::format("* GenerateContentRequest.{}: {}\n", path, what);
}

/// `path` is of the object; empty for the body.
inline std::optional<std::string> google_told(std::string_view path,
                                              const std::optional<Defect>& defect) {
  if (!defect) return std::nullopt;
  const std::string place = joined_path(path, defect->name);
  switch (defect->kind) {
    case Defect::Kind::unknown:
      return fmt::format("Invalid JSON payload received. Unknown name \"{}\"{}: Cannot find field.",
                         defect->name, path.empty() ? "" : fmt::format(" at '{}'", path));
    case Defect::Kind::missing: return google_says(place, "must be specified");
    case Defect::Kind::wrong_type:
      return fmt::format("Invalid value at '{}' ({}), {}", place, google_type(defect->want),
                         defect->found.substr(0, 64));
  }
  __builtin_unreachable();
}

}  // namespace sluice::simulator
