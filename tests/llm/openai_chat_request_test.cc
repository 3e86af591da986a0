#include "sluice/llm/openai_chat_request.h"

#include <gtest/gtest.h>

#include <string>

#include "recorded.h"

namespace sluice::llm {
namespace {

std::string plain(json::Text text) {
  std::string scratch;
  return std::string(text.plain(scratch));
}

// A body whose index is gone: the request must not need it.
struct Read {
  explicit Read(std::string text) : body(std::move(text)) {
    json::Index index({.depth_max = 256});
    if (!index.build(body)) return;
    auto read = read_openai_chat(json::root(index));
    if (read) {
      request = std::move(*read);
    } else {
      error = read.error();
    }
  }
  std::string body;
  std::optional<ChatRequest> request;
  std::optional<ApiError> error;
};

std::string shown(const ChatRequest& request, const Part& part) {
  if (const auto* said = std::get_if<TextPart>(&part.body)) return "text " + plain(said->text);
  if (const auto* no = std::get_if<RefusalPart>(&part.body)) return "refusal " + plain(no->text);
  if (const auto* media = std::get_if<MediaPart>(&part.body)) {
    return "media " + std::to_string(static_cast<int>(media->kind)) + " " +
           std::to_string(static_cast<int>(media->source)) + " " + plain(media->media_type) + " " +
           plain(media->data) + " " + plain(media->name) + plain(media->detail);
  }
  if (const auto* call = std::get_if<ToolCall>(&part.body)) {
    return "call " + plain(call->id) + " " + plain(call->name) + " " + plain(call->arguments) +
           " " + plain(call->signature);
  }
  if (const auto* result = std::get_if<ToolResult>(&part.body)) {
    std::string out = "result " + plain(result->call_id);
    for (const Part& child : request.parts_of(*result)) out += " {" + shown(request, child) + "}";
    return out;
  }
  const auto& thought = std::get<ReasoningPart>(part.body);
  return "thought " + plain(thought.text) + "/" + plain(thought.signature) + "/" +
         plain(thought.sealed) + "/" + std::to_string(static_cast<int>(thought.origin));
}

std::string shown(const ChatRequest& request) {
  std::string out;
  for (const Message& message : request.messages) {
    out += message.role == Role::system ? "system"
           : message.role == Role::user ? "user"
                                        : "assistant";
    for (const Part& part : request.parts_of(message)) {
      out += " [" + shown(request, part) + "]";
      if (part.cache == CacheMark::one_hour) out += "1h";
      if (part.cache == CacheMark::five_minutes) out += "5m";
    }
    out += '\n';
  }
  return out;
}

struct MessageCase {
  std::string_view name;
  std::string_view messages;
  std::string_view shown;
};
const MessageCase message_cases[] = {
    {"texts and roles",
     R"([{"role":"system","content":"a"},{"role":"developer","content":[{"type":"text","text":"b"}]},
         {"role":"user","content":"c"},{"role":"assistant","content":"d"}])",
     "system [text a]\nsystem [text b]\nuser [text c]\nassistant [text d]\n"},
    {"media",
     R"([{"role":"user","content":[
         {"type":"image_url","image_url":{"url":"https://a/b.png","detail":"low"}},
         {"type":"image_url","image_url":{"url":"data:image\/png;base64,iV\/B"}},
         {"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}},
         {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JV"}},
         {"type":"file","file":{"file_id":"file-1"}}]}])",
     "user [media 0 1  https://a/b.png low] [media 0 0 image/png iV/B ]"
     " [media 2 0 audio/wav AA== ] [media 1 0 application/pdf JV a.pdf] [media 1 2  file-1 ]\n"},
    {"tool calls and results",
     R"([{"role":"assistant","content":null,"tool_calls":[
          {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"},
           "extra_content":{"google":{"thought_signature":"ts"}}},
          {"id":"c2","type":"custom","custom":{"name":"g","input":"x"}}]},
         {"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"r"}]},
         {"role":"tool","tool_call_id":"c2","content":""}])",
     "assistant [call c1 f {\"a\":1} ts] [call c2 g x ]\nuser [result c1 {text r}]\n"
     "user [result c2 {text }]\n"},
    {"functions of old",
     R"([{"role":"assistant","content":"","function_call":{"name":"f","arguments":"{}"}},
         {"role":"function","name":"f","content":"r"}])",
     "assistant [text ] [call f f {} ]\nuser [result f {text r}]\n"},
    {"thoughts in their richest form",
     R"([{"role":"assistant","content":"a","reasoning":"no","reasoning_details":[
          {"type":"reasoning.text","text":"t","signature":"s","format":"anthropic-claude-v1"},
          {"type":"reasoning.encrypted","data":"d","format":"openai-responses-v1"},
          {"type":"reasoning.summary","summary":"u","format":null}]},
         {"role":"assistant","content":"b","thinking_blocks":[
          {"type":"thinking","thinking":"t","signature":"s"},{"type":"redacted_thinking","data":"d"}]},
         {"role":"assistant","content":"c","reasoning_content":"t","reasoning":"t"}])",
     "assistant [thought t/s//1] [thought //d/3] [thought u///0] [text a]\n"
     "assistant [thought t/s//1] [thought //d/1] [text b]\n"
     "assistant [thought t///0] [text c]\n"},
    {"cache marks",
     R"([{"role":"system","content":"a","cache_control":{"type":"ephemeral","ttl":"1h"}},
         {"role":"user","content":[{"type":"text","text":"b","cache_control":{"type":"ephemeral"}},
                                   {"type":"text","text":"c"}]}])",
     "system [text a]1h\nuser [text b]5m [text c]\n"},
    {"a refusal", R"([{"role":"assistant","content":null,"refusal":"no"}])",
     "assistant [refusal no]\n"},
};

