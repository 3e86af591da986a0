#include "sluice/llm/openai_host_edits.h"

#include <gtest/gtest.h>

#include <set>

#include "sluice/llm/openai_request.h"
#include "sluice/llm/trait_overrides.h"

namespace sluice::llm {
namespace {

const HostTraits mistral{.takes_stream_options = false,
                         .takes_developer_role = false,
                         .spells_required_any = true,
                         .output_tokens_name = "max_tokens",
                         .seed_name = "random_seed",
                         .call_id_letters = 9,
                         .refused = {"logit_bias", "store"}};

struct Sent {
  std::string body;
  std::vector<std::string> dropped;
  bool edited = false;
};

Sent send(std::string_view body, const HostTraits& host, std::string_view model = "m",
          ModelTraits traits = {}) {
  narrow(traits, host);
  json::Index index;
  const auto request =
      understand_openai_json(*find_endpoint("POST", "/v1/chat/completions"), body, index);
  if (!request) return {"refused: " + request.error().message, {}};
  auto edits = openai_host_edits(*request, body, host, traits, index);
  const SliceChain sent =
      openai_upstream_body(*request, Slice::copy_of(body), model, edits ? &*edits : nullptr);
  EXPECT_TRUE(index.build(sent.to_string())) << sent.to_string();
  return {sent.to_string(), edits ? std::move(edits->dropped) : std::vector<std::string>{},
          edits.has_value()};
}

TEST(OpenaiHostEdits, APlainHostGetsTheRequestsOwnEditsAndNoSecondLook) {
  const std::string_view body =
      R"({"model":"m","messages":[{"role":"developer","content":"x"}],"seed":1,"stream":true})";
  const Sent sent = send(body, {});
  EXPECT_FALSE(sent.edited);
  EXPECT_NE(sent.body.find("include_usage"), std::string::npos);
}

TEST(OpenaiHostEdits, AHostThatDiffersByTheRoleAloneIsLookedAtOnlyWhereTheRoleIs) {
  const HostTraits host{.takes_developer_role = false};
  EXPECT_FALSE(send(R"({"model":"m","messages":[{"role":"user","content":"x"}]})", host).edited);
  EXPECT_EQ(
      send(R"({"model":"m","messages":[{"role":"developer","content":"developer"}]})", host).body,
      R"({"model":"m","messages":[{"role":"system","content":"developer"}]})");
}

TEST(OpenaiHostEdits, EachWayOfTheHostIsASpliceAndTheRestStaysAsReceived) {
  const Sent sent = send(
      R"({ "model":"fast", "seed" : 7, "max_completion_tokens":9e0, "tool_choice":"required",)"
      R"( "store":true, "logit_bias":null, "preset":"x", "messages": [{"role":"developer","content":"a"},)"
      R"({"role":"assistant","tool_calls":[{"id":"call_abc","type":"function","function":{"name":"f","arguments":"{}"}}]},)"
      R"({"role":"tool","tool_call_id":"call_abc","content":"1.0"}], "temperature":1.0})",
      mistral, "mistral-large");
  const std::string id = host_call_id("call_abc", 9);
  EXPECT_EQ(
      sent.body,
      R"({ "model":"mistral-large", "random_seed" : 7, "max_tokens":9e0, "tool_choice":"any",)"
      R"( "messages": [{"role":"system","content":"a"},)"
      R"({"role":"assistant","tool_calls":[{"id":")" +
          id +
          R"(","type":"function","function":{"name":"f","arguments":"{}"}}]},)"
          R"({"role":"tool","tool_call_id":")" +
          id + R"(","content":"1.0"}], "temperature":1.0})");
  EXPECT_EQ(sent.dropped, std::vector<std::string>{"store"}) << "a null says nothing";
}

