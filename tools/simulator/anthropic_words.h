// How Anthropic's API words its complaints.
#pragma once
#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

#include "simulator/shape.h"

namespace sluice::simulator {

inline std::string_view anthropic_noun(Want want) {
  switch (want) {
    case Want::anything: return "value";
    case Want::string: return "valid string";
    case Want::integer: return "valid integer";
    case Want::number: return "valid number";
    case Want::boolean: return "valid boolean";
    case Want::object: return "valid dictionary";
    case Want::array: return "valid list";
  }
  __builtin_unreachable();
}

/// "messages.0.content.1.text: Field required". `path` is of the object; empty for the body.
inline std::optional<std::string> told(std::string_view path, const std::optional<Defect>& defect) {
  if (!defect) return std::nullopt;
  const std::string place = fmt::format("{}{}{}", path, path.empty() ? "" : ".", defect->name);
  switch (defect->kind) {
    case Defect::Kind::unknown: return place + ": Extra inputs are not permitted";
    case Defect::Kind::missing: return place + ": Field required";
    case Defect::Kind::wrong_type:
      return fmt::format("{}: Input should be a {}", place, anthropic_noun(defect->want));
  }
  __builtin_unreachable();
}

inline std::string unknown_tag(std::string_view path, std::string_view tag, std::string_view tags) {
  if (tag.empty()) return fmt::format("{}.type: Field required", path);
  return fmt::format(
      "{}: Input tag '{}' found using 'type' does not match any of the expected tags: {}", path,
      tag, tags);
}

}  // namespace sluice::simulator