TEST(ReadOpenaiChat, ReadsMessagesOfEveryForm) {
  for (const MessageCase& c : message_cases) {
    const Read read("{\"model\":\"m\",\"messages\":" + std::string(c.messages) + "}");
    ASSERT_TRUE(read.request.has_value()) << c.name << ": " << read.error->message;
    EXPECT_EQ(shown(*read.request), c.shown) << c.name;
  }
}

TEST(ReadOpenaiChat, ReadsHowTheModelIsToAnswer) {
  const Read read(R"({"model":"m","messages":[],"temperature":0.70,"top_p":1,"max_tokens":5,
    "max_completion_tokens":7,"n":2,"stop":["a","b"],"seed":12345678901234567890,"user":"u",
    "logprobs":true,"top_logprobs":3,"presence_penalty":-1,"stream":true,
    "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},
    "strict":true}},"reasoning":{"effort":"high","exclude":true},"metadata":{"k":"v"},
    "verbosity":"low","provider":{"order":["a"]},"logit_bias":null})");
  ASSERT_TRUE(read.request.has_value());
  const ChatRequest& request = *read.request;
  EXPECT_EQ(request.temperature->raw, "0.70");
  EXPECT_EQ(request.top_p->value, 1);
  EXPECT_EQ(request.output_tokens_max, 7u);
  EXPECT_EQ(request.choices, 2u);
  EXPECT_EQ(request.stop.size(), 2u);
  EXPECT_EQ(request.seed->raw, "12345678901234567890");
  EXPECT_EQ(plain(request.user), "u");
  EXPECT_TRUE(request.logprobs);
  EXPECT_EQ(request.top_logprobs, 3u);
  EXPECT_TRUE(request.stream);
  EXPECT_EQ(request.output.kind, OutputKind::json_schema);
  EXPECT_EQ(request.output.schema, R"({"type":"object"})");
  EXPECT_EQ(request.output.strict, true);
  EXPECT_EQ(request.reasoning.effort, Effort::high);
  EXPECT_TRUE(request.reasoning.hidden);
  EXPECT_EQ(request.metadata, R"({"k":"v"})");
  ASSERT_EQ(request.others.size(), 1u);
  EXPECT_EQ(plain(request.others[0].name), "verbosity");
}

