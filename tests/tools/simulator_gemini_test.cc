// The simulator as Gemini, on Google's own host and on Vertex AI: what it refuses and in which
// words, what it says whole and streamed.
#include <gtest/gtest.h>

#include "dialect_client.h"
#include "simulator/ask.h"
#include "simulator/text.h"

namespace sluice::simulator {
namespace {

constexpr std::string_view key = "x-goog-api-key: k\r\n";
constexpr std::string_view bearer = "authorization: Bearer k\r\n";

std::string path(std::string_view verb, std::string_view model = "gemini-2.5-flash") {
  return "/v1beta/models/" + std::string(model) + ":" + std::string(verb);
}
std::string vertex_path(std::string_view verb, std::string_view model = "gemini-2.5-flash") {
  return "/v1/projects/p/locations/us-central1/publishers/google/models/" + std::string(model) +
         ":" + std::string(verb);
}
std::string asking(std::string_view more = "") {
  return R"({"contents":[{"role":"user","parts":[{"text":"hello"}]}])" + std::string(more) + "}";
}
std::string part(std::string_view json) {
  return R"({"contents":[{"role":"user","parts":[)" + std::string(json) + "]}]}";
}

constexpr std::string_view tools =
    R"(,"tools":[{"functionDeclarations":[{"name":"weather","description":"d","parameters":)"
    R"({"type":"OBJECT","properties":{"city":{"type":"STRING"}},"required":["city"]}},)"
    R"({"name":"clock"}]}])";

TEST(SimulatorGemini, SaysWhatTheOpenAiDialectSays) {
  SimulatorConfig config;
  DialectClient client(config);
  for (const std::string& target : {path("generateContent"), vertex_path("generateContent")}) {
    const bool vertex = target.starts_with("/v1/projects");
    const Document answer(client.post(target, asking(), vertex ? bearer : key));
    EXPECT_EQ(client.status, 200) << client.body;
    EXPECT_EQ(answer.text("candidates.0.content.parts.0.text"),
              text_of(seed_of("hello"), 64, true));
    EXPECT_EQ(answer.text("candidates.0.content.role"), "model");
    EXPECT_EQ(answer.text("candidates.0.finishReason"), "STOP");
    EXPECT_EQ(answer.text("modelVersion"), "gemini-2.5-flash");
    EXPECT_EQ(answer.number("usageMetadata.promptTokenCount"), 1);
    EXPECT_EQ(answer.number("usageMetadata.candidatesTokenCount"), 64);
    EXPECT_EQ(answer.number("usageMetadata.totalTokenCount"), 65);
  }
  const Document counted(client.post(path("countTokens"), part(R"({"text":"twelve bytes"})"), key));
  EXPECT_EQ(counted.number("totalTokens"), 3);
}

TEST(SimulatorGemini, EmbedsAsEachOfItsHousesDoes) {
  SimulatorConfig config;
  config.dimensions = 4;
  DialectClient client(config);
  constexpr std::string_view two =
      R"({"requests":[{"model":"models/e-2","content":{"parts":[{"text":"hello"}]}},)"
      R"({"model":"models/e-2","content":{"parts":[{"text":"a"}]},"outputDimensionality":2}]})";
  const Document batch(client.post(path("batchEmbedContents", "e-2"), two, key));
  EXPECT_EQ(client.status, 200) << client.body;
  const std::vector<float> expected = embedding_of(seed_of("hello"), 4);
  std::size_t position = 0;
  for (const json::Value value : batch.at("embeddings.0.values").elements()) {
    EXPECT_EQ(static_cast<float>(*value.number()), expected.at(position++));
  }
  EXPECT_EQ(position, 4U);
  std::size_t few = 0;
  for ([[maybe_unused]] const json::Value value : batch.at("embeddings.1.values").elements()) ++few;
  EXPECT_EQ(few, 2U);
  EXPECT_EQ(batch.number("usageMetadata.promptTokenCount"), 2);

  const Document predicted(client.post(
      vertex_path("predict", "text-embedding-005"),
      R"({"instances":[{"content":"hello"}],"parameters":{"outputDimensionality":3}})", bearer));
  EXPECT_EQ(predicted.number("predictions.0.embeddings.statistics.token_count"), 1);
  const Document one(client.post(vertex_path("embedContent", "gemini-embedding-2"),
                                 R"({"content":{"role":"user","parts":[{"text":"hello"}]},)"
                                 R"("embedContentConfig":{"outputDimensionality":3}})",
                                 bearer));
  EXPECT_EQ(one.at("embedding.values").raw(),
            predicted.at("predictions.0.embeddings.values").raw());
  EXPECT_EQ(one.number("usageMetadata.promptTokenCount"), 1);
  client.post(path("embedContent", "gemini-embedding-001"),
              R"({"content":{"parts":[{"text":"hello"}]}})", key);
  EXPECT_EQ(client.status, 200) << client.body;
  EXPECT_EQ(client.body.find("usageMetadata"), std::string::npos) << "as was recorded";
}

TEST(SimulatorGemini, RefusesEmbeddingsAskedForWrongly) {
  SimulatorConfig config;
  DialectClient client(config);
  struct Wrong {
    std::string target, body;
    std::string_view says;
  };
  const std::string batch = path("batchEmbedContents", "m");
  const std::string predict = vertex_path("predict", "m");
  const std::string content = vertex_path("embedContent", "m");
  std::string many = R"({"requests":[)";
  for (int i = 0; i < 101; ++i) {
    many += std::string(i == 0 ? "" : ",") +
            R"({"model":"models/m","content":{"parts":[{"text":"a"}]}})";
  }
  for (const Wrong& c : {
           Wrong{batch, R"({"input":"a"})", "Unknown name"},
           Wrong{batch, R"({"requests":[]})", "not specified"},
           Wrong{batch, R"({"requests":[{"model":"m","content":{"parts":[{"text":"a"}]}}]})",
                 "that of the path"},
           Wrong{batch, R"({"requests":[{"model":"models/m"}]})", "content"},
           Wrong{batch, R"({"requests":[{"model":"models/m","content":{"parts":[{"text":""}]}}]})",
                 "empty"},
           Wrong{batch,
                 R"({"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]},)"
                 R"("outputDimensionality":0}]})",
                 "output_dimensionality"},
           Wrong{batch, many + "]}", "at most 100"},
           Wrong{predict, R"({"instances":[{"content":"a"}],"dimensions":3})", "Unknown name"},
           Wrong{predict, R"({"instances":[{"content":7}]})", "content"},
           Wrong{predict, R"({"instances":[]})", "Empty"},
           Wrong{content, R"({"content":{"parts":[{"text":"a"}]},"outputDimensionality":3})",
                 "Unknown name"},
           Wrong{content, R"({})", "content"},
       }) {
    client.post(c.target, c.body, c.target == batch ? key : bearer);
    EXPECT_EQ(client.status, 400) << c.body;
    EXPECT_NE(client.body.find(c.says), std::string::npos) << client.body;
  }
  const Document missing(
      client.post(path("batchEmbedContents", "does-not-exist"), many + "]}", key));
  EXPECT_EQ(client.status, 404);
  EXPECT_NE(missing.text("error.message").find("not supported for embedContent"),
            std::string::npos);
}

