// The simulator as Anthropic: what it refuses and in which words, what it says whole and streamed.
#include <gtest/gtest.h>

#include "dialect_client.h"
#include "simulator/text.h"

namespace sluice::simulator {
namespace {

constexpr std::string_view key = "x-api-key: k\r\nanthropic-version: 2023-06-01\r\n";

std::string with(std::string_view more, std::string_view model = "claude-sonnet-4-5") {
  return R"({"model":")" + std::string(model) + R"(","max_tokens":2000,)" + std::string(more) + "}";
}
std::string asking(std::string_view more = "", std::string_view model = "claude-sonnet-4-5") {
  return with(R"("messages":[{"role":"user","content":"hello"}])" + std::string(more), model);
}

constexpr std::string_view weather =
    R"({"name":"weather","description":"d","input_schema":{"type":"object","properties":)"
    R"({"city":{"type":"string"}},"required":["city"]}})";
constexpr std::string_view clock_tool =
    R"({"name":"clock","input_schema":{"type":"object","properties":{}}})";

TEST(SimulatorAnthropic, SaysWhatTheOpenAiDialectSays) {
  SimulatorConfig config;
  DialectClient client(config);
  const Document answer(client.post("/v1/messages", asking(), key));
  EXPECT_EQ(client.status, 200);
  EXPECT_TRUE(client.has_field("request-id: req_01")) << client.head;
  EXPECT_FALSE(client.has_field("openai-version")) << client.head;
  EXPECT_EQ(answer.text("type"), "message");
  EXPECT_EQ(answer.text("model"), "claude-sonnet-4-5");
  EXPECT_EQ(answer.text("content.0.text"), text_of(seed_of("hello"), 64, true));
  EXPECT_EQ(answer.text("stop_reason"), "end_turn");
  EXPECT_EQ(answer.number("usage.input_tokens"), 1);
  EXPECT_EQ(answer.number("usage.output_tokens"), 64);
}

TEST(SimulatorAnthropic, IsFoundBehindAnyPrefix) {
  SimulatorConfig config;
  DialectClient client(config);
  client.post("/anthropic/v1/messages?beta=true", asking(), key);
  EXPECT_EQ(client.status, 200);
  const Document counted(client.post("/v1/messages/count_tokens",
                                     R"({"model":"m","messages":[{"role":"user","content":)"
                                     R"("twelve bytes"}]})",
                                     key));
  EXPECT_EQ(counted.number("input_tokens"), 3);
}

TEST(SimulatorAnthropic, StreamsItsEventsInOrder) {
  SimulatorConfig config;
  DialectClient client(config);
  client.post("/v1/messages", asking(R"(,"stream":true,"stop_sequences":["zzz"])"), key);
  std::string names;
  std::string text;
  for (const StreamEvent& event : client.events()) {
    const Document data(event.data);
    EXPECT_EQ(data.text("type"), event.name) << "a payload bears its event's name";
    if (event.name == "content_block_delta") {
      text += data.text("delta.text");
    } else {
      names += event.name + " ";
    }
  }
  EXPECT_EQ(names,
            "message_start content_block_start ping content_block_stop message_delta "
            "message_stop ");
  EXPECT_EQ(text, text_of(seed_of("hello"), 64, true));
  const std::vector<StreamEvent> events = client.events();
  const Document end(events[events.size() - 2].data);
  EXPECT_EQ(end.text("delta.stop_reason"), "end_turn");
  EXPECT_EQ(end.number("usage.output_tokens"), 64);
}

TEST(SimulatorAnthropic, CallsToolsInParallelAndSpeaksAfterTheirResults) {
  SimulatorConfig config;
  DialectClient client(config);
  const std::string tools =
      R"(,"tools":[)" + std::string(weather) + "," + std::string(clock_tool) + "]";
  const Document answer(client.post("/v1/messages", asking(tools), key));
  EXPECT_EQ(answer.text("stop_reason"), "tool_use");
  EXPECT_EQ(answer.text("content.0.name"), "weather");
  EXPECT_EQ(answer.text("content.1.name"), "clock");
  EXPECT_FALSE(answer.text("content.0.input.city").empty());
  const std::string one = tools + R"(,"tool_choice":{"type":"tool","name":"clock"})";
  EXPECT_EQ(Document(client.post("/v1/messages", asking(one), key)).text("content.0.name"),
            "clock");
  const std::string history =
      R"("messages":[{"role":"user","content":"hello"},{"role":"assistant","content":[)"
      R"({"type":"tool_use","id":"a","name":"weather","input":{"city":"x"}},)"
      R"({"type":"tool_use","id":"b","name":"clock","input":{}}]},{"role":"user","content":[)"
      R"({"type":"tool_result","tool_use_id":"b","content":"noon"},)"
      R"({"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"wet"}]}]}])";
  const Document spoken(client.post("/v1/messages", with(history + tools), key));
  EXPECT_EQ(spoken.text("content.0.text"), text_of(seed_of("hello"), 64, true));
}

