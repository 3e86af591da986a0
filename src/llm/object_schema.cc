#include "object_schema.h"

#include "sluice/json/value.h"

namespace sluice::llm {

std::optional<std::string_view> object_schema(std::string_view schema, json::Index& scratch,
                                              std::string& made) {
  if (schema.empty()) return R"({"type":"object","properties":{}})";
  if (!scratch.build(schema) || !json::root(scratch).is(json::Kind::object)) return std::nullopt;
  const json::Value top = json::root(scratch);
  const auto type = top.find("type");
  if (type) {
    if (!type->string_equals("object")) return std::nullopt;
    return top.raw();
  }
  made = R"({"type":"object")";
  if (!top.is_empty()) made += ',';
  made += top.raw().substr(1);
  return made;
}

}  // namespace sluice::llm