TEST(SimulatorGemini, StreamsWholeObjectsWithWhatIsNewInThem) {
  SimulatorConfig config;
  DialectClient client(config);
  client.post(path("streamGenerateContent?alt=sse"),
              asking(R"(,"generation_config":{"max_output_tokens":5})"), key);
  EXPECT_NE(client.body.find("\r\n\r\n"), std::string::npos);
  const std::vector<StreamEvent> events = client.events();
  ASSERT_EQ(events.size(), 5U);
  std::string text;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Document data(events[i].data);
    text += data.text("candidates.0.content.parts.0.text");
    EXPECT_EQ(data.number("usageMetadata.candidatesTokenCount"), static_cast<int>(i) + 1);
    EXPECT_EQ(data.at("candidates.0").find("finishReason").has_value(), i == 4);
  }
  EXPECT_EQ(text, text_of(seed_of("hello"), 5, false));
  EXPECT_EQ(Document(events.back().data).text("candidates.0.finishReason"), "MAX_TOKENS");
}

TEST(SimulatorGemini, StreamsOneArrayWhereNoEventsAreAskedFor) {
  SimulatorConfig config;
  DialectClient client(config);
  client.post(path("streamGenerateContent"), asking(R"(,"generationConfig":{"maxOutputTokens":3})"),
              key);
  EXPECT_TRUE(client.has_field("content-type: application/json"));
  const Document all(client.body);
  EXPECT_EQ(all.text("2.candidates.0.finishReason"), "MAX_TOKENS");
}