TEST(SimulatorAnthropic, StreamsArgumentsInPiecesAndNoneAsNothing) {
  SimulatorConfig config;
  DialectClient client(config);
  client.post("/v1/messages",
              asking(R"(,"stream":true,"tools":[)" + std::string(weather) + "," +
                     std::string(clock_tool) + "]"),
              key);
  std::string arguments[2];
  int pieces = 0;
  for (const StreamEvent& event : client.events()) {
    if (event.name != "content_block_delta") continue;
    const Document data(event.data);
    EXPECT_EQ(data.text("delta.type"), "input_json_delta");
    arguments[data.number("index")] += data.text("delta.partial_json");
    ++pieces;
  }
  EXPECT_FALSE(Document(arguments[0]).text("city").empty());
  EXPECT_EQ(arguments[1], "") << "recorded: a call without arguments streams an empty piece";
  EXPECT_GT(pieces, 3);
}

TEST(SimulatorAnthropic, ThinksWithASignatureThatItWantsBack) {
  SimulatorConfig config;
  DialectClient client(config);
  const std::string thinking =
      R"(,"max_tokens":2000,"thinking":{"type":"enabled","budget_tokens":1024}})";
  const auto body = [&](std::string_view messages) {
    return R"({"model":"m","messages":)" + std::string(messages) + thinking;
  };
  const Document answer(
      client.post("/v1/messages", body(R"([{"role":"user","content":"hello"}])"), key));
  EXPECT_EQ(answer.text("content.0.type"), "thinking");
  EXPECT_EQ(answer.number("usage.output_tokens_details.thinking_tokens"), 16);
  EXPECT_EQ(answer.number("usage.output_tokens"), 80);
  const std::string thought(answer.at("content.0").raw());
  const auto again = [&](const std::string& block) {
    return body(R"([{"role":"user","content":"hello"},{"role":"assistant","content":[)" + block +
                R"(,{"type":"text","text":"x"}]},{"role":"user","content":"go on"}])");
  };
  client.post("/v1/messages", again(thought), key);
  EXPECT_EQ(client.status, 200) << client.body;
  std::string changed = thought;
  changed.insert(changed.find(R"("thinking":")") + 12, "x");
  client.post("/v1/messages", again(changed), key);
  EXPECT_EQ(client.status, 400);
  EXPECT_NE(client.body.find("messages.1.content.0: Invalid `signature` in `thinking` block"),
            std::string::npos)
      << client.body;
}

TEST(SimulatorAnthropic, WritesAMarkedPromptToItsCacheAndReadsItAgain) {
  SimulatorConfig config;
  DialectClient client(config);
  const std::string body = with(R"("system":[{"type":"text","text":")" + std::string(8000, 'a') +
                                R"(","cache_control":{"type":"ephemeral","ttl":"1h"}}],)"
                                R"("messages":[{"role":"user","content":"hello"}])");
  const Document first(client.post("/v1/messages", body, key));
  EXPECT_EQ(first.number("usage.cache_creation_input_tokens"), 2000);
  EXPECT_EQ(first.number("usage.cache_creation.ephemeral_1h_input_tokens"), 2000);
  EXPECT_EQ(first.number("usage.input_tokens"), 1);
  const Document second(client.post("/v1/messages", body, key));
  EXPECT_EQ(second.number("usage.cache_read_input_tokens"), 2000);
  EXPECT_EQ(second.number("usage.cache_creation_input_tokens"), 0);
}

