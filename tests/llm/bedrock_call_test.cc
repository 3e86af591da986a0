#include "sluice/llm/bedrock_call.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sorted_json.h"

namespace sluice::llm {
namespace {

constexpr std::string_view claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
constexpr std::string_view nova = "us.amazon.nova-2-lite-v1:0";
constexpr std::string_view gpt_oss = "openai.gpt-oss-120b-1:0";
constexpr std::string_view llama = "us.meta.llama3-3-70b-instruct-v1:0";

json::Text text(std::string_view bytes) { return {.bytes = bytes}; }
Part say(std::string_view bytes, CacheMark cache = CacheMark::none) {
  return {.body = TextPart{.text = text(bytes)}, .cache = cache};
}
Part call(std::string_view id, std::string_view arguments = "{}", std::string_view name = "f") {
  return {.body = ToolCall{.id = text(id), .name = text(name), .arguments = text(arguments)}};
}
Number number(std::string_view raw) { return {.raw = raw, .value = std::stod(std::string(raw))}; }

void add(ChatRequest& request, Role role, std::vector<Part> parts) {
  request.messages.push_back({.role = role,
                              .first_part = static_cast<std::uint32_t>(request.parts.size()),
                              .part_count = static_cast<std::uint32_t>(parts.size())});
  for (Part& part : parts) request.parts.push_back(std::move(part));
}

Part result(ChatRequest& request, std::string_view id, std::vector<Part> children,
            bool is_error = false) {
  const auto first = static_cast<std::uint32_t>(request.result_parts.size());
  const auto count = static_cast<std::uint32_t>(children.size());
  for (Part& child : children) request.result_parts.push_back(std::move(child));
  return {
      .body = ToolResult{
          .call_id = text(id), .is_error = is_error, .first_child = first, .child_count = count}};
}

Tool function(std::string_view name) {
  return {.name = text(name), .parameters = R"({"type":"object"})"};
}

using Change = std::function<void(ChatRequest&)>;

ChatRequest hello(const Change& change) {
  ChatRequest request;
  add(request, Role::user, {say("hi")});
  change(request);
  return request;
}

WrittenCall write(const ChatRequest& request, std::string_view model = claude,
                  const ModelTraits& traits = {}) {
  json::Index scratch;
  return write_bedrock_call(request, {.upstream_model = model, .traits = traits}, scratch);
}

// The body, members sorted, or why there is none.
std::string body(const ChatRequest& request, std::string_view model = claude,
                 const ModelTraits& traits = {}) {
  const WrittenCall call = write(request, model, traits);
  return call ? sorted_json(call->body) : call.error().message;
}

// The members beside the one message "hi" and an empty inferenceConfig; then what was dropped.
std::string beside(const Change& change, std::string_view model = claude,
                   const ModelTraits& traits = {}) {
  const WrittenCall call = write(hello(change), model, traits);
  if (!call) return call.error().param + ": " + call.error().message;
  json::Index index;
  EXPECT_TRUE(index.build(call->body)) << call->body;
  std::string out;
  for (const json::Member member : json::root(index).members()) {
    const std::string name = *member.key.string();
    if (name == "messages" || member.value.is_empty()) continue;
    out += name + " ";
    append_sorted(out, member.value);
    out += '\n';
  }
  for (const std::string& name : call->dropped) out += "dropped " + name + "\n";
  return out;
}

// The content of the messages, and no more.
std::string messages(const Change& change, std::string_view model = claude,
                     const ModelTraits& traits = {}) {
  ChatRequest request;
  change(request);
  const WrittenCall call = write(request, model, traits);
  if (!call) return call.error().message;
  json::Index index;
  EXPECT_TRUE(index.build(call->body)) << call->body;
  std::string out;
  for (const json::Value message : json::root(index).find("messages")->elements()) {
    out += message.find("role")->string().value().substr(0, 1) + ":";
    append_sorted(out, *message.find("content"));
  }
  return out;
}

TEST(BedrockCall, EncodesTheModelInItsTarget) {
  EXPECT_EQ(bedrock_target(claude, true),
            "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream");
  EXPECT_EQ(bedrock_target("arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x y~_", false),
            "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.x%20y~_/converse");
  ChatRequest request = hello([](ChatRequest& r) { r.stream = true; });
  EXPECT_TRUE(write(request)->target.ends_with("/converse-stream"));
  request.stream = false;
  EXPECT_TRUE(write(request)->target.ends_with("/converse"));
}

TEST(BedrockCall, TellsTheMakerFromTheModelsId) {
  const std::pair<std::string_view, std::string_view> models[] = {
      {claude, "anthropic"},
      {"anthropic.claude-v2", "anthropic"},
      {"global.anthropic.claude-sonnet-4-6", "anthropic"},
      {"us-gov.anthropic.claude-3-7", "anthropic"},
      {nova, "amazon"},
      {"apac.amazon.nova-lite-v1:0", "amazon"},
      {gpt_oss, "openai"},
      {"qwen.qwen2.5-32b", "qwen"},
      {"ai21.jamba-1-5-large-v1:0", "ai21"},
      {"zai.glm-4.6", "zai"},
      {"arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3", "anthropic"},
      {"arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-lite-v1:0", "amazon"},
      {"arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2", ""},
      {"", ""}};
  for (const auto& [model, maker] : models) EXPECT_EQ(bedrock_publisher(model), maker) << model;
}

TEST(BedrockCall, WritesTurnsAndTheSystemsWordsApart) {
  ChatRequest request;
  add(request, Role::system, {say("Be brief.")});
  add(request, Role::user, {say("a")});
  add(request, Role::user, {say("b")});
  add(request, Role::assistant, {say("c"), {.body = RefusalPart{.text = text("no")}}});
  add(request, Role::user, {{.body = TextPart{.text = {.bytes = R"(\"d\"\n)", .escaped = true}}}});
  EXPECT_EQ(body(request),
            R"({"inferenceConfig":{},"messages":[{"content":[{"text":"a"},{"text":"b"}],)"
            R"("role":"user"},{"content":[{"text":"c"},{"text":"no"}],"role":"assistant"},)"
            R"({"content":[{"text":"\"d\"\n"}],"role":"user"}],"system":[{"text":"Be brief."}]})");
}