TEST(SimulatorGemini, CallsFunctionsAndOfThirdModelsWithIdAndSignature) {
  SimulatorConfig config;
  DialectClient client(config);
  const Document second(client.post(path("generateContent"), asking(tools), key));
  const json::Value call = second.at("candidates.0.content.parts.0.functionCall");
  EXPECT_FALSE(call.find("id").has_value());
  EXPECT_FALSE(second.text("candidates.0.content.parts.0.functionCall.args.city").empty());
  EXPECT_EQ(second.text("candidates.0.finishReason"), "STOP");
  EXPECT_EQ(second.text("candidates.0.finishMessage"), "Model generated function call(s).");
  client.post(path("streamGenerateContent?alt=sse", "gemini-3-pro"), asking(tools), key);
  const std::vector<StreamEvent> events = client.events();
  ASSERT_EQ(events.size(), 2U);
  const Document first_call(events[0].data);
  EXPECT_FALSE(first_call.text("candidates.0.content.parts.0.functionCall.id").empty());
  EXPECT_FALSE(first_call.text("candidates.0.content.parts.0.thoughtSignature").empty());
  EXPECT_FALSE(Document(events[1].data)
                   .at("candidates.0.content.parts.0")
                   .find("thoughtSignature")
                   .has_value())
      << "of parallel calls the first alone is signed";
}

TEST(SimulatorGemini, WantsTheSignaturesOfTheTurnThatGoesOn) {
  SimulatorConfig config;
  DialectClient client(config);
  const std::string target = path("generateContent", "gemini-3-flash-preview");
  const Document answer(client.post(target, asking(tools), key));
  const std::string calls(answer.at("candidates.0.content.parts").raw());
  const auto history = [&](const std::string& parts, std::string_view behind = "") {
    return R"({"contents":[{"role":"user","parts":[{"text":"hello"}]},{"role":"model","parts":)" +
           parts +
           R"(},{"role":"user","parts":[{"functionResponse":{"name":"weather","response":{}}},)"
           R"({"functionResponse":{"name":"clock","response":{"output":"noon"}}}]})" +
           std::string(behind) + "]" + std::string(tools) + "}";
  };
  const Document spoken(client.post(target, history(calls), key));
  EXPECT_EQ(client.status, 200) << client.body;
  EXPECT_EQ(spoken.text("candidates.0.content.parts.0.text"), text_of(seed_of("hello"), 64, true));
  std::string bare = calls;
  const std::size_t at = bare.find(R"(,"thoughtSignature")");
  bare.erase(at, bare.find('}', at) - at);
  const Document refused(client.post(target, history(bare), key));
  EXPECT_EQ(client.status, 400);
  EXPECT_TRUE(
      refused.text("error.message").starts_with("Function call is missing a thought_signature"))
      << client.body;
  client.post(target,
              history(bare, R"(,{"role":"model","parts":[{"text":"x"}]},)"
                            R"({"role":"user","parts":[{"text":"y"}]})"),
              key);
  EXPECT_EQ(client.status, 200) << "an older turn needs none: " << client.body;
  std::string stand_in = bare;
  stand_in.insert(at, R"(,"thoughtSignature":"skip_thought_signature_validator")");
  client.post(target, history(stand_in), key);
  EXPECT_EQ(client.status, 200) << client.body;
  std::string corrupt = calls;
  corrupt[corrupt.find("SIMS") + 8] ^= 1;
  EXPECT_EQ(Document(client.post(target, history(corrupt), key)).text("error.message"),
            "Corrupted thought signature.");
}

