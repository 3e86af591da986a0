// A tool's parameters as the JSON Schema of an object, which is what providers insist on.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "sluice/json/index.h"

namespace sluice::llm {

/// The schema, with "type":"object" in front where it says no type, and one of any object where it
/// is empty; nothing where it is none of an object. A view of `schema`, of `made`, or of static
/// text.
[[nodiscard]] std::optional<std::string_view> object_schema(std::string_view schema,
                                                            json::Index& scratch,
                                                            std::string& made);

}  // namespace sluice::llm
