#include "sluice/llm/openai_chat_call.h"

#include <gtest/gtest.h>

#include <map>

#include "recorded.h"
#include "sluice/llm/anthropic_request.h"

namespace sluice::llm {
namespace {

// What is written of a Messages request: the body, and what was dropped; or why it is refused.
std::string written(std::string_view body, const ModelTraits& traits = {}) {
  json::Index index;
  if (!index.build(body)) return "no JSON";
  const auto request = read_anthropic_chat(json::root(index));
  if (!request) return "unread " + request.error().message;
  const auto call =
      write_openai_chat_call(*request, {.upstream_model = "up", .traits = traits}, index);
  if (!call) return "refused " + call.error().param;
  EXPECT_EQ(call->target, "/chat/completions");
  EXPECT_TRUE(index.build(call->body).has_value()) << call->body;
  std::string out = call->body;
  for (const std::string& name : call->dropped) out += " -" + name;
  return out;
}

std::string asking(std::string_view messages, std::string_view others = "") {
  return R"({"model":"m","max_tokens":9,"messages":[)" + std::string(messages) + "]" +
         std::string(others) + "}";
}
std::string body_of(std::string_view messages, std::string_view others = R"(,"max_tokens":9)") {
  return R"({"model":"up","messages":[)" + std::string(messages) + "]" + std::string(others) + "}";
}
// The same for members beside a plain message.
constexpr std::string_view hi = R"({"role":"user","content":"Hi"})";
std::string with(std::string_view members, const ModelTraits& traits = {}) {
  const std::string out = written(asking(hi, members), traits);
  const std::string head = R"({"model":"up","messages":[{"role":"user","content":"Hi"}])";
  return out.starts_with(head) ? out.substr(head.size()) : out;
}

struct MessagesCase {
  const char* name;
  std::string_view messages;
  std::string_view expected;
};

const MessagesCase messages_cases[] =
    {
        {"texts",
         R"({"role":"user","content":"a\"\u00e9"},{"role":"assistant","content":[{"type":"text","text":"b"},{"type":"text","text":"c"}]},{"role":"user","content":[{"type":"text","text":"d"},{"type":"text","text":"e"}]})",
         R"({"role":"user","content":"a\"\u00e9"},{"role":"assistant","content":"bc"},{"role":"user","content":[{"type":"text","text":"d"},{"type":"text","text":"e"}]})"},
        {"images and documents",
         R"({"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA\/A"}},{"type":"image","source":{"type":"url","url":"https://x"}},{"type":"document","title":"T","source":{"type":"base64","media_type":"application/pdf","data":"JV"}},{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JV"}},{"type":"document","title":"T","source":{"type":"text","media_type":"text/plain","data":"w"}}]})",
         R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA\/A"}},{"type":"image_url","image_url":{"url":"https://x"}},{"type":"file","file":{"filename":"T","file_data":"data:application/pdf;base64,JV"}},{"type":"file","file":{"filename":"document.pdf","file_data":"data:application/pdf;base64,JV"}},{"type":"text","text":"T\n\nw"}]})"},
        {"calls and results, in the order of the calls, before the user's words",
         R"({"role":"user","content":"q"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"x":"\"1\""}},{"type":"tool_use","id":"b","name":"g","input":{}}]},{"role":"user","content":[{"type":"text","text":"and"},{"type":"tool_result","tool_use_id":"b","content":[{"type":"text","text":"1"},{"type":"text","text":"2"}]},{"type":"tool_result","tool_use_id":"a","content":"no","is_error":true}]})",
         R"({"role":"user","content":"q"},{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":\"\\\"1\\\"\"}"}},{"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"Error: no"},{"role":"tool","tool_call_id":"b","content":"1\n\n2"},{"role":"user","content":"and"})"},
        {"an image in a result, and an empty one", R"({"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"t"},{"type":"tool_use","id":"a","name":"f","input":{}},{"type":"tool_use","id":"b","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"see"},{"type":"image","source":{"type":"url","url":"u"}}]},{"type":"tool_result","tool_use_id":"b"},{"type":"text","text":"so?"}]})",
         R"({"role":"user","content":"q"},{"role":"assistant","content":"t","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"see"},{"role":"tool","tool_call_id":"b","content":""},{"role":"user","content":[{"type":"text","text":"From the result of tool call a:"},{"type":"image_url","image_url":{"url":"u"}},{"type":"text","text":"so?"}]})"},
        {"an image that the assistant made",
         R"({"role":"user","content":"q"},{"role":"assistant","content":[{"type":"image","source":{"type":"url","url":"u"}}]},{"role":"user","content":"so?"})",
         R"({"role":"user","content":"q"},{"role":"assistant","content":""},{"role":"user","content":[{"type":"text","text":"From the assistant's answer:"},{"type":"image_url","image_url":{"url":"u"}},{"type":"text","text":"so?"}]})"},
        {"thoughts of hosts, and of others",
         R"({"role":"user","content":"q"},{"role":"assistant","content":[{"type":"thinking","thinking":"h","signature":"sluice:other::"},{"type":"thinking","thinking":"m","signature":""},{"type":"thinking","thinking":"no","signature":"Ei"},{"type":"redacted_thinking","data":"sluice:openai:rs:g"},{"type":"text","text":"a"}]})",
         R"({"role":"user","content":"q"},{"role":"assistant","content":"a","reasoning_content":"hm"})"},
        {"thoughts that a host signed or sealed",
         R"({"role":"user","content":"q"},{"role":"assistant","content":[{"type":"thinking","thinking":"h","signature":"sluice:other:r1:S"},{"type":"redacted_thinking","data":"sluice:other::D"},{"type":"text","text":"a"}]})",
         R"({"role":"user","content":"q"},{"role":"assistant","content":"a","reasoning_details":[{"type":"reasoning.text","text":"h","signature":"S","id":"r1"},{"type":"reasoning.encrypted","data":"D"}]})"},
};

