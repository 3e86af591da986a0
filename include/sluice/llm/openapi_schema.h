// Turns a JSON Schema into the part of OpenAPI 3.0's schemas that Gemini takes everywhere, also
// where it knows no JSON Schema (models up to 2.0).
//
//   {"$ref":"#/$defs/city"}               the schema itself, in its place
//   {"type":["string","null"]}            {"type":"string","nullable":true}
//   {"const":7}                           {"type":"string","enum":["7"]}
//   {"oneOf":[A,B]}, {"allOf":[A,B]}      {"anyOf":[A,B]}, A and B in one
//   additionalProperties, default, $schema, exclusiveMinimum, ...     left out
//
// What is left out lets the model say more than the caller allows; nothing is added to what it may
// say.
#pragma once
#include <expected>
#include <string>
#include <string_view>

#include "sluice/json/index.h"
#include "sluice/llm/api_error.h"

namespace sluice::llm {

/// `schema` is JSON, `param` the request's field that holds it, for errors. Refused with a 400: a
/// schema that holds itself, a "$ref" that leads nowhere or out of the schema, one that is too deep
/// or, its parts in their places, too large. `index` is scratch.
[[nodiscard]] std::expected<std::string, ApiError> openapi_schema(std::string_view schema,
                                                                  std::string_view param,
                                                                  json::Index& index);

}  // namespace sluice::llm