TEST(SimulatorGemini, ShowsThoughtsWhenAskedAndCountsThemApart) {
  SimulatorConfig config;
  DialectClient client(config);
  const Document answer(client.post(
      path("generateContent"),
      asking(R"(,"generationConfig":{"thinkingConfig":{"includeThoughts":true}})"), key));
  EXPECT_EQ(answer.at("candidates.0.content.parts.0.thought").boolean(), true);
  EXPECT_EQ(answer.number("usageMetadata.thoughtsTokenCount"), 16);
  EXPECT_EQ(answer.number("usageMetadata.candidatesTokenCount"), 64);
  EXPECT_EQ(answer.number("usageMetadata.totalTokenCount"), 81);
  const Document cut(client.post(path("generateContent"),
                                 asking(R"(,"generationConfig":{"maxOutputTokens":8,)"
                                        R"("thinkingConfig":{"thinkingBudget":-1}})"),
                                 key));
  EXPECT_EQ(cut.text("candidates.0.finishReason"), "MAX_TOKENS");
  EXPECT_FALSE(cut.at("candidates.0.content").find("parts").has_value()) << "recorded";
}

TEST(SimulatorGemini, AnswersInTheSchemaAskedFor) {
  SimulatorConfig config;
  DialectClient client(config);
  const Document answer(client.post(
      path("generateContent"),
      asking(R"(,"generationConfig":{"candidateCount":2,"responseMimeType":"application/json",)"
             R"("responseSchema":{"type":"OBJECT","properties":{"n":{"type":"INTEGER",)"
             R"("minimum":3}}}})"),
      key));
  EXPECT_EQ(Document(answer.text("candidates.1.content.parts.0.text")).number("n"), 3);
}

TEST(SimulatorGemini, WantsAKey) {
  SimulatorConfig config;
  config.key = Secret(std::string("right"));
  DialectClient client(config);
  const Document none(client.post(path("generateContent"), asking(), ""));
  EXPECT_EQ(client.status, 403);
  EXPECT_EQ(none.text("error.status"), "PERMISSION_DENIED");
  const Document wrong(client.post(path("generateContent"), asking(), key));
  EXPECT_EQ(client.status, 400);
  EXPECT_EQ(wrong.text("error.details.0.reason"), "API_KEY_INVALID");
  client.post(path("generateContent?key=right"), asking(), "");
  EXPECT_EQ(client.status, 200);
  const Document vertex(client.post(vertex_path("generateContent"), asking(), bearer));
  EXPECT_EQ(client.status, 401);
  EXPECT_EQ(vertex.text("error.status"), "UNAUTHENTICATED");
}

struct Refusal {
  std::string_view name;
  std::string body;
  std::string_view message;  // how it begins
};

