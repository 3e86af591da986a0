#include "sluice/llm/responses_call.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "recorded.h"
#include "shown_messages.h"
#include "sluice/llm/openai_chat_request.h"
#include "sluice/llm/responses_request.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;
using ReadRequest = std::expected<ChatRequest, ApiError> (*)(Value);

ModelTraits reasoning_model() {
  ModelTraits traits;
  traits.thinking = ThinkingControl::effort;
  return traits;
}

// Lifetime: `body` outlives the request.
ChatRequest read(ReadRequest reader, const std::string& body) {
  json::Index index({.depth_max = 256});
  EXPECT_TRUE(index.build(body)) << body;
  auto request = reader(json::root(index));
  EXPECT_TRUE(request) << request.error().message;
  return request ? std::move(*request) : ChatRequest{};
}

WrittenCall write(const ChatRequest& request, const ModelTraits& traits) {
  json::Index index;
  return write_responses_call(request, {.upstream_model = "gpt", .traits = traits}, index);
}

std::string member(const std::string& body, std::string_view name) {
  json::Index index({.depth_max = 256});
  EXPECT_TRUE(index.build(body)) << body;
  if (!index.has_document()) return "";
  const auto value = json::root(index).find(name);
  return value ? std::string(value->raw()) : "";
}

struct Case {
  std::string_view name;
  std::string_view members;  // of a chat body
  std::string_view member;   // of what is written
  std::string_view value;    // empty: there is none
};
const std::string_view ask = R"("messages":[{"role":"user","content":"q"}])";
const Case member_cases[] = {
    {"the model is the provider's", "", "model", R"("gpt")"},
    {"nothing is kept", "", "store", "false"},
    {"reasoning comes sealed", "", "include", R"(["reasoning.encrypted_content"])"},
    {"a stream", R"("stream":true)", "stream", "true"},
    {"no stream", "", "stream", ""},
    {"effort alone asks for no summary", R"("reasoning_effort":"low")", "reasoning",
     R"({"effort":"low"})"},
    {"a budget becomes an effort", R"("reasoning":{"max_tokens":9000})", "reasoning",
     R"({"effort":"medium","summary":"auto"})"},
    {"thinking switched on", R"("thinking":{"type":"enabled"})", "reasoning",
     R"({"summary":"auto"})"},
    {"thinking switched off", R"("thinking":{"type":"disabled"})", "reasoning",
     R"({"effort":"none"})"},
    {"thoughts that nobody wants to see", R"("reasoning":{"enabled":true,"exclude":true})",
     "reasoning", ""},
    {"the cap", R"("max_tokens":100)", "max_output_tokens", "100"},
    {"a cap below OpenAI's least", R"("max_tokens":1)", "max_output_tokens", "16"},
    {"numbers as spelled", R"("temperature":0.50)", "temperature", "0.50"},
    {"a schema",
     R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"a":1.0}}})",
     "text", R"({"format":{"type":"json_schema","name":"n","schema":{"a":1.0},"strict":false}})"},
    {"JSON without a schema", R"("response_format":{"type":"json_object"},"verbosity":"low")",
     "text", R"({"verbosity":"low","format":{"type":"json_object"}})"},
    {"tools are flat, and say whether they are strict",
     R"("tools":[{"type":"function","function":{"name":"f","description":"d"}},
                 {"type":"function","function":{"name":"g","parameters":{"x":1},"strict":true}}])",
     "tools",
     R"([{"type":"function","name":"f","description":"d",)"
     R"("parameters":{"type":"object","properties":{}},"strict":false},)"
     R"({"type":"function","name":"g","parameters":{"x":1},"strict":true}])"},
    {"custom tools",
     R"("tools":[{"type":"custom","custom":{"name":"c","format":{"type":"grammar",
        "grammar":{"syntax":"lark","definition":"x"}}}}])",
     "tools",
     R"([{"type":"custom","name":"c",)"
     R"("format":{"type":"grammar","syntax":"lark","definition":"x"}}])"},
    {"labels", R"("user":"u")", "user", R"("u")"},
    {"metadata", R"("metadata":{"a":"b"})", "metadata", R"({"a":"b"})"},
    {"the cache's key", R"("prompt_cache_key":"k")", "prompt_cache_key", R"("k")"},
};