TEST(OpenaiHostEdits, StreamOptionsGoWhereTheyAreRefusedAndAreAskedForWhereNot) {
  const std::string_view asked =
      R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}})";
  const Sent refused = send(asked, mistral);
  EXPECT_EQ(refused.body, R"({"model":"m","messages":[],"stream":true})");
  EXPECT_EQ(refused.dropped, std::vector<std::string>{"stream_options"});
  EXPECT_EQ(send(R"({"model":"m","messages":[],"stream":true})", mistral).body,
            R"({"model":"m","messages":[],"stream":true})");

  const HostTraits host{.seed_name = "s"};
  EXPECT_EQ(send(R"({"model":"m","messages":[],"stream":true})", host).body,
            R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}})");
  EXPECT_EQ(
      send(R"({"model":"m","messages":[],"stream":true,"stream_options":{"a":1}})", host).body,
      R"({"model":"m","messages":[],"stream":true,"stream_options":{"a":1,"include_usage":true}})");
  EXPECT_EQ(send(R"({"model":"m","messages":[],"stream":true,"stream_options":null})", host).body,
            R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}})");
  EXPECT_EQ(
      send(R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":false}})",
           host)
          .body,
      R"({"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}})");
}

TEST(OpenaiHostEdits, OfTwoNamesForOneThingTheHostGetsOne) {
  const HostTraits older{.output_tokens_name = "max_tokens"};
  const HostTraits newer{.output_tokens_name = "max_completion_tokens"};
  const auto with = [](std::string_view members) {
    return R"({"model":"m","messages":[],)" + std::string(members) + "}";
  };
  EXPECT_EQ(send(with(R"("max_tokens":1)"), older).body, with(R"("max_tokens":1)"));
  EXPECT_EQ(send(with(R"("max_tokens":1)"), newer).body, with(R"("max_completion_tokens":1)"));
  const std::string both = with(R"("max_tokens":1,"max_completion_tokens":2)");
  EXPECT_EQ(send(both, older).body, with(R"("max_tokens":2)"));
  EXPECT_EQ(send(both, newer).body, with(R"("max_completion_tokens":2)"));
  EXPECT_EQ(send(with(R"("max_tokens":1,"max_completion_tokens":null)"), older).body,
            with(R"("max_tokens":1)"));
  EXPECT_EQ(send(with(R"("seed":1,"random_seed":2)"), mistral).body, with(R"("random_seed":2)"));
}

TEST(OpenaiHostEdits, ReasoningGoesBackUnderTheNameTheHostReads) {
  const HostTraits host{.reasoning_name = "reasoning_content"};
  EXPECT_EQ(
      send(R"({"model":"m","messages":[{"role":"assistant","reasoning":"a","content":"b"},)"
           R"({"role":"assistant","reasoning":"a","reasoning_content":"a"},)"
           R"({"role":"assistant","reasoning":{"effort":1}}],"reasoning":"top"})",
           host)
          .body,
      R"({"model":"m","messages":[{"role":"assistant","reasoning_content":"a","content":"b"},)"
      R"({"role":"assistant","reasoning":"a","reasoning_content":"a"},)"
      R"({"role":"assistant","reasoning":{"effort":1}}],"reasoning":"top"})");
}

std::string thinking_body(std::string_view members) {
  return R"({"model":"m","messages":[])" + std::string(members) + "}";
}

