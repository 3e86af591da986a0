// One connection: what keeps it, what ends it, and what never becomes a request.
#include "sluice/http/server_http1.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "server_fixture.h"

namespace sluice::http {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

std::string post(std::string_view body) {
  return "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

Duration age(const ServerFixture& fixture, MonotonicTime since) {
  return std::chrono::floor<milliseconds>(fixture.ended_at - since);
}

// --- what keeps it ---

TEST(ServeHttp1, PipelinedRequestsAreAnsweredInOrder) {
  std::string wire;
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    const std::string body = "body " + std::to_string(i);
    wire += i % 3 == 0 ? std::string(get) : post(body);
    expected += i % 3 == 0 ? ok_answer("") : ok_answer(body);
  }
  ServerFixture fixture;
  EXPECT_EQ(fixture.answers_to(wire), expected);
  EXPECT_EQ(fixture.handler.seen.size(), 300U);
}

TEST(ServeHttp1, TheClientsWishToCloseIsHeeded) {
  const struct {
    std::string_view head;
    bool stays;
    std::string_view connection;
  } cases[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n", true, ""},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", false, "Connection: close\r\n"},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n", false, "Connection: close\r\n"},
      {"GET / HTTP/1.0\r\n", false, "Connection: close\r\n"},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n", true, "Connection: keep-alive\r\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.head);
    ServerFixture fixture;
    const std::string request = std::string(c.head) + "\r\n";
    const std::string one =
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + std::string(c.connection) + "\r\n";
    EXPECT_EQ(fixture.answers_to(request + request), c.stays ? one + one : one);
    EXPECT_FALSE(fixture.was_reset());
  }
}

TEST(ServeHttp1, TheLastRequestOfAConnectionIsToldSo) {
  ServerFixture fixture;
  fixture.config.requests_per_connection_max = 2;
  EXPECT_EQ(fixture.answers_to(std::string(get) + std::string(get) + std::string(get)),
            ok_answer("") + ok_answer("", true));
  EXPECT_EQ(fixture.handler.seen.size(), 2U);
}

TEST(ServeHttp1, AnAbsoluteTargetIsARequestLikeAnyOther) {
  ServerFixture fixture;
  EXPECT_EQ(fixture.answers_to("GET http://b/x?y HTTP/1.1\r\nHost: b\r\n\r\n"), ok_answer(""));
  EXPECT_EQ(fixture.handler.seen.at(0).target, "http://b/x?y");
}

TEST(ServeHttp1, ASmallUnreadBodyIsDrainedAndTheConnectionKept) {
  ServerFixture fixture(ignore_body);
  const std::string refused = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno";
  EXPECT_EQ(fixture.answers_to(post("GET /evil HTTP/1.1\r\nHost: a\r\n\r\n") + std::string(get)),
            refused + refused);
  ASSERT_EQ(fixture.handler.seen.size(), 2U);
  EXPECT_EQ(fixture.handler.seen[1].target, "/a");
}

