#include "sluice/gateway/gateway.h"

#include <gtest/gtest.h>

#include "gateway_world.h"

namespace sluice::gateway {
namespace {

using ring::sim::SimConfig;
using ring::sim::SimWorld;
using testing::ask;
using testing::config_text;
using testing::GatewayWorld;
using testing::ProviderScript;
using testing::SeenAnswer;

constexpr std::string_view chat = "/v1/chat/completions";

std::string chat_request(bool stream, std::string_view model = "m") {
  return std::string(R"({"model":")") + std::string(model) +
         R"(","messages":[{"role":"user","content":"hi"}])" + (stream ? R"(,"stream":true)" : "") +
         "}";
}

std::string chunk(std::string_view content) {
  return std::string(
             R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"x",)") +
         R"("choices":[{"index":0,"delta":{"content":")" + std::string(content) +
         R"("},"finish_reason":null}]})" + "\n\n";
}
const std::string role_chunk =
    R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"x",)"
    R"("choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]})"
    "\n\n";
const std::string finish_chunk =
    R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"x",)"
    R"("choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
    "\n\n";
const std::string usage_chunk =
    R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"x","choices":[],)"
    R"("usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}})"
    "\n\n";
const std::string done = "data: [DONE]\n\n";
constexpr std::string_view answer_json =
    R"({"id":"c","object":"chat.completion","created":1,"model":"x","choices":[{"index":0,)"
    R"("message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}})";

SliceChain chain_of(std::string text) {
  SliceChain chain;
  chain.push(Slice::take(std::move(text)));
  return chain;
}

Task<void> respond(http::ServerExchange& exchange, http::StatusCode status,
                   std::string_view content_type, std::string body,
                   std::vector<http::Header> more = {}) {
  more.push_back({"Content-Type", content_type});
  const http::OutgoingResponse response{.status = status, .fields = {.own = more}};
  (void)co_await exchange.respond(response, chain_of(std::move(body)), exchange.departed());
}

struct Received {
  std::string target;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

Task<void> record(http::ServerExchange& exchange, std::vector<Received>& received) {
  const Result<Slice> body = co_await exchange.read_whole_body(1 << 20, exchange.departed());
  Received request;
  request.target = std::string(exchange.head().target);
  if (body) request.body = std::string(body->view());
  for (const http::Header& header : exchange.head().headers) {
    request.headers.emplace_back(header.name, header.value);
  }
  received.push_back(std::move(request));
}

// Answers every request with the same JSON, and remembers what came.
ProviderScript answering(std::vector<Received>& received, http::StatusCode status,
                         std::string body) {
  return [&received, status, body](http::ServerExchange& exchange) {
    return [](http::ServerExchange& e, std::vector<Received>& r, http::StatusCode s,
              std::string b) -> Task<void> {
      co_await record(e, r);
      co_await respond(e, s, "application/json", std::move(b));
    }(exchange, received, status, body);
  };
}

// Streams these pieces, one write each.
ProviderScript streaming(std::vector<Received>& received, std::vector<std::string> pieces,
                         bool break_off = false) {
  return [&received, pieces, break_off](http::ServerExchange& exchange) {
    return [](http::ServerExchange& e, std::vector<Received>& r, std::vector<std::string> parts,
              bool breaks) -> Task<void> {
      co_await record(e, r);
      const std::array own = {http::Header{"Content-Type", "text/event-stream"}};
      (void)e.start({.fields = {.own = own}}, std::nullopt);
      for (std::string& part : parts) {
        (void)co_await e.write(chain_of(std::move(part)), http::More::yes, e.departed());
      }
      if (breaks) {
        e.abort();
      } else {
        (void)co_await e.write({}, http::More::no, e.departed());
      }
    }(exchange, received, pieces, break_off);
  };
}

class GatewayTest : public ::testing::Test {
 protected:
  // Runs `scenario` and then takes the world down; what it leaves behind fails the test.
  void run(GatewayWorld& gateway, Task<void> scenario) {
    EXPECT_EQ(world.run(run_and_stop(gateway, std::move(scenario)), std::chrono::hours(2)), "");
  }
  static Task<void> run_and_stop(GatewayWorld& gateway, Task<void> scenario) {
    gateway.start();
    co_await std::move(scenario);
    co_await gateway.stop();
  }
  SimWorld world{1, SimConfig::calm()};
  std::vector<Received> received;
};

Task<void> ask_and_store(GatewayWorld& gateway, std::string target, std::string body,
                         SeenAnswer& seen,
                         std::vector<std::pair<std::string, std::string>> headers = {}) {
  seen = co_await ask(gateway, body.empty() ? "GET" : "POST", std::move(target), std::move(body),
                      std::move(headers));
}

TEST_F(GatewayTest, RelaysAWholeAnswerAndAddsWhoServedIt) {
  GatewayWorld gateway(world, config_text(1));
  gateway.add_provider(0, answering(received, 200, std::string(answer_json)));
  SeenAnswer seen;
  run(gateway, ask_and_store(gateway, std::string(chat), chat_request(false), seen));
  EXPECT_EQ(seen.status, 200);
  EXPECT_TRUE(seen.complete);
  EXPECT_EQ(seen.provider, "p0");
  EXPECT_NE(seen.request_id, "");
  const std::string tags = R"(,"request_id":")" + seen.request_id + R"(","provider":"p0"})";
  EXPECT_EQ(seen.body, std::string(answer_json.substr(0, answer_json.size() - 1)) + tags);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0].target, "/v1/chat/completions");
  EXPECT_EQ(received[0].body, chat_request(false, "m-up-0"));
}

