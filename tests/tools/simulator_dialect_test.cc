// What the simulator's dialects have in common: paths, Azure's way to speak OpenAI's dialect,
// recordings, the pace.
#include <gtest/gtest.h>

#include "dialect_client.h"
#include "simulator/event_frame.h"
#include "simulator/prompt.h"
#include "simulator/reply.h"
#include "simulator/route.h"
#include "simulator/text.h"
#include "simulator/token.h"

namespace sluice::simulator {
namespace {

TEST(SimulatorRoute, IsFoundByThePathWhateverStandsInFront) {
  struct Case {
    std::string_view path;
    Host host;
    Action action;
    std::string_view model;
  };
  for (const Case& c : {
           Case{"/v1/messages", Host::anthropic, Action::generate, ""},
           Case{"/a/b/v1/messages/count_tokens", Host::anthropic, Action::count_tokens, ""},
           Case{"/v1beta/models/g:generateContent", Host::gemini, Action::generate, "g"},
           Case{"/x/v1/models/sim-fault-status:429:streamGenerateContent", Host::gemini,
                Action::stream, "sim-fault-status:429"},
           Case{"/v1/publishers/google/models/g:countTokens", Host::vertex, Action::count_tokens,
                "g"},
           Case{"/v1beta/models/g:batchEmbedContents", Host::gemini, Action::embed_batch, "g"},
           Case{"/v1beta/models/g:embedContent", Host::gemini, Action::embed, "g"},
           Case{"/v1/publishers/google/models/g:embedContent", Host::vertex, Action::embed, "g"},
           Case{"/v1/publishers/google/models/t:predict", Host::vertex, Action::predict, "t"},
           Case{"/v1/projects/p/locations/l/publishers/anthropic/models/c@1:streamRawPredict",
                Host::vertex_anthropic, Action::stream, "c@1"},
           Case{"/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict",
                Host::vertex_anthropic, Action::count_tokens, ""},
           Case{"/model/arn%3Aaws%2Fx/converse", Host::bedrock, Action::generate, "arn:aws/x"},
           Case{"/model/us.m-v1:0/converse-stream", Host::bedrock, Action::stream, "us.m-v1:0"},
           Case{"/openai/deployments/d/chat/completions", Host::azure, Action::generate, "d"},
           Case{"/openai/responses", Host::azure, Action::generate, ""},
           Case{"/openai/v1/chat/completions", Host::azure_v1, Action::generate, ""},
       }) {
    const auto route = find_route(c.path);
    ASSERT_TRUE(route.has_value()) << c.path;
    EXPECT_EQ(route->host, c.host) << c.path;
    EXPECT_EQ(route->action, c.action) << c.path;
    EXPECT_EQ(route->model, c.model) << c.path;
  }
  for (const std::string_view path :
       {"/v1/chat/completions", "/v1/models/m", "/v1/messages/batches", "/v1/models/m:predict",
        "/v1/publishers/google/models/m:batchEmbedContents", "/models/m:generateContent",
        "/v1/publishers/google/models/m:rawPredict", "/model/m/invoke", "/m/converse", "/", ""}) {
    EXPECT_FALSE(find_route(path).has_value()) << path;
  }
}

TEST(SimulatorToken, IsItsKeyForWhoAsksAsTokenServersWantToBeAsked) {
  struct Case {
    std::string_view path, form;
    int status;  // 0: no token server's
    bool is_get = false;
  };
  const std::string statement =
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
      "&assertion=" +
      std::string(60, 'a') + "." + std::string(60, 'b') + ".c";
  const Case cases[] = {
      {"/token", statement, 200},
      {"/token", "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=x",
       400},
      {"/token", "grant_type=password", 400},
      {"/token", "", 405, true},
      {"/t/oauth2/v2.0/token", "grant_type=client_credentials&client_id=c&client_secret=s&scope=x",
       200},
      {"/t/oauth2/v2.0/token", "grant_type=client_credentials&client_id=c&scope=x", 401},
      {"/computeMetadata/v1/instance/service-accounts/default/token", "", 200, true},
      {"/v1/other/token", "", 0},
  };
  const Secret key(std::string("k1"));
  for (const Case& c : cases) {
    http::RequestHead head;
    head.path = c.path;
    head.method = c.is_get ? http::Method::get : http::Method::post;
    if (c.is_get && c.status == 200) head.headers.add("Metadata-Flavor", "Google");
    const auto answer = answer_token(head, c.form, key);
    ASSERT_EQ(answer.has_value(), c.status != 0) << c.path << c.form;
    if (!answer) continue;
    EXPECT_EQ(answer->status, c.status) << c.path << c.form;
    EXPECT_EQ(answer->body.find("\"access_token\":\"k1\"") != std::string::npos, c.status == 200);
  }
  http::RequestHead bare;
  bare.path = "/computeMetadata/v1/instance/service-accounts/default/token";
  EXPECT_EQ(answer_token(bare, "", key)->status, 403) << "any page in a browser could ask so";
}

TEST(SimulatorPrompt, CountsAQuarterOfWhatIsSaidAndCachesFrom1024Tokens) {
  Prompt prompt;
  prompt.add("twelve bytes");
  prompt.add_media("AAAA");
  prompt.end_block(Mark::minutes);
  EXPECT_EQ(prompt.tokens(), 3 + Prompt::media_tokens);
  PromptCache cache;
  EXPECT_EQ(cache.use(prompt).written(), 0U) << "too short";
  Prompt longer = prompt;
  longer.add(std::string(4000, 'a'));
  longer.end_block(Mark::minutes);
  EXPECT_EQ(cache.use(longer).written_minutes, 3 + Prompt::media_tokens + 1000);
  Prompt longest = longer;
  longest.add(std::string(400, 'b'));
  longest.end_block(Mark::hour);
  const CacheUse use = cache.use(longest);
  EXPECT_EQ(use.read, 3 + Prompt::media_tokens + 1000) << "what an earlier mark cached is read";
  EXPECT_EQ(use.written_hour, 100U);
}

TEST(SimulatorSignature, IsOfOneFamilyAndOneText) {
  const std::string signature = signature_of("a", "text", 7);
  EXPECT_TRUE(is_signature_of(signature, "a", "text"));
  EXPECT_FALSE(is_signature_of(signature, "b", "text"));
  EXPECT_FALSE(is_signature_of(signature, "a", "texts"));
  EXPECT_FALSE(is_signature_of("EqQBCkgIEBABGAIqQ", "a", "text"));
  EXPECT_NE(signature, signature_of("a", "text", 8));
}

constexpr std::string_view azure =
    "/openai/deployments/gpt/chat/completions?api-version=2024-10-21";
constexpr std::string_view question = R"({"messages":[{"role":"user","content":"hello"}])";

TEST(SimulatorAzure, TakesTheDeploymentForTheModelAndSpeaksOfItsFilter) {
  SimulatorConfig config;
  DialectClient client(config);
  const Document answer(
      client.post(azure, std::string(question) + R"(,"model":"ignored"})", "api-key: k\r\n"));
  EXPECT_EQ(client.status, 200) << client.body;
  EXPECT_EQ(answer.text("model"), "gpt");
  EXPECT_TRUE(answer.has("prompt_filter_results"));
  EXPECT_EQ(answer.text("choices.0.message.content"), text_of(seed_of("hello"), 64, true));
  client.post(azure, std::string(question) + R"(,"stream":true})", "api-key: k\r\n");
  const std::vector<StreamEvent> events = client.events();
  EXPECT_TRUE(Document(events[0].data).at("choices").is_empty()) << "recorded";
  EXPECT_EQ(events.back().data, "[DONE]");
  client.post("/openai/v1/chat/completions", std::string(question) + R"(,"model":"m"})",
              "authorization: Bearer k\r\n");
  EXPECT_EQ(Document(client.body).text("model"), "m");
}

TEST(SimulatorAzure, RefusesInItsOwnShape) {
  SimulatorConfig config;
  DialectClient client(config);
  const std::string body = std::string(question) + "}";
  EXPECT_EQ(Document(client.post(azure, body, "")).text("error.code"), "401");
  client.post("/openai/deployments/gpt/chat/completions", body, "api-key: k\r\n");
  EXPECT_EQ(client.status, 404) << "no api-version";
  client.post("/openai/deployments/does-not-exist/chat/completions?api-version=1", body,
              "api-key: k\r\n");
  EXPECT_EQ(Document(client.body).text("error.code"), "DeploymentNotFound");
  client.post("/openai/deployments/sim-fault-status:429:3/chat/completions?api-version=1", body,
              "api-key: k\r\n");
  EXPECT_EQ(client.status, 429);
  EXPECT_TRUE(client.has_field("retry-after: 3"));
}

TEST(SimulatorReplay, GivesRecordedAnswersBackInEveryDialect) {
  std::string frames;
  append_frame(frames, "event", "messageStart", R"({"role":"assistant"})");
  Recordings recordings;
  const auto add = [&](std::string_view file, std::string_view text) {
    ASSERT_TRUE(recordings.add(file, text).has_value());
  };
  add("anthropic/messages/x.pairs.jsonl",
      R"({"case":"c","seq":1,"response":{"status":529,"headers":{"request-id":"r"},)"
      R"("body_text":"{}"}})");
  add("gemini/x.pairs.jsonl",
      R"({"case":"c","seq":1,"response":{"status":200,"body_text":"data: 1\r\n\r\n"}})");
  add("bedrock/converse/b.chunks.txt", R"({"messageStart":{"role":"assistant"}})");
  add("gemini/g.chunks.txt", R"({"candidates":[]})");
  SimulatorConfig config;
  DialectClient client(config, &recordings);
  const std::string_view key = "x-api-key: k\r\nanthropic-version: 2023-06-01\r\n";
  client.post("/v1/messages", R"({"model":"sim-replay-c"})", key);
  EXPECT_EQ(client.status, 529);
  client.post("/v1beta/models/sim-replay-gemini%2Fx%2Fc:generateContent", "{}",
              "x-goog-api-key: k\r\n");
  EXPECT_EQ(client.body, "data: 1\r\n\r\n");
  client.post("/v1beta/models/sim-replay-g:generateContent", "{}", "x-goog-api-key: k\r\n");
  EXPECT_EQ(client.body, "data: {\"candidates\":[]}\r\n\r\n") << "no [DONE] in this dialect";
  const std::string bearer = "authorization: Bearer k\r\n";
  client.post("/model/m/converse-stream", "{}", bearer + "x-sim-replay: b\r\n");
  EXPECT_EQ(client.body, frames);
  EXPECT_TRUE(client.has_field("content-type: application/vnd.amazon.eventstream"));
}

TEST(SimulatorReplay, TakesBinaryBodiesFromBase64) {
  Recordings recordings;
  ASSERT_TRUE(recordings
                  .add("b.pairs.jsonl",
                       R"({"case":"b","seq":1,"response":{"status":200,"headers":{},)"
                       R"("body_base64":"AAECAw=="}})")
                  .has_value());
  SimulatorConfig config;
  DialectClient client(config, &recordings);
  client.post("/model/sim-replay-b/converse-stream", "{}", "authorization: Bearer k\r\n");
  EXPECT_EQ(client.body, std::string("\0\1\2\3", 4));
}

TEST(SimulatorDialects, EchoWhatArrived) {
  SimulatorConfig config;
  DialectClient client(config);
  const Document echo(client.post("/model/m/converse", R"({"a":1})",
                                  "authorization: Bearer k\r\nx-sim-echo: 1\r\n"));
  EXPECT_EQ(echo.text("body"), R"({"a":1})");
}

TEST(SimulatorDialects, KeepThePaceThatIsConfigured) {
  SimulatorConfig config;
  config.pace = {.first_token = std::chrono::milliseconds(300),
                 .gap = std::chrono::milliseconds(20)};
  DialectClient client(config);
  client.post("/v1beta/models/g:streamGenerateContent?alt=sse",
              R"({"contents":[{"parts":[{"text":"a"}]}],"generationConfig":{"maxOutputTokens":4}})",
              "x-goog-api-key: k\r\n");
  ASSERT_EQ(client.script.steps.size(), 3U);
  EXPECT_EQ(client.script.steps[0].at, std::chrono::milliseconds(300));
  EXPECT_EQ(client.script.steps[2].at, std::chrono::milliseconds(340));
}

TEST(SimulatorDialects, RefuseOtherMethods) {
  SimulatorConfig config;
  Occasions occasions;
  Provider provider(config, nullptr, occasions, 1);
  http::RequestHead head;
  const std::string request = "GET /v1/messages HTTP/1.1\r\nhost: x\r\n\r\n";
  ASSERT_EQ(http::parse_request_head(request, head).status, http::ParseStatus::complete);
  const Script script = provider.answer(head, *http::request_framing(head), "", {});
  EXPECT_TRUE(script.bytes.starts_with("HTTP/1.1 405 "));
}

}  // namespace
}  // namespace sluice::simulator
