// What is said of an exchange afterwards: its tokens, its cost, and what cut it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "gateway_cases.h"

namespace sluice::gateway {
namespace {

using testing::Asked;
using testing::completion;
using testing::content_event;
using testing::json_type;
using testing::role_event;
using testing::saying;
using testing::SeenAnswer;
using testing::stream_body;
using testing::stream_head;
using testing::with_length;

class GatewayAccounts : public testing::GatewayCases {};

std::string in_chunks(std::string_view fields, std::string_view body) {
  std::string bytes =
      "HTTP/1.1 200 OK\r\n" + std::string(fields) + "Transfer-Encoding: chunked\r\n\r\n";
  for (; !body.empty(); body.remove_prefix(std::min<std::size_t>(body.size(), 0xfff))) {
    const std::string_view chunk = body.substr(0, 0xfff);
    bytes += fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk);
  }
  return bytes + "0\r\n\r\n";
}

TEST_F(GatewayAccounts, TheUsageOfAnAnswerTooLargeToHoldIsReadAtItsEnd) {
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

TEST_F(GatewayAccounts, UsageThatCannotBeLookedForIsCountedAndUsageNotSaidIsNot) {
  (void)see({saying(with_length("200 OK", json_type + "Content-Encoding: gzip\r\n", "not ours"))},
            {.headers = {{"Accept-Encoding", "gzip"}}});
  EXPECT_EQ(usage_unseen, 1U);
  (void)see({saying(with_length("200 OK", json_type, completion))}, {});
  EXPECT_EQ(usage_unseen, 0U);
}

// Of config_text()'s one deployment, in dollars per million tokens.
constexpr std::string_view priced = "price = { input = 1.0, output = 2.0 }\n";

constexpr std::string_view stored_response =
    R"({"id":"resp_1","object":"response","status":"completed","output":[],)"
    R"("usage":{"input_tokens":7,"output_tokens":3,"total_tokens":10}})";

TEST_F(GatewayAccounts, AResponseCostsWhenItIsMade) {
  const auto answer = saying(with_length("200 OK", json_type, stored_response));
  const Asked made{.target = "/v1/responses", .body = R"({"model":"m","input":"hi"})"};
  EXPECT_EQ(see({answer}, made, {}, priced).status, 200);
  EXPECT_TRUE(logged(R"("input":7)")) << log[0];
  EXPECT_TRUE(logged(R"("cost_usd":0.000013)")) << log[0];
}

TEST_F(GatewayAccounts, AStoredResponseCostsNothingAgain) {
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

TEST_F(GatewayAccounts, ABrokenStreamIsCountedByWhatBrokeIt) {
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

}  // namespace
}  // namespace sluice::gateway