TEST(SimulatorGemini, RefusesWhatTheApiRefusesInItsWords) {
  const auto declared = [](std::string_view declaration) {
    return asking(R"(,"tools":[{"functionDeclarations":[)" + std::string(declaration) + "]}]");
  };
  const auto schema = [&](std::string_view parameters) {
    return declared(R"({"name":"f","parameters":)" + std::string(parameters) + "}");
  };
  const auto talk = [](std::string_view more) {
    return R"({"contents":[{"role":"user","parts":[{"text":"a"}]},)" + std::string(more) + "]}";
  };
  const std::string call = R"({"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]})";
  const Refusal refusals[] = {
      {"no JSON", "{", "Invalid JSON payload received."},
      {"no contents", "{}", "* GenerateContentRequest.contents: contents is not specified"},
      {"OpenAI's body", R"({"messages":[]})",
       "Invalid JSON payload received. Unknown name \"messages\": Cannot find field."},
      {"member within", part(R"({"text":"a","type":"text"})"),
       "Invalid JSON payload received. Unknown name \"type\" at 'contents[0].parts[0]'"},
      {"wrong type", asking(R"(,"generationConfig":{"temperature":"hot"})"),
       "Invalid value at 'generation_config.temperature' (TYPE_FLOAT), \"hot\""},
      {"two data", part(R"({"text":"a","inlineData":{"mimeType":"image/png","data":"AA=="}})"),
       "Invalid value at 'contents[0].parts[0]' (oneof)"},
      {"no datum", part("{}"),
       "* GenerateContentRequest.contents[0].parts[0].data: required oneof"},
      {"no parts", R"({"contents":[{"role":"user","parts":[]}]})",
       "* GenerateContentRequest.contents[0].parts: contents.parts must not be empty."},
      {"OpenAI's role", R"({"contents":[{"role":"assistant","parts":[{"text":"a"}]}]})",
       "Please use a valid role: user, model."},
      {"no responses", talk(call + R"(,{"role":"user","parts":[{"text":"b"}]})"),
       "Please ensure that the number of function response parts is equal"},
      {"a response too many",
       talk(call + R"(,{"role":"user","parts":[{"functionResponse":{"name":"f","response":{}}},)"
                   R"({"functionResponse":{"name":"f","response":{}}}]})"),
       "Please ensure that the number of function response parts is equal"},
      {"no call", part(R"({"functionResponse":{"name":"f","response":{}}})"),
       "Please ensure that function response turn comes immediately after a function call turn."},
      {"response of another",
       talk(call + R"(,{"role":"user","parts":[{"functionResponse":{"name":"g","response":{}}}]})"),
       "Function response `g` does not match any function call"},
      {"response as text",
       talk(call +
            R"(,{"role":"user","parts":[{"functionResponse":{"name":"f","response":"x"}}]})"),
       "Invalid value at 'contents[2].parts[0].function_response.response' (TYPE_MESSAGE), \"x\""},
      {"arguments as text",
       talk(R"({"role":"model","parts":[{"functionCall":{"name":"f","args":"{}"}}]})"),
       "Invalid value at 'contents[1].parts[0].function_call.args' (TYPE_MESSAGE)"},
      {"a model's word at the end", talk(R"({"role":"model","parts":[{"text":"b"}]})"),
       "Please ensure that multiturn requests end with a user role"},
      {"name that begins with a digit", declared(R"({"name":"1f"})"),
       "* GenerateContentRequest.tools[0].function_declarations[0].name: Invalid function name."},
      {"two of a name", declared(R"({"name":"f"},{"name":"f"})"),
       "Duplicate function declaration found: f"},
      {"member of JSON Schema", schema(R"({"type":"object","$schema":"x"})"),
       "Invalid JSON payload received. Unknown name \"$schema\" at "
       "'tools[0].function_declarations[0].parameters'"},
      {"const", schema(R"({"type":"object","properties":{"a":{"const":"x"}}})"),
       "Invalid JSON payload received. Unknown name \"const\" at "
       "'tools[0].function_declarations[0].parameters.properties[a]'"},
      {"several types", schema(R"({"type":["object","null"]})"),
       "Invalid JSON payload received. Unknown name \"type\" at "},
      {"enum of numbers", schema(R"({"type":"object","properties":{"a":{"enum":[1]}}})"),
       "Invalid value at 'tools[0].function_declarations[0].parameters.properties[a].enum[0]' "
       "(TYPE_STRING), 1"},
      {"array of what", schema(R"({"type":"object","properties":{"a":{"type":"array"}}})"),
       "* GenerateContentRequest.tools[0].function_declarations[0].parameters.properties[a].items: "
       "missing field."},
      {"format", schema(R"({"type":"object","properties":{"a":{"type":"string","format":"uri"}}})"),
       "* "
       "GenerateContentRequest.tools[0].function_declarations[0].parameters.properties[a].format"},
      {"required what", schema(R"({"type":"object","properties":{},"required":["a"]})"),
       "* GenerateContentRequest.tools[0].function_declarations[0].parameters.required[0]: "
       "property is not defined"},
      {"schema without a type of text",
       asking(R"(,"generationConfig":{"responseSchema":{"type":"OBJECT"}})"),
       "* GenerateContentRequest.generation_config.response_schema: only allowed with"},
      {"six stops", asking(R"(,"generationConfig":{"stopSequences":["1","2","3","4","5","6"]})"),
       "* GenerateContentRequest.generation_config.stop_sequences: the number of stop sequences"},
      {"hot", asking(R"(,"generationConfig":{"temperature":3})"),
       "Unable to submit request because it has a temperature value of 3 but"},
      {"budget and level",
       asking(R"(,"generationConfig":{"thinkingConfig":{"thinkingBudget":1,)"
              R"("thinkingLevel":"low"}})"),
       "You can only set only one of thinking budget and thinking level."},
      {"level of the second",
       asking(R"(,"generationConfig":{"thinkingConfig":{"thinkingLevel":"low"}})"),
       "Thinking level is not supported for this model."},
      {"any of none", asking(R"(,"toolConfig":{"functionCallingConfig":{"mode":"ANY"}})"),
       "Function calling config is set without function_declarations."},
      {"OpenAI's mode",
       asking(std::string(tools) +
              R"(,"toolConfig":{"functionCallingConfig":{"mode":"required"}})"),
       "Invalid value at 'tool_config.function_calling_config.mode' (TYPE_ENUM)"},
      {"allowed without ANY",
       asking(std::string(tools) +
              R"(,"toolConfig":{"functionCallingConfig":{"allowedFunctionNames":["clock"]}})"),
       "Allowed function names should be set only when function calling mode is ANY."},
      {"labels", asking(R"(,"labels":{"a":"b"})"),
       "Invalid JSON payload received. Unknown name \"labels\""},
      {"cache and system",
       asking(
           R"(,"cachedContent":"cachedContents/x","systemInstruction":{"parts":[{"text":"s"}]})"),
       "CachedContent can not be used with GenerateContent request setting"},
  };
  SimulatorConfig config;
  DialectClient client(config);
  for (const Refusal& refusal : refusals) {
    SCOPED_TRACE(refusal.name);
    const Document answer(client.post(path("generateContent"), refusal.body, key));
    EXPECT_EQ(client.status, 400);
    EXPECT_EQ(answer.number("error.code"), 400);
    EXPECT_EQ(answer.text("error.status"), "INVALID_ARGUMENT");
    EXPECT_TRUE(answer.text("error.message").starts_with(refusal.message))
        << answer.text("error.message");
  }
  const Document missing(
      client.post(path("generateContent", "gemini-does-not-exist"), asking(), key));
  EXPECT_EQ(client.status, 404);
  EXPECT_EQ(missing.text("error.status"), "NOT_FOUND");
}