TEST_F(GatewayTest, StreamsEventsAndHidesTheUsageItAskedFor) {
  GatewayWorld gateway(world, config_text(1));
  gateway.add_provider(0, streaming(received, {role_chunk, chunk("a"), chunk("b") + finish_chunk,
                                               usage_chunk, done}));
  SeenAnswer seen;
  run(gateway, ask_and_store(gateway, std::string(chat), chat_request(true), seen));
  EXPECT_EQ(seen.status, 200);
  EXPECT_TRUE(seen.complete);
  EXPECT_EQ(seen.body.find("\"usage\""), std::string::npos);
  const std::string rest = chunk("a") + chunk("b") + finish_chunk + done;
  ASSERT_GE(seen.body.size(), rest.size());
  EXPECT_EQ(seen.body.substr(seen.body.size() - rest.size()), rest);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_NE(received[0].body.find(R"("include_usage":true)"), std::string::npos);
}

TEST_F(GatewayTest, TriesTheNextDeploymentBeforeTheCommitPoint) {
  GatewayWorld gateway(world, config_text(3));
  gateway.add_provider(0, answering(received, 503, R"({"error":{"message":"busy"}})"));
  gateway.add_provider(1, streaming(received, {role_chunk}, true));
  gateway.add_provider(2, streaming(received, {role_chunk, chunk("ok"), finish_chunk, done}));
  SeenAnswer seen;
  run(gateway, ask_and_store(gateway, std::string(chat), chat_request(true), seen));
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.provider, "p2");
  EXPECT_NE(seen.body.find("[DONE]"), std::string::npos);
  EXPECT_EQ(received.size(), 3U);
}

TEST_F(GatewayTest, AStreamCutAfterItsFirstContentEndsWithATypedError) {
  GatewayWorld gateway(world, config_text(2));
  gateway.add_provider(0, streaming(received, {role_chunk, chunk("par")}, true));
  gateway.add_provider(1, streaming(received, {role_chunk, chunk("ok"), finish_chunk, done}));
  SeenAnswer seen;
  run(gateway, ask_and_store(gateway, std::string(chat), chat_request(true), seen));
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(received.size(), 1U);  // never replaced after the commit point
  EXPECT_NE(seen.body.find(R"(data: {"error":)"), std::string::npos);
  EXPECT_EQ(seen.body.find("[DONE]"), std::string::npos);
}

TEST_F(GatewayTest, AFinishedStreamIsEndedWhereItsProviderNeverSaysDone) {
  GatewayWorld gateway(world, config_text(1));
  gateway.add_provider(0, streaming(received, {role_chunk, chunk("a"), finish_chunk}));
  SeenAnswer seen;
  run(gateway, ask_and_store(gateway, std::string(chat), chat_request(true), seen));
  EXPECT_EQ(seen.body.find(R"("error":)"), std::string::npos) << seen.body;
  EXPECT_TRUE(seen.body.ends_with("data: [DONE]\n\n")) << seen.body;
}

TEST_F(GatewayTest, AStreamWithoutItsLastEventEndsWithATypedError) {
  GatewayWorld gateway(world, config_text(1));
  gateway.add_provider(0, streaming(received, {role_chunk, chunk("a")}));
  SeenAnswer seen;
  run(gateway, ask_and_store(gateway, std::string(chat), chat_request(true), seen));
  EXPECT_NE(seen.body.find(R"(data: {"error":)"), std::string::npos);
  EXPECT_EQ(seen.body.find("[DONE]"), std::string::npos);
}

