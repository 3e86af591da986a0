// One case through the whole gateway: the provider says the very bytes given, the client sees what
// is expected. Shared by the files of cases off the beaten path, each of which is about one idea.
#pragma once
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway_world.h"

namespace sluice::gateway::testing {

inline constexpr std::string_view chat = "/v1/chat/completions";
inline constexpr std::string_view chat_body = R"({"model":"m","messages":[]})";
inline constexpr std::string_view stream_body = R"({"model":"m","messages":[],"stream":true})";
inline constexpr std::string_view completion =
    R"({"choices":[{"index":0,"message":{"content":"a"}}]})";
inline const std::string json_type = "Content-Type: application/json\r\n";

inline const std::string role_event =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n";

inline const std::string content_event =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";

inline const std::string finish_event =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

inline const std::string stream_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

inline Task<bool> say(net::Stream& stream, std::string_view bytes, StopToken stop) {
  SliceChain chain;
  chain.push(Slice::copy_of(bytes));
  const Result<void> sent = co_await stream.write(std::move(chain), stop);
  co_return sent.has_value();
}

/// Waits for something to come, says `bytes`, and waits for the end or closes.
inline Task<void> say_once(net::Stream& stream, std::string bytes, bool closes, StopToken stop) {
  const Result<SliceChain> request = co_await stream.read(stop);
  if (!request || request->empty()) co_return;
  const bool said = co_await say(stream, bytes, stop);
  while (said && !closes) {
    const Result<SliceChain> more = co_await stream.read(stop);
    if (!more || more->empty()) co_return;
  }
}

inline RawProviderScript saying(std::string bytes, bool closes = true) {
  return [bytes = std::move(bytes), closes](net::Stream& stream, StopToken stop) {
    return say_once(stream, bytes, closes, stop);
  };
}

inline std::string with_length(std::string_view status, std::string_view fields,
                               std::string_view body) {
  return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

struct Asked {
  std::string method = "POST";
  std::string target = std::string(chat);
  std::string body = std::string(chat_body);
  std::vector<std::pair<std::string, std::string>> headers = {};
};

class GatewayCases : public ::testing::Test {
 protected:
  /// What the client sees when provider i says answers[i]; `last` goes behind the last deployment
  /// of the configuration. The log, and the counters below, are those of that exchange.
  SeenAnswer see(const std::vector<RawProviderScript>& answers, const Asked& asked,
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
  ring::sim::SimWorld world{1, ring::sim::SimConfig::calm()};
  std::vector<std::string> log;
  std::uint64_t usage_unseen = 0;
  std::array<std::array<std::uint64_t, telemetry::cut_cause_count>, telemetry::ended_by_count>
      ends{};
};

}  // namespace sluice::gateway::testing
