// The simulator as Bedrock's Converse: what it refuses and in which words, what it says whole and
// in frames.
#include <gtest/gtest.h>

#include "dialect_client.h"
#include "simulator/text.h"

namespace sluice::simulator {
namespace {

constexpr std::string_view bearer = "authorization: Bearer k\r\n";
constexpr std::string_view claude = "us.anthropic.claude-sonnet-4-5-20250929-v1%3A0";

std::string path(std::string_view verb, std::string_view model = claude) {
  return "/model/" + std::string(model) + "/" + std::string(verb);
}
std::string asking(std::string_view more = "") {
  return R"({"messages":[{"role":"user","content":[{"text":"hello"}]}])" + std::string(more) + "}";
}

constexpr std::string_view tools =
    R"(,"toolConfig":{"tools":[{"toolSpec":{"name":"weather","description":"d","inputSchema":)"
    R"({"json":{"type":"object","properties":{"city":{"type":"string"}}}}}},)"
    R"({"toolSpec":{"name":"clock","inputSchema":{"json":{"type":"object"}}}}]})";

TEST(SimulatorBedrock, SaysWhatTheOpenAiDialectSays) {
  SimulatorConfig config;
  DialectClient client(config);
  const Document answer(client.post(path("converse"), asking(), bearer));
  EXPECT_EQ(client.status, 200) << client.body;
  EXPECT_TRUE(client.has_field("x-amzn-requestid: "));
  EXPECT_EQ(answer.text("output.message.role"), "assistant");
  EXPECT_EQ(answer.text("output.message.content.0.text"), text_of(seed_of("hello"), 64, true));
  EXPECT_EQ(answer.text("stopReason"), "end_turn");
  EXPECT_EQ(answer.number("usage.inputTokens"), 1);
  EXPECT_EQ(answer.number("usage.outputTokens"), 64);
  EXPECT_EQ(answer.number("usage.totalTokens"), 65);
}

TEST(SimulatorBedrock, CountsTheTokensOfWhatConverseTakes) {
  SimulatorConfig config;
  DialectClient client(config);
  const std::string chat = asking();
  const Document answer(
      client.post(path("count-tokens"), R"({"input":{"converse":)" + chat + "}}", bearer));
  EXPECT_EQ(client.status, 200) << client.body;
  EXPECT_EQ(answer.number("inputTokens"), 1);
  client.post(path("count-tokens"), chat, bearer);
  EXPECT_EQ(client.status, 400);
  client.post(path("count-tokens"),
              R"({"input":{"converse":)" + asking(R"(,"inferenceConfig":{"maxTokens":3})") + "}}",
              bearer);
  EXPECT_EQ(client.status, 400);
  EXPECT_NE(client.body.find("inferenceConfig"), std::string::npos) << client.body;
  client.post("/model/amazon.nova-lite-v1%3A0/count-tokens",
              R"({"input":{"converse":)" + chat + "}}", bearer);
  EXPECT_EQ(client.status, 400) << "Claude's alone are counted";
}

TEST(SimulatorBedrock, StreamsFramesWithRightChecksumsInOrder) {
  SimulatorConfig config;
  DialectClient client(config);
  client.post(path("converse-stream"), asking(R"(,"inferenceConfig":{"maxTokens":3})"), bearer);
  EXPECT_TRUE(client.has_field("content-type: application/vnd.amazon.eventstream"));
  std::string names;
  std::string text;
  for (const StreamEvent& frame : client.frames()) {
    const Document data(frame.data);
    EXPECT_TRUE(client.right_checksums);
    EXPECT_TRUE(data.has("p")) << "padding against whoever measures lengths";
    names += frame.name + " ";
    if (frame.name == "contentBlockDelta") text += data.text("delta.text");
    if (frame.name == "messageStop") {
      EXPECT_EQ(data.text("stopReason"), "max_tokens");
    }
    if (frame.name == "metadata") {
      EXPECT_EQ(data.number("usage.outputTokens"), 3);
    }
  }
  EXPECT_EQ(names,
            "messageStart contentBlockDelta contentBlockDelta contentBlockDelta contentBlockStop "
            "messageStop metadata ");
  EXPECT_EQ(text, text_of(seed_of("hello"), 3, false));
}

TEST(SimulatorBedrock, CallsToolsAndSpeaksAfterTheirResults) {
  SimulatorConfig config;
  DialectClient client(config);
  const Document answer(client.post(path("converse"), asking(tools), bearer));
  EXPECT_EQ(answer.text("stopReason"), "tool_use");
  EXPECT_FALSE(answer.text("output.message.content.0.toolUse.input.city").empty());
  EXPECT_EQ(answer.text("output.message.content.1.toolUse.name"), "clock");
  client.post(path("converse-stream"), asking(tools), bearer);
  std::string arguments;
  std::string started;
  for (const StreamEvent& frame : client.frames()) {
    const Document data(frame.data);
    if (frame.name == "contentBlockStart") started += data.text("start.toolUse.name") + " ";
    if (frame.name == "contentBlockDelta" && data.number("contentBlockIndex") == 0)
      arguments += data.text("delta.toolUse.input");
  }
  EXPECT_EQ(started, "weather clock ");
  EXPECT_FALSE(Document(arguments).text("city").empty());
  const std::string history =
      R"({"messages":[{"role":"user","content":[{"text":"hello"}]},{"role":"assistant","content":)"
      R"([{"toolUse":{"toolUseId":"a","name":"clock","input":{}}}]},{"role":"user","content":)"
      R"([{"toolResult":{"toolUseId":"a","content":[{"json":{"x":1}}],"status":"success"}}]}])";
  const Document spoken(client.post(path("converse"), history + std::string(tools) + "}", bearer));
  EXPECT_EQ(spoken.text("output.message.content.0.text"), text_of(seed_of("hello"), 64, true));
}

TEST(SimulatorBedrock, ThinksWithASignatureThatItWantsBack) {
  SimulatorConfig config;
  DialectClient client(config);
  constexpr std::string_view thinking =
      R"(,"additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":1024}})";
  const Document answer(client.post(path("converse"), asking(thinking), bearer));
  const std::string thought(answer.at("output.message.content.0").raw());
  EXPECT_NE(thought.find("reasoningText"), std::string::npos);
  const auto again = [](const std::string& block) {
    return R"({"messages":[{"role":"user","content":[{"text":"hello"}]},{"role":"assistant",)"
           R"("content":[)" +
           block + R"(,{"text":"x"}]},{"role":"user","content":[{"text":"on"}]}]})";
  };
  client.post(path("converse"), again(thought), bearer);
  EXPECT_EQ(client.status, 200) << client.body;
  std::string changed = thought;
  changed.insert(changed.find(R"("text":")") + 8, "x");
  client.post(path("converse"), again(changed), bearer);
  EXPECT_EQ(client.status, 400);
  client.post(path("converse-stream"), asking(thinking), bearer);
  std::string text;
  std::string signature;
  for (const StreamEvent& frame : client.frames()) {
    if (frame.name != "contentBlockDelta") continue;
    const Document data(frame.data);
    const auto reasoning = data.at("delta").find("reasoningContent");
    if (!reasoning) continue;
    if (const auto piece = reasoning->find("text")) text += piece->string().value_or("");
    if (const auto whole = reasoning->find("signature")) signature = whole->string().value_or("");
  }
  EXPECT_EQ(text, answer.text("output.message.content.0.reasoningContent.reasoningText.text"));
  EXPECT_EQ(signature,
            answer.text("output.message.content.0.reasoningContent.reasoningText.signature"));
}

TEST(SimulatorBedrock, CachesUpToAPointAndAnswersInASchema) {
  SimulatorConfig config;
  DialectClient client(config);
  const std::string body =
      asking(R"(,"system":[{"text":")" + std::string(8000, 'a') +
             R"("},{"cachePoint":{"type":"default"}}],"outputConfig":{"textFormat":{"type":)"
             R"("json_schema","structure":{"jsonSchema":{"name":"n","schema":"{\"type\":)"
             R"(\"object\",\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":3}}}"}}}})");
  const Document first(client.post(path("converse"), body, bearer));
  EXPECT_EQ(first.number("usage.cacheWriteInputTokens"), 2000);
  EXPECT_EQ(first.number("usage.inputTokens"), 1);
  EXPECT_EQ(Document(first.text("output.message.content.0.text")).number("n"), 3);
  EXPECT_EQ(
      Document(client.post(path("converse"), body, bearer)).number("usage.cacheReadInputTokens"),
      2000);
}