TEST(BedrockCall, WritesCallsAndResults) {
  EXPECT_EQ(messages([](ChatRequest& r) {
              add(r, Role::user, {say("a")});
              add(r, Role::assistant, {call("t1", R"({"x": 1.0})"), call("t2", "")});
              const Part second = result(r, "t2", {}, true);
              const Part first = result(r, "t1", {say("sunny"), say("")});
              add(r, Role::user, {second, first, say("go on")});
            }),
            R"(u:[{"text":"a"}]a:[{"toolUse":{"input":{"x":1.0},"name":"f","toolUseId":"t1"}},)"
            R"({"toolUse":{"input":{},"name":"f","toolUseId":"t2"}}]u:[{"toolResult":{"content":)"
            R"([{"text":"sunny"}],"toolUseId":"t1"}},{"toolResult":{"content":[{"text":"."}],)"
            R"("status":"error","toolUseId":"t2"}},{"text":"go on"}])");
}

TEST(BedrockCall, RefusesArgumentsThatAreNoObject) {
  for (const std::string_view arguments : {"{\"a\":", "[1]", "7", "text"}) {
    EXPECT_NE(messages([arguments](ChatRequest& r) {
                add(r, Role::assistant, {call("t1", arguments)});
              }).find("no JSON object"),
              std::string::npos);
  }
}

TEST(BedrockCall, RewritesIdsThatTheModelWouldRefuse) {
  const auto ids = [](std::string_view id, std::string_view model) {
    return messages(
        [id](ChatRequest& r) {
          add(r, Role::assistant, {call(id)});
          add(r, Role::user, {result(r, id, {say("x")})});
        },
        model);
  };
  const std::string_view kimi = "functions.get:0";
  EXPECT_NE(ids(kimi, "moonshot.kimi-k2-thinking").find(kimi), std::string::npos);
  EXPECT_EQ(ids(kimi, claude).find(kimi), std::string::npos);
  const std::string written = ids(std::string(65, 'x'), llama);
  const std::size_t at = written.find("call_");
  ASSERT_NE(at, std::string::npos);
  const std::string made = written.substr(at, 37);
  EXPECT_NE(written.find(made, at + 37), std::string::npos);  // the result's too
  EXPECT_EQ(ids(std::string(65, 'y'), llama).find(made), std::string::npos);
}

Part image(MediaSource source, std::string_view data, std::string_view type = "") {
  return {.body = MediaPart{.source = source, .data = text(data), .media_type = text(type)}};
}
Part document(std::string_view type, std::string_view name,
              MediaSource source = MediaSource::base64) {
  return {.body = MediaPart{.kind = MediaKind::document,
                            .source = source,
                            .data = text("aGk="),
                            .media_type = text(type),
                            .name = text(name)}};
}

