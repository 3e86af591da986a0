// What clients and the log are told when the gateway is made to end while exchanges are under way.
#include <gtest/gtest.h>

#include <chrono>

#include "gateway_world.h"

namespace sluice::gateway {
namespace {

using ring::sim::SimConfig;
using ring::sim::SimWorld;
using testing::ask;
using testing::config_text;
using testing::GatewayWorld;
using testing::SeenAnswer;

const std::string stream_begun =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}\n\n";
const std::string speech_begun =
    "HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 1000\r\n\r\nabc";

// Says `bytes` to the request, and then nothing more.
Task<void> say_and_wait(net::Stream& stream, std::string bytes, StopToken stop) {
  const Result<SliceChain> request = co_await stream.read(stop);
  if (!request || request->empty()) co_return;
  if (!bytes.empty()) {
    SliceChain answer;
    answer.push(Slice::take(std::move(bytes)));
    (void)co_await stream.write(std::move(answer), stop);
  }
  (void)co_await stream.read(stop);
}

Task<void> end_in_a_second(GatewayWorld& gateway) {
  (void)co_await ring::sleep_until(gateway.loop(), gateway.loop().now() + std::chrono::seconds(1),
                                   {});
  gateway.end();
}

Task<void> ask_until_the_end(GatewayWorld& gateway, std::string target, std::string body,
                             SeenAnswer& seen) {
  gateway.start();
  Scope scope;
  scope.spawn(end_in_a_second(gateway));
  seen = co_await ask(gateway, "POST", std::move(target), std::move(body));
  co_await scope.join();
  co_await gateway.stop();
}

class ShutDown : public ::testing::Test {
 protected:
  // What the client sees of an answer that begins with `said` when the gateway ends behind it.
  SeenAnswer see(std::string_view said, std::string target, std::string body) {
    GatewayWorld gateway(world, config_text(1));
    gateway.add_raw_provider(0, [said](net::Stream& stream, StopToken stop) {
      return say_and_wait(stream, std::string(said), stop);
    });
    SeenAnswer seen;
    EXPECT_EQ(world.run(ask_until_the_end(gateway, std::move(target), std::move(body), seen),
                        std::chrono::hours(1)),
              "");
    log = gateway.log_lines();
    constexpr auto by = static_cast<std::size_t>(telemetry::EndedBy::gateway);
    cut = gateway.metrics().ends[by][telemetry::index_of(ErrorKind::cancelled)].value();
    return seen;
  }
  [[nodiscard]] bool logged(std::string_view text) const {
    return log.size() == 1 && log[0].find(text) != std::string::npos;
  }
  SimWorld world{1, SimConfig::calm()};
  std::vector<std::string> log;
  std::uint64_t cut = 0;
};

TEST_F(ShutDown, AStreamEndsWithAnEventThatSaysSo) {
  const SeenAnswer seen =
      see(stream_begun, "/v1/chat/completions", R"({"model":"m","messages":[],"stream":true})");
  EXPECT_EQ(seen.status, 200);
  EXPECT_TRUE(seen.complete);
  EXPECT_NE(seen.body.find(R"("content":"a")"), std::string::npos);
  EXPECT_NE(seen.body.find(R"("code":"shutting_down")"), std::string::npos) << seen.body;
  EXPECT_TRUE(logged(R"("ended_by":"gateway","reason":"shutting_down")")) << log[0];
  EXPECT_TRUE(logged(R"("outcome":"cancelled")")) << log[0];
  EXPECT_EQ(cut, 1U);
}

TEST_F(ShutDown, WhoHasNoAnswerYetGetsA503) {
  const SeenAnswer seen = see("", "/v1/chat/completions", R"({"model":"m","messages":[]})");
  EXPECT_EQ(seen.status, 503);
  EXPECT_TRUE(seen.complete);
  EXPECT_NE(seen.body.find(R"("code":"shutting_down")"), std::string::npos) << seen.body;
  EXPECT_TRUE(logged(R"("status":503,"ended_by":null,"reason":"shutting_down")")) << log[0];
  EXPECT_TRUE(logged(R"("outcome":"cancelled")")) << log[0];
}

TEST_F(ShutDown, AnOpaqueBodyBreaksAndTheLogSaysWhoBrokeIt) {
  const SeenAnswer seen =
      see(speech_begun, "/v1/audio/speech", R"({"model":"m","input":"a","voice":"b"})");
  EXPECT_EQ(seen.status, 200);
  EXPECT_FALSE(seen.complete);
  EXPECT_TRUE(logged(R"("ended_by":"gateway","reason":"shutting_down")")) << log[0];
  EXPECT_EQ(cut, 1U);
}

}  // namespace
}  // namespace sluice::gateway