TEST(SimulatorBedrock, WantsAKeyOrASignature) {
  SimulatorConfig config;
  config.key = Secret(std::string("right"));
  DialectClient client(config);
  const std::string hex(64, 'a');
  const std::string signature =
      "authorization: AWS4-HMAC-SHA256 Credential=AK/20261001/us-east-1/bedrock/aws4_request, "
      "SignedHeaders=host;x-amz-date, Signature=" +
      hex + "\r\n";
  client.post(path("converse"), asking(), "");
  EXPECT_EQ(client.status, 403);
  EXPECT_TRUE(client.has_field("x-amzn-errortype: MissingAuthenticationTokenException:http"));
  client.post(path("converse"), asking(), bearer);
  EXPECT_EQ(client.status, 403);
  EXPECT_TRUE(client.has_field("x-amzn-errortype: UnrecognizedClientException:http"));
  client.post(path("converse"), asking(), "authorization: Bearer right\r\n");
  EXPECT_EQ(client.status, 200);
  client.post(path("converse"), asking(), signature);
  EXPECT_TRUE(client.has_field("x-amzn-errortype: IncompleteSignatureException:http"));
  client.post(path("converse"), asking(), signature + "x-amz-date: 20261001T000000Z\r\n");
  EXPECT_EQ(client.status, 200);
}

