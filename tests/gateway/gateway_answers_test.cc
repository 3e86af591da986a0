// Answers of providers off the beaten path: which pass, in what form, and which are none.
#include <gtest/gtest.h>

#include <array>
#include <chrono>

#include "gateway_cases.h"

namespace sluice::gateway {
namespace {

using testing::Asked;
using testing::chat;
using testing::chat_body;
using testing::completion;
using testing::config_text;
using testing::content_event;
using testing::GatewayWorld;
using testing::json_type;
using testing::role_event;
using testing::saying;
using testing::SeenAnswer;
using testing::stream_body;
using testing::stream_head;
using testing::with_length;

class GatewayAnswers : public testing::GatewayCases {};

TEST_F(GatewayAnswers, ARedirectIsAFailureAndIsNotFollowed) {
  const SeenAnswer seen =
      see({saying(with_length("302 Found", "Location: http://a/\r\n", ""))}, {});
  EXPECT_EQ(seen.status, 502);
  EXPECT_TRUE(logged(R"("outcome":"malformed","status":302)")) << log[0];
}

TEST_F(GatewayAnswers, ARefusalThatPassesIsNoSuccessOfTheProvider) {
  const SeenAnswer seen = see(
      {saying(with_length("400 Bad", json_type, R"({"error":{"message":"n","type":"t"}})"))}, {});
  EXPECT_EQ(seen.status, 400);
  EXPECT_TRUE(logged(R"("outcome":"refused","status":400)")) << log[0];
}

TEST_F(GatewayAnswers, RetryAfterPassesThrough) {
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

TEST_F(GatewayAnswers, HeadOfAStoredResponseHasTheHeadAndNoBody) {
  const SeenAnswer seen =
      see({saying("HTTP/1.1 200 OK\r\n" + json_type + "Content-Length: 500\r\n\r\n")},
          {.method = "HEAD", .target = "/v1/responses/resp_1", .body = ""});
  EXPECT_EQ(seen.status, 200);
  EXPECT_TRUE(seen.complete);
  EXPECT_EQ(seen.body, "");
}

TEST_F(GatewayAnswers, ADeletionMayBeAnsweredWithNothing) {
  const SeenAnswer seen = see({saying("HTTP/1.1 204 No Content\r\n\r\n")},
                              {.method = "DELETE", .target = "/v1/responses/resp_1", .body = ""});
  EXPECT_EQ(seen.status, 204);
  EXPECT_TRUE(seen.complete);
}

TEST_F(GatewayAnswers, ACompletionMayNot) {
  EXPECT_EQ(see({saying("HTTP/1.1 204 No Content\r\n\r\n")}, {}).status, 502);
}

TEST_F(GatewayAnswers, AnAnswerMayBeLargerThanAnyRequestAndEvent) {
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

const std::string not_here = with_length("404 Not Found", json_type,
                                         R"({"error":{"message":"no such response","type":"t"}})");

const std::string found =
    with_length("200 OK", json_type, R"({"object":"list","data":[],"id":"resp_1"})");

TEST_F(GatewayAnswers, AResponseByItsIdIsLookedForAtEveryProvider) {
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

TEST_F(GatewayAnswers, AResponseIsUnknownOnlyWhenEverybodySaysSo) {
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

TEST_F(GatewayAnswers, AModelThatItsProviderDoesNotKnowIsNotLookedForElsewhere) {
  EXPECT_EQ(see({saying(not_here), saying(found)}, {}).status, 404);
}

TEST_F(GatewayAnswers, GarbageDoesNotPassUnderAnotherLabel) {
  for (const char* type :
       {"", "Content-Type: text/plain\r\n", "Content-Type: application/octet-stream\r\n",
        "Content-Type: text/event-stream\r\n"}) {
    EXPECT_EQ(see({saying(with_length("200 OK", type, "data: hello\n\n"))}, {}).status, 502)
        << type;
    EXPECT_EQ(see({saying(with_length("200 OK", type, completion))}, {}).status, 200) << type;
  }
}

TEST_F(GatewayAnswers, ACompressedAnswerIsRelayedIntact) {
  const SeenAnswer seen =
      see({saying(with_length("200 OK", json_type + "Content-Encoding: gzip\r\n",
                              "\x1f\x8b not ours"))},
          {.headers = {{"Accept-Encoding", "gzip"}}});
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.body, "\x1f\x8b not ours");
}

TEST_F(GatewayAnswers, AnEncodingThatNobodyAskedForIsNoAnswer) {
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

TEST_F(GatewayAnswers, AStreamMayBeAnsweredByOneJsonObject) {
  const SeenAnswer seen = see({saying(with_length("200 OK", json_type, completion))},
                              {.body = std::string(stream_body)});
  EXPECT_EQ(seen.status, 200);
  EXPECT_TRUE(seen.complete);
  EXPECT_NE(seen.body.find(R"("provider":"p0")"), std::string::npos);
}

TEST_F(GatewayAnswers, AWholeAnswerOfUnknownTypeMustKeepItsPromisedLength) {
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

// --- an answer longer than it says ---

// Answers whole the first time; the byte too many comes with the second answer.
Task<void> say_a_byte_too_many(net::Stream& stream, int& requests, StopToken stop) {
  const std::string answer = with_length("200 OK", json_type, completion);
  for (std::string late;; late = "}") {
    const Result<SliceChain> request = co_await stream.read(stop);
    if (!request || request->empty()) co_return;
    ++requests;
    const bool said = co_await testing::say(stream, late + answer, stop);
    if (!said) co_return;
  }
}

Task<void> ask_twice(GatewayWorld& gateway, SeenAnswer (&seen)[2]) {
  gateway.start();
  for (SeenAnswer& each : seen) {
    each = co_await testing::ask(gateway, "POST", std::string(chat), std::string(chat_body));
  }
  co_await gateway.stop();
}

TEST_F(GatewayAnswers, WhatStandsBehindALateByteIsNoAnswerAndTheSameProviderIsNotAskedAgain) {
  for (const std::size_t providers : {1U, 2U}) {
    SCOPED_TRACE(providers);
    GatewayWorld gateway(world, config_text(providers));
    int requests = 0;
    gateway.add_raw_provider(0, [&requests](net::Stream& stream, StopToken stop) {
      return say_a_byte_too_many(stream, requests, stop);
    });
    if (providers > 1) {
      gateway.add_raw_provider(1, saying(with_length("200 OK", json_type, completion)));
    }
    SeenAnswer seen[2];
    EXPECT_EQ(world.run(ask_twice(gateway, seen), std::chrono::hours(1)), "");
    EXPECT_EQ(seen[0].status, 200);
    EXPECT_EQ(seen[0].provider, "p0");
    EXPECT_EQ(requests, 2) << "it may have served the second one, and would be paid twice";
    EXPECT_EQ(seen[1].status, providers > 1 ? 200 : 502) << seen[1].body;
    if (providers > 1) {
      EXPECT_EQ(seen[1].provider, "p1");
    } else {
      EXPECT_NE(seen[1].body.find(R"("code":"upstream_malformed")"), std::string::npos);
    }
  }
}

// The CR of its empty line ends an event, and the LF behind it may never come. The error event must
// not begin in the middle of what many readers take for one line end.
TEST_F(GatewayAnswers, AnErrorEventStandsBehindAWholeLineEnd) {
  std::string event = content_event;
  event.replace(event.size() - 2, 2, "\r\n\r");
  const SeenAnswer seen =
      see({saying(stream_head + role_event + event)}, {.body = std::string(stream_body)});
  EXPECT_NE(seen.body.find("\r\n\r\ndata: {\"error\":"), std::string::npos) << seen.body;
}

}  // namespace
}  // namespace sluice::gateway