TEST(ServeHttp1, ALargeUnreadBodyClosesTheConnectionOnceTheClientCouldRead) {
  for (const bool chunked : {false, true}) {
    ServerFixture fixture(ignore_body);
    const MonotonicTime began = fixture.loop().now();
    const std::string body(200'000, 'x');
    const std::string wire = chunked ? "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
                                       "\r\n\r\n30d40\r\n" +
                                           body + "\r\n0\r\n\r\n"
                                     : post(body);
    EXPECT_EQ(fixture.answers_to(wire + std::string(get)),
              "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    EXPECT_EQ(fixture.handler.seen.size(), 1U);
    EXPECT_FALSE(fixture.was_reset());
    EXPECT_TRUE(fixture.pair.to_server->waiting.empty());  // read and forgotten: no reset
    EXPECT_GE(age(fixture, began), fixture.config.linger_timeout);
  }
}

// --- refusals: the right status, the application's words, a close, and no request ---

struct Refused {
  std::string_view name, wire;
  StatusCode status;
};
const Refused refusals[] = {
    {"no version", "GET /\r\n\r\n", 400},
    {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"HTTP/3.0", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505},
    {"TLS hello", "\x16\x03\x01\x02\x01", 400},
    {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
    {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
    {"bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400},
    {"bare CR", "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", 400},
    {"folded line", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400},
    {"blank before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
    {"CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501},
    {"an unknown expectation", "GET / HTTP/1.1\r\nHost: a\r\nExpect: gold\r\n\r\n", 417},
    {"another coding",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
};

// Each could hide the second request from one of two servers.
const Refused smuggled[] = {
    {"length and chunked",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\n\r\n",
     400},
    {"chunked and length",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
     "0\r\n\r\n",
     400},
    {"two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n",
     400},
    {"two equal lengths",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", 400},
    {"a list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 0\r\n\r\n", 400},
    {"a signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n", 400},
    {"a negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
    {"a hex length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x0\r\n\r\n", 400},
    {"a huge length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n",
     400},
    {"a coding with a blank inside",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chun ked\r\n\r\n0\r\n\r\n", 400},
    {"a coding before a tab",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n", 400},
    {"chunked twice",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400},
    {"chunked on two lines",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
     "chunked\r\n\r\n"
     "0\r\n\r\n",
     400},
    {"chunked is not last",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400},
    {"chunked in HTTP/1.0",
     "POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
     "0\r\n\r\n",
     400},
    {"a blank before the colon of a length",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 0\r\n\r\n", 400},
    {"a length behind a bare LF", "POST / HTTP/1.1\r\nHost: a\r\nX: y\nContent-Length: 0\r\n\r\n",
     400},
    {"two authorities", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"a NUL in a name",
     std::string_view("POST / HTTP/1.1\r\nHost: a\r\nContent-Length\0: 0\r\n\r\n",
                      sizeof("POST / HTTP/1.1\r\nHost: a\r\nContent-Length\0: "
                             "0\r\n\r\n") -
                          1),
     400},
};

void expect_refused(const Refused& c) {
  const std::string wire = std::string(c.wire) + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t cut = 0; cut <= wire.size(); ++cut) {
    SCOPED_TRACE(::testing::Message() << c.name << ", cut at byte " << cut);
    ServerFixture fixture;
    fixture.pair.to_server->cut_at = cut;
    const std::string answer = fixture.answers_to(wire);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::to_string(c.status) + " ")) << answer;
    EXPECT_TRUE(
        answer.ends_with("\r\nContent-Type: application/json\r\nContent-Length: 19\r\n"
                         "Connection: close\r\n\r\n{\"error\":\"refused\"}"))
        << answer;
    EXPECT_TRUE(fixture.handler.seen.empty());
    ASSERT_EQ(fixture.handler.rejections.size(), 1U);
    EXPECT_EQ(fixture.handler.rejections[0].answer, c.status);
    EXPECT_FALSE(fixture.was_reset());
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(ServeHttp1, AMalformedRequestIsAnsweredAndClosed) {
  for (const Refused& c : refusals) expect_refused(c);
}

TEST(ServeHttp1, NoSecondRequestIsEverSmuggledIn) {
  for (const Refused& c : smuggled) expect_refused(c);
}

TEST(ServeHttp1, HeadsAreBounded) {
  const std::string many = [] {
    std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 200; ++i) head += "X: y\r\n";
    return head + "\r\n";
  }();
  const std::string long_target =
      "GET /" + std::string(9'000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string long_value = "GET / HTTP/1.1\r\nX: " + std::string(40'000, 'x');
  const Refused cases[] = {{"many headers", many, 431},
                           {"a long target", long_target, 414},
                           {"a long value", long_value, 431}};
  for (const Refused& c : cases) {
    SCOPED_TRACE(c.name);
    ServerFixture fixture;
    EXPECT_TRUE(fixture.answers_to(std::string(c.wire))
                    .starts_with("HTTP/1.1 " + std::to_string(c.status)));
    EXPECT_TRUE(fixture.handler.seen.empty());
  }
}

// Chunked bodies are judged while they are read: the handler learns of it, and nothing follows.
TEST(ServeHttp1, AMalformedChunkEndsTheConnectionWithTheHandlersAnswer) {
  for (const std::string_view chunks :
       {"5\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "-1\r\n", "5\r\nhelloX0\r\n\r\n",
        "ffffffffffffffff\r\n", "10000000000000000\r\n", "0\r\nContent-Length: 5\r\n\r\n",
        "0\r\nTransfer-Encoding: x\r\n\r\n", "0x5\r\nhello\r\n", "\r\n"}) {
    SCOPED_TRACE(chunks);
    ServerFixture fixture;
    const std::string answer =
        fixture.answers_to("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
                           std::string(chunks) + std::string(get));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
    ASSERT_EQ(fixture.handler.seen.size(), 1U);
    EXPECT_EQ(fixture.handler.seen[0].body_result.error().kind, ErrorKind::malformed);
  }
}

// --- time ---

TEST(ServeHttp1, AnIdleConnectionIsClosedInSilence) {
  ServerFixture fixture;
  const MonotonicTime began = fixture.loop().now();
  EXPECT_EQ(fixture.answers_to(std::string(get)), ok_answer(""));
  EXPECT_EQ(age(fixture, began), fixture.config.idle_timeout);
  EXPECT_FALSE(fixture.was_reset());
}

TEST(ServeHttp1, AConnectionThatNeverSendsIsClosedInSilenceWhenItsHeadIsDue) {
  for (const seconds idle : {seconds(75), seconds(3)}) {
    ServerFixture fixture;
    fixture.config.idle_timeout = idle;
    const MonotonicTime began = fixture.loop().now();
    EXPECT_EQ(fixture.answers_to(""), "");
    EXPECT_EQ(age(fixture, began), std::min<milliseconds>(idle, fixture.config.head_timeout));
    EXPECT_FALSE(fixture.was_reset());
  }
}

TEST(ServeHttp1, ASlowHeadIsAnswered408) {
  for (std::size_t size = 1; size < get.size(); size += 5) {
    ServerFixture fixture;
    const MonotonicTime began = fixture.loop().now();
    EXPECT_TRUE(
        fixture.answers_to(std::string(get.substr(0, size))).starts_with("HTTP/1.1 408 Request"));
    EXPECT_EQ(age(fixture, began), fixture.config.head_timeout + fixture.config.linger_timeout);
    EXPECT_TRUE(fixture.handler.seen.empty());
  }
}

// One byte a second: no single wait is long, the head is all the same.
Task<void> drip(ServerFixture& fixture, std::string_view wire, Duration gap) {
  for (const char c : wire) {
    if (fixture.pair.to_client->ended) co_return;
    fixture.send(std::string(1, c));
    co_await fixture.pause(gap);
  }
}

Task<void> send_after(ServerFixture& fixture, Duration pause, std::string wire) {
  co_await fixture.pause(pause);
  fixture.send(std::move(wire));
}

TEST(ServeHttp1, TheFirstHeadIsDueFromTheAcceptAndNotFromItsFirstByte) {
  ServerFixture fixture;
  const MonotonicTime began = fixture.loop().now();
  fixture.run(send_after(fixture, seconds(9), std::string(get.substr(0, 10))));
  EXPECT_TRUE(fixture.received().starts_with("HTTP/1.1 408 ")) << fixture.received();
  EXPECT_EQ(age(fixture, began), fixture.config.head_timeout + fixture.config.linger_timeout);
}

Task<void> send_half_a_head_late(ServerFixture& fixture) {
  fixture.send(std::string(get));
  co_await fixture.pause(seconds(60));
  fixture.send(std::string(get.substr(0, 10)));
  co_await fixture.pause(seconds(9));
  fixture.send(std::string(get.substr(10)));
}

TEST(ServeHttp1, ALaterHeadMayComeAfterALongPauseAndIsDueFromItsFirstByte) {
  ServerFixture fixture;
  fixture.run(send_half_a_head_late(fixture));
  EXPECT_EQ(fixture.received(), ok_answer("") + ok_answer(""));
}

TEST(ServeHttp1, AHeadThatDripsInIsAnswered408) {
  ServerFixture fixture;
  fixture.run(drip(fixture, get, seconds(1)));
  EXPECT_TRUE(fixture.received().starts_with("HTTP/1.1 408 "));
}

TEST(ServeHttp1, ABodyThatStopsIsGivenUpAndItsRestIsNoRequest) {
  for (const std::size_t cut : {std::size_t{0}, std::size_t{10}}) {
    ServerFixture fixture;
    const MonotonicTime began = fixture.loop().now();
    const std::string answer = fixture.answers_to(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n" + std::string(cut, 'x'));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
    EXPECT_GE(age(fixture, began), fixture.config.body_grace);
    EXPECT_LE(age(fixture, began),
              fixture.config.body_grace + fixture.config.linger_timeout + seconds(1));
    ASSERT_EQ(fixture.handler.seen.size(), 1U);
    EXPECT_EQ(fixture.handler.seen[0].body_result.error().kind, ErrorKind::deadline_exceeded);
    EXPECT_EQ(fixture.handler.seen[0].body_result.error().fault, Fault::client);
  }
}

// Half of a body arrives in place, the wait for the rest ends, and then it comes with what looks
// like a request behind it.
Task<void> send_rest_late(ServerFixture& fixture) {
  fixture.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
  const bool answered = co_await fixture.until_received("HTTP/1.1 400");
  EXPECT_TRUE(answered);
  fixture.send("56789" + std::string(get));
}

TEST(ServeHttp1, TheLateRestOfALostBodyIsNeverARequest) {
  ServerFixture fixture;
  fixture.run(send_rest_late(fixture));
  EXPECT_EQ(fixture.handler.seen.size(), 1U);
  EXPECT_NE(fixture.received().find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(fixture.received().find("200 OK"), std::string::npos);
}

Task<void> drip_body(ServerFixture& fixture, bool chunked, Duration gap) {
  fixture.send(chunked ? "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                       : "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
  for (int i = 0; i < 100 && !fixture.pair.to_client->ended; ++i) {
    fixture.send(chunked ? "1\r\nx\r\n" : "x");
    co_await fixture.pause(gap);
  }
  if (chunked) fixture.send("0\r\n\r\n");
}

TEST(ServeHttp1, ABodyBelowTheMinimumRateIsGivenUp) {
  for (const bool chunked : {false, true}) {
    ServerFixture fixture;
    fixture.run(drip_body(fixture, chunked, seconds(1)));
    ASSERT_EQ(fixture.handler.seen.size(), 1U);
    ASSERT_FALSE(fixture.handler.seen[0].body_result.has_value());
    EXPECT_EQ(fixture.handler.seen[0].body_result.error().kind, ErrorKind::deadline_exceeded);
  }
}

TEST(ServeHttp1, ABodyAboveTheMinimumRateMayTakeLong) {
  for (const bool chunked : {false, true}) {
    ServerFixture fixture;
    fixture.config.body_bytes_per_second_min = 1;
    fixture.config.body_grace = seconds(2);
    fixture.run(drip_body(fixture, chunked, milliseconds(900)));
    ASSERT_EQ(fixture.handler.seen.size(), 1U);
    EXPECT_EQ(fixture.handler.seen[0].body, std::string(100, 'x'));
  }
}

TEST(ServeHttp1, AMinimumRateOfZeroIsNone) {
  for (const bool chunked : {false, true}) {
    ServerFixture fixture;
    fixture.config.body_bytes_per_second_min = 0;
    fixture.run(drip_body(fixture, chunked, minutes(10)));
    ASSERT_EQ(fixture.handler.seen.size(), 1U);
    EXPECT_EQ(fixture.handler.seen[0].body, std::string(100, 'x'));
  }
}

Task<void> rush_then_stop(ServerFixture& fixture) {
  fixture.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nf4240\r\n" +
               std::string(1'000'000, 'x') + "\r\n");
  co_return;
}

TEST(ServeHttp1, BytesSentFastBuyNoLongSilence) {
  ServerFixture fixture;
  fixture.config.body_bytes_per_second_min = 1;
  const MonotonicTime began = fixture.loop().now();
  fixture.run(rush_then_stop(fixture));
  EXPECT_LE(age(fixture, began),
            fixture.config.body_grace + fixture.config.linger_timeout + seconds(1));
}

// --- clients that leave ---

Task<void> send_and_leave(ServerFixture& fixture, std::string wire) {
  fixture.send(std::move(wire));
  co_await fixture.pause(milliseconds(10));
  fixture.leave();
}

TEST(ServeHttp1, AClientThatLeavesInTheMiddleOfItsHeadIsForgotten) {
  for (std::size_t size = 0; size < get.size(); ++size) {
    ServerFixture fixture;
    const MonotonicTime began = fixture.loop().now();
    fixture.run(send_and_leave(fixture, std::string(get.substr(0, size))));
    EXPECT_EQ(fixture.received(), "");
    EXPECT_TRUE(fixture.handler.seen.empty());
    EXPECT_LT(age(fixture, began), seconds(1));
  }
}

TEST(ServeHttp1, AClientThatLeavesInTheMiddleOfItsBodyStopsTheHandler) {
  for (const std::string_view framing :
       {"Content-Length: 100000\r\n\r\nx", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    ServerFixture fixture;
    fixture.run(send_and_leave(fixture, "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(framing)));
    ASSERT_EQ(fixture.handler.seen.size(), 1U);
    EXPECT_TRUE(fixture.handler.seen[0].departed);
    EXPECT_FALSE(fixture.handler.seen[0].body_result.has_value());
  }
}

Task<void> think_for_an_hour(ring::Loop& loop, ServerExchange& exchange, SeenRequest& request) {
  request.answer_result =
      co_await ring::sleep_until(loop, loop.now() + std::chrono::hours(1), exchange.departed());
}

TEST(ServeHttp1, AClientThatLeavesWhileItsAnswerIsPreparedStopsTheHandler) {
  ServerFixture fixture;
  fixture.handler.act = [&fixture](ServerExchange& exchange, SeenRequest& request) {
    return think_for_an_hour(fixture.loop(), exchange, request);
  };
  const MonotonicTime began = fixture.loop().now();
  fixture.run(send_and_leave(fixture, std::string(get)));
  ASSERT_EQ(fixture.handler.seen.size(), 1U);
  EXPECT_TRUE(fixture.handler.seen[0].departed);
  EXPECT_LT(age(fixture, began), seconds(1));
}

// --- the server's own end ---

Task<void> drain_while_idle(ServerFixture& fixture) {
  fixture.send(std::string(get));
  const bool answered = co_await fixture.until_received("\r\n\r\n");
  EXPECT_TRUE(answered);
  co_await fixture.pause(seconds(1));
  fixture.drain.request_stop();
}

TEST(ServeHttp1, AnIdleConnectionClosesWhenTheServerDrains) {
  ServerFixture fixture;
  const MonotonicTime began = fixture.loop().now();
  fixture.run(drain_while_idle(fixture));
  EXPECT_EQ(fixture.received(), ok_answer(""));
  EXPECT_FALSE(fixture.was_reset());
  EXPECT_LT(age(fixture, began), seconds(2));
}

Task<void> drain_while_busy(ServerFixture& fixture) {
  fixture.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
  co_await fixture.pause(seconds(1));
  fixture.drain.request_stop();
  co_await fixture.pause(seconds(1));
  fixture.send("llo" + std::string(get));
}

TEST(ServeHttp1, ABusyConnectionFinishesItsExchangeWhenTheServerDrains) {
  ServerFixture fixture;
  fixture.run(drain_while_busy(fixture));
  EXPECT_EQ(fixture.received(), ok_answer("hello", true));
  EXPECT_EQ(fixture.handler.seen.size(), 1U);
}

Task<void> end_soon(ServerFixture& fixture, std::string wire) {
  fixture.send(std::move(wire));
  co_await fixture.pause(seconds(1));
  fixture.end.request_stop();
}

TEST(ServeHttp1, EveryStateEndsAtOnceWhenTheServerEnds) {
  for (const std::string_view wire :
       {std::string_view(""), get.substr(0, 10), get,
        std::string_view("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe"),
        std::string_view("nonsense\r\n\r\n")}) {
    SCOPED_TRACE(wire);
    ServerFixture fixture;
    const MonotonicTime began = fixture.loop().now();
    fixture.run(end_soon(fixture, std::string(wire)));
    EXPECT_LE(age(fixture, began), milliseconds(1'010));
    for (const SeenRequest& request : fixture.handler.seen) {
      if (request.method == "POST") {
        EXPECT_TRUE(request.departed);
      }
    }
  }
}

}  // namespace
}  // namespace sluice::http
