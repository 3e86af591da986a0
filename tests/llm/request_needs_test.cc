#include "sluice/llm/request_needs.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::llm {
namespace {

RequestNeeds needs(std::string_view body) {
  json::Index index;
  EXPECT_TRUE(index.build(body).has_value()) << body;
  return needs_of(json::root(index));
}

std::string shown(const RequestNeeds& needs) {
  std::string out;
  const auto flag = [&](bool set, std::string_view name) {
    if (set) out.append(out.empty() ? "" : " ").append(name);
  };
  flag(needs.tools, "tools");
  flag(needs.parallel_tools, "parallel");
  flag(needs.images, "images");
  flag(needs.audio, "audio");
  flag(needs.files, "files");
  flag(needs.json_schema, "schema");
  flag(needs.json_object, "json");
  flag(needs.reasoning, "reasoning");
  if (needs.output_tokens) flag(true, std::to_string(*needs.output_tokens));
  return out;
}

struct NeedCase {
  std::string_view body;
  std::string_view shown;
};
const NeedCase need_cases[] = {
    {"{}", ""},
    {"[]", ""},
    {R"({"messages":[{"role":"user","content":"an image_url"}],"tools":[],"stream":true})", ""},
    {R"({"tools":null,"messages":7,"text":"plain","reasoning":[],"max_tokens":"many"})", ""},
    {R"({"tools":[{"type":"function"}],"parallel_tool_calls":true})", "tools parallel"},
    {R"({"functions":[{"name":"f"}],"parallel_tool_calls":false})", "tools"},
    // Chat Completions
    {R"({"messages":[{"content":[{"type":"text","text":"t"},{"type":"image_url","image_url":{}}]}]})",
     "images"},
    {R"({"messages":[{"content":[{"type":"input_audio"}]}]})", "audio"},
    {R"({"messages":[{"content":[{"type":"file"}]}]})", "files"},
    {R"({"modalities":["text","audio"]})", "audio"},
    {R"({"response_format":{"type":"json_schema"}})", "schema"},
    {R"({"response_format":{"type":"json_object"}})", "json"},
    {R"({"response_format":{"type":"text"}})", ""},
    {R"({"reasoning_effort":"low"})", "reasoning"},
    {R"({"reasoning_effort":"none"})", ""},
    {R"({"reasoning":{"max_tokens":100}})", "reasoning"},
    {R"({"reasoning":{"enabled":true}})", "reasoning"},
    {R"({"reasoning":{"enabled":false,"max_tokens":0}})", ""},
    {R"({"include_reasoning":true})", "reasoning"},
    {R"({"max_tokens":5,"max_completion_tokens":7})", "7"},
    {R"({"max_tokens":-5})", ""},
    // Messages
    {R"({"messages":[{"content":[{"type":"image"},{"type":"document"}]}]})", "images files"},
    {R"({"messages":[{"content":[{"type":"tool_result","content":[{"type":"image"}]}]}]})",
     "images"},
    {R"({"thinking":{"type":"enabled","budget_tokens":1024},"max_tokens":2048})", "reasoning 2048"},
    {R"({"thinking":{"type":"adaptive"}})", "reasoning"},
    {R"({"thinking":{"type":"disabled"}})", ""},
    {R"({"output_config":{"format":{"type":"json_schema"},"effort":"low"}})", "schema"},
    {R"({"output_format":{"type":"json_schema"}})", "schema"},
    // Responses
    {R"({"input":[{"role":"user","content":[{"type":"input_image"},{"type":"input_file"}]}]})",
     "images files"},
    {R"({"input":[{"type":"function_call_output","output":[{"type":"input_image"}]}]})", "images"},
    {R"({"text":{"format":{"type":"json_object"}},"max_output_tokens":9})", "json 9"},
    {R"({"reasoning":{"effort":"high"}})", "reasoning"},
    {R"({"input":"a text"})", ""},
};

TEST(RequestNeeds, AreSeenInEveryDialect) {
  for (const NeedCase& c : need_cases) EXPECT_EQ(shown(needs(c.body)), c.shown) << c.body;
}

TEST(RequestNeeds, TokensAreCountedByBytesAndMediaByThePiece) {
  const std::string text(12'000, 'x');
  const RequestNeeds plain = needs(R"({"messages":[{"role":"user","content":")" + text + R"("}]})");
  EXPECT_NEAR(static_cast<double>(plain.input_tokens_min), 1'000, 5);
  EXPECT_NEAR(static_cast<double>(plain.input_tokens_likely), 3'000, 20);
  EXPECT_NEAR(static_cast<double>(plain.input_tokens_max), 12'000, 50);
  // As base64 it would be a book.
  const RequestNeeds seen =
      needs(R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":")" +
            text + text + R"("}}]}]})");
  EXPECT_LT(seen.input_tokens_likely, 1'400U);
  EXPECT_GE(seen.input_tokens_likely, 1'300U);
  EXPECT_LT(seen.input_tokens_min, 10U);
}

TEST(RequestNeeds, SystemAndToolsAreReadToo) {
  const RequestNeeds found = needs(
      R"({"system":"12345678","instructions":"12345678","prompt":"12345678","tools":[1],"metadata":"nobody counts these many letters here"})");
  EXPECT_EQ(found.input_tokens_max, 33U);
  EXPECT_EQ(found.input_tokens_likely, 8U);
  EXPECT_EQ(found.input_tokens_min, 2U);
}

TEST(RequestNeeds, WhatComesBehindVeryManyPartsIsNotLookedAt) {
  const auto body = [](int texts) {
    std::string out = R"({"messages":[{"content":[)";
    for (int n = 0; n < texts; ++n) out += R"({"type":"text","text":""},)";
    return out + R"({"type":"image_url"}]}]})";
  };
  EXPECT_TRUE(needs(body(9'000)).images);
  EXPECT_FALSE(needs(body(10'000)).images);
}

}  // namespace
}  // namespace sluice::llm