struct Refusal {
  std::string_view name;
  std::string body;
  std::string_view message;  // how it begins
};

TEST(SimulatorBedrock, RefusesWhatConverseRefusesInItsWords) {
  const auto talk = [](std::string_view messages, std::string_view more = "") {
    return R"({"messages":[)" + std::string(messages) + "]" + std::string(more) + "}";
  };
  const std::string user = R"({"role":"user","content":[{"text":"a"}]})";
  const std::string use =
      R"({"role":"assistant","content":[{"toolUse":{"toolUseId":"t","name":"f","input":{}}}]})";
  const auto block = [&](std::string_view json) {
    return talk(R"({"role":"user","content":[)" + std::string(json) + "]}");
  };
  const auto spec = [](std::string_view json) {
    return asking(R"(,"toolConfig":{"tools":[{"toolSpec":)" + std::string(json) + "}]}");
  };
  const Refusal refusals[] = {
      {"no JSON", "{", "Malformed input request, please reformat"},
      {"no messages", "{}",
       "1 validation error detected: Value null at 'messages' failed to satisfy constraint: Member "
       "must not be null"},
      {"OpenAI's member", asking(R"(,"max_tokens":5)"),
       "Malformed input request: #: extraneous key [max_tokens] is not permitted"},
      {"member within", asking(R"(,"inferenceConfig":{"topK":5})"),
       "Malformed input request: #/inferenceConfig: extraneous key [topK] is not permitted"},
      {"text as content", talk(R"({"role":"user","content":"a"})"),
       "Unexpected field type: the value at messages.0.content"},
      {"system role", talk(user + R"(,{"role":"system","content":[{"text":"a"}]})"),
       "1 validation error detected: Value 'system' at 'messages.2.member.role' failed to satisfy "
       "constraint: Member must satisfy enum value set: [user, assistant]"},
      {"assistant first", talk(R"({"role":"assistant","content":[{"text":"a"}]})"),
       "A conversation must start with a user message."},
      {"two of a role", talk(user + "," + user),
       "A conversation must alternate between user and assistant roles."},
      {"blank text", block(R"({"text":""})"),
       "The text field in the ContentBlock object at messages.0.content.0 is blank."},
      {"empty content", talk(R"({"role":"user","content":[]})"),
       "The content field in the Message object at messages.0 is empty."},
      {"Anthropic's block", block(R"({"type":"text","text":"a"})"),
       "The format of the value at messages.0.content.0 is invalid."},
      {"no result", talk(user + "," + use + "," + user, tools),
       "Expected toolResult blocks at messages.2.content for the following Ids: t"},
      {"no call",
       talk(R"({"role":"user","content":[{"toolResult":{"toolUseId":"t","content":[]}}]})", tools),
       "The number of toolResult blocks at messages.0.content exceeds"},
      {"tools of a history",
       talk(user + "," + use +
            R"(,{"role":"user","content":[{"toolResult":{"toolUseId":"t","content":[]}}]})"),
       "The toolConfig field must be defined when using toolUse and toolResult content blocks."},
      {"foreign id",
       talk(user + R"(,{"role":"assistant","content":[{"toolUse":{"toolUseId":"f/0","name":"f",)"
                   R"("input":{}}}]})"),
       "1 validation error detected: Value 'f/0' at 'messages.1.content.0.toolUse.toolUseId'"},
      {"input as text",
       talk(user + R"(,{"role":"assistant","content":[{"toolUse":{"toolUseId":"f","name":"f",)"
                   R"("input":"{}"}}]})"),
       "The format of the value at messages.1.content.0.toolUse.input is invalid. Provide a json "
       "object"},
      {"no tools", asking(R"(,"toolConfig":{"tools":[]})"),
       "1 validation error detected: Value '[]' at 'toolConfig.tools'"},
      {"empty description",
       spec(R"({"name":"f","description":"","inputSchema":{"json":{"type":"object"}}})"),
       "1 validation error detected: Value '' at 'toolConfig.tools.0.toolSpec.description'"},
      {"dotted name", spec(R"({"name":"a.b","inputSchema":{"json":{"type":"object"}}})"),
       "1 validation error detected: Value 'a.b' at 'toolConfig.tools.0.toolSpec.name'"},
      {"schema without type", spec(R"({"name":"f","inputSchema":{"json":{}}})"),
       "The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of"},
      {"choice of none",
       asking(R"(,"toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":)"
              R"({"type":"object"}}}}],"toolChoice":{"none":{}}})"),
       "Malformed input request: #/toolConfig.toolChoice: extraneous key [none]"},
      {"hot", asking(R"(,"inferenceConfig":{"temperature":1.5})"),
       "1 validation error detected: Value '1.5' at 'inferenceConfig.temperature' failed to "
       "satisfy constraint: Member must have value less than or equal to 1"},
      {"image of a kind", block(R"({"image":{"format":"bmp","source":{"bytes":"AAAA"}}})"),
       "1 validation error detected: Value 'bmp' at 'messages.0.content.0.image.format'"},
      {"document's name",
       block(
           R"({"text":"a"},{"document":{"format":"pdf","name":"a.pdf","source":{"bytes":"AA"}}})"),
       "The document file name can only contain alphanumeric characters"},
  };
  SimulatorConfig config;
  DialectClient client(config);
  for (const Refusal& refusal : refusals) {
    SCOPED_TRACE(refusal.name);
    const Document answer(client.post(path("converse"), refusal.body, bearer));
    EXPECT_EQ(client.status, 400);
    EXPECT_TRUE(client.has_field("x-amzn-errortype: ValidationException:http"));
    EXPECT_TRUE(answer.text("message").starts_with(refusal.message)) << answer.text("message");
  }
}