TEST(BedrockCall, WritesImages) {
  const auto written = [](Part part) {
    return messages([part](ChatRequest& r) { add(r, Role::user, {part}); });
  };
  EXPECT_EQ(written(image(MediaSource::base64, "aGk=", "image/jpg")),
            R"(u:[{"image":{"format":"jpeg","source":{"bytes":"aGk="}}}])");
  EXPECT_EQ(written(image(MediaSource::url, "s3://b/a.PNG")),
            R"(u:[{"image":{"format":"png","source":{"s3Location":{"uri":"s3://b/a.PNG"}}}}])");
  EXPECT_NE(written(image(MediaSource::url, "https://a.example/a.png")).find("data URL"),
            std::string::npos);
  EXPECT_NE(written(image(MediaSource::file_id, "file-1", "image/png")).find("file id"),
            std::string::npos);
  EXPECT_NE(written(image(MediaSource::base64, "aGk=", "image/tiff")).find("PNG, JPEG"),
            std::string::npos);
  Part audio = image(MediaSource::base64, "aGk=", "audio/wav");
  std::get<MediaPart>(audio.body).kind = MediaKind::audio;
  EXPECT_NE(written(audio).find("no audio"), std::string::npos);
}

TEST(BedrockCall, WritesDocumentsUnderLegalNamesWithATextBeside) {
  const Change change = [](ChatRequest& r) {
    add(r, Role::user,
        {document("application/pdf", "q3_report  v1.2.pdf"),
         document("application/pdf", "q3_report v1.2.pdf"), document("text/plain", ""),
         document("", "a/\xc3\xbc.md"), document("", "notes", MediaSource::text)});
  };
  constexpr std::string_view second =
      R"-({"document":{"format":"pdf","name":"q3-report v1-2 (2)","source":{"bytes":"aGk="}}},)-";
  EXPECT_EQ(
      messages(change),
      R"(u:[{"document":{"format":"pdf","name":"q3-report v1-2","source":{"bytes":"aGk="}}},)" +
          std::string(second) +
          R"({"document":{"format":"txt","name":"Document 3","source":{"bytes":"aGk="}}},)"
          R"({"document":{"format":"md","name":"a-","source":{"bytes":"aGk="}}},)"
          R"({"document":{"format":"txt","name":"notes","source":{"bytes":"YUdrPQ=="}}},)"
          R"({"text":"."}])");
}

TEST(BedrockCall, PutsMediaOfResultsBehindThemWhereTheModelTakesNoneInside) {
  const Change change = [](ChatRequest& r) {
    add(r, Role::user, {say("a")});
    add(r, Role::assistant, {call("t1")});
    add(r, Role::user, {result(r, "t1", {image(MediaSource::base64, "aGk=", "image/png")})});
  };
  EXPECT_TRUE(messages(change).ends_with(
      R"(u:[{"toolResult":{"content":[{"image":{"format":"png","source":{"bytes":"aGk="}}}],)"
      R"("toolUseId":"t1"}}])"));
  EXPECT_TRUE(messages(change, claude, {.takes_media_in_results = false})
                  .ends_with(R"(u:[{"toolResult":{"content":[{"text":"."}],"toolUseId":"t1"}},)"
                             R"({"image":{"format":"png","source":{"bytes":"aGk="}}}])"));
}

TEST(BedrockCall, ReplaysTheReasoningOfAnthropicsModelsToThemAlone) {
  const Change change = [](ChatRequest& r) {
    using enum ReasoningOrigin;
    add(r, Role::user, {say("a")});
    add(r, Role::assistant,
        {{.body = ReasoningPart{.text = text("hm"), .signature = text("s="), .origin = anthropic}},
         {.body = ReasoningPart{.sealed = text("Etk="), .origin = anthropic}},
         {.body = ReasoningPart{.text = text("unsigned"), .origin = anthropic}},
         {.body = ReasoningPart{.text = text("o"), .sealed = text("x"), .origin = openai}},
         {.body = ReasoningPart{.text = text("g"), .signature = text("x"), .origin = google}},
         say("b")});
    add(r, Role::user, {say("c")});
  };
  EXPECT_EQ(messages(change),
            R"(u:[{"text":"a"}]a:[{"reasoningContent":{"reasoningText":{"signature":"s=",)"
            R"("text":"hm"}}},{"reasoningContent":{"redactedContent":"RXRrPQ=="}},{"text":"b"}])"
            R"(u:[{"text":"c"}])");
  EXPECT_EQ(messages(change, nova), R"(u:[{"text":"a"}]a:[{"text":"b"}]u:[{"text":"c"}])");
}

TEST(BedrockCall, WritesCachePointsWhereTheModelTakesThem) {
  const Change change = [](ChatRequest& r) {
    add(r, Role::user, {say("a", CacheMark::five_minutes), say("b", CacheMark::one_hour)});
  };
  EXPECT_EQ(messages(change), R"(u:[{"text":"a"},{"cachePoint":{"type":"default"}},{"text":"b"},)"
                              R"({"cachePoint":{"type":"default"}}])")
      << "none of an hour behind one of five minutes";
  EXPECT_EQ(messages(change, llama), R"(u:[{"text":"a"},{"text":"b"}])");
  EXPECT_EQ(messages([](ChatRequest& r) {
              add(r, Role::user, {say("a")});
              r.cache = CacheMark::five_minutes;
            }),
            R"(u:[{"text":"a"},{"cachePoint":{"type":"default"}}])");
  const Change marked_tool = [](ChatRequest& r) {
    r.tools.push_back(function("f"));
    r.tools.back().cache = CacheMark::five_minutes;
  };
  EXPECT_NE(beside(marked_tool).find(R"({"cachePoint":{"type":"default"}}]})"), std::string::npos);
  EXPECT_NE(beside(marked_tool, nova).find("dropped cache_control"), std::string::npos);
  const Change six_marks = [&marked_tool](ChatRequest& r) {
    marked_tool(r);
    for (const std::string_view word : {"1", "2", "3", "4", "5"}) {
      add(r, Role::user, {say(word)});
      r.parts.back().cache = CacheMark::five_minutes;
    }
  };
  const WrittenCall call = write(hello(six_marks));
  ASSERT_TRUE(call);
  std::size_t points = 0;
  for (std::size_t at = 0; (at = call->body.find("cachePoint", at)) != std::string::npos; ++at) {
    ++points;
  }
  EXPECT_EQ(points, 4U) << "more are a 400: " << call->body;
  EXPECT_EQ(call->body.find(R"({"text":"1"},{"cachePoint")"), std::string::npos);
  EXPECT_EQ(call->dropped, std::vector<std::string>{"cache_control"});
}

TEST(BedrockCall, GoesOnWithTheAssistantsWordsWhereTheModelDoes) {
  const Change change = [](ChatRequest& r) { add(r, Role::assistant, {say("I say")}); };
  EXPECT_EQ(beside(change), "");
  EXPECT_NE(beside(change, claude, {.takes_prefill = false}).find("user message"),
            std::string::npos);
}

struct SettingCase {
  std::string_view name;
  Change change;
  std::string_view expected;
  std::string_view model = claude;
  ModelTraits traits = {};
};

const SettingCase setting_cases[] = {
    {"numbers as spelled",
     [](ChatRequest& r) {
       r.output_tokens_max = 7;
       r.temperature = number("0.50");
       r.top_p = number("9e-1");
       r.stop = {text("END"), text(" ")};
     },
     "inferenceConfig {\"maxTokens\":7,\"stopSequences\":[\"END\"],\"temperature\":0.50,"
     "\"topP\":9e-1}\nadditionalModelResponseFieldPaths [\"/stop_sequence\"]\ndropped stop\n"},
    {"a temperature above 1", [](ChatRequest& r) { r.temperature = number("1.7"); },
     "inferenceConfig {\"temperature\":1}\n"},
    {"no sampling",
     [](ChatRequest& r) {
       r.temperature = number("0.5");
       r.top_p = number("0.5");
       r.top_k = number("5");
     },
     "dropped temperature\ndropped top_p\ndropped top_k\n",
     claude,
     {.takes_sampling = false}},
    {"one of two",
     [](ChatRequest& r) {
       r.temperature = number("0.5");
       r.top_p = number("0.5");
     },
     "inferenceConfig {\"temperature\":0.5}\ndropped top_p\n",
     claude,
     {.takes_temperature_and_top_p = false}},
    {"top_k of Claude", [](ChatRequest& r) { r.top_k = number("5"); },
     "additionalModelRequestFields {\"top_k\":5}\n"},
    {"top_k of Nova", [](ChatRequest& r) { r.top_k = number("5"); },
     "additionalModelRequestFields {\"inferenceConfig\":{\"topK\":5}}\n", nova},
    {"top_k of others", [](ChatRequest& r) { r.top_k = number("5"); }, "dropped top_k\n", llama},
    {"a budget by effort",
     [](ChatRequest& r) {
       r.reasoning.effort = Effort::high;
       r.temperature = number("0.5");
     },
     "additionalModelRequestFields {\"thinking\":{\"budget_tokens\":16384,\"type\":\"enabled\"}}\n"
     "dropped temperature\n",
     claude,
     {.thinking = ThinkingControl::budget}},
    {"a budget by number",
     [](ChatRequest& r) { r.reasoning.tokens_max = 3000; },
     "additionalModelRequestFields {\"thinking\":{\"budget_tokens\":3000,\"type\":\"enabled\"}}\n",
     claude,
     {.thinking = ThinkingControl::budget}},
    {"a budget below the bound of all",
     [](ChatRequest& r) {
       r.reasoning.effort = Effort::medium;
       r.output_tokens_max = 4000;
     },
     "inferenceConfig {\"maxTokens\":4000}\nadditionalModelRequestFields "
     "{\"thinking\":{\"budget_tokens\":2000,\"type\":\"enabled\"}}\n",
     claude,
     {.thinking = ThinkingControl::budget}},
    {"a bound raised above the least budget",
     [](ChatRequest& r) {
       r.reasoning.effort = Effort::medium;
       r.output_tokens_max = 500;
     },
     "inferenceConfig {\"maxTokens\":1524}\nadditionalModelRequestFields "
     "{\"thinking\":{\"budget_tokens\":1024,\"type\":\"enabled\"}}\n",
     claude,
     {.thinking = ThinkingControl::budget}},
    {"an adaptive model",
     [](ChatRequest& r) { r.reasoning.effort = Effort::xhigh; },
     "additionalModelRequestFields {\"output_config\":{\"effort\":\"max\"},\"thinking\":{\"type\":"
     "\"adaptive\"}}\n",
     claude,
     {.thinking = ThinkingControl::adaptive}},
    {"thinking off",
     [](ChatRequest& r) { r.reasoning.effort = Effort::none; },
     "additionalModelRequestFields {\"thinking\":{\"type\":\"disabled\"}}\n",
     claude,
     {.thinking = ThinkingControl::budget}},
    {"thinking that cannot be off",
     [](ChatRequest& r) { r.reasoning.enabled = false; },
     "dropped reasoning_effort\n",
     claude,
     {.thinking = ThinkingControl::adaptive, .thinking_can_be_off = false}},
    {"a model that does not think", [](ChatRequest& r) { r.reasoning.effort = Effort::low; },
     "dropped reasoning_effort\n"},
    {"Nova",
     [](ChatRequest& r) { r.reasoning.effort = Effort::minimal; },
     "additionalModelRequestFields {\"reasoningConfig\":{\"maxReasoningEffort\":\"low\",\"type\":"
     "\"enabled\"}}\n",
     nova,
     {.thinking = ThinkingControl::effort}},
    {"Nova at its most",
     [](ChatRequest& r) {
       r.reasoning.effort = Effort::high;
       r.output_tokens_max = 9;
       r.top_p = number("0.5");
     },
     "additionalModelRequestFields {\"reasoningConfig\":{\"maxReasoningEffort\":\"high\",\"type\":"
     "\"enabled\"}}\ndropped top_p\ndropped max_completion_tokens\n",
     nova,
     {.thinking = ThinkingControl::effort}},
    {"gpt-oss",
     [](ChatRequest& r) { r.reasoning.effort = Effort::max; },
     "additionalModelRequestFields {\"reasoning_effort\":\"high\"}\n",
     gpt_oss,
     {.thinking = ThinkingControl::effort}},
    {"labels",
     [](ChatRequest& r) {
       r.metadata = R"({"team":"a","n":5})";
       r.user = text("u-1");
     },
     "requestMetadata {\"team\":\"a\",\"user\":\"u-1\"}\ndropped metadata\n"},
    {"a label of letters that are none", [](ChatRequest& r) { r.user = text("a|b"); },
     "dropped user\n"},
    {"tiers", [](ChatRequest& r) { r.service_tier = text("flex"); },
     "serviceTier {\"type\":\"flex\"}\n"},
    {"Anthropic's tier", [](ChatRequest& r) { r.service_tier = text("standard_only"); },
     "serviceTier {\"type\":\"default\"}\n"},
    {"no tier", [](ChatRequest& r) { r.service_tier = text("auto"); }, ""},
    {"an unknown tier", [](ChatRequest& r) { r.service_tier = text("scale"); },
     "dropped service_tier\n"},
    {"what merely tunes",
     [](ChatRequest& r) {
       r.presence_penalty = number("1");
       r.frequency_penalty = number("1");
       r.seed = number("1");
       r.prompt_cache_key = text("k");
       r.others = {{text("logit_bias"), "{}"}, {text("modalities"), R"(["text"])"}};
     },
     "dropped presence_penalty\ndropped frequency_penalty\ndropped seed\n"
     "dropped prompt_cache_key\ndropped logit_bias\n"},
    {"Converse's own members",
     [](ChatRequest& r) {
       r.top_k = number("5");
       r.others = {{text("performanceConfig"), R"({"latency":"optimized"})"},
                   {text("guardrailConfig"), R"({"guardrailIdentifier":"g"})"},
                   {text("additionalModelRequestFields"), R"({"top_k":9,"x":[]})"}};
     },
     "additionalModelRequestFields {\"top_k\":9,\"x\":[]}\nperformanceConfig "
     "{\"latency\":\"optimized\"}\nguardrailConfig {\"guardrailIdentifier\":\"g\"}\n"},
};

TEST(BedrockCall, SaysEachSettingInTheModelsWords) {
  for (const SettingCase& c : setting_cases) {
    EXPECT_EQ(beside(c.change, c.model, c.traits), c.expected) << c.name;
  }
}

TEST(BedrockCall, RefusesWhatWouldChangeTheAnswersMeaning) {
  const auto param = [](const Change& change) {
    const WrittenCall call = write(hello(change));
    return call ? "none" : call.error().param;
  };
  EXPECT_EQ(param([](ChatRequest& r) { r.choices = 2; }), "n");
  EXPECT_EQ(param([](ChatRequest& r) { r.logprobs = true; }), "logprobs");
  EXPECT_EQ(param([](ChatRequest& r) { r.others = {{text("modalities"), R"(["text","audio"])"}}; }),
            "modalities");
  EXPECT_EQ(param([](ChatRequest& r) { r.tools = {{.kind = ToolKind::hosted}}; }), "tools");
  EXPECT_EQ(param([](ChatRequest& r) { r.tools = {function("a.b")}; }), "tools");
}

std::string spec(std::string_view name) {
  return R"({"toolSpec":{"inputSchema":{"json":{"type":"object"}},"name":")" + std::string(name) +
         "\"}}";
}