TEST(SimulatorAnthropic, AnswersInTheSchemaAskedFor) {
  SimulatorConfig config;
  DialectClient client(config);
  const Document answer(client.post(
      "/v1/messages",
      asking(R"(,"output_config":{"format":{"type":"json_schema","schema":{"type":"object",)"
             R"("properties":{"n":{"type":"integer","minimum":3}},"required":["n"],)"
             R"("additionalProperties":false}}})"),
      key));
  EXPECT_EQ(Document(answer.text("content.0.text")).number("n"), 3);
}

TEST(SimulatorAnthropic, SpeaksOnVertexWithoutAModelInTheBody) {
  SimulatorConfig config;
  DialectClient client(config);
  const std::string path =
      "/v1/projects/p/locations/l/publishers/anthropic/models/claude-opus-4-5@1:";
  const std::string_view bearer = "authorization: Bearer k\r\n";
  const std::string messages = R"("max_tokens":5,"messages":[{"role":"user","content":"a"}]})";
  const Document answer(client.post(
      path + "rawPredict", R"({"anthropic_version":"vertex-2023-10-16",)" + messages, bearer));
  EXPECT_EQ(answer.text("model"), "claude-opus-4-5@1");
  EXPECT_EQ(answer.text("stop_reason"), "max_tokens");
  client.post(path + "streamRawPredict", R"({"anthropic_version":"vertex-2023-10-16",)" + messages,
              bearer);
  EXPECT_EQ(client.events().back().name, "message_stop");
  client.post(path + "rawPredict", R"({"model":"m",)" + messages, bearer);
  EXPECT_EQ(Document(client.body).text("error.message"), "model: Extra inputs are not permitted");
}

TEST(SimulatorAnthropic, WantsAKeyAndAVersion) {
  SimulatorConfig config;
  config.key = Secret(std::string("sk-right"));
  DialectClient client(config);
  struct Case {
    std::string_view fields;
    int status;
    std::string_view message;
  };
  for (const Case& c :
       {Case{"x-api-key: sk-right\r\nanthropic-version: 2026-10-21\r\n", 200, ""},
        Case{"x-api-key: sk-right\r\nanthropic-version: 2024-01-01\r\n", 400,
             "anthropic-version: \"2024-01-01\" is not a valid version. A recommended version is "
             "2023-06-01."},
        Case{"", 401, "x-api-key header is required"},
        Case{"x-api-key: sk-wrong\r\n", 401, "invalid x-api-key"},
        Case{"x-api-key: sk-right\r\n", 400, "anthropic-version: header is required"},
        Case{"authorization: Bearer sk-right\r\nanthropic-version: 2023-06-01\r\n", 200, ""}}) {
    const Document answer(client.post("/v1/messages", asking(), c.fields));
    EXPECT_EQ(client.status, c.status) << c.fields;
    if (c.status == 200) continue;
    EXPECT_EQ(answer.text("error.message"), c.message);
    EXPECT_EQ(answer.text("type"), "error");
    EXPECT_TRUE(client.has_field("request-id: " + answer.text("request_id")));
  }
}

struct Refusal {
  std::string_view name;
  std::string body;
  std::string_view message;  // how it begins
};