TEST(ResponsesCall, WritesEachMember) {
  for (const Case& c : member_cases) {
    SCOPED_TRACE(c.name);
    const std::string body =
        "{" + std::string(ask) + (c.members.empty() ? "" : ",") + std::string(c.members) + "}";
    const ChatRequest request = read(read_openai_chat, body);
    const WrittenCall call = write(request, reasoning_model());
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(member(call->body, c.member), c.value);
    EXPECT_EQ(call->target, "/responses");
    EXPECT_TRUE(call->dropped.empty());
  }
}

const Case choice_cases[] = {
    {"", R"("auto")", "", R"("auto")"},
    {"", R"("none")", "", R"("none")"},
    {"", R"("required")", "", R"("required")"},
    {"", R"({"type":"function","function":{"name":"f"}})", "", R"({"type":"function","name":"f"})"},
    {"", R"({"type":"custom","custom":{"name":"c"}})", "", R"({"type":"custom","name":"c"})"},
    {"",
     R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[
         {"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"c"}}]}})",
     "",
     R"({"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"},)"
     R"({"type":"custom","name":"c"}]})"},
};

TEST(ResponsesCall, WritesEveryFormOfToolChoice) {
  for (const Case& c : choice_cases) {
    SCOPED_TRACE(c.members);
    const std::string body = "{" + std::string(ask) +
                             R"(,"tools":[{"type":"function","function":{"name":"f"}},)"
                             R"({"type":"custom","custom":{"name":"c"}}],"tool_choice":)" +
                             std::string(c.members) + "}";
    const ChatRequest request = read(read_openai_chat, body);
    const WrittenCall call = write(request, {});
    ASSERT_TRUE(call);
    EXPECT_EQ(member(call->body, "tool_choice"), c.value);
    EXPECT_EQ(member(call->body, "include"), "") << "not of a model that does not think";
  }
}

struct InputCase {
  std::string_view name;
  std::string_view messages;
  std::string_view input;
};
const InputCase input_cases[] = {
    {"system, media and a name for a file",
     R"([{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"a\"b"},
         {"type":"image_url","image_url":{"url":"https://a/b","detail":"low"}},
         {"type":"image_url","image_url":{"url":"data:image/png;base64,iV"}},
         {"type":"file","file":{"file_data":"data:application/pdf;base64,JV"}}]}])",
     R"([{"role":"system","content":[{"type":"input_text","text":"s"}]},{"role":"user","content":[)"
     R"({"type":"input_text","text":"a\"b"},)"
     R"({"type":"input_image","image_url":"https://a/b","detail":"low"},)"
     R"({"type":"input_image","image_url":"data:image/png;base64,iV"},)"
     R"({"type":"input_file","filename":"document.pdf",)"
     R"("file_data":"data:application/pdf;base64,JV"}]}])"},
    {"calls and results",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":"I look.","tool_calls":[
          {"id":"c1","type":"function","function":{"name":"f","arguments":""}},
          {"id":"c2","type":"custom","custom":{"name":"g","input":"x"}}]},
         {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"a"},
          {"type":"text","text":"b"}]},{"role":"tool","tool_call_id":"c1","content":"r"}])",
     R"([{"role":"user","content":[{"type":"input_text","text":"q"}]},)"
     R"({"role":"assistant","content":[{"type":"output_text","text":"I look."}]},)"
     R"({"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},)"
     R"({"type":"custom_tool_call","call_id":"c2","name":"g","input":"x"},)"
     R"({"type":"function_call_output","call_id":"c1","output":"r"},)"
     R"({"type":"custom_tool_call_output","call_id":"c2","output":[)"
     R"({"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]}])"},
    {"thoughts that OpenAI sealed, and no others",
     R"([{"role":"user","content":"q"},{"role":"assistant","content":"a","refusal":"n",
          "reasoning_details":[
          {"type":"reasoning.text","text":"t","id":"rs_1","format":"openai-responses-v1"},
          {"type":"reasoning.encrypted","data":"gA","id":"rs_1","format":"openai-responses-v1"},
          {"type":"reasoning.text","text":"u","signature":"s","format":"anthropic-claude-v1"},
          {"type":"reasoning.encrypted","data":"gB","format":"openai-responses-v1"},
          {"type":"reasoning.encrypted","data":"Em","format":"anthropic-claude-v1"}]},
         {"role":"user","content":"q"},{"role":"assistant","content":null,"reasoning_details":[
          {"type":"reasoning.encrypted","data":"gC","format":"openai-responses-v1"}]},
         {"role":"user","content":"q"}])",
     R"([{"role":"user","content":[{"type":"input_text","text":"q"}]},)"
     R"({"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"t"}],)"
     R"("encrypted_content":"gA"},{"type":"reasoning","summary":[],"encrypted_content":"gB"},)"
     R"({"role":"assistant","content":[{"type":"output_text","text":"a"},)"
     R"({"type":"refusal","refusal":"n"}]},)"
     R"({"role":"user","content":[{"type":"input_text","text":"q"}]},)"
     R"({"role":"user","content":[{"type":"input_text","text":"q"}]}])"},
};