TEST(SimulatorBedrock, FailsInItsOwnShape) {
  SimulatorConfig config;
  DialectClient client(config);
  const auto with_fault = [&](std::string_view fault, std::string_view verb) {
    client.post(path(verb, "sim-fault-" + std::string(fault)), asking(), bearer);
  };
  with_fault("status:429", "converse");
  EXPECT_EQ(client.status, 429);
  EXPECT_TRUE(client.has_field("x-amzn-errortype: ThrottlingException:http"));
  with_fault("overloaded", "converse");
  EXPECT_EQ(client.status, 503);
  with_fault("error-event-after:3", "converse-stream");
  ASSERT_EQ(client.frames().size(), 4U);
  EXPECT_EQ(client.frames().back().name, "internalServerException");
  with_fault("close-after:3", "converse-stream");
  EXPECT_EQ(client.frames().size(), 3U);
  EXPECT_FALSE(client.complete);
  with_fault("garbage-event:3", "converse-stream");
  EXPECT_EQ(client.frames().size(), 4U);
  EXPECT_FALSE(client.right_checksums);
  with_fault("huge-event:5000", "converse-stream");
  std::size_t longest = 0;
  for (const StreamEvent& frame : client.frames()) longest = std::max(longest, frame.data.size());
  EXPECT_TRUE(client.right_checksums);
  EXPECT_GT(longest, 4000U);
  with_fault("crlf", "converse-stream");
  EXPECT_EQ(client.frames().back().name, "metadata");
}

}  // namespace
}  // namespace sluice::simulator