void expect_logged(GatewayWorld& gateway, std::initializer_list<std::string_view> words) {
  const std::vector<std::string> lines = gateway.log_lines();
  ASSERT_EQ(lines.size(), 1U);
  for (const std::string_view word : words) {
    EXPECT_NE(lines[0].find(word), std::string::npos) << word << " in " << lines[0];
  }
}

constexpr std::string_view responses = "/v1/responses";
constexpr std::string_view responses_request = R"({"model":"m","input":"hi","stream":true})";
const std::string response_created =
    "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{}}\n\n";
const std::string response_text =
    "event: response.output_text.delta\n"
    "data: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n";
const std::string response_completed =
    "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":"
    "{\"usage\":{\"input_tokens\":7,\"output_tokens\":3}}}\n\n";
const std::string response_failed =
    "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":"
    "{\"error\":{\"code\":\"server_error\",\"message\":\"no\"}}}\n\n";

TEST_F(GatewayTest, AFailureInTheProvidersOwnTypedWordsIsRelayedAndCounted) {
  GatewayWorld gateway(world, config_text(2));
  gateway.add_provider(0, streaming(received, {response_created, response_text, response_failed}));
  gateway.add_provider(1, streaming(received, {response_created, response_completed}));
  SeenAnswer seen;
  run(gateway,
      ask_and_store(gateway, std::string(responses), std::string(responses_request), seen));
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.body, response_created + response_text + response_failed);
  EXPECT_EQ(received.size(), 1U);
  expect_logged(gateway, {R"("outcome":"failed")", R"("ended_by":"provider")"});
}

TEST_F(GatewayTest, ATypedFailureBeforeTheCommitPointLeadsToTheNextDeployment) {
  GatewayWorld gateway(world, config_text(2));
  gateway.add_provider(0, streaming(received, {response_created, response_failed}));
  gateway.add_provider(1, streaming(received, {response_text, response_completed}));
  SeenAnswer seen;
  run(gateway,
      ask_and_store(gateway, std::string(responses), std::string(responses_request), seen));
  EXPECT_EQ(seen.body, response_text + response_completed);
  EXPECT_EQ(received.size(), 2U);
}

TEST_F(GatewayTest, ACompleteTypedStreamStaysCompleteWhenItsProviderThenBreaksOff) {
  GatewayWorld gateway(world, config_text(1));
  gateway.add_provider(0, streaming(received, {response_text, response_completed}, true));
  SeenAnswer seen;
  run(gateway,
      ask_and_store(gateway, std::string(responses), std::string(responses_request), seen));
  EXPECT_EQ(seen.body, response_text + response_completed);
  expect_logged(gateway, {R"("outcome":"success")"});
}

TEST_F(GatewayTest, AProvidersRefusedKeyIsNotTheClients) {
  GatewayWorld gateway(world, config_text(1));
  gateway.add_provider(0, answering(received, 401, R"({"error":{"message":"bad key sk-123"}})"));
  SeenAnswer seen;
  run(gateway, ask_and_store(gateway, std::string(chat), chat_request(false), seen));
  EXPECT_EQ(seen.status, 502);
  EXPECT_EQ(seen.body.find("sk-123"), std::string::npos);
}

TEST_F(GatewayTest, TheClientsOwnMistakePassesAsTheProviderPutIt) {
  GatewayWorld gateway(world, config_text(2));
  gateway.add_provider(
      0,
      answering(
          received, 400,
          R"({"error":{"message":"no","type":"invalid_request_error","param":"n","code":null}})"));
  SeenAnswer seen;
  run(gateway, ask_and_store(gateway, std::string(chat), chat_request(false), seen));
  EXPECT_EQ(seen.status, 400);
  EXPECT_EQ(received.size(), 1U);
  EXPECT_NE(seen.body.find(R"("param":"n")"), std::string::npos);
  EXPECT_NE(seen.body.find(seen.request_id), std::string::npos);
}

TEST_F(GatewayTest, NobodyListeningIsA502) {
  GatewayWorld gateway(world, config_text(2));
  SeenAnswer seen;
  run(gateway, ask_and_store(gateway, std::string(chat), chat_request(false), seen));
  EXPECT_EQ(seen.status, 502);
  EXPECT_TRUE(seen.complete);
}