TEST(BedrockCall, WritesTheToolChoice) {
  const auto chosen = [](ToolChoice choice, std::string_view model = claude,
                         const ModelTraits& traits = {}) {
    return beside(
        [&choice](ChatRequest& r) {
          r.tools = {function("f"), function("g")};
          r.tool_choice = choice;
        },
        model, traits);
  };
  using enum ToolChoiceMode;
  const std::string tools = "\"tools\":[" + spec("f") + "," + spec("g") + "]";
  EXPECT_EQ(chosen({}), "toolConfig {" + tools + "}\n");
  EXPECT_EQ(chosen({.mode = automatic}),
            "toolConfig {\"toolChoice\":{\"auto\":{}}," + tools + "}\n");
  EXPECT_EQ(chosen({.mode = required}), "toolConfig {\"toolChoice\":{\"any\":{}}," + tools + "}\n");
  EXPECT_EQ(chosen({.mode = named, .name = text("g")}),
            "toolConfig {\"toolChoice\":{\"tool\":{\"name\":\"g\"}}," + tools + "}\n");
  EXPECT_EQ(chosen({.mode = none}), "");
  EXPECT_EQ(chosen({.mode = required, .allowed = {text("g")}}),
            "toolConfig {\"toolChoice\":{\"any\":{}},\"tools\":[" + spec("g") + "]}\n");
  EXPECT_EQ(chosen({.parallel = false}),
            "toolConfig {" + tools +
                "}\nadditionalModelRequestFields {\"tool_choice\":{\"disable_"
                "parallel_tool_use\":true,\"type\":\"auto\"}}\n");
  EXPECT_EQ(chosen({.parallel = false}, nova),
            "toolConfig {" + tools + "}\ndropped parallel_tool_calls\n");
  EXPECT_TRUE(
      chosen({.mode = required}, llama, {.takes_forced_tool = false}).starts_with("tool_choice: "));
}

