// Hosts that are not like OpenAI's own API: each gets the body it takes, and the client hears what
// it did not get.
#include <gtest/gtest.h>

#include <chrono>

#include "gateway_cases.h"

namespace sluice::gateway {
namespace {

using testing::chat;
using testing::completion;
using testing::config_text;
using testing::GatewayWorld;
using testing::json_type;
using testing::RawProviderScript;
using testing::say;
using testing::with_length;

class HostQuirks : public testing::GatewayCases {};

Task<void> hear_and_say(net::Stream& stream, std::string* heard, std::string bytes,
                        StopToken stop) {
  while (!heard->ends_with('}')) {
    const Result<SliceChain> part = co_await stream.read(stop);
    if (!part || part->empty()) co_return;
    for (const Slice& slice : *part) *heard += slice.view();
  }
  (void)co_await say(stream, bytes, stop);
}

RawProviderScript hearing(std::string& heard, std::string bytes) {
  return [heard = &heard, bytes = std::move(bytes)](net::Stream& stream, StopToken stop) {
    return hear_and_say(stream, heard, bytes, stop);
  };
}

Task<void> ask_raw(GatewayWorld& gateway, std::string body, std::string& answer) {
  gateway.start();
  {
    const std::string request = "POST " + std::string(chat) +
                                " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: " +
                                std::to_string(body.size()) + "\r\n\r\n" + body;
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

std::string body_of(const std::string& message) {
  return message.substr(message.find("\r\n\r\n") + 4);
}

TEST_F(HostQuirks, EachDeploymentGetsTheBodyItsHostTakes) {
  std::string config = config_text(2);
  const std::string place = "base_url = \"http://127.0.0.1:9001/v1\"\n";
  config.insert(config.find(place),
                "quirks = { takes_developer_role = false, output_tokens_name = \"max_tokens\", "
                "refused = [\"logit_bias\", \"store\"] }\n");
  const std::string body =
      R"({"model":"m","store":true,"messages":[{"role":"developer","content":"a"}],)"
      R"("max_completion_tokens":3,"logit_bias":{}})";

  GatewayWorld gateway(world, config);
  std::string plain;
  std::string quirky;
  gateway.add_raw_provider(0, hearing(plain, with_length("503 Busy", json_type, "{}")));
  gateway.add_raw_provider(1, hearing(quirky, with_length("200 OK", json_type, completion)));
  std::string answer;
  EXPECT_EQ(world.run(ask_raw(gateway, body, answer), std::chrono::hours(1)), "");

  EXPECT_EQ(body_of(plain),
            R"({"model":"m-up-0","store":true,"messages":[{"role":"developer","content":"a"}],)"
            R"("max_completion_tokens":3,"logit_bias":{}})");
  EXPECT_EQ(body_of(quirky),
            R"({"model":"m-up-1","messages":[{"role":"system","content":"a"}],"max_tokens":3})");
  EXPECT_NE(answer.find("x-sluice-dropped: store, logit_bias\r\n"), std::string::npos) << answer;
}

TEST_F(HostQuirks, ThinkingIsSwitchedInTheHostsOwnWordsByTheModelItServes) {
  std::string config = config_text(1);
  config.insert(config.find("keys = []"), "quirks = { thinking_switch = \"thinking\" }\n");
  config += "traits = { thinking = \"toggle\" }\n";
  GatewayWorld gateway(world, config);
  std::string heard;
  gateway.add_raw_provider(0, hearing(heard, with_length("200 OK", json_type, completion)));
  std::string answer;
  EXPECT_EQ(
      world.run(
          ask_raw(gateway, R"({"model":"m","reasoning":{"max_tokens":9},"messages":[]})", answer),
          std::chrono::hours(1)),
      "");
  EXPECT_EQ(body_of(heard), R"({"model":"m-up-0","messages":[],"thinking":{"type":"enabled"}})");
  EXPECT_NE(answer.find("x-sluice-dropped: reasoning.max_tokens\r\n"), std::string::npos) << answer;
}

TEST_F(HostQuirks, NothingIsSaidToBeDroppedWhereNothingIs) {
  std::string config = config_text(1);
  config.insert(config.find("keys = []"), "quirks = { refused = [\"store\"] }\n");
  GatewayWorld gateway(world, config);
  std::string heard;
  gateway.add_raw_provider(0, hearing(heard, with_length("200 OK", json_type, completion)));
  std::string answer;
  EXPECT_EQ(
      world.run(ask_raw(gateway, R"({"model":"m","messages":[]})", answer), std::chrono::hours(1)),
      "");
  EXPECT_EQ(body_of(heard), R"({"model":"m-up-0","messages":[]})");
  EXPECT_EQ(answer.find("x-sluice-dropped"), std::string::npos) << answer;
}

}  // namespace
}  // namespace sluice::gateway