TEST(SimulatorAnthropic, RefusesWhatTheApiRefusesInItsWords) {
  const auto turn = [](std::string_view role, std::string_view blocks) {
    return R"({"role":")" + std::string(role) + R"(","content":)" + std::string(blocks) + "}";
  };
  const auto talk = [&](const std::string& more) {
    return with(R"("messages":[)" + turn("user", "\"a\"") + "," + more + "]");
  };
  const std::string use = R"([{"type":"tool_use","id":"t1","name":"f","input":{}}])";
  const std::string result = R"({"type":"tool_result","tool_use_id":"t1","content":"x"})";
  const std::string mark = R"({"type":"text","text":"a","cache_control":{"type":"ephemeral"}})";
  const Refusal refusals[] = {
      {"no JSON", "{", "The request body is not valid JSON"},
      {"no model", R"({"max_tokens":1,"messages":[]})", "model: Field required"},
      {"no limit", R"({"model":"m","messages":[]})", "max_tokens: Field required"},
      {"no messages", with(R"("messages":[])"), "messages: at least one message is required"},
      {"foreign member", asking(R"(,"frequency_penalty":0)"),
       "frequency_penalty: Extra inputs are not permitted"},
      {"wrong type", asking(R"(,"stop_sequences":"x")"),
       "stop_sequences: Input should be a valid list"},
      {"hot", asking(R"(,"temperature":1.5)"), "temperature: range: 0..1"},
      {"blank stop", asking(R"(,"stop_sequences":["\n"])"),
       "stop_sequences: each stop sequence must contain non-whitespace"},
      {"sampling of the newest", asking(R"(,"temperature":1)", "claude-opus-4-7"),
       "`temperature` is deprecated"},
      {"system role", with(R"("messages":[{"role":"system","content":"x"}])"),
       "messages: Unexpected role \"system\""},
      {"tool role", with(R"("messages":[{"role":"tool","content":"x"}])"),
       "messages.0.role: Input should be 'user' or 'assistant'"},
      {"empty text", with(R"("messages":[{"role":"user","content":[{"type":"text","text":""}]}])"),
       "messages: text content blocks must be non-empty"},
      {"empty content", with(R"("messages":[{"role":"user","content":""}])"),
       "messages.0: all messages must have non-empty content"},
      {"OpenAI's part", with(R"("messages":[{"role":"user","content":[{"type":"image_url"}]}])"),
       "messages.0.content.0: Input tag 'image_url' found"},
      {"member of a block",
       with(R"("messages":[{"role":"user","content":[{"type":"text","text":"a","x":1}]}])"),
       "messages.0.content.0.text.x: Extra inputs are not permitted"},
      {"no result", talk(turn("assistant", use) + "," + turn("user", "\"b\"")),
       "messages.1: `tool_use` ids were found without `tool_result` blocks"},
      {"a call at the end", talk(turn("assistant", use)),
       "messages.1: `tool_use` ids were found without `tool_result` blocks"},
      {"no call", talk(turn("user", "[" + result + "]")),
       "messages.1.content.0: unexpected `tool_use_id` found in `tool_result` blocks: t1."},
      {"result behind text",
       talk(turn("assistant", use) + "," +
            turn("user", R"([{"type":"text","text":"x"},)" + result + "]")),
       "messages.2.content.1: `tool_result` blocks must come first"},
      {"two results",
       talk(turn("assistant", use) + "," + turn("user", "[" + result + "," + result + "]")),
       "messages.2.content: each tool_use must have a single result"},
      {"foreign id",
       talk(turn("assistant", R"([{"type":"tool_use","id":"f:0","name":"f","input":{}}])")),
       "messages.1.content.0.tool_use.id: String should match pattern"},
      {"input as text",
       talk(turn("assistant", R"([{"type":"tool_use","id":"f","name":"f","input":"{}"}])")),
       "messages.1.content.0.tool_use.input: Input should be a valid dictionary"},
      {"call of a user", with(R"("messages":[)" + turn("user", use) + "]"),
       "messages.0: `tool_use` blocks can only be in `assistant` messages"},
      {"prefill of the newest",
       R"({"model":"claude-sonnet-4-6","max_tokens":1,"messages":[)" + turn("user", "\"a\"") + "," +
           turn("assistant", "\"b\"") + "]}",
       "This model does not support assistant message prefill."},
      {"prefill with a blank", talk(turn("assistant", "\"b \"")),
       "messages: final assistant content cannot end with trailing whitespace"},
      {"five marks",
       with(R"("messages":[{"role":"user","content":[)" + mark + "," + mark + "," + mark + "," +
            mark + "," + mark + "]}]"),
       "A maximum of 4 blocks with cache_control may be provided. Found 5."},
      {"small budget", asking(R"(,"thinking":{"type":"enabled","budget_tokens":100})"),
       "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"},
      {"budget above the limit", asking(R"(,"thinking":{"type":"enabled","budget_tokens":2000})"),
       "`max_tokens` must be greater than `thinking.budget_tokens`."},
      {"cool thought",
       asking(R"(,"temperature":0.5,"thinking":{"type":"enabled","budget_tokens":1024})"),
       "`temperature` may only be set to 1 when thinking is enabled."},
      {"OpenAI's tool",
       asking(R"(,"tools":[{"type":"function","function":{"name":"f","parameters":{}}}])"),
       "tools.0: Input tag 'function' found"},
      {"schema without type", asking(R"(,"tools":[{"name":"f","input_schema":{}}])"),
       "tools.0.custom.input_schema.type: Field required"},
      {"no schema", asking(R"(,"tools":[{"name":"f"}])"),
       "tools.0.custom.input_schema: Field required"},
      {"dotted name", asking(R"(,"tools":[{"name":"a.b","input_schema":{"type":"object"}}])"),
       "tools.0.custom.name: String should match pattern"},
      {"two of a name",
       asking(R"(,"tools":[)" + std::string(weather) + "," + std::string(weather) + "]"),
       "tools: Tool names must be unique."},
      {"choice of none", asking(R"(,"tool_choice":{"type":"auto"})"),
       "tool_choice: tool_choice may only be specified while providing tools"},
      {"OpenAI's choice",
       asking(R"(,"tools":[)" + std::string(weather) + R"(],"tool_choice":{"type":"required"})"),
       "tool_choice: Input tag 'required' found"},
      {"choice of another",
       asking(R"(,"tools":[)" + std::string(weather) +
              R"(],"tool_choice":{"type":"tool","name":"x"})"),
       "Tool 'x' not found in provided tools"},
      {"open schema",
       asking(R"(,"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}})"),
       "output_config.format.schema: For 'object' type, 'additionalProperties' must be"},
      {"image of a kind",
       with(R"("messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64",)"
            R"("media_type":"image/bmp","data":"AAAA"}}]}])"),
       "messages.0.content.0.image.source.base64.media_type: Input should be"},
      {"too long", asking(R"(,"system":")" + std::string(900'000, 'a') + "\""),
       "prompt is too long: 225001 tokens > 200000 maximum"},
  };
  SimulatorConfig config;
  DialectClient client(config);
  for (const Refusal& refusal : refusals) {
    SCOPED_TRACE(refusal.name);
    const Document answer(client.post("/v1/messages", refusal.body, key));
    EXPECT_EQ(client.status, 400);
    EXPECT_EQ(answer.text("error.type"), "invalid_request_error");
    EXPECT_TRUE(answer.text("error.message").starts_with(refusal.message))
        << answer.text("error.message");
  }
  const Document missing(client.post("/v1/messages", asking("", "claude-nonexistent"), key));
  EXPECT_EQ(client.status, 404);
  EXPECT_EQ(missing.text("error.message"), "model: claude-nonexistent");
}