TEST(OpenaiChatCall, WritesEachKindOfMessage) {
  for (const MessagesCase& c : messages_cases) {
    EXPECT_EQ(written(asking(c.messages)), body_of(c.expected)) << c.name;
  }
}

TEST(OpenaiChatCall, TellsEachHostInItsWayToGoOnWithTheLastMessage) {
  constexpr std::string_view begun = R"({"role":"assistant","content":"one,"})";
  const std::string said = std::string(hi) + "," + std::string(begun);
  const auto going_on = [&](Prefill prefill, bool goes_on) {
    json::Index index;
    const std::string body = asking(said);
    if (!index.build(body)) return std::string("no JSON");
    auto request = read_anthropic_chat(json::root(index));
    if (!request) return std::string("unread");
    request->goes_on = goes_on;
    const ModelTraits traits{.prefill = prefill};
    const auto call =
        write_openai_chat_call(*request, {.upstream_model = "up", .traits = traits}, index);
    return call ? call->body : std::string("refused");
  };
  const std::string plain = body_of(said);
  EXPECT_EQ(going_on(Prefill::plain, true), plain);
  EXPECT_EQ(going_on(Prefill::prefix, false), plain) << "it is the caller's own history";
  EXPECT_EQ(going_on(Prefill::prefix, true),
            body_of(std::string(hi) + R"(,{"role":"assistant","content":"one,","prefix":true})"));
  EXPECT_EQ(going_on(Prefill::partial, true),
            body_of(std::string(hi) + R"(,{"role":"assistant","content":"one,","partial":true})"));
  EXPECT_EQ(going_on(Prefill::continue_final_message, true),
            body_of(said, R"(,"continue_final_message":true,"add_generation_prompt":false,)"
                          R"("max_tokens":9)"));
}

TEST(OpenaiChatCall, WritesOneSystemMessage) {
  const std::string_view asked =
      R"(,"system":[{"type":"text","text":"A","cache_control":{"type":"ephemeral"}},{"type":"text","text":"B"}])";
  EXPECT_EQ(written(asking(hi, asked)),
            body_of(R"({"role":"system","content":"A\n\nB"},{"role":"user","content":"Hi"})"));
  const std::string_view inside =
      R"({"role":"user","content":"Hi"},{"role":"system","content":"S"})";
  EXPECT_EQ(
      written(asking(inside)),
      body_of(
          R"({"role":"user","content":[{"type":"text","text":"Hi"},{"type":"text","text":"S"}]})"));
  EXPECT_EQ(written(asking(inside), {.takes_system_inside = true}),
            body_of(R"({"role":"user","content":"Hi"},{"role":"system","content":"S"})"));
}