TEST(OpenaiHostEdits, WordsForThinkingBecomeTheHostsOwn) {
  const HostTraits deepseek{.thinking_switch = ThinkingSwitch::thinking};
  const ModelTraits toggle{.thinking = ThinkingControl::toggle};
  const ModelTraits effort{.thinking = ThinkingControl::effort};
  const auto sent = [&](std::string_view members, const ModelTraits& model) {
    const Sent got = send(thinking_body(members), deepseek, "m", model);
    std::string out = got.body.substr(thinking_body("").size() - 1);
    for (const std::string& name : got.dropped) out += " -" + name;
    return out;
  };
  EXPECT_EQ(sent(R"(,"reasoning_effort":"none","top_p":1.0)", toggle),
            R"(,"top_p":1.0,"thinking":{"type":"disabled"}})");
  EXPECT_EQ(sent(R"(,"reasoning_effort":"low")", toggle), R"(,"thinking":{"type":"enabled"}})");
  EXPECT_EQ(sent(R"(,"reasoning_effort":"low")", effort),
            R"(,"thinking":{"type":"enabled"},"reasoning_effort":"low"})");
  EXPECT_EQ(sent(R"(,"reasoning":{"max_tokens":100,"exclude":true})", toggle),
            R"(,"thinking":{"type":"enabled"}} -reasoning.max_tokens -reasoning.exclude)");
  EXPECT_EQ(sent(R"(,"reasoning":{"enabled":false},"reasoning_effort":null)", toggle),
            R"(,"thinking":{"type":"disabled"}})");
  EXPECT_EQ(sent(R"(,"reasoning_effort":"default")", toggle), R"(,"thinking":{"type":"enabled"}})");
}

TEST(OpenaiHostEdits, WhatCannotBeSaidOfThinkingIsNamed) {
  const HostTraits host{.thinking_switch = ThinkingSwitch::thinking};
  const Sent off = send(thinking_body(R"(,"reasoning_effort":"none")"), host, "m",
                        {.thinking = ThinkingControl::toggle, .thinking_can_be_off = false});
  EXPECT_EQ(off.body, thinking_body(""));
  EXPECT_EQ(off.dropped, std::vector<std::string>{"reasoning_effort"});
  const Sent on = send(thinking_body(R"(,"reasoning":{"effort":"high"})"), host);
  EXPECT_EQ(on.body, thinking_body(""));
  EXPECT_EQ(on.dropped, std::vector<std::string>{"reasoning"});
}

TEST(OpenaiHostEdits, ACallerThatKnowsTheHostsWordsIsLeftAlone) {
  const ModelTraits qwen{.thinking = ThinkingControl::toggle,
                         .thinking_variable = "enable_thinking"};
  struct Own {
    ThinkingSwitch spelling;
    std::string_view members;
  };
  const Own own[] = {
      {ThinkingSwitch::thinking, R"(,"reasoning_effort":"max","thinking":{"type":"enabled"})"},
      {ThinkingSwitch::enable_thinking, R"(,"thinking_budget":5,"reasoning_effort":"low")"},
      {ThinkingSwitch::enable_thinking, R"(,"enable_thinking":null,"reasoning_effort":"low")"},
      {ThinkingSwitch::chat_template_kwargs,
       R"(,"chat_template_kwargs":{"x":1},"reasoning_effort":"low")"},
      {ThinkingSwitch::reasoning, R"(,"reasoning":{"effort":"low"},"reasoning_effort":"low")"},
      {ThinkingSwitch::none_or_default, R"(,"reasoning_effort":"default")"},
      {ThinkingSwitch::reasoning_effort, R"(,"reasoning_effort":"low","reasoning":{"effort":"x"})"},
      // Nor is one whose words are nobody's.
      {ThinkingSwitch::thinking, R"(,"reasoning_effort":"deep")"},
      {ThinkingSwitch::thinking, R"(,"reasoning_effort":1)"},
      {ThinkingSwitch::thinking, R"(,"reasoning":"much")"},
      {ThinkingSwitch::thinking, R"(,"reasoning":{"max_tokens":-1})"},
      {ThinkingSwitch::thinking, R"(,"reasoning":{"summary":"auto"})"},
  };
  for (const Own& each : own) {
    const HostTraits host{.thinking_switch = each.spelling};
    const Sent sent = send(thinking_body(each.members), host, "m", qwen);
    EXPECT_EQ(sent.body, thinking_body(each.members));
    EXPECT_TRUE(sent.dropped.empty()) << each.members;
  }
}

TEST(OpenaiHostEdits, ARouterGetsOneWordForAll) {
  const HostTraits openrouter{.thinking_switch = ThinkingSwitch::reasoning};
  EXPECT_EQ(send(thinking_body(R"(,"reasoning_effort":"low")"), openrouter).body,
            thinking_body(R"(,"reasoning":{"effort":"low"})"));
}