TEST(ResponsesCall, WritesMessagesAsItems) {
  for (const InputCase& c : input_cases) {
    SCOPED_TRACE(c.name);
    const std::string body = R"({"messages":)" + std::string(c.messages) + "}";
    const ChatRequest request = read(read_openai_chat, body);
    const WrittenCall call = write(request, reasoning_model());
    ASSERT_TRUE(call) << call.error().message;
    EXPECT_EQ(member(call->body, "input"), c.input);
  }
}

TEST(ResponsesCall, MarksErrorsOfToolsInWords) {
  ChatRequest request;
  request.messages = {{.role = Role::user, .first_part = 0, .part_count = 1},
                      {.role = Role::assistant, .first_part = 1, .part_count = 1},
                      {.role = Role::user, .first_part = 2, .part_count = 1}};
  request.result_parts = {{.body = TextPart{.text = {.bytes = "no disk"}}}};
  request.parts = {
      {.body = TextPart{.text = {.bytes = "q"}}},
      {.body = ToolCall{.id = {.bytes = "c"}, .name = {.bytes = "f"}}},
      {.body = ToolResult{.call_id = {.bytes = "c"}, .is_error = true, .child_count = 1}}};
  const WrittenCall call = write(request, {});
  ASSERT_TRUE(call);
  EXPECT_NE(call->body.find(R"("output":"Error: no disk")"), std::string::npos);
}

struct RefusedCase {
  std::string_view members;
  std::string_view param;
};
const RefusedCase refused_cases[] = {
    {R"("n":2)", "n"},
    {R"("tools":[{"type":"web_search"}])", "tools[0]"},
    {R"("mcp_servers":[])", "mcp_servers"},
    {R"("messages":[{"role":"user","content":[
        {"type":"input_audio","input_audio":{"data":"A","format":"wav"}}]}])",
     "messages"},
    {R"("messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}])",
     "messages"},
};

TEST(ResponsesCall, RefusesWhatWouldChangeTheAnswer) {
  for (const RefusedCase& c : refused_cases) {
    SCOPED_TRACE(c.members);
    const bool has_messages = c.members.starts_with("\"messages");
    const std::string body =
        "{" + (has_messages ? "" : std::string(ask) + ",") + std::string(c.members) + "}";
    const ChatRequest request = read(read_openai_chat, body);
    const WrittenCall call = write(request, {});
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error().status, 400);
    EXPECT_EQ(call.error().param, c.param);
  }
}