TEST(BedrockCall, OffersToolsThatTheHistoryNeeds) {
  const auto after_a_call = [](std::vector<Tool> tools, ToolChoiceMode mode) {
    ChatRequest request;
    add(request, Role::user, {say("a")});
    add(request, Role::assistant, {call("t1", "{}", "old.tool")});
    add(request, Role::user, {result(request, "t1", {say("x")})});
    request.tools = std::move(tools);
    request.tool_choice.mode = mode;
    json::Index index;
    const WrittenCall written = write(request);
    EXPECT_TRUE(written && index.build(written->body));
    std::string out;
    const auto config = json::root(index).find("toolConfig");
    if (!config) return "none; " + std::string(json::root(index).find("messages")->raw());
    append_sorted(out, *config);
    return out;
  };
  EXPECT_EQ(after_a_call({function("f")}, ToolChoiceMode::automatic),
            R"({"toolChoice":{"auto":{}},"tools":[)" + spec("f") + "]}");
  EXPECT_EQ(after_a_call({function("f")}, ToolChoiceMode::none),
            R"(none; [{"role":"user","content":[{"text":"a"}]},)"
            R"({"role":"assistant","content":[{"text":"[Call t1 of the tool old.tool: {}]"}]},)"
            R"({"role":"user","content":[{"text":"[Result of call t1]\n\nx"}]}])")
      << "what is not offered cannot be called";
  EXPECT_EQ(after_a_call({}, ToolChoiceMode::unspecified),
            R"({"tools":[{"toolSpec":{"inputSchema":{"json":{"properties":{},"type":"object"}},)"
            R"("name":"old_tool"}}]})");
}

