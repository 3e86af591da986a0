#include "sluice/llm/openapi_schema.h"

#include <gtest/gtest.h>

#include <string>

#include "sluice/json/value.h"

namespace sluice::llm {
namespace {

std::string cleaned(std::string_view schema) {
  json::Index index;
  const auto out = openapi_schema(schema, "tools", index);
  if (!out) return out.error().message;
  EXPECT_TRUE(index.build(*out)) << *out;
  return *out;
}

struct Case {
  std::string_view name, schema, wanted;
};

TEST(OpenapiSchema, SaysWhatTheSchemaSays) {
  const Case cases[] = {
      {"an object",
       R"({"$schema":"x","type":"object","title":"T","properties":{"a":{"type":"string","description":"d","default":"x"}},"required":["a","zz"],"additionalProperties":false})",
       R"({"type":"object","properties":{"a":{"type":"string","description":"d"}},"required":["a"]})"},
      {"no properties", R"({"type":"object","properties":{}})", R"({"type":"object"})"},
      {"a type left out", R"({"properties":{"a":{"items":{"type":"integer"}}}})",
       R"({"type":"object","properties":{"a":{"type":"array","items":{"type":"integer"}}}})"},
      {"anything", R"({"properties":{"a":{},"b":true}})",
       R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}})"},
      {"limits",
       R"({"type":"number","minimum":0,"maximum":1.50,"exclusiveMinimum":2,"multipleOf":2,"minLength":"x"})",
       R"({"type":"number","minimum":0,"maximum":1.50})"},
      {"a type or null", R"({"type":["string","null"]})", R"({"type":"string","nullable":true})"},
      {"types", R"({"type":["string","array","null"]})",
       R"({"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}],"nullable":true})"},
      {"an enum of strings", R"({"type":"string","enum":["a","","b"]})",
       R"({"type":"string","enum":["a","b"]})"},
      {"an enum of numbers", R"({"type":"integer","enum":[1,2,null]})",
       R"({"type":"string","enum":["1","2"]})"},
      {"a constant", R"({"const":7})", R"({"type":"string","enum":["7"]})"},
      {"formats",
       R"({"properties":{"a":{"type":"string","format":"uri"},"b":{"type":"string","format":"date-time"},"c":{"type":"integer","format":"int32"}}})",
       R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string","format":"date-time"},"c":{"type":"integer","format":"int32"}}})"},
      {"an array of anything", R"({"type":"array"})",
       R"({"type":"array","items":{"type":"string"}})"},
      {"a tuple", R"({"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}]})",
       R"({"type":"array","items":{"type":"integer"}})"},
      {"one of", R"({"oneOf":[{"type":"string"},{"type":"integer"}],"description":"d"})",
       R"({"anyOf":[{"type":"string"},{"type":"integer"}],"description":"d"})"},
      {"one or null",
       R"({"anyOf":[{"type":"integer","minimum":1},{"type":"null"}],"description":"d"})",
       R"({"type":"integer","minimum":1,"description":"d","nullable":true})"},
      {"all of",
       R"({"allOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"integer"},"a":{"type":"integer"}},"required":["b"]}]})",
       R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}},"required":["a","b"]})"},
      {"references",
       R"({"$defs":{"c":{"type":"string","enum":["x"]},"d/e":{"$ref":"#/$defs/c"}},"properties":{"a":{"$ref":"#/$defs/c","description":"d"},"b":{"$ref":"#/$defs/d~1e"}}})",
       R"({"type":"object","properties":{"a":{"type":"string","enum":["x"],"description":"d"},"b":{"type":"string","enum":["x"]}}})"},
      {"the same part twice",
       R"({"$defs":{"c":{"type":"integer"}},"allOf":[{"$ref":"#/$defs/c"},{"$ref":"#/$defs/c"}]})",
       R"({"type":"integer"})"},
      {"variants of what is required",
       R"({"type":"object","properties":{"a":{"type":"string"}},"anyOf":[{"required":["a"]},{"required":["b"]}]})",
       R"({"type":"object","properties":{"a":{"type":"string"}}})"},
  };
  for (const Case& c : cases) EXPECT_EQ(cleaned(c.schema), c.wanted) << c.name;
}

TEST(OpenapiSchema, RefusesWhatCannotBeSaid) {
  const Case cases[] = {
      {"a cycle",
       R"({"$defs":{"n":{"properties":{"next":{"$ref":"#/$defs/n"}}}},"$ref":"#/$defs/n"})",
       "holds itself"},
      {"the whole in itself", R"({"properties":{"a":{"items":{"$ref":"#"}}}})", "too deep"},
      {"nowhere", R"({"$ref":"#/$defs/x"})", "leads nowhere"},
      {"elsewhere", R"({"$ref":"http://example.org/schema"})", "leads nowhere"},
      {"no text", R"({"$ref":7})", "leads nowhere"},
      {"no JSON", "{", "is not JSON"},
  };
  for (const Case& c : cases) {
    const std::string message = cleaned(c.schema);
    const bool told = message.find(c.wanted) != message.npos ||
                      (c.wanted == "too deep" && message.find("holds itself") != message.npos);
    EXPECT_TRUE(told) << c.name << ": " << message;
  }
}

TEST(OpenapiSchema, IsNotMadeToWorkWithoutEnd) {
  std::string doubling = R"({"$defs":{)";
  for (int level = 0; level < 25; ++level) {
    const std::string next = "{\"$ref\":\"#/$defs/d" + std::to_string(level + 1) + "\"}";
    doubling += "\"d" + std::to_string(level) + R"(":{"properties":{"a":)" + next +
                ",\"b\":" + next + "}},";
  }
  doubling += R"("d25":{"type":"string"}},"$ref":"#/$defs/d0"})";
  EXPECT_NE(cleaned(doubling).find("too large"), std::string::npos);

  std::string deep;
  for (int level = 0; level < 100; ++level) deep += R"({"type":"array","items":)";
  EXPECT_NE(cleaned(deep + "{}" + std::string(100, '}')).find("too deep"), std::string::npos);

  std::string inward = R"({"$defs":{)";
  for (int level = 0; level < 5'000; ++level) {
    inward += "\"d" + std::to_string(level) + R"(":{"$ref":"#/$defs/d)" +
              std::to_string(level + 1) + "\"},";
  }
  EXPECT_NE(cleaned(inward + R"("d5000":{}},"$ref":"#/$defs/d0"})").find("too "),
            std::string::npos);
}

}  // namespace
}  // namespace sluice::llm