TEST(ResponsesCall, NamesWhatItDrops) {
  const std::string body = "{" + std::string(ask) +
                           R"(,"stop":"x","seed":1,"top_k":4,"presence_penalty":1,)"
                           R"("frequency_penalty":1,"logprobs":true,"reasoning_effort":"low",)"
                           R"("temperature":1,"logit_bias":{}})";
  const ChatRequest request = read(read_openai_chat, body);
  ModelTraits traits;
  traits.takes_sampling = false;
  const WrittenCall call = write(request, traits);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->dropped, (std::vector<std::string>{"reasoning_effort", "temperature", "top_k",
                                                     "presence_penalty", "frequency_penalty",
                                                     "seed", "stop", "logprobs", "logit_bias"}));
}

TEST(ResponsesCall, SaysTheSchemaInWordsWhereTheModelHasNone) {
  const std::string body =
      "{" + std::string(ask) +
      R"(,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"a":1}}}})";
  const ChatRequest request = read(read_openai_chat, body);
  ModelTraits traits;
  traits.takes_output_schema = false;
  const WrittenCall call = write(request, traits);
  ASSERT_TRUE(call);
  EXPECT_EQ(member(call->body, "text"), R"({"format":{"type":"json_object"}})");
  EXPECT_NE(call->body.find(R"(JSON Schema, and nothing else:\n{\"a\":1})"), std::string::npos);
}

// --- there and back again ---

// What is said, part by part; a thought only where OpenAI sealed it and something follows.
std::vector<std::string> flow(const ChatRequest& request, bool with_thoughts) {
  constexpr std::string_view roles[] = {"system ", "user ", "assistant "};
  std::vector<std::string> out;
  for (const Message& message : request.messages) {
    for (const Part& part : request.parts_of(message)) {
      const auto* text = std::get_if<TextPart>(&part.body);
      if (text != nullptr && text->text.empty()) continue;
      const bool is_thought = std::holds_alternative<ReasoningPart>(part.body);
      if (is_thought && !with_thoughts) continue;
      std::string shown = shown_part(request, part);
      if (const auto* call = std::get_if<ToolCall>(&part.body)) {
        if (call->arguments.empty()) shown += "{}";
      }
      out.push_back(std::string(roles[static_cast<int>(message.role)]) + shown);
    }
  }
  return out;
}

TEST(ResponsesCall, NamesThatOpenAiRefusesAreExchangedForLegalOnes) {
  ChatRequest request;
  request.parts.push_back({.body = TextPart{.text = {.bytes = "q"}}});
  request.messages.push_back({.role = Role::user, .part_count = 1});
  request.tools.push_back({.name = {.bytes = "f.g"}});
  request.tool_choice = {.mode = ToolChoiceMode::named, .name = {.bytes = "f.g"}};
  const auto call = write(request, {});
  ASSERT_TRUE(call.has_value());
  ASSERT_EQ(call->asked.renamed_tools.size(), 1U);
  EXPECT_EQ(call->asked.renamed_tools[0].name, "f.g");
  EXPECT_EQ(call->body.find("f.g"), std::string::npos) << call->body;
  EXPECT_EQ(member(call->body, "tool_choice"),
            R"({"type":"function","name":")" + call->asked.renamed_tools[0].sent + "\"}");
}