TEST(BedrockCall, GivesParametersTheTypeThatConverseInsistsOn) {
  const auto tools = [](std::string_view parameters) {
    ChatRequest request =
        hello([&](ChatRequest& r) { r.tools = {{.name = text("f"), .parameters = parameters}}; });
    return write(request);
  };
  const WrittenCall typed = tools(R"({"properties":{"k":{"type":"string"}}})");
  ASSERT_TRUE(typed);
  EXPECT_NE(typed->body.find(R"({"type":"object","properties":{"k":{"type":"string"}}})"),
            std::string::npos)
      << typed->body;
  EXPECT_NE(tools("{}")->body.find(R"("json":{"type":"object"})"), std::string::npos);
  for (const std::string_view none : {R"({"type":"array"})", R"([1])", R"("x")"}) {
    const WrittenCall refused = tools(none);
    ASSERT_FALSE(refused) << none;
    EXPECT_EQ(refused.error().param, "tools");
    EXPECT_TRUE(refused.error().message.contains("JSON Schema of an object"));
  }
}

TEST(BedrockCall, AStrictToolsSchemaIsThePartThatModelsAreKeptTo) {
  const auto tool = [](std::string_view parameters, const ModelTraits& traits = {}) {
    const WrittenCall written =
        write(hello([&](ChatRequest& r) {
                r.tools = {{.name = text("f"), .parameters = parameters, .strict = true}};
              }),
              claude, traits);
    EXPECT_TRUE(written);
    json::Index index;
    EXPECT_TRUE(index.build(written->body));
    const auto config = json::root(index).find("toolConfig");
    std::string out(config->find("tools")->raw());
    for (const std::string& name : written->dropped) out += " -" + name;
    return out;
  };
  const std::string restricted =
      tool(R"({"type":"object","properties":{"n":{"type":"integer","minimum":1}}})");
  EXPECT_NE(restricted.find(R"("additionalProperties":false)"), std::string::npos) << restricted;
  EXPECT_NE(restricted.find(R"("strict":true)"), std::string::npos);
  EXPECT_EQ(restricted.find(R"("minimum":1)"), std::string::npos);
  const std::string open = tool(R"({"type":"object","additionalProperties":{"type":"string"}})");
  EXPECT_EQ(open.find("strict\":"), std::string::npos) << open;
  EXPECT_TRUE(open.ends_with(" -tools.strict"));
  const std::string unable =
      tool(R"({"type":"object","properties":{"n":{"minimum":1}}})", {.takes_output_schema = false});
  EXPECT_NE(unable.find(R"("minimum":1)"), std::string::npos);
  EXPECT_TRUE(unable.ends_with(" -tools.strict"));
}