TEST(OpenaiChatCall, WritesTheMembersThatOpenaiKnows) {
  const ModelTraits own{.thinking = ThinkingControl::effort};
  const ModelTraits fixed{.takes_sampling = false};
  const ModelTraits one{.takes_temperature_and_top_p = false};
  const ModelTraits small{.output_tokens_max = 5};
  EXPECT_EQ(with(R"(,"temperature":1.0,"top_p":5e-1)"),
            R"(,"max_tokens":9,"temperature":1.0,"top_p":5e-1})");
  EXPECT_EQ(with(R"(,"temperature":1.0,"top_p":0.5)", one),
            R"(,"max_tokens":9,"temperature":1.0} -top_p)");
  EXPECT_EQ(with(R"(,"temperature":1.0,"top_p":0.5)", fixed),
            R"(,"max_tokens":9} -temperature -top_p)");
  EXPECT_EQ(with(R"(,"top_k":4)"), R"(,"max_tokens":9} -top_k)");
  EXPECT_EQ(with("", own), R"(,"max_completion_tokens":9})");
  EXPECT_EQ(with("", small), R"(,"max_tokens":5})");
  EXPECT_EQ(with(R"(,"stream":true)"),
            R"(,"max_tokens":9,"stream":true,"stream_options":{"include_usage":true}})");
  EXPECT_EQ(with(R"(,"stop_sequences":["a","","\n"])"), R"(,"max_tokens":9,"stop":["a","\n"]})");
  EXPECT_EQ(with(R"(,"stop_sequences":["a","b","c","d","e"])"),
            R"(,"max_tokens":9,"stop":["a","b","c","d"]} -stop_sequences)");
  EXPECT_EQ(with(R"(,"metadata":{"user_id":"u"},"service_tier":"standard_only")"),
            R"(,"max_tokens":9,"user":"u","service_tier":"default"})");
  EXPECT_EQ(with(R"(,"service_tier":"auto")"), R"(,"max_tokens":9,"service_tier":"auto"})");
  EXPECT_EQ(with(R"(,"container":"c","verbosity":"low")"),
            R"(,"max_tokens":9,"verbosity":"low"} -container)");
}

TEST(OpenaiChatCall, WritesToolsAndTheirChoice) {
  const std::string_view tools =
      R"(,"tools":[{"name":"f","description":"F","input_schema":{"type":"object"},"strict":true},{"name":"g","input_schema":{}}])";
  const std::string sent =
      R"(,"tools":[{"type":"function","function":{"name":"f","description":"F","parameters":{"type":"object"},"strict":true}},{"type":"function","function":{"name":"g","parameters":{}}}])";
  const auto choosing = [&](std::string_view choice, const ModelTraits& traits = {}) {
    const std::string out =
        with(std::string(tools) + R"(,"tool_choice":)" + std::string(choice), traits);
    return out.starts_with(sent) ? out.substr(sent.size()) : out;
  };
  EXPECT_EQ(with(tools), sent + R"(,"max_tokens":9})");
  EXPECT_EQ(choosing(R"({"type":"auto","disable_parallel_tool_use":true})"),
            R"(,"tool_choice":"auto","parallel_tool_calls":false,"max_tokens":9})");
  EXPECT_EQ(choosing(R"({"type":"any"})"), R"(,"tool_choice":"required","max_tokens":9})");
  EXPECT_EQ(choosing(R"({"type":"none"})"), R"(,"tool_choice":"none","max_tokens":9})");
  EXPECT_EQ(choosing(R"({"type":"tool","name":"f"})"),
            R"(,"tool_choice":{"type":"function","function":{"name":"f"}},"max_tokens":9})");
  EXPECT_EQ(choosing(R"({"type":"any"})", {.takes_forced_tool = false}),
            R"(,"max_tokens":9} -tool_choice)");
  // Without tools there is nothing to choose from.
  EXPECT_EQ(with(R"(,"tool_choice":{"type":"auto","disable_parallel_tool_use":true})"),
            R"(,"max_tokens":9})");
}

TEST(OpenaiChatCall, WritesOnlyTheToolsThatMayBeCalled) {
  ChatRequest request;
  request.parts.push_back({.body = TextPart{.text = {.bytes = "Hi"}}});
  request.messages.push_back({.role = Role::user, .part_count = 1});
  for (const std::string_view name : {"f", "g"}) {
    request.tools.push_back({.kind = ToolKind::custom, .name = {.bytes = name}});
  }
  request.tool_choice = {.mode = ToolChoiceMode::named, .name = {.bytes = "g"}};
  request.tool_choice.allowed = {{.bytes = "g"}};
  json::Index index;
  const ModelTraits traits;
  const auto call =
      write_openai_chat_call(request, {.upstream_model = "up", .traits = traits}, index);
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(
      call->body,
      R"({"model":"up","messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"custom","custom":{"name":"g"}}],"tool_choice":{"type":"custom","custom":{"name":"g"}}})");
}

