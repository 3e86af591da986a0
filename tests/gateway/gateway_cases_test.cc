// Answers and requests off the beaten path, each through the whole gateway: the provider says the
// very bytes given, the client sees what is expected.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "gateway_world.h"
#include "sluice/policy/gateway_key.h"

namespace sluice::gateway {
namespace {

using ring::sim::SimConfig;
using ring::sim::SimWorld;
using std::chrono::milliseconds;
using testing::ask;
using testing::config_text;
using testing::GatewayWorld;
using testing::SeenAnswer;

constexpr std::string_view chat = "/v1/chat/completions";
constexpr std::string_view chat_body = R"({"model":"m","messages":[]})";
constexpr std::string_view stream_body = R"({"model":"m","messages":[],"stream":true})";
constexpr std::string_view completion = R"({"choices":[{"index":0,"message":{"content":"a"}}]})";

Task<bool> say(net::Stream& stream, std::string_view bytes, StopToken stop) {
  SliceChain chain;
  chain.push(Slice::copy_of(bytes));
  const Result<void> sent = co_await stream.write(std::move(chain), stop);
  co_return sent.has_value();
}

// Waits for something to come, says `bytes`, and waits for the end or closes.
Task<void> say_once(net::Stream& stream, std::string bytes, bool closes, StopToken stop) {
  const Result<SliceChain> request = co_await stream.read(stop);
  if (!request || request->empty()) co_return;
  const bool said = co_await say(stream, bytes, stop);
  while (said && !closes) {
    const Result<SliceChain> more = co_await stream.read(stop);
    if (!more || more->empty()) co_return;
  }
}

testing::RawProviderScript saying(std::string bytes, bool closes = true) {
  return [bytes = std::move(bytes), closes](net::Stream& stream, StopToken stop) {
    return say_once(stream, bytes, closes, stop);
  };
}

std::string with_length(std::string_view status, std::string_view fields, std::string_view body) {
  return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

struct Asked {
  std::string method = "POST";
  std::string target = std::string(chat);
  std::string body = std::string(chat_body);
  std::vector<std::pair<std::string, std::string>> headers = {};
};

Task<void> run_raw(GatewayWorld& gateway, std::string request, std::string& answer) {
  gateway.start();
  {
    Result<std::unique_ptr<net::Stream>> stream = co_await gateway.connect();
    const bool said = co_await say(**stream, request, {});
    while (said) {
      const Result<SliceChain> part = co_await (*stream)->read({});
      if (!part || part->empty()) break;
      for (const Slice& slice : *part) answer += slice.view();
    }
  }
  co_await gateway.stop();
}

class GatewayCases : public ::testing::Test {
 protected:
  // What the client sees when provider i says answers[i].
  // `last` goes behind the last deployment.
  SeenAnswer see(const std::vector<testing::RawProviderScript>& answers, const Asked& asked,
                 std::string_view settings = {}, std::string_view last = {}) {
    GatewayWorld gateway(world, config_text(answers.size(), settings) + std::string(last));
    for (std::size_t i = 0; i < answers.size(); ++i) gateway.add_raw_provider(i, answers[i]);
    SeenAnswer seen;
    EXPECT_EQ(world.run(run(gateway, asked, seen), std::chrono::hours(1)), "");
    log = gateway.log_lines();
    const telemetry::Metrics& metrics = gateway.metrics();
    usage_unseen = metrics.usage_unseen.value();
    for (std::size_t by = 0; by < ends.size(); ++by) {
      for (std::size_t i = 0; i < ends[by].size(); ++i) ends[by][i] = metrics.ends[by][i].value();
    }
    return seen;
  }
  static Task<void> run(GatewayWorld& gateway, const Asked& asked, SeenAnswer& seen) {
    gateway.start();
    seen = co_await ask(gateway, asked.method, asked.target, asked.body, asked.headers);
    co_await gateway.stop();
  }
  [[nodiscard]] bool logged(std::string_view text) const {
    return log.size() == 1 && log[0].find(text) != std::string::npos;
  }
  SimWorld world{1, SimConfig::calm()};
  std::vector<std::string> log;
  std::uint64_t usage_unseen = 0;
  std::array<std::array<std::uint64_t, telemetry::cut_cause_count>, telemetry::ended_by_count>
      ends{};
};

const std::string json_type = "Content-Type: application/json\r\n";

TEST_F(GatewayCases, ARedirectIsAFailureAndIsNotFollowed) {
  const SeenAnswer seen =
      see({saying(with_length("302 Found", "Location: http://a/\r\n", ""))}, {});
  EXPECT_EQ(seen.status, 502);
  EXPECT_TRUE(logged(R"("outcome":"malformed","status":302)")) << log[0];
}

TEST_F(GatewayCases, ARefusalThatPassesIsNoSuccessOfTheProvider) {
  const SeenAnswer seen = see(
      {saying(with_length("400 Bad", json_type, R"({"error":{"message":"n","type":"t"}})"))}, {});
  EXPECT_EQ(seen.status, 400);
  EXPECT_TRUE(logged(R"("outcome":"refused","status":400)")) << log[0];
}

TEST_F(GatewayCases, RetryAfterPassesThrough) {
  GatewayWorld gateway(world, config_text(1));
  gateway.add_raw_provider(0, saying(with_length("429 Slow", "Retry-After: 17\r\n", "")));
  std::string retry_after;
  const auto scenario = [](GatewayWorld& g, std::string& out) -> Task<void> {
    g.start();
    Result<std::unique_ptr<net::Stream>> stream = co_await g.connect();
    http::ClientHttp1 connection(g.loop(), std::move(*stream), {});
    {
      http::ClientHttp1::Exchange exchange(connection);
      const std::array own = {http::Header{"Content-Type", "application/json"}};
      const http::OutgoingRequest request{
          .method = "POST", .target = chat, .authority = "g", .fields = {.own = own}};
      SliceChain body;
      body.push(Slice::of_static(chat_body));
      const Result<const http::ResponseHead*> head =
          co_await exchange.send(request, std::move(body), {});
      EXPECT_EQ((*head)->status, 429);
      out = (*head)->headers.value("retry-after").value_or("");
    }
    co_await g.stop();
  };
  EXPECT_EQ(world.run(scenario(gateway, retry_after), std::chrono::hours(1)), "");
  EXPECT_EQ(retry_after, "17");
}

TEST_F(GatewayCases, HeadOfAStoredResponseHasTheHeadAndNoBody) {
  const SeenAnswer seen =
      see({saying("HTTP/1.1 200 OK\r\n" + json_type + "Content-Length: 500\r\n\r\n")},
          {.method = "HEAD", .target = "/v1/responses/resp_1", .body = ""});
  EXPECT_EQ(seen.status, 200);
  EXPECT_TRUE(seen.complete);
  EXPECT_EQ(seen.body, "");
}

TEST_F(GatewayCases, ADeletionMayBeAnsweredWithNothing) {
  const SeenAnswer seen = see({saying("HTTP/1.1 204 No Content\r\n\r\n")},
                              {.method = "DELETE", .target = "/v1/responses/resp_1", .body = ""});
  EXPECT_EQ(seen.status, 204);
  EXPECT_TRUE(seen.complete);
}

const std::string not_here = with_length("404 Not Found", json_type,
                                         R"({"error":{"message":"no such response","type":"t"}})");
const std::string found =
    with_length("200 OK", json_type, R"({"object":"list","data":[],"id":"resp_1"})");

TEST_F(GatewayCases, AnAnswerMayBeLargerThanAnyRequestAndEvent) {
  const std::string settings =
      "[server]\nbody_bytes_max = 1024\n[streaming]\nevent_bytes_max = 65536\n"
      "held_bytes_max = 4096\n";
  const std::string large =
      R"({"choices":[{"index":0,"message":{"content":")" + std::string(100'000, 'a') + R"("}}]})";
  EXPECT_EQ(see({saying(with_length("200 OK", json_type, large))}, {}, settings).status, 200);
  const std::string refusal =
      R"({"error":{"type":"t","message":")" + std::string(100'000, 'n') + R"("}})";
  const SeenAnswer seen = see({saying(with_length("400 Bad", json_type, refusal))}, {}, settings);
  EXPECT_EQ(seen.status, 400);
  EXPECT_GT(seen.body.size(), refusal.size());  // in the provider's own words
}

std::string in_chunks(std::string_view fields, std::string_view body) {
  std::string bytes =
      "HTTP/1.1 200 OK\r\n" + std::string(fields) + "Transfer-Encoding: chunked\r\n\r\n";
  for (; !body.empty(); body.remove_prefix(std::min<std::size_t>(body.size(), 0xfff))) {
    const std::string_view chunk = body.substr(0, 0xfff);
    bytes += fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk);
  }
  return bytes + "0\r\n\r\n";
}

TEST_F(GatewayCases, TheUsageOfAnAnswerTooLargeToHoldIsReadAtItsEnd) {
  const std::string content =
      R"({"choices":[{"index":0,"message":{"content":")" + std::string(1'500'000, 'a') + R"("}}])";
  const std::string usage = R"(,"usage":{"prompt_tokens":7,"completion_tokens":3})";
  const std::string more = R"(,"system_fingerprint":"f","more":{"a":[1]}})";
  for (const std::string& answer : {with_length("200 OK", json_type, content + usage + more),
                                    in_chunks(json_type, content + usage + more)}) {
    EXPECT_EQ(see({saying(answer)}, {}).body, content + usage + more);
    EXPECT_TRUE(logged(R"("tokens":{"input":7,"cached_input":null,"output":3)")) << log.at(0);
    EXPECT_EQ(usage_unseen, 0U);
  }
  // In front of what was kept, or not there.
  const std::string far = usage + R"(,"more":")" + std::string(20'000, 'b') + "\"}";
  for (const std::string& end : {far, more}) {
    EXPECT_EQ(see({saying(in_chunks(json_type, content + end))}, {}).body, content + end);
    EXPECT_TRUE(logged(R"("tokens":{"input":null)")) << log.at(0);
    EXPECT_EQ(usage_unseen, 1U);
  }
}

TEST_F(GatewayCases, UsageThatCannotBeLookedForIsCountedAndUsageNotSaidIsNot) {
  (void)see({saying(with_length("200 OK", json_type + "Content-Encoding: gzip\r\n", "not ours"))},
            {.headers = {{"Accept-Encoding", "gzip"}}});
  EXPECT_EQ(usage_unseen, 1U);
  (void)see({saying(with_length("200 OK", json_type, completion))}, {});
  EXPECT_EQ(usage_unseen, 0U);
}

TEST_F(GatewayCases, WithoutKeysAPageInABrowserIsNotServed) {
  const std::string anybody = config_text(1);
  std::string local = anybody;
  const std::string said = "anonymous = true\n";
  local.erase(local.find(said), said.size());
  const auto status_of = [this](const std::string& config, const std::string& fields) {
    GatewayWorld gateway(world, config);
    gateway.add_raw_provider(0, saying(with_length("200 OK", json_type, completion)));
    std::string answer;
    const std::string request = "POST " + std::string(chat) + " HTTP/1.1\r\n" + fields +
                                "Connection: close\r\nContent-Type: text/plain\r\n" +
                                "Content-Length: " + std::to_string(chat_body.size()) + "\r\n\r\n" +
                                std::string(chat_body);
    EXPECT_EQ(world.run(run_raw(gateway, request, answer), std::chrono::hours(1)), "");
    return answer.substr(0, 12);
  };
  const std::string page = "Host: 127.0.0.1:8080\r\nOrigin: https://evil.example\r\n";
  const std::string rebound = "Host: evil.example:8080\r\n";
  const std::string program = "Host: localhost:8080\r\n";
  const std::string own_page = "Host: localhost:8080\r\nOrigin: http://localhost:3000\r\n";
  // text/plain is what a page may send unasked; whoever comes so far is told that it is none.
  EXPECT_EQ(status_of(local, page), "HTTP/1.1 403");
  EXPECT_EQ(status_of(local, rebound), "HTTP/1.1 403");
  EXPECT_EQ(status_of(local, program), "HTTP/1.1 415");
  EXPECT_EQ(status_of(local, own_page), "HTTP/1.1 415");
  EXPECT_EQ(status_of(anybody, page), "HTTP/1.1 415");
  EXPECT_EQ(status_of(anybody, rebound), "HTTP/1.1 415");
}

struct SlowReader {
  milliseconds pause;           // before each read
  std::size_t reads_max;        // then it reads no more
  milliseconds waits_after{0};  // ... and stays so long
  std::size_t bytes_ahead = 1;  // taken without being read
};

// Asks and reads by hand; returns how many bytes came.
Task<std::size_t> read_slowly(GatewayWorld& gateway, std::string request, SlowReader how) {
  const std::uint8_t loopback[4] = {127, 0, 0, 1};
  const ring::SocketAddress address = ring::SocketAddress::ipv4(loopback, 8080);
  const ring::ConnectionConfig config{.queue_bytes_max = how.bytes_ahead};
  Result<ring::Connection> connection =
      co_await ring::connect(gateway.loop(), address, config, StopToken{});
  EXPECT_TRUE(connection.has_value());
  net::PlainStream stream(std::move(*connection));
  std::size_t bytes = 0;
  bool goes_on = co_await say(stream, request, {});
  for (std::size_t reads = 0; goes_on && reads < how.reads_max; ++reads) {
    (void)co_await ring::sleep_until(gateway.loop(), gateway.loop().now() + how.pause, {});
    const Result<SliceChain> part = co_await stream.read({});
    goes_on = part && !part->empty();
    if (goes_on) bytes += part->size_bytes();
  }
  (void)co_await ring::sleep_until(gateway.loop(), gateway.loop().now() + how.waits_after, {});
  co_return bytes;
}

std::string request_text(std::string_view method, std::string_view target, std::string_view body) {
  return std::string(method) + " " + std::string(target) +
         " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

Task<void> run_slow_reader(GatewayWorld& gateway, std::string request, SlowReader how,
                           std::size_t& bytes) {
  gateway.start();
  bytes = co_await read_slowly(gateway, std::move(request), how);
  co_await gateway.stop();
}

TEST_F(GatewayCases, AClientThatReadsSlowlyButSteadilyGetsAllOfALargeAnswer) {
  const std::string large =
      R"({"choices":[{"index":0,"message":{"content":")" + std::string(900'000, 'a') + R"("}}]})";
  GatewayWorld gateway(world, config_text(1));
  gateway.add_raw_provider(0, saying(with_length("200 OK", json_type, large)));
  std::size_t bytes = 0;
  // Some 64 KiB each 10 s: minutes in all, and never a stall of 60 s.
  const SlowReader steady{
      .pause = milliseconds(10'000), .reads_max = 1'000, .bytes_ahead = 64 * 1024};
  EXPECT_EQ(
      world.run(run_slow_reader(gateway, request_text("POST", chat, chat_body), steady, bytes),
                std::chrono::hours(1)),
      "");
  EXPECT_GT(bytes, large.size());
  log = gateway.log_lines();
  EXPECT_TRUE(logged(R"("reason":"complete")")) << log[0];
}

TEST_F(GatewayCases, WhoReadsNothingIsSaidToHaveDoneSoWhateverTheAnswer) {
  SimConfig narrow = SimConfig::calm();
  narrow.socket_buffer_bytes = 64;  // no answer fits
  const std::string gone = R"({"model":"gone","messages":[]})";
  for (const std::string& request :
       {request_text("POST", chat, chat_body), request_text("POST", chat, gone),
        request_text("GET", "/v1/models", "")}) {
    SCOPED_TRACE(request);
    SimWorld narrow_world(1, narrow);
    GatewayWorld gateway(narrow_world, config_text(1));
    gateway.add_raw_provider(0, saying(with_length("200 OK", json_type, completion)));
    std::size_t bytes = 0;
    const SlowReader stuck{
        .pause = milliseconds(0), .reads_max = 0, .waits_after = milliseconds(90'000)};
    EXPECT_EQ(
        narrow_world.run(run_slow_reader(gateway, request, stuck, bytes), std::chrono::hours(1)),
        "");
    log = gateway.log_lines();
    EXPECT_TRUE(logged(R"("reason":"the client read nothing for too long")")) << log[0];
    EXPECT_TRUE(logged(R"("ended_by":"gateway")")) << log[0];
  }
}

// Says the beginning of a stream and an error, and keeps the connection; notes for how long.
Task<void> fail_and_linger(ring::Loop& loop, net::Stream& stream, Duration& lingered,
                           StopToken stop) {
  (void)co_await stream.read(stop);
  const bool said = co_await say(
      stream,
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
      "63\r\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n"
      "data: {\"error\":{\"message\":\"overheated\"}}\n\n\r\n",
      stop);
  EXPECT_TRUE(said);
  const MonotonicTime before = loop.now();
  (void)co_await stream.read(stop);
  lingered = loop.now() - before;
}

TEST_F(GatewayCases, AStreamThatFailedHoldsItsConnectionNoLonger) {
  GatewayWorld gateway(world, config_text(1));
  Duration lingered{};
  gateway.add_raw_provider(0, [&](net::Stream& stream, StopToken stop) {
    return fail_and_linger(world.loop(), stream, lingered, stop);
  });
  const auto scenario = [](GatewayWorld& g, SeenAnswer& out) -> Task<void> {
    g.start();
    out = co_await ask(g, "POST", std::string(chat), std::string(stream_body));
    (void)co_await ring::sleep_until(g.loop(), g.loop().now() + std::chrono::seconds(10), {});
    co_await g.stop();
  };
  SeenAnswer seen;
  EXPECT_EQ(world.run(scenario(gateway, seen), std::chrono::hours(1)), "");
  EXPECT_NE(seen.body.find(R"("code":"upstream_error")"), std::string::npos) << seen.body;
  EXPECT_LT(lingered, milliseconds(50));
}

// Accepts and never answers.
Task<void> say_nothing(net::Stream& stream, StopToken stop) {
  while (true) {
    const Result<SliceChain> bytes = co_await stream.read(stop);
    if (!bytes || bytes->empty()) co_return;
  }
}

TEST_F(GatewayCases, TheSmallestTotalTimeOfTheDeploymentsTriedCounts) {
  for (const std::size_t impatient : {0U, 1U}) {
    SCOPED_TRACE(impatient);
    std::string config = config_text(2, "[timeouts]\ntotal_ms = 50000\n");
    const std::string name = "name = \"p" + std::to_string(impatient) + "\"\n";
    config.insert(config.find(name) + name.size(), "timeouts = { total_ms = 3000 }\n");
    GatewayWorld gateway(world, config);
    gateway.add_raw_provider(0, saying(with_length("503 Busy", "", "")));
    gateway.add_raw_provider(1, say_nothing);
    SeenAnswer seen;
    const MonotonicTime before = world.loop().now();
    EXPECT_EQ(world.run(run(gateway, {}, seen), std::chrono::hours(1)), "");
    EXPECT_EQ(seen.status, 504);
    EXPECT_LT(world.loop().now() - before, std::chrono::seconds(4));
  }
}

TEST_F(GatewayCases, AResponseByItsIdIsLookedForAtEveryProvider) {
  const struct {
    const char* method;
    const char* target;
  } requests[] = {{"GET", "/v1/responses/resp_1"},
                  {"DELETE", "/v1/responses/resp_1"},
                  {"POST", "/v1/responses/resp_1/cancel"},
                  {"GET", "/v1/responses/resp_1/input_items"}};
  for (const auto& [method, target] : requests) {
    SCOPED_TRACE(::testing::Message() << method << ' ' << target);
    const SeenAnswer seen = see({saying(not_here), saying(not_here), saying(found)},
                                {.method = method, .target = target, .body = ""});
    EXPECT_EQ(seen.status, 200);
    EXPECT_EQ(seen.provider, "p2");
  }
  // One says 404 without a word.
  const SeenAnswer seen = see({saying(with_length("404 Not Found", "", "")), saying(found)},
                              {.method = "GET", .target = "/v1/responses/resp_1", .body = ""});
  EXPECT_EQ(seen.status, 200);
}

TEST_F(GatewayCases, AResponseIsUnknownOnlyWhenEverybodySaysSo) {
  const Asked asked{.method = "GET", .target = "/v1/responses/resp_1", .body = ""};
  const SeenAnswer unknown = see({saying(not_here), saying(not_here)}, asked);
  EXPECT_EQ(unknown.status, 404);
  EXPECT_NE(unknown.body.find("no such response"), std::string::npos);
  // Who failed may be the one who knows.
  const std::string broken = with_length("500 Oops", "", "");
  EXPECT_EQ(see({saying(broken), saying(not_here)}, asked).status, 502);
  EXPECT_EQ(see({saying(not_here), saying(broken)}, asked).status, 502);
  EXPECT_EQ(see({saying(broken), saying(found)}, asked).status, 200);
}

TEST_F(GatewayCases, AModelThatItsProviderDoesNotKnowIsNotLookedForElsewhere) {
  EXPECT_EQ(see({saying(not_here), saying(found)}, {}).status, 404);
}

TEST_F(GatewayCases, ACompletionMayNot) {
  EXPECT_EQ(see({saying("HTTP/1.1 204 No Content\r\n\r\n")}, {}).status, 502);
}

TEST_F(GatewayCases, ABodyOnDeleteIsTakenAndGoesNowhere) {
  const SeenAnswer seen =
      see({saying(with_length("200 OK", json_type, R"({"id":"resp_1","deleted":true})"))},
          {.method = "DELETE", .target = "/v1/responses/resp_1", .body = "{}"});
  EXPECT_EQ(seen.status, 200);
}

TEST_F(GatewayCases, GarbageDoesNotPassUnderAnotherLabel) {
  for (const char* type :
       {"", "Content-Type: text/plain\r\n", "Content-Type: application/octet-stream\r\n",
        "Content-Type: text/event-stream\r\n"}) {
    EXPECT_EQ(see({saying(with_length("200 OK", type, "data: hello\n\n"))}, {}).status, 502)
        << type;
    EXPECT_EQ(see({saying(with_length("200 OK", type, completion))}, {}).status, 200) << type;
  }
}

TEST_F(GatewayCases, ACompressedAnswerIsRelayedIntact) {
  const SeenAnswer seen =
      see({saying(with_length("200 OK", json_type + "Content-Encoding: gzip\r\n",
                              "\x1f\x8b not ours"))},
          {.headers = {{"Accept-Encoding", "gzip"}}});
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.body, "\x1f\x8b not ours");
}

TEST_F(GatewayCases, AStreamMayBeAnsweredByOneJsonObject) {
  const SeenAnswer seen = see({saying(with_length("200 OK", json_type, completion))},
                              {.body = std::string(stream_body)});
  EXPECT_EQ(seen.status, 200);
  EXPECT_TRUE(seen.complete);
  EXPECT_NE(seen.body.find(R"("provider":"p0")"), std::string::npos);
}

TEST_F(GatewayCases, TargetsInAbsoluteFormAreOursWhateverTheyLack) {
  const auto answer = saying(with_length("200 OK", json_type, completion));
  EXPECT_EQ(see({answer}, {.target = "http://gateway/v1/chat/completions"}).status, 200);
  EXPECT_EQ(see({answer}, {.target = "http://gateway/v1/chat/completions?a=b"}).status, 200);
  EXPECT_EQ(see({answer}, {.target = "http://gateway"}).status, 404);
  EXPECT_EQ(see({answer}, {.target = "http://gateway?a=/v1/chat/completions"}).status, 404);
}

TEST_F(GatewayCases, ARequestIdOfTheClientsIsKeptUnlessItIsNoFitOne) {
  const auto answer = saying(with_length("200 OK", json_type, completion));
  EXPECT_EQ(see({answer}, {.headers = {{"x-request-id", "abc-1"}}}).request_id, "abc-1");
  EXPECT_NE(see({answer}, {.headers = {{"x-request-id", "a b\"c"}}}).request_id, "a b\"c");
}

TEST_F(GatewayCases, AWholeAnswerOfUnknownTypeMustKeepItsPromisedLength) {
  const Asked speech{.target = "/v1/audio/speech",
                     .body = R"({"model":"m","input":"a","voice":"b"})"};
  const SeenAnswer whole =
      see({saying(with_length("200 OK", "Content-Type: audio/mpeg\r\n", "sound"))}, speech);
  EXPECT_EQ(whole.body, "sound");
  EXPECT_TRUE(whole.complete);
  const SeenAnswer cut =
      see({saying("HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 9\r\n\r\nsound")},
          speech);
  EXPECT_FALSE(cut.complete);
  EXPECT_TRUE(logged(R"("ended_by":"provider")")) << log[0];
}

const std::string role_event =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n";
const std::string content_event =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
const std::string stream_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

TEST_F(GatewayCases, SilenceWhileLifecycleEventsAreHeldLeadsToTheNextDeployment) {
  const SeenAnswer seen = see({saying(stream_head + role_event, false),
                               saying(stream_head + content_event + "data: [DONE]\n\n")},
                              {.body = std::string(stream_body)},
                              "[timeouts]\nidle_ms = 500\n[streaming]\nheld_ms_max = 3000\n");
  EXPECT_EQ(seen.provider, "p1");
  EXPECT_TRUE(seen.complete);
}

Task<void> never_stops(net::Stream& stream, bool speech, StopToken stop) {
  const Result<SliceChain> request = co_await stream.read(stop);
  bool goes_on = request && !request->empty();
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nConnection: close\r\n\r\n";
  if (goes_on) goes_on = co_await say(stream, speech ? head : stream_head, stop);
  while (goes_on) goes_on = co_await say(stream, content_event, stop);
}

TEST_F(GatewayCases, AnEndlessAnswerEndsAtTheTotalDeadline) {
  const auto events = [](net::Stream& s, StopToken stop) { return never_stops(s, false, stop); };
  const SeenAnswer seen =
      see({events}, {.body = std::string(stream_body)}, "[timeouts]\ntotal_ms = 50\n");
  EXPECT_TRUE(seen.complete);
  EXPECT_NE(seen.body.find(R"(data: {"error":)"), std::string::npos);
  EXPECT_TRUE(logged(R"("outcome":"timed_out")")) << log[0];

  const auto bytes = [](net::Stream& s, StopToken stop) { return never_stops(s, true, stop); };
  const SeenAnswer sound = see(
      {bytes}, {.target = "/v1/audio/speech", .body = R"({"model":"m","input":"a","voice":"b"})"},
      "[timeouts]\ntotal_ms = 50\n");
  EXPECT_FALSE(sound.complete);
  EXPECT_TRUE(logged(R"("outcome":"timed_out")")) << log[0];
}

// Stays connected until `moment`, and is then gone within a turn at the provider too.
Task<void> leave_at(GatewayWorld& gateway, milliseconds moment, std::string body,
                    std::size_t& in_use) {
  gateway.start();
  Result<std::unique_ptr<net::Stream>> client = co_await gateway.connect();
  const std::string request = "POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\nContent-Length: " +
                              std::to_string(body.size()) + "\r\n\r\n" + body;
  (void)co_await say(**client, request, {});
  (void)co_await ring::sleep_until(gateway.loop(), gateway.loop().now() + moment, {});
  client->reset();
  // One way through the network, and the turn in which it is noticed.
  (void)co_await ring::sleep_until(gateway.loop(), gateway.loop().now() + milliseconds(1), {});
  const upstream::ConnectionPoolStats stats = gateway.gateway().generation().stats();
  in_use = stats.open - stats.idle;
  co_await gateway.stop();
}

TEST_F(GatewayCases, AClientThatLeavesAtAnyMomentTakesItsAttemptAlong) {
  const auto slow_stream = [](net::Stream& stream, StopToken stop) -> Task<void> {
    const Result<SliceChain> request = co_await stream.read(stop);
    if (!request || request->empty()) co_return;
    bool there = co_await say(stream, stream_head + role_event, stop);
    while (there)
      there = co_await say(stream, std::string(4'000, ':') + "\n\n" + content_event, stop);
  };
  for (int ms = 0; ms < 40; ++ms) {
    GatewayWorld gateway(world, config_text(1));
    gateway.add_raw_provider(0, slow_stream);
    std::size_t in_use = 99;
    EXPECT_EQ(world.run(leave_at(gateway, milliseconds(ms), std::string(stream_body), in_use),
                        std::chrono::hours(1)),
              "");
    EXPECT_EQ(in_use, 0U) << "left after " << ms << " ms";
  }
}

// --- what an exchange cost ---

// Of config_text()'s one deployment, in dollars per million tokens.
constexpr std::string_view priced = "price = { input = 1.0, output = 2.0 }\n";
constexpr std::string_view stored_response =
    R"({"id":"resp_1","object":"response","status":"completed","output":[],)"
    R"("usage":{"input_tokens":7,"output_tokens":3,"total_tokens":10}})";

TEST_F(GatewayCases, AResponseCostsWhenItIsMade) {
  const auto answer = saying(with_length("200 OK", json_type, stored_response));
  const Asked made{.target = "/v1/responses", .body = R"({"model":"m","input":"hi"})"};
  EXPECT_EQ(see({answer}, made, {}, priced).status, 200);
  EXPECT_TRUE(logged(R"("input":7)")) << log[0];
  EXPECT_TRUE(logged(R"("cost_usd":0.000013)")) << log[0];
}

TEST_F(GatewayCases, AStoredResponseCostsNothingAgain) {
  const std::string streamed =
      "event: response.output_text.delta\n"
      "data: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n"
      "event: response.completed\n"
      "data: {\"type\":\"response.completed\",\"response\":" +
      std::string(stored_response) + "}\n\n";
  const std::string whole = with_length("200 OK", json_type, stored_response);
  const std::string events = with_length("200 OK", "Content-Type: text/event-stream\r\n", streamed);
  const std::string by_id = "/v1/responses/resp_1";
  const std::pair<Asked, std::string> cases[] = {
      {{.method = "GET", .target = by_id, .body = ""}, whole},
      {{.method = "GET", .target = by_id + "?stream=true", .body = ""}, events},
      {{.method = "POST", .target = by_id + "/cancel", .body = ""}, whole},
      {{.method = "GET", .target = by_id + "/input_items", .body = ""},
       with_length("200 OK", json_type,
                   R"({"object":"list","data":[],"usage":{"input_tokens":7}})")}};
  for (const auto& [asked, answer] : cases) {
    SCOPED_TRACE(asked.target);
    EXPECT_EQ(see({saying(answer)}, asked, {}, priced).status, 200);
    EXPECT_TRUE(logged(R"("provider":"p0","deployment":null)")) << log[0];
    EXPECT_TRUE(logged(R"("tokens":{"input":null,"cached_input":null,"output":null,)")) << log[0];
    EXPECT_TRUE(logged(R"("cost_usd":null)")) << log[0];
  }
}

// --- how a broken stream is told ---

// The CR of its empty line ends an event, and the LF behind it may never come. The error event must
// not begin in the middle of what many readers take for one line end.
TEST_F(GatewayCases, AnErrorEventStandsBehindAWholeLineEnd) {
  std::string event = content_event;
  event.replace(event.size() - 2, 2, "\r\n\r");
  const SeenAnswer seen =
      see({saying(stream_head + role_event + event)}, {.body = std::string(stream_body)});
  EXPECT_NE(seen.body.find("\r\n\r\ndata: {\"error\":"), std::string::npos) << seen.body;
}

TEST_F(GatewayCases, ABrokenStreamIsCountedByWhatBrokeIt) {
  const std::string begun = stream_head + role_event + content_event;
  const std::string error_event = "data: {\"error\":{\"message\":\"no\"}}\n\n";
  struct {
    std::string_view name;
    std::string answer;
    std::string_view outcome;
    telemetry::CutCause cause;
  } const cases[] = {{"closed in the middle", begun, "reset", ErrorKind::connection_closed},
                     {"no event", begun + "data: {\n\n", "malformed", ErrorKind::malformed},
                     {"says that it failed", begun + error_event, "failed", std::nullopt}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const SeenAnswer seen = see({saying(c.answer)}, {.body = std::string(stream_body)});
    EXPECT_NE(seen.body.find(R"(data: {"error":)"), std::string::npos) << seen.body;
    EXPECT_TRUE(logged(R"("outcome":")" + std::string(c.outcome) + '"')) << log[0];
    EXPECT_TRUE(logged(R"("events":3})")) << log[0];  // the error is one too
    constexpr auto provider = static_cast<std::size_t>(telemetry::EndedBy::provider);
    for (std::size_t i = 0; i < telemetry::cut_cause_count; ++i) {
      EXPECT_EQ(ends[provider][i], i == telemetry::index_of(c.cause) ? 1U : 0U)
          << telemetry::cut_cause_name(i);
    }
  }
}

TEST_F(GatewayCases, AnEncodingThatNobodyAskedForIsNoAnswer) {
  const auto zipped =
      saying(with_length("200 OK", json_type + "Content-Encoding: gzip\r\n", "not ours"));
  const auto plain = saying(with_length("200 OK", json_type, completion));
  EXPECT_EQ(see({zipped}, {}).status, 502);
  EXPECT_TRUE(logged(R"("outcome":"malformed","status":200)")) << log[0];
  EXPECT_EQ(see({zipped, plain}, {}).provider, "p1");
  EXPECT_EQ(see({zipped}, {.headers = {{"Accept-Encoding", "br, gzip;q=0"}}}).status, 502);
  EXPECT_EQ(see({zipped}, {.headers = {{"Accept-Encoding", "br, GZip;q=0.5"}}}).status, 200);
  EXPECT_EQ(see({zipped}, {.headers = {{"Accept-Encoding", "*"}}}).status, 200);
}

TEST_F(GatewayCases, AWrongMethodIsLoggedWithThePathsOperation) {
  EXPECT_EQ(see({saying("")}, {.method = "GET", .body = ""}).status, 405);
  EXPECT_TRUE(logged(R"("endpoint":"chat_completions")")) << log[0];
  EXPECT_EQ(see({saying("")}, {.method = "GET", .target = "/v1/nothing", .body = ""}).status, 404);
  EXPECT_TRUE(logged(R"("endpoint":null)")) << log[0];
}

TEST_F(GatewayCases, WhoCallsFromAnotherPlaceIsCountedAsThat) {
  std::string config = config_text(1);
  const std::string open = "anonymous = true\n";
  config.erase(config.find(open), open.size());
  GatewayWorld gateway(world, config);
  SeenAnswer seen;
  EXPECT_EQ(world.run(run(gateway, {}, seen), std::chrono::hours(1)), "");  // its Host is "gateway"
  EXPECT_EQ(seen.status, 403);
  const auto& failures = gateway.metrics().key_failures;
  EXPECT_EQ(failures[static_cast<std::size_t>(telemetry::KeyFailure::origin)].value(), 1U);
  EXPECT_EQ(failures[static_cast<std::size_t>(telemetry::KeyFailure::missing)].value(), 0U);
}

TEST_F(GatewayCases, KeysThatCannotBeReadAreToldWhatIsWrongWithThem) {
  const auto said = [&](const std::vector<std::pair<std::string, std::string>>& headers,
                        std::string_view text) {
    const SeenAnswer seen = see({saying("")}, {.headers = headers});
    EXPECT_TRUE(seen.status == 400 || seen.status == 401) << seen.status;
    EXPECT_NE(seen.body.find(text), std::string::npos) << seen.body;
  };
  said({{"Authorization", "Bearer one"}, {"x-api-key", "two"}}, "two different keys");
  said({{"x-sluice-provider-key", "sk-1"}}, "must be <provider>=<key>");
  said({{"x-sluice-provider-key", "nobody=sk-1"}}, "not configured here. GET /v1/models lists");
}

TEST_F(GatewayCases, AKeyPinnedToARegionSeesOnlyWhatItReaches) {
  const policy::NewKey key = *policy::generate_key();
  const std::string config = config_text(2) +
                             "region = \"eu\"\n[[model]]\nname = \"elsewhere\"\n"
                             "[[model.deployment]]\nprovider = \"p0\"\nmodel = \"x\"\n" +
                             "[[key]]\nname = \"k\"\nhash = \"" + key.hash +
                             "\"\nregions = [\"eu\"]\n";
  const auto get = [&](std::string target) {
    GatewayWorld gateway(world, config);
    SeenAnswer seen;
    const Asked asked{.method = "GET",
                      .target = std::move(target),
                      .body = "",
                      .headers = {{"Authorization", "Bearer " + std::string(key.key.reveal())}}};
    EXPECT_EQ(world.run(run(gateway, asked, seen), std::chrono::hours(1)), "");
    return seen;
  };
  const std::string list = get("/v1/models").body;
  EXPECT_NE(list.find(R"("id":"m")"), std::string::npos) << list;
  EXPECT_NE(list.find(R"("providers":["p1"],"regions":["eu"])"), std::string::npos) << list;
  EXPECT_EQ(list.find("elsewhere"), std::string::npos) << list;
  EXPECT_NE(get("/v1/models/m").body.find(R"("providers":["p1"])"), std::string::npos);
  EXPECT_EQ(get("/v1/models/elsewhere").status, 403);
}

}  // namespace
}  // namespace sluice::gateway
