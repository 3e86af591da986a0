#include "sluice/llm/override_members.h"

#include <gtest/gtest.h>

#include "override_check.h"
#include "shown_wishes.h"
#include "sluice/llm/anthropic_request.h"
#include "sluice/llm/openai_request.h"

namespace sluice::llm {
namespace {

std::string merged(std::string_view body, std::size_t position = 0) {
  json::Index index;
  std::string out;
  return override_members(body, index, position, out) ? out : "refused";
}

struct MergeCase {
  std::string_view body;
  std::string_view merged;
};
const MergeCase merge_cases[] = {
    {R"({"model":"a","messages":[1],"fallbacks":["b"]})", R"({"messages":[1],"model":"b"})"},
    {R"({"model":"a","fallbacks":[{"temperature":1e0}],"temperature":0.0})",
     R"({"model":"a","temperature":1e0})"},
    {R"({"model":"a","temperature":0,"fallbacks":[{"model":"b","temperature":null}]})",
     R"({"model":"b"})"},
    {R"({ "mod\u0065l" : "a" , "x" : "\u0041\/" , "fallbacks" : [ { "model" : "\u0062" } ] })",
     R"({"x":"\u0041\/","model":"\u0062"})"},
    {R"({"model":"a","m\u0065ssages":[1],"fallbacks":[{"messages":[2, {"a" : 1}]}]})",
     R"({"model":"a","messages":[2, {"a" : 1}]})"},
    {R"({"model":"a","messages":[1],"fallbacks":[{"prompt":"say \"hi\""}]})",
     R"({"model":"a","messages":[{"role":"user","content":"say \"hi\""}]})"},
    {R"({"model":"a","prompt":"x","fallbacks":[{"prompt":"y"}]})", R"({"model":"a","prompt":"y"})"},
    {R"({"model":"a","prompt":"x","fallbacks":[{"messages":[]}]})",
     R"({"model":"a","messages":[]})"},
    {R"({"model":"a","messages":[1],"fallbacks":[{"messages":[2],"prompt":"y"}]})",
     R"({"model":"a","messages":[2],"prompt":"y"})"},
    {R"({"model":"a","fallback_config":{"depth":1},"route":"sort","models":["z"],"provider":{"zdr":true},"session_id":"s","fallbacks":[{"model":"b"}]})",
     R"({"provider":{"zdr":true},"session_id":"s","model":"b"})"},
    {R"({"provider":{"zdr":true},"fallbacks":[{"provider":{"order":["x"]}}]})",
     R"({"provider":{"order":["x"]}})"},
    {R"({"fallbacks":[{"new":[]}]})", R"({"new":[]})"},
    {R"({"fallbacks":[{"model":null}]})", "{}"},
    {R"({"fallbacks":[7]})", "refused"},
    {R"({"fallbacks":[]})", "refused"},
    {R"({"fallbacks":"default"})", "refused"},
    {R"({"model":"a"})", "refused"},
    {"[]", "refused"},
    {"{", "refused"},
};

TEST(OverrideMembers, AnEntryReplacesWhatItNames) {
  for (const MergeCase& c : merge_cases) EXPECT_EQ(merged(c.body), c.merged) << c.body;
}

TEST(OverrideMembers, TheResultHasTheMembersItMustHaveAndNoOthers) {
  for (const MergeCase& c : merge_cases) {
    if (c.merged == "refused") continue;
    json::Index before;
    json::Index after;
    ASSERT_TRUE(before.build(c.body).has_value());
    const std::string out = merged(c.body);
    ASSERT_TRUE(after.build(out).has_value()) << out;
    EXPECT_EQ(testing::raw_members(json::root(after)),
              testing::expected_members(json::root(before), 0))
        << c.body;
  }
}

TEST(OverrideMembers, EveryEntryIsARequestOfItsOwn) {
  constexpr std::string_view body =
      R"({"model":"a","stream":true,"max_tokens":1,"messages":[],"provider":{"data_collection":"deny"},"fallback_config":{"depth":2},"fallbacks":["b",{"model":"c","temperature":1,"stream":true},{"provider":{"order":["x"]}}]})";
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"b", "no_collection"}, {"c", "no_collection"}, {"a", "order=x"}};
  for (std::size_t n = 0; n < std::size(cases); ++n) {
    const std::string out = merged(body, n);
    json::Index index;
    const auto chat =
        understand_openai_json(*find_endpoint("POST", "/v1/chat/completions"), out, index);
    const auto messages =
        understand_anthropic_json(*find_endpoint("POST", "/v1/messages"), out, index);
    for (const auto* request : {&chat, &messages}) {
      ASSERT_TRUE(request->has_value()) << out;
      EXPECT_EQ((*request)->model, cases[n].first);
      EXPECT_TRUE((*request)->stream);
      EXPECT_EQ(testing::shown_wishes(*request), cases[n].second);
    }
  }
  EXPECT_EQ(merged(body, 3), "refused");
}

TEST(OverrideMembers, ManyMembersCostNoMoreThanTheirNumber) {
  std::string body = R"({"model":"a","messages":[])";
  for (int n = 0; n < 200'000; ++n) body += fmt::format(",\"member{}\":{}", n, n);
  std::string entry = R"({"model":"b")";
  for (int n = 0; n < 60; ++n) entry += fmt::format(",\"member{}\":\"x\"", n);
  const std::string out = merged(body + ",\"fallbacks\":[" + entry + "}]}");
  EXPECT_NE(out.find(R"("member0":"x")"), std::string::npos);
  EXPECT_NE(out.find(R"("member60":60,)"), std::string::npos);
}

}  // namespace
}  // namespace sluice::llm