TEST(SimulatorGemini, FailsInItsOwnShape) {
  SimulatorConfig config;
  DialectClient client(config);
  const auto with_fault = [&](std::string_view fault, std::string_view verb) {
    client.post(path(verb, "sim-fault-" + std::string(fault)), asking(), key);
  };
  constexpr std::string_view stream = "streamGenerateContent?alt=sse";
  with_fault("status:429:34", "generateContent");
  EXPECT_EQ(client.status, 429);
  EXPECT_EQ(Document(client.body).text("error.status"), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(Document(client.body).text("error.details.0.retryDelay"), "34s");
  with_fault("overloaded", "generateContent");
  EXPECT_EQ(client.status, 503);
  EXPECT_EQ(Document(client.body).text("error.status"), "UNAVAILABLE");
  with_fault("error-event-after:3", stream);
  ASSERT_EQ(client.events().size(), 4U);
  EXPECT_EQ(Document(client.events().back().data).number("error.code"), 500);
  with_fault("truncate:3", stream);
  EXPECT_EQ(client.events().size(), 3U);
  EXPECT_FALSE(client.complete);
  with_fault("garbage-event:2", stream);
  json::Index index;
  EXPECT_FALSE(index.build(client.events()[2].data).has_value());
  EXPECT_EQ(client.events().size(), 65U);
}

}  // namespace
}  // namespace sluice::simulator