TEST(BedrockCall, FindsANameForTheAnswersToolWhateverTheToolsAreCalled) {
  const std::string stem(50, 's');
  const std::string longest = stem + std::string(10, 't') + "_out";  // 64 bytes
  const std::string first = stem + "_out";
  const std::string second = stem + "_out2";
  ChatRequest request = hello([&](ChatRequest& r) {
    r.output = {
        .kind = OutputKind::json_schema, .name = text(longest), .schema = R"({"type":"object"})"};
    r.tools = {function(longest), function(first), function(second)};
  });
  const WrittenCall call = write(request, claude, {.takes_output_schema = false});
  ASSERT_TRUE(call);
  EXPECT_EQ(call->asked.output_tool, stem + "_out3");
}

TEST(BedrockCall, WrapsCustomTools) {
  ChatRequest request = hello([](ChatRequest& r) {
    r.tools = {
        {.kind = ToolKind::custom, .name = text("sql"), .parameters = R"({"syntax":"lark"})"}};
    add(r, Role::assistant,
        {{.body = ToolCall{.id = text("t"),
                           .name = text("sql"),
                           .arguments = text("select \"a\""),
                           .is_custom = true}}});
    add(r, Role::user, {result(r, "t", {say("x")})});
  });
  const WrittenCall call = write(request);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->asked.custom_tools, "sql\n");
  EXPECT_NE(call->body.find(R"("input":{"input":"select \"a\""})"), std::string::npos);
  EXPECT_NE(call->body.find(R"("required":["input"])"), std::string::npos);
  EXPECT_NE(call->body.find(R"(this format: {\"syntax\":\"lark\"})"), std::string::npos);
}

