// Clients and providers that are slow, silent, endless or gone.
#include <gtest/gtest.h>

#include <chrono>

#include "gateway_cases.h"

namespace sluice::gateway {
namespace {

using ring::sim::SimConfig;
using ring::sim::SimWorld;
using std::chrono::milliseconds;
using testing::ask;
using testing::chat;
using testing::chat_body;
using testing::completion;
using testing::config_text;
using testing::content_event;
using testing::finish_event;
using testing::GatewayWorld;
using testing::json_type;
using testing::role_event;
using testing::say;
using testing::saying;
using testing::SeenAnswer;
using testing::stream_body;
using testing::stream_head;
using testing::with_length;

class GatewayPace : public testing::GatewayCases {};

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

TEST_F(GatewayPace, AClientThatReadsSlowlyButSteadilyGetsAllOfALargeAnswer) {
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

TEST_F(GatewayPace, WhoReadsNothingIsSaidToHaveDoneSoWhateverTheAnswer) {
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

TEST_F(GatewayPace, AClientThatLeavesAtAnyMomentTakesItsAttemptAlong) {
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

TEST_F(GatewayPace, AStreamThatFailedHoldsItsConnectionNoLonger) {
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

TEST_F(GatewayPace, TheSmallestTotalTimeOfTheDeploymentsTriedCounts) {
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

TEST_F(GatewayPace, SilenceWhileLifecycleEventsAreHeldLeadsToTheNextDeployment) {
  const SeenAnswer seen =
      see({saying(stream_head + role_event, false),
           saying(stream_head + content_event + finish_event + "data: [DONE]\n\n")},
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

TEST_F(GatewayPace, AnEndlessAnswerEndsAtTheTotalDeadline) {
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

}  // namespace
}  // namespace sluice::gateway