TEST(OpenaiHostEdits, ABodyWithoutAWordOnThinkingIsNotLookedAt) {
  const HostTraits host{.thinking_switch = ThinkingSwitch::thinking};
  EXPECT_FALSE(send(thinking_body(R"(,"top_p":1)"), host).edited);
  EXPECT_TRUE(send(thinking_body(R"(,"reasoning_effort":"none")"), host).edited);
}

TEST(OpenaiHostEdits, ASchemaForTheAnswerIsToldInWordsWhereThereIsJsonModeAlone) {
  const HostTraits host{.takes_json_schema = false};
  const Sent sent = send(
      R"({"model":"m","messages":[{"role":"system","content":"x"}],"response_format":)"
      R"({"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type":"object"}}},"n":1})",
      host);
  EXPECT_EQ(
      sent.body,
      R"({"model":"m","messages":[{"role":"system","content":"x\n\nAnswer with one JSON object that )"
      R"(fits this JSON Schema, and nothing else:\n{\"type\":\"object\"}"}],)"
      R"("response_format":{"type":"json_object"},"n":1})");
  EXPECT_EQ(sent.dropped, std::vector<std::string>{"response_format.json_schema.strict"});

  for (const std::string_view format :
       {R"({"type":"json_object"})", R"({"type":"text"})", R"({"type":"json_schema"})",
        R"({"type":"json_schema","json_schema":{"schema":1}})", R"("json_schema")", "null"}) {
    const std::string body =
        R"({"model":"m","messages":[],"response_format":)" + std::string(format) + "}";
    EXPECT_EQ(send(body, host).body, body);
  }
  EXPECT_FALSE(send(R"({"model":"m","messages":[],"n":1})", host).edited);
}

TEST(OpenaiHostEdits, MembersSpelledWithEscapesAreTheSameMembers) {
  EXPECT_EQ(send(R"({"model":"m","messages":[],"s\u0065ed":1,"st\u006fre":true})", mistral).body,
            R"({"model":"m","messages":[],"random_seed":1})");
}

TEST(OpenaiHostEdits, OtherShapesThanExpectedPassForTheHostToJudge) {
  for (
      const std::string_view body :
      {R"({"model":"m","messages":[1,"a",null,[],{"role":1,"tool_calls":3,"tool_call_id":4}]})",
       R"({"model":"m","messages":[{"tool_calls":[1,{"id":null},{}]}],"tool_choice":{"type":"x"}})"}) {
    EXPECT_EQ(send(body, mistral).body, body);
  }
}

TEST(OpenaiHostEdits, OnlyChatIsConcerned) {
  json::Index index;
  const std::string_view body = R"({"model":"m","input":"x","seed":1})";
  const auto request =
      understand_openai_json(*find_endpoint("POST", "/v1/embeddings"), body, index);
  ASSERT_TRUE(request);
  EXPECT_FALSE(openai_host_edits(*request, body, mistral, {}, index));
}

TEST(OpenaiHostEdits, AnIdIsMadeOfTheIdAloneAndRightOnesStay) {
  EXPECT_EQ(host_call_id("abcDEF123", 9), "abcDEF123");
  std::set<std::string> made;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = "call_" + std::to_string(i);
    const std::string of_host = host_call_id(id, 9);
    EXPECT_EQ(of_host.size(), 9U);
    EXPECT_EQ(
        of_host.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
        std::string::npos);
    EXPECT_EQ(host_call_id(id, 9), of_host);
    EXPECT_EQ(host_call_id(of_host, 9), of_host) << "made again it stays";
    made.insert(of_host);
  }
  EXPECT_EQ(made.size(), 10'000U);
  EXPECT_EQ(host_call_id("", call_id_letters_max).size(), 64U);
}

}  // namespace
}  // namespace sluice::llm