TEST(OpenaiChatCall, ACustomToolIsAFunctionWhereThereAreNone) {
  ChatRequest request;
  request.parts.push_back({.body = TextPart{.text = {.bytes = "Hi"}}});
  request.parts.push_back({.body = ToolCall{.id = {.bytes = "a"},
                                            .name = {.bytes = "sh"},
                                            .arguments = {.bytes = R"(ls \"x\")", .escaped = true},
                                            .is_custom = true}});
  request.parts.push_back({.body = ToolResult{.call_id = {.bytes = "a"}}});
  request.messages = {{.role = Role::user, .part_count = 1},
                      {.role = Role::assistant, .first_part = 1, .part_count = 1},
                      {.role = Role::user, .first_part = 2, .part_count = 1}};
  request.tools.push_back({.kind = ToolKind::custom,
                           .name = {.bytes = "sh"},
                           .description = {.bytes = "Runs."},
                           .parameters = R"({"type":"text"})"});
  request.tool_choice = {.mode = ToolChoiceMode::named, .name = {.bytes = "sh"}};
  json::Index index;
  const ModelTraits traits{.takes_custom_tools = false};
  const auto call =
      write_openai_chat_call(request, {.upstream_model = "up", .traits = traits}, index);
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(
      call->body,
      R"({"model":"up","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"sh","arguments":"{\"input\":\"ls \\\"x\\\"\"}"}}]},{"role":"tool","tool_call_id":"a","content":""}],)"
      R"("tools":[{"type":"function","function":{"name":"sh","description":"Runs.\n\nThe input must have this format: {\"type\":\"text\"}","parameters":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}}}],"tool_choice":{"type":"function","function":{"name":"sh"}}})");
  EXPECT_EQ(call->asked.custom_tools, "sh\n");
}

TEST(OpenaiChatCall, NamesThatOpenAiRefusesAreExchangedForLegalOnes) {
  ChatRequest request;
  const std::string longest(65, 'x');
  request.parts.push_back({.body = TextPart{.text = {.bytes = "Hi"}}});
  request.parts.push_back({.body = ToolCall{.id = {.bytes = "a"}, .name = {.bytes = "f.g"}}});
  request.parts.push_back({.body = ToolResult{.call_id = {.bytes = "a"}}});
  request.messages = {{.role = Role::user, .part_count = 1},
                      {.role = Role::assistant, .first_part = 1, .part_count = 1},
                      {.role = Role::user, .first_part = 2, .part_count = 1}};
  for (const std::string_view name :
       {std::string_view("f.g"), std::string_view(longest), std::string_view("legal-1")}) {
    request.tools.push_back({.name = {.bytes = name}});
  }
  request.tool_choice = {.mode = ToolChoiceMode::named, .name = {.bytes = "f.g"}};
  json::Index index;
  const ModelTraits traits;
  const auto call =
      write_openai_chat_call(request, {.upstream_model = "up", .traits = traits}, index);
  ASSERT_TRUE(call.has_value());
  ASSERT_EQ(call->asked.renamed_tools.size(), 2U);
  const RenamedTool& dotted = call->asked.renamed_tools[0];
  EXPECT_EQ(dotted.name, "f.g");
  EXPECT_EQ(call->asked.renamed_tools[1].name, longest);
  EXPECT_EQ(call->asked.renamed_tools[1].sent.size(), 64U);
  EXPECT_EQ(call->body.find("f.g"), std::string::npos) << call->body;
  std::size_t times = 0;
  const std::string quoted = "\"name\":\"" + dotted.sent + "\"";
  for (std::size_t at = call->body.find(quoted); at != std::string::npos;
       at = call->body.find(quoted, at + 1)) {
    ++times;
  }
  EXPECT_EQ(times, 3U) << "the tool, its call and the choice: " << call->body;
  EXPECT_NE(call->body.find(R"("name":"legal-1")"), std::string::npos);
}