std::string settings(const ChatRequest& request, bool with_allowed = true) {
  std::string out;
  const auto number = [&](const std::optional<Number>& value) {
    out += (value ? std::string(value->raw) : "-") + " ";
  };
  number(request.temperature);
  number(request.top_p);
  for (const Tool& tool : request.tools) {
    out += plain_text(tool.name) + " " + plain_text(tool.description) + " ";
  }
  out += std::to_string(static_cast<int>(request.tool_choice.mode)) + " " +
         plain_text(request.tool_choice.name);
  std::set<std::string> allowed;
  for (const json::Text name : request.tool_choice.allowed) allowed.insert(plain_text(name));
  if (with_allowed) {
    for (const std::string& name : allowed) out += " " + name;
  }
  out += " " + std::to_string(static_cast<int>(request.output.kind)) +
         std::string(request.output.schema) + plain_text(request.user);
  return out + (request.stream ? " stream" : "");
}

// Why it is refused; empty: it is not.
std::string check_round_trip(ReadRequest reader, const std::string& body, bool with_thoughts) {
  json::Index index({.depth_max = 256});
  if (!index.build(body)) return "no JSON";
  auto request = reader(json::root(index));
  if (!request) return "read: " + request.error().param;
  const WrittenCall call = write(*request, reasoning_model());
  if (!call) return "written: " + call.error().param;
  const ChatRequest again = read(read_responses_chat, call->body);
  EXPECT_EQ(flow(again, with_thoughts), flow(*request, with_thoughts));
  EXPECT_EQ(settings(again), settings(*request));
  return "";
}

TEST(ResponsesCall, KeepsTheMeaningOfEveryRecordedRequest) {
  std::map<std::string, int> chats;
  std::map<std::string, int> responses;
  for (const RecordedExchange& exchange :
       recorded_exchanges({"openai", "azure", "openai-compat", "cross", "bedrock/mantle"})) {
    if (exchange.request_body.empty()) continue;
    SCOPED_TRACE(exchange.name);
    const Operation operation = recorded_operation(exchange);
    if (operation == Operation::chat_completions) {
      ++chats[check_round_trip(read_openai_chat, exchange.request_body, false)];
    } else if (operation == Operation::responses) {
      ++responses[check_round_trip(read_responses_chat, exchange.request_body, true)];
    }
  }
  EXPECT_EQ(chats, (std::map<std::string, int>{
                       {"", 503},
                       {"read: messages[0].content[1].type", 2},  // video
                       {"read: temperature", 4},                  // wrong in the recording
                       {"written: messages", 4},                  // audio, or nothing said
                       {"written: n", 8},
                   }));
  EXPECT_EQ(
      responses,
      (std::map<std::string, int>{
          {"", 110}, {"read: previous_response_id", 1}, {"written: tools[0]", 4},  // tool_search
      }));
}

// One logical request, recorded with both APIs: the oracle of tool_choice.
TEST(ResponsesCall, ChoosesToolsAsTheRecordedClientDid) {
  std::map<std::string, std::string> chats;
  std::map<std::string, std::string> responses;
  for (const RecordedExchange& exchange : recorded_exchanges({"cross/tool_choice_matrix"})) {
    const std::string file = exchange.name.substr(0, exchange.name.find(' '));
    const Operation operation = recorded_operation(exchange);
    if (operation == Operation::chat_completions && exchange.url.contains("api.openai.com")) {
      chats.try_emplace(file, exchange.request_body);
    }
    if (operation == Operation::responses) responses.try_emplace(file, exchange.request_body);
  }
  EXPECT_EQ(responses.size(), 6U);
  for (const auto& [file, recorded] : responses) {
    SCOPED_TRACE(file);
    ASSERT_TRUE(chats.contains(file));
    const ChatRequest request = read(read_openai_chat, chats[file]);
    const WrittenCall call = write(request, reasoning_model());
    ASSERT_TRUE(call);
    const ChatRequest ours = read(read_responses_chat, call->body);
    const ChatRequest theirs = read(read_responses_chat, recorded);
    // Where some tools only may be called, that client says so in this API alone.
    EXPECT_EQ(settings(ours, false), settings(theirs, false));
  }
}

}  // namespace
}  // namespace sluice::llm
