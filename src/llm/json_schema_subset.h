// Turns a JSON Schema into the part of it that Anthropic keeps a model to (structured outputs,
// strict tools).
//
//   {"type":"integer","minimum":1}        {"type":"integer","description":"{minimum: 1}"}
//   {"oneOf":[A,B]}                       {"anyOf":[A,B]}
//   {"type":"object","properties":{..}}   the same with "additionalProperties":false
//
// Limits that cannot be kept to are told to the model in words, in the description.
//
// Source: Anthropic's guide to structured outputs, and the transformation in its Python client
// (2025 and 2026).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "sluice/json/index.h"

namespace sluice::llm {

/// Nothing where the subset would mean something else: a schema that holds itself, objects with
/// members of any name, references that lead nowhere or out of it, schemas that are true or false.
/// `index` is scratch.
[[nodiscard]] std::optional<std::string> json_schema_subset(std::string_view schema,
                                                            json::Index& index);

}  // namespace sluice::llm