TEST(ReadOpenaiChat, ReadsToolsAndHowTheyAreChosen) {
  const Read read(R"({"model":"m","messages":[],"tools":[
    {"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},
     "strict":false},"cache_control":{"type":"ephemeral"}},
    {"type":"custom","custom":{"name":"g"}},{"type":"web_search"}],
    "tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[
     {"type":"function","function":{"name":"f"}}]}},"parallel_tool_calls":false})");
  ASSERT_TRUE(read.request.has_value()) << read.error->message;
  const ChatRequest& request = *read.request;
  ASSERT_EQ(request.tools.size(), 3u);
  EXPECT_EQ(request.tools[0].parameters, R"({"type":"object"})");
  EXPECT_EQ(request.tools[0].strict, false);
  EXPECT_EQ(request.tools[0].cache, CacheMark::five_minutes);
  EXPECT_EQ(request.tools[1].kind, ToolKind::custom);
  EXPECT_EQ(request.tools[2].kind, ToolKind::hosted);
  EXPECT_EQ(request.tool_choice.mode, ToolChoiceMode::required);
  ASSERT_EQ(request.tool_choice.allowed.size(), 1u);
  EXPECT_EQ(plain(request.tool_choice.allowed[0]), "f");
  EXPECT_EQ(request.tool_choice.parallel, false);
}

struct RefusedCase {
  std::string_view body;
  std::string_view param;
};
const RefusedCase refused_cases[] = {
    {R"({"messages":[{"content":"a"}]})", "messages[0].role"},
    {R"({"messages":[{"role":"nobody","content":"a"}]})", "messages[0].role"},
    {R"({"messages":[{"role":"user"}]})", "messages[0].content"},
    {R"({"messages":[{"role":"user","content":7}]})", "messages[0].content"},
    {R"({"messages":[1]})", "messages[0]"},
    {R"({"messages":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"video"}]}]})",
     "messages[1].content[0].type"},
    {R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]})",
     "messages[0].content[0].image_url.url"},
    {R"({"messages":[{"role":"tool","content":"a"}]})", "messages[0].tool_call_id"},
    {R"({"messages":[{"role":"assistant","tool_calls":[{"id":"a"}]}]})",
     "messages[0].tool_calls[0].function"},
    {R"({"messages":[],"temperature":3})", "temperature"},
    {R"({"messages":[],"temperature":"1"})", "temperature"},
    {R"({"messages":[],"n":0})", "n"},
    {R"({"messages":[],"n":1.5})", "n"},
    {R"({"messages":[],"max_tokens":-1})", "max_tokens"},
    {R"({"messages":[],"stop":[1]})", "stop[0]"},
    {R"({"messages":[],"tools":[{"type":"function"}]})", "tools[0].function"},
    {R"({"messages":[],"tool_choice":"maybe"})", "tool_choice"},
    {R"({"messages":[],"response_format":{"type":"xml"}})", "response_format.type"},
    {R"({"messages":[],"reasoning_effort":"huge"})", "reasoning_effort"},
    {R"({"messages":[],"cache_control":{"type":"ephemeral","ttl":"9h"}})", "cache_control"},
};

TEST(ReadOpenaiChat, NamesThePlaceOfWhatIsWrong) {
  for (const RefusedCase& c : refused_cases) {
    const Read read{std::string(c.body)};
    ASSERT_TRUE(read.error.has_value()) << c.body;
    EXPECT_EQ(read.error->param, c.param) << read.error->message;
    EXPECT_EQ(read.error->status, 400);
  }
}

TEST(ReadOpenaiChat, ReadsEveryRecordedRequest) {
  int read_count = 0;
  for (const RecordedExchange& exchange :
       recorded_exchanges({"openai/chat", "openai-compat", "azure/chat", "cross"})) {
    if (exchange.request_body.empty() || exchange.status != 200) continue;
    if (recorded_operation(exchange) != Operation::chat_completions) continue;
    const Read read(exchange.request_body);
    ASSERT_TRUE(read.request || read.error) << exchange.name << " is no JSON";
    EXPECT_TRUE(read.request.has_value()) << exchange.name << ": " << read.error->message;
    ++read_count;
  }
  EXPECT_GT(read_count, 300);
}

}  // namespace
}  // namespace sluice::llm
