#include "json_schema_subset.h"

#include <gtest/gtest.h>

#include "sorted_json.h"

namespace sluice::llm {
namespace {

std::string subset(std::string_view schema) {
  json::Index index;
  const auto out = json_schema_subset(schema, index);
  return out ? sorted_json(*out) : "none";
}

struct SchemaCase {
  const char* name;
  std::string_view schema;
  std::string_view subset;
};

const SchemaCase schema_cases[] = {
    {"what is kept",
     R"({"type":"string","enum":["a"],"title":"T","default":"a","format":"date","description":"d"})",
     R"({"default":"a","description":"d","enum":["a"],"format":"date","title":"T","type":"string"})"},
    {"limits are told in words",
     R"({"type":"string","minLength":1,"pattern":"^a","format":"phone","description":"d"})",
     R"({"description":"d\n\n{minLength: 1, pattern: ^a, format: phone}","type":"string"})"},
    {"what is of no use is left out", R"({"$schema":"x","type":"null","examples":[1]})",
     R"({"type":"null"})"},
    {"objects are closed",
     R"({"type":"object","properties":{"a":{"type":["object","null"],"properties":{"b":{}}}},"additionalProperties":true})",
     R"({"additionalProperties":false,"properties":{"a":{"additionalProperties":false,"properties":{"b":{}},"type":["object","null"]}},"type":"object"})"},
    {"an object without members",
     R"({"type":"object","properties":{},"additionalProperties":false})",
     R"({"additionalProperties":false,"properties":{},"type":"object"})"},
    {"arrays", R"({"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":3})",
     R"({"description":"{maxItems: 3}","items":{"type":"integer"},"minItems":1,"type":"array"})"},
    {"variants", R"({"oneOf":[{"type":"null"},{"type":"number","maximum":2}]})",
     R"({"anyOf":[{"type":"null"},{"description":"{maximum: 2}","type":"number"}]})"},
    {"references",
     R"({"type":"object","properties":{"a":{"$ref":"#/$defs/n"},"b":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"integer"}}})",
     R"({"$defs":{"n":{"type":"integer"}},"additionalProperties":false,"properties":{"a":{"$ref":"#/$defs/n"},"b":{"$ref":"#/$defs/n"}},"type":"object"})"},
    {"a member by the name of a keyword",
     R"({"type":"object","properties":{"minimum":{"type":"integer"}}})",
     R"({"additionalProperties":false,"properties":{"minimum":{"type":"integer"}},"type":"object"})"},
    {"a schema that holds itself",
     R"({"type":"object","properties":{"a":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"object","properties":{"n":{"$ref":"#/$defs/n"}}}}})",
     "none"},
    {"a schema that holds all of itself", R"({"type":"array","items":{"$ref":"#"}})", "none"},
    {"a reference that leads nowhere", R"({"$ref":"#/$defs/n"})", "none"},
    {"a reference that leads away", R"({"$ref":"https://a/b"})", "none"},
    {"a map", R"({"type":"object","additionalProperties":{"type":"string"}})", "none"},
    {"an object of any members", R"({"type":"object"})", "none"},
    {"a schema that is true", R"({"type":"array","items":true})", "none"},
    {"all of it true", "true", "none"},
    {"no JSON", "{", "none"},
};

TEST(JsonSchemaSubset, KeepsTheMeaningOrSaysNothing) {
  for (const SchemaCase& c : schema_cases) EXPECT_EQ(subset(c.schema), c.subset) << c.name;
}

TEST(JsonSchemaSubset, GivesUpOnWhatIsTooDeep) {
  std::string schema = R"({"type":"string"})";
  for (int depth = 0; depth < 60; ++depth) schema = R"({"type":"array","items":)" + schema + "}";
  EXPECT_EQ(subset(schema), "none");
}

TEST(JsonSchemaSubset, FollowsEveryReferenceOnce) {
  // Each level refers twice to the next one: followed every time, that would be 2^60 steps.
  std::string schema = R"({"$ref":"#/$defs/n0","$defs":{)";
  for (int level = 0; level < 60; ++level) {
    const std::string next = R"({"$ref":"#/$defs/n)" + std::to_string(level + 1) + "\"}";
    schema += "\"n" + std::to_string(level) + R"(":{"anyOf":[)" + next + "," + next + "]},";
  }
  EXPECT_NE(subset(schema + R"("n60":{"type":"null"}}})"), "none");
}

TEST(JsonSchemaSubset, GivesUpWhereReferencesAndDefinitionsAreVeryMany) {
  std::string schema = R"({"anyOf":[{"type":"null"})";
  for (int n = 0; n < 3'000; ++n) schema += R"(,{"$ref":"#/$defs/last"})";
  schema += R"(],"$defs":{)";
  for (int n = 0; n < 3'000; ++n) schema += "\"n" + std::to_string(n) + R"(":{"type":"null"},)";
  EXPECT_EQ(subset(schema + R"("last":{"type":"null"}}})"), "none");
}

}  // namespace
}  // namespace sluice::llm