TEST(OpenaiChatCall, JsonModeIsToldOfJson) {
  ChatRequest request;
  request.parts.push_back({.body = TextPart{.text = {.bytes = "Hi"}}});
  request.messages.push_back({.role = Role::user, .part_count = 1});
  request.output.kind = OutputKind::json_object;
  json::Index index;
  const ModelTraits traits;
  const auto body = [&] {
    return write_openai_chat_call(request, {.upstream_model = "up", .traits = traits}, index)->body;
  };
  EXPECT_NE(body().find(R"({"role":"system","content":"Answer with one JSON object)"),
            std::string::npos);
  request.parts[0].body = TextPart{.text = {.bytes = "As JSON."}};
  EXPECT_EQ(body().find("system"), std::string::npos);
}

TEST(OpenaiChatCall, AStrictSchemaThatIsOnlyToldIsNamed) {
  ChatRequest request;
  request.parts.push_back({.body = TextPart{.text = {.bytes = "Hi"}}});
  request.messages.push_back({.role = Role::user, .part_count = 1});
  request.output = {.kind = OutputKind::json_schema, .schema = "{}", .strict = true};
  json::Index index;
  const ModelTraits traits{.takes_output_schema = false};
  const auto call =
      write_openai_chat_call(request, {.upstream_model = "up", .traits = traits}, index);
  EXPECT_EQ(call->dropped, std::vector<std::string>{"response_format.json_schema.strict"});
}

TEST(OpenaiChatCall, WritesTheOutputsSchema) {
  const std::string_view asked =
      R"(,"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}})";
  EXPECT_EQ(
      with(asked),
      R"(,"response_format":{"type":"json_schema","json_schema":{"name":"output","schema":{"type":"object"},"strict":true}},"max_tokens":9})");
  EXPECT_EQ(
      written(asking(hi, asked), {.takes_output_schema = false}),
      body_of(
          R"({"role":"system","content":"Answer with one JSON object that fits this JSON Schema, and nothing else:\n{\"type\":\"object\"}"},{"role":"user","content":"Hi"})",
          R"(,"response_format":{"type":"json_object"},"max_tokens":9)"));
}

TEST(OpenaiChatCall, SaysHowHardToThink) {
  const ModelTraits own{.thinking = ThinkingControl::effort};
  const auto effort = [&](std::string_view asked, const ModelTraits& traits) {
    std::string out = with(asked, traits);
    const std::string tail = R"(,"max_completion_tokens":9})";
    return out.ends_with(tail) ? out.substr(0, out.size() - tail.size()) : out;
  };
  EXPECT_EQ(effort(R"(,"thinking":{"type":"enabled","budget_tokens":1024})", own),
            R"(,"reasoning_effort":"low")");
  EXPECT_EQ(effort(R"(,"thinking":{"type":"enabled","budget_tokens":2000})", own),
            R"(,"reasoning_effort":"medium")");
  EXPECT_EQ(effort(R"(,"thinking":{"type":"enabled","budget_tokens":12000})", own),
            R"(,"reasoning_effort":"high")");
  EXPECT_EQ(effort(R"(,"thinking":{"type":"adaptive"},"output_config":{"effort":"xhigh"})", own),
            R"(,"reasoning_effort":"xhigh")");
  EXPECT_EQ(effort(R"(,"thinking":{"type":"adaptive"})", own), "");
  EXPECT_EQ(effort(R"(,"thinking":{"type":"disabled"})", own), R"(,"reasoning_effort":"none")");
  EXPECT_EQ(effort(R"(,"thinking":{"type":"disabled"})",
                   {.thinking = ThinkingControl::effort, .thinking_can_be_off = false}),
            R"(,"max_completion_tokens":9} -thinking)");
  EXPECT_EQ(with(R"(,"thinking":{"type":"adaptive"})"), R"(,"max_tokens":9} -thinking)");
  EXPECT_EQ(with(R"(,"thinking":{"type":"disabled"})"), R"(,"max_tokens":9})");
  const ModelTraits alibabas{.thinking = ThinkingControl::toggle,
                             .thinking_switch = ThinkingSwitch::enable_thinking};
  EXPECT_EQ(with(R"(,"thinking":{"type":"enabled","budget_tokens":1024})", alibabas),
            R"(,"enable_thinking":true,"thinking_budget":1024,"max_tokens":9})");
  const ModelTraits kimi{.thinking = ThinkingControl::toggle,
                         .thinking_switch = ThinkingSwitch::thinking};
  EXPECT_EQ(with(R"(,"thinking":{"type":"enabled","budget_tokens":1024})", kimi),
            R"(,"thinking":{"type":"enabled"},"max_tokens":9} -thinking.budget_tokens)");
  EXPECT_EQ(with(R"(,"output_config":{"effort":"low"})", kimi),
            R"(,"thinking":{"type":"enabled"},"max_tokens":9})");
  // OpenAI's own models take no thoughts back.
  const std::string_view thought =
      R"({"role":"user","content":"q"},{"role":"assistant","content":[{"type":"thinking","thinking":"h","signature":"sluice:other::"},{"type":"text","text":"a"}]})";
  EXPECT_EQ(written(asking(thought), own),
            body_of(R"({"role":"user","content":"q"},{"role":"assistant","content":"a"})",
                    R"(,"max_completion_tokens":9)"));
}

