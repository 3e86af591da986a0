#include "schema_in_words.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

std::string instructed(std::string_view messages) {
  json::Index index;
  if (!index.build(messages)) return "no JSON";
  json::Splice edits;
  instruct(json::root(index), "a \"b\"", edits);
  EXPECT_TRUE(edits.fits(messages.size()));
  std::string out = edits.apply(Slice::copy_of(messages)).to_string();
  EXPECT_TRUE(index.build(out).has_value()) << out;
  return out;
}

TEST(SchemaInWords, StandsAtTheEndOfTheSystemsFirstWords) {
  EXPECT_EQ(instructed(R"([{"role":"system","content":"x"},{"role":"user","content":"y"}])"),
            R"([{"role":"system","content":"x\n\na \"b\""},{"role":"user","content":"y"}])");
  EXPECT_EQ(instructed(R"([{"role":"developer","content":""}])"),
            R"([{"role":"developer","content":"a \"b\""}])");
  EXPECT_EQ(instructed(R"([{"content":[{"type":"text","text":"x"}],"role":"system"}])"),
            R"([{"content":[{"type":"text","text":"x"},{"type":"text","text":"a \"b\""}],)"
            R"("role":"system"}])");
  EXPECT_EQ(instructed(R"([{"role":"system","content":[ ]}])"),
            R"([{"role":"system","content":[ {"type":"text","text":"a \"b\""}]}])");
}

TEST(SchemaInWords, OrInAMessageOfTheirOwnInFront) {
  const std::string made = R"({"role":"system","content":"a \"b\""})";
  EXPECT_EQ(instructed("[]"), "[" + made + "]");
  for (const std::string message :
       {R"({"role":"user","content":"y"})", R"({"role":"system","content":null})",
        R"({"role":"system"})", R"({"role":7,"content":"x"})", "1", "null", "[]"}) {
    EXPECT_EQ(instructed("[" + message + "]"), "[" + made + "," + message + "]");
  }
}

TEST(SchemaInWords, JsonModeIsToldOfJsonWhereThePromptDoesNotSpeakOfIt) {
  ChatRequest request;
  EXPECT_NE(json_in_words(request).find("JSON"), std::string_view::npos);
  request.parts.push_back({.body = TextPart{.text = {.bytes = "as jso n"}}});
  EXPECT_FALSE(json_in_words(request).empty());
  request.parts.push_back({.body = TextPart{.text = {.bytes = "Answer in Json."}}});
  EXPECT_TRUE(json_in_words(request).empty());
}

TEST(SchemaInWords, TheSchemaGoesAsItIsSpelled) {
  EXPECT_TRUE(schema_in_words(R"({"type" : "object"})").ends_with(":\n{\"type\" : \"object\"}"));
}

}  // namespace
}  // namespace sluice::llm
