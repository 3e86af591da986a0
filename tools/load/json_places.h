// Places in an answer's JSON that the checks look for.
#pragma once
#include <optional>
#include <string_view>

#include "sluice/json/value.h"

namespace sluice::load {

/// The first element of the array of this name.
[[nodiscard]] inline std::optional<json::Value> first_of(json::Value object,
                                                         std::string_view array) {
  const auto list = object.find(array);
  if (!list) return std::nullopt;
  for (const json::Value element : list->elements()) return element;
  return std::nullopt;
}

/// The inside of the answer's id; nothing where it has none or has it behind `content`, a place in
/// the same text.
[[nodiscard]] inline std::optional<std::string_view> id_in_front_of(json::Value answer,
                                                                    std::string_view content) {
  const auto id = answer.find("id");
  const auto text = id ? id->string_raw() : std::nullopt;
  if (!text || text->data() + text->size() > content.data()) return std::nullopt;
  return text;
}

}  // namespace sluice::load