TEST(OpenaiChatCall, RefusesWhatWouldChangeTheMeaning) {
  const auto user = [](std::string_view block) {
    return written(asking(R"({"role":"user","content":[)" + std::string(block) + "]}"));
  };
  EXPECT_EQ(
      written(asking(
          hi,
          R"(,"tools":[{"name":"f","input_schema":{}},{"type":"web_search_20250305","name":"web_search"}])")),
      "refused tools.1");
  EXPECT_EQ(written(asking(hi, R"(,"mcp_servers":[{}])")), "refused mcp_servers");
  EXPECT_EQ(user(R"({"type":"image","source":{"type":"file","file_id":"f"}})"), "refused messages");
  EXPECT_EQ(user(R"({"type":"document","source":{"type":"url","url":"u"}})"), "refused messages");
  EXPECT_EQ(user(R"({"type":"tool_result","tool_use_id":"t"})"), "refused messages");
}

TEST(OpenaiChatCall, WritesAudioThatOpenaiKnows) {
  const auto audio = [](std::string_view type, MediaSource source = MediaSource::base64) {
    ChatRequest request;
    request.parts.push_back({.body = MediaPart{.kind = MediaKind::audio,
                                               .source = source,
                                               .data = {.bytes = "AA"},
                                               .media_type = {.bytes = type}}});
    request.messages.push_back({.role = Role::user, .part_count = 1});
    json::Index index;
    const ModelTraits traits;
    const auto call =
        write_openai_chat_call(request, {.upstream_model = "up", .traits = traits}, index);
    return call ? call->body : "refused " + call.error().param;
  };
  const auto sent = [](std::string_view format) {
    return R"({"model":"up","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA","format":")" +
           std::string(format) + R"("}}]}]})";
  };
  EXPECT_EQ(audio("audio/wav"), sent("wav"));
  EXPECT_EQ(audio("audio/mpeg"), sent("mp3"));
  EXPECT_EQ(audio("audio/flac"), "refused messages");
  EXPECT_EQ(audio("audio/wav", MediaSource::url), "refused messages");
}

// Every recorded request of Anthropic's that says nothing only Anthropic understands.
TEST(OpenaiChatCall, WritesEveryRecordedMessagesRequest) {
  json::Index index;
  std::size_t written_count = 0;
  std::map<std::string, std::size_t> refused;
  for (const RecordedExchange& exchange : recorded_exchanges({"anthropic/messages", "cross"})) {
    if (exchange.url.find("api.anthropic.com/v1/messages") == std::string::npos) continue;
    if (exchange.status != 200 || !exchange.request_body.starts_with('{')) continue;
    SCOPED_TRACE(exchange.name);
    ASSERT_TRUE(index.build(exchange.request_body).has_value());
    const auto request = read_anthropic_chat(json::root(index));
    ASSERT_TRUE(request.has_value());
    const ModelTraits traits{.takes_system_inside = true};
    const auto call =
        write_openai_chat_call(*request, {.upstream_model = "up", .traits = traits}, index);
    if (!call) {
      ++refused[call.error().param.substr(0, call.error().param.find('.'))];
      continue;
    }
    ++written_count;
    ASSERT_TRUE(index.build(call->body).has_value());
    EXPECT_TRUE(json::root(index).find("messages")->is(json::Kind::array));
  }
  EXPECT_GE(written_count, 200U);
  // Hosted tools, documents by URL, results of calls that ran at Anthropic, MCP servers.
  for (const auto& [param, count] : refused) {
    EXPECT_TRUE(param == "tools" || param == "messages" || param == "mcp_servers") << param;
    EXPECT_LE(count, 20U) << param;
  }
}

}  // namespace
}  // namespace sluice::llm