TEST(BedrockCall, AsksForTheAnswersFormInTheWayTheModelTakes) {
  const Change schema = [](ChatRequest& r) {
    r.output = {.kind = OutputKind::json_schema,
                .name = text("city"),
                .description = text("A city."),
                .schema = R"({"type":"object"})"};
  };
  const Change schema_and_tool = [&schema](ChatRequest& r) {
    schema(r);
    r.tools = {function("city")};
  };
  EXPECT_EQ(beside(schema),
            R"(outputConfig {"textFormat":{"structure":{"jsonSchema":{"description":"A city.",)"
            R"("name":"city","schema":"{\"type\":\"object\"}"}},"type":"json_schema"}})"
            "\n");
  const ModelTraits none{.takes_output_schema = false};
  const std::string city_spec =
      R"({"toolSpec":{"description":"A city.","inputSchema":{"json":{"type":"object"}},"name":)";
  EXPECT_EQ(beside(schema, claude, none),
            "toolConfig {\"toolChoice\":{\"tool\":{\"name\":\"city\"}},"
            "\"tools\":[" +
                city_spec + "\"city\"}}]}\n");
  EXPECT_EQ(beside(schema_and_tool, claude, {.takes_schema_with_tools = false}),
            "toolConfig {\"toolChoice\":{\"any\":{}},\"tools\":[" + spec("city") + "," + city_spec +
                "\"city_out\"}}]}\n");
  EXPECT_EQ(write(hello(schema_and_tool), claude, none)->asked.output_tool, "city_out");
  EXPECT_EQ(write(hello(schema))->asked.output_tool, "");
  const std::string told =
      beside(schema, llama, {.takes_output_schema = false, .takes_forced_tool = false});
  EXPECT_NE(told.find("by calling the tool city."), std::string::npos) << told;
  EXPECT_EQ(told.find("toolChoice"), std::string::npos);
  EXPECT_NE(beside([](ChatRequest& r) {
              r.output.kind = OutputKind::json_object;
            }).find("one JSON object"),
            std::string::npos);
}

TEST(BedrockCall, DoesNotThinkWhereAToolMustBeCalledOrALoopBeganWithoutThought) {
  const ModelTraits budget{.thinking = ThinkingControl::budget};
  EXPECT_NE(beside(
                [](ChatRequest& r) {
                  r.tools = {function("f")};
                  r.tool_choice.mode = ToolChoiceMode::required;
                  r.reasoning.effort = Effort::low;
                },
                claude, budget)
                .find("dropped reasoning_effort"),
            std::string::npos);
  const auto thinks = [&budget](std::vector<Part> before) {
    ChatRequest request;
    add(request, Role::user, {say("a")});
    before.push_back(call("t1"));
    add(request, Role::assistant, std::move(before));
    add(request, Role::user, {result(request, "t1", {say("x")})});
    request.tools = {function("f")};
    request.reasoning.effort = Effort::low;
    return body(request, claude, budget).find("budget_tokens") != std::string::npos;
  };
  EXPECT_FALSE(thinks({}));
  EXPECT_TRUE(thinks(
      {{.body = ReasoningPart{
            .text = text("hm"), .signature = text("s"), .origin = ReasoningOrigin::anthropic}}}));
}

}  // namespace
}  // namespace sluice::llm