TEST(SimulatorAnthropic, FailsInItsOwnShape) {
  SimulatorConfig config;
  DialectClient client(config);
  const auto with_fault = [&](std::string_view fault, std::string_view more = "") {
    client.post("/v1/messages", asking(more, "sim-fault-" + std::string(fault)), key);
  };
  with_fault("status:429:7");
  EXPECT_EQ(client.status, 429);
  EXPECT_EQ(Document(client.body).text("error.type"), "rate_limit_error");
  EXPECT_TRUE(client.has_field("retry-after: 7"));
  EXPECT_TRUE(client.has_field("x-should-retry: true"));
  with_fault("overloaded");
  EXPECT_EQ(client.status, 529);
  EXPECT_EQ(Document(client.body).text("error.type"), "overloaded_error");
  with_fault("error-event-after:3", R"(,"stream":true)");
  ASSERT_EQ(client.events().size(), 4U);
  EXPECT_EQ(client.events().back().name, "error");
  EXPECT_EQ(Document(client.events().back().data).text("error.type"), "overloaded_error");
  EXPECT_TRUE(client.complete);
  with_fault("close-after:3", R"(,"stream":true)");
  EXPECT_EQ(client.events().size(), 3U);
  EXPECT_FALSE(client.complete);
  with_fault("no-done", R"(,"stream":true)");
  EXPECT_EQ(client.events().back().name, "message_delta");
  with_fault("garbage-event:2", R"(,"stream":true)");
  json::Index index;
  EXPECT_FALSE(index.build(client.events()[2].data).has_value());
  EXPECT_EQ(client.events().back().name, "message_stop");
  with_fault("huge-event:5000", R"(,"stream":true)");
  std::size_t longest = 0;
  for (const StreamEvent& event : client.events()) longest = std::max(longest, event.data.size());
  EXPECT_GT(longest, 4900U);
}

}  // namespace
}  // namespace sluice::simulator