Task<void> never_answers(net::Stream& stream, StopToken stop) {
  while (true) {
    const Result<SliceChain> part = co_await stream.read(stop);
    if (!part || part->empty()) co_return;
  }
}

TEST_F(GatewayTest, AProviderThatNeverAnswersIsA504) {
  GatewayWorld gateway(world, config_text(1, "[timeouts]\nfirst_byte_ms = 5000\n"));
  gateway.add_raw_provider(0, never_answers);
  SeenAnswer seen;
  run(gateway, ask_and_store(gateway, std::string(chat), chat_request(false), seen));
  EXPECT_EQ(seen.status, 504);
}

Task<void> leave_early(GatewayWorld& gateway, std::size_t& open_after, bool stream) {
  Result<std::unique_ptr<net::Stream>> client = co_await gateway.connect();
  const std::string body = chat_request(stream);
  (void)co_await (*client)->write(
      chain_of("POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Type: "
               "application/json\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body),
      {});
  (void)co_await ring::sleep_until(gateway.loop(), gateway.loop().now() + std::chrono::seconds(1),
                                   {});
  client->reset();
  (void)co_await ring::sleep_until(gateway.loop(),
                                   gateway.loop().now() + std::chrono::milliseconds(10), {});
  open_after = gateway.gateway().generation().stats().open;
}

TEST_F(GatewayTest, AClientThatLeavesEndsItsAttemptAtOnce) {
  for (const bool stream : {false, true}) {
    GatewayWorld gateway(world, config_text(1));
    gateway.add_raw_provider(0, never_answers);
    std::size_t open_after = 99;
    run(gateway, leave_early(gateway, open_after, stream));
    EXPECT_EQ(open_after, 0U);
  }
}

TEST_F(GatewayTest, ListsModelsAndShowsOne) {
  GatewayWorld gateway(world, config_text(1));
  SeenAnswer all, one, pinned, none;
  const auto scenario = [](GatewayWorld& g, SeenAnswer& a, SeenAnswer& b, SeenAnswer& c,
                           SeenAnswer& d) -> Task<void> {
    co_await ask_and_store(g, "/v1/models", "", a);
    co_await ask_and_store(g, "/v1/models/m", "", b);
    co_await ask_and_store(g, "/v1/models/p0/m", "", c);
    co_await ask_and_store(g, "/v1/models/none", "", d);
  };
  run(gateway, scenario(gateway, all, one, pinned, none));
  EXPECT_EQ(all.status, 200);
  EXPECT_NE(all.body.find(R"("id":"m")"), std::string::npos);
  EXPECT_EQ(one.status, 200);
  EXPECT_EQ(pinned.body, one.body) << "as requests may ask for it";
  EXPECT_EQ(none.status, 404);
}

struct BadRequest {
  std::string_view name, method, target, body;
  int status;
};
const BadRequest bad_requests[] = {
    {"no such path", "POST", "/v1/chat/completion", "{}", 404},
    {"wrong method", "GET", "/v1/chat/completions", "", 405},
    {"no body", "POST", "/v1/chat/completions", "", 400},
    {"no JSON", "POST", "/v1/chat/completions", "hello", 400},
    {"JSON with a fault nobody reads", "POST", "/v1/chat/completions",
     R"({"model":"m","messages":[],"x":[1,]})", 400},
    {"no model", "POST", "/v1/chat/completions", R"({"messages":[]})", 400},
    {"model of a wrong type", "POST", "/v1/chat/completions", R"({"model":1,"messages":[]})", 400},
    {"unknown model", "POST", "/v1/chat/completions", R"({"model":"zzz","messages":[]})", 404},
    {"a key twice", "POST", "/v1/chat/completions", R"({"model":"m","model":"m","messages":[]})",
     400},
};

Task<void> ask_all(GatewayWorld& gateway, std::vector<SeenAnswer>& out) {
  for (const BadRequest& bad : bad_requests) {
    out.push_back(co_await ask(gateway, std::string(bad.method), std::string(bad.target),
                               std::string(bad.body)));
  }
}

TEST_F(GatewayTest, BadRequestsGetTheirStatusAndATypedBody) {
  GatewayWorld gateway(world, config_text(1));
  std::vector<SeenAnswer> seen;
  run(gateway, ask_all(gateway, seen));
  ASSERT_EQ(seen.size(), std::size(bad_requests));
  for (std::size_t i = 0; i < seen.size(); ++i) {
    SCOPED_TRACE(bad_requests[i].name);
    EXPECT_EQ(seen[i].status, bad_requests[i].status) << seen[i].body;
    EXPECT_TRUE(seen[i].body.starts_with(R"({"error":{"message":)")) << seen[i].body;
    EXPECT_NE(seen[i].body.find(seen[i].request_id), std::string::npos);
  }
}

Task<void> send_raw(GatewayWorld& gateway, std::string bytes, std::string& answer) {
  Result<std::unique_ptr<net::Stream>> client = co_await gateway.connect();
  (void)co_await (*client)->write(chain_of(std::move(bytes)), {});
  while (true) {
    const Result<SliceChain> part = co_await (*client)->read({});
    if (!part || part->empty()) co_return;
    answer += part->to_string();
  }
}

TEST_F(GatewayTest, WhatIsNoHttpGetsATypedAnswerWithARequestIdAndAClose) {
  GatewayWorld gateway(world, config_text(1));
  std::string answer;
  run(gateway, send_raw(gateway, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", answer));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
  const std::size_t id = answer.find("x-request-id: ");
  ASSERT_NE(id, std::string::npos) << answer;
  const std::string request_id = answer.substr(id + 14, telemetry::request_id_bytes);
  EXPECT_NE(answer.find(R"("request_id":")" + request_id), std::string::npos) << answer;
  EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
  EXPECT_EQ(gateway.metrics().downstream_requests_malformed.value(), 1U);
  const std::vector<std::string> lines = gateway.log_lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find(R"("request_id":")" + request_id + R"(","client":"127.0.0.1:)"),
            std::string::npos)
      << lines[0];
  EXPECT_NE(lines[0].find(R"("method":null,"path":null,)"), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find(R"("status":400,"ended_by":"client","reason":")"), std::string::npos)
      << lines[0];
}

TEST_F(GatewayTest, HttpThatIsNotSpokenHereIsNotCalledMalformed) {
  for (const std::string_view head : {"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
                                      "POST /v1/chat/completions HTTP/1.1\r\nHost: "
                                      "a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"}) {
    SimWorld fresh(1, SimConfig::calm());
    GatewayWorld gateway(fresh, config_text(1));
    std::string answer;
    EXPECT_EQ(fresh.run(run_and_stop(gateway, send_raw(gateway, std::string(head), answer)),
                        std::chrono::hours(2)),
              "");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 501 ")) << answer;
    EXPECT_NE(answer.find(R"("code":"unsupported_http_feature")"), std::string::npos) << answer;
  }
}

TEST_F(GatewayTest, CostIsLoggedAndCountedWherePriceAndTokensAreKnown) {
  const std::string priced =
      config_text(1) + "price = { input = 2.0, cached_input = 0.5, output = 10.0 }\n";
  for (const bool is_priced : {false, true}) {
    for (const bool is_counted : {false, true}) {
      GatewayWorld gateway(world, is_priced ? priced : config_text(1));
      std::vector<std::string> events = {role_chunk, chunk("a"), finish_chunk};
      if (is_counted) events.push_back(usage_chunk);
      events.push_back(done);
      gateway.add_provider(0, streaming(received, events));
      SeenAnswer seen;
      run(gateway, ask_and_store(gateway, std::string(chat), chat_request(true), seen));
      const std::vector<std::string> lines = gateway.log_lines();
      ASSERT_EQ(lines.size(), 1U);
      const bool is_known = is_priced && is_counted;  // 7 tokens in, 3 out
      EXPECT_NE(lines[0].find(is_known ? R"("cost_usd":0.000044,)" : R"("cost_usd":null,)"),
                std::string::npos)
          << lines[0];
      std::uint64_t billionths = 0;
      for (const auto& model : gateway.metrics().models)
        billionths += model.cost_billionths.value();
      EXPECT_EQ(billionths, is_known ? 44'000U : 0U);
    }
  }
}

TEST_F(GatewayTest, WritesOneLogLinePerExchange) {
  GatewayWorld gateway(world, config_text(1));
  gateway.add_provider(
      0, streaming(received, {role_chunk, chunk("a"), finish_chunk, usage_chunk, done}));
  SeenAnswer seen;
  run(gateway, ask_and_store(gateway, std::string(chat), chat_request(true), seen));
  const std::vector<std::string> lines = gateway.log_lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find(R"("tokens":{"input":7,)"), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find(R"("status":200)"), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find(seen.request_id), std::string::npos) << lines[0];
}

}  // namespace
}  // namespace sluice::gateway
