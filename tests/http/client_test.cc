// One exchange as its caller sees it: the request on the wire, and every kind of answer.
#include "sluice/http/client.h"

#include <gtest/gtest.h>

#include <array>

#include "client_fixture.h"

namespace sluice::http {
namespace {

using namespace testing;
using std::chrono::seconds;

// --- the request ---

TEST(ClientExchange, ARequestIsFramedByItsMethodAndBody) {
  const struct {
    std::string_view method, body, wire;
  } cases[] = {
      {"POST", "hello", "POST /v1 HTTP/1.1\r\nHost: host\r\nContent-Length: 5\r\n\r\nhello"},
      {"POST", "", "POST /v1 HTTP/1.1\r\nHost: host\r\nContent-Length: 0\r\n\r\n"},
      {"GET", "", "GET /v1 HTTP/1.1\r\nHost: host\r\n\r\n"},
      {"DELETE", "", "DELETE /v1 HTTP/1.1\r\nHost: host\r\n\r\n"},
      {"DELETE", "x", "DELETE /v1 HTTP/1.1\r\nHost: host\r\nContent-Length: 1\r\n\r\nx"},
  };
  for (const auto& c : cases) {
    ClientFixture fixture;
    fixture.pair.to_client->put("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    Outcome outcome;
    fixture.run(fixture.exchange(outcome, std::string(c.body), {}, c.method));
    EXPECT_EQ(fixture.request(), c.wire);
    EXPECT_EQ(fixture.pair.to_server->writes, 1U);  // head and body in one
  }
}

Task<void> send_bad_then_good(ClientFixture& fixture, Outcome& outcome) {
  for (const std::string_view evil : {"a\r\nX: y", "a\nb", "\r\n\r\nGET /evil HTTP/1.1\r\n\r\n"}) {
    const std::array<Header, 1> own{{{"X", evil}}};
    const OutgoingRequest requests[] = {{.authority = "h", .fields = {.own = own}},
                                        {.authority = evil},
                                        {.target = evil, .authority = "h"},
                                        {.method = evil, .authority = "h"}};
    for (const OutgoingRequest& request : requests) {
      ClientHttp1::Exchange exchange(fixture.connection);
      const auto head = co_await exchange.send(request, {}, {});
      EXPECT_FALSE(head.has_value());
      EXPECT_EQ(head.error().kind, ErrorKind::invalid);
      EXPECT_EQ(head.error().fault, Fault::gateway);
    }
  }
  EXPECT_EQ(fixture.request(), "");
  EXPECT_TRUE(fixture.connection.reusable());
  EXPECT_EQ(fixture.connection.exchanges(), 0U);
  fixture.pair.to_client->put("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  co_await fixture.exchange(outcome, "", {}, "GET");
}

TEST(ClientExchange, NothingCanBeInjectedAndARefusedRequestLeavesTheConnectionAsItWas) {
  ClientFixture fixture;
  Outcome outcome;
  fixture.run(send_bad_then_good(fixture, outcome));
  EXPECT_EQ(outcome.body, "ok");
  EXPECT_EQ(fixture.request(), "GET /v1 HTTP/1.1\r\nHost: host\r\n\r\n");
}

// --- the answer ---

struct AnswerCase {
  std::string_view name, wire, method;
  StatusCode status;
  std::string_view body;
  bool ends;      // the provider closes behind it
  bool reusable;  // afterwards
};
const AnswerCase answers[] = {
    {"a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "GET", 200, "hello", false,
     true},
    {"a length of zero", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "GET", 200, "", false,
     true},
    {"chunks",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX: "
     "y\r\n\r\n",
     "GET", 200, "hello", false, true},
    {"until close", "HTTP/1.1 200 OK\r\n\r\nhello", "GET", 200, "hello", true, false},
    {"until close, nothing", "HTTP/1.1 200 OK\r\n\r\n", "GET", 200, "", true, false},
    {"HTTP/1.0 with a length", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "GET", 200,
     "hello", false, false},
    {"HTTP/1.0 kept alive",
     "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", "GET", 200,
     "hello", false, true},
    {"close wanted", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
     "GET", 200, "hello", false, false},
    {"to HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", 200, "", false, true},
    {"to HEAD, chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD", 200, "",
     false, true},
    {"204", "HTTP/1.1 204 No Content\r\n\r\n", "GET", 204, "", false, true},
    {"204 that declares a body", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "GET", 204,
     "", false, false},
    {"304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET", 304, "", false, true},
    {"interim answers first",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
     "HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx",
     "POST", 201, "x", false, true},
    {"bytes behind the answer", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200",
     "GET", 200, "hello", false, false},
    {"bytes behind the last chunk",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nx", "GET", 200, "x",
     false, false},
    {"bytes behind no body", "HTTP/1.1 204 No Content\r\n\r\nx", "GET", 204, "", false, false},
};

TEST(ClientExchange, ReadsTheSameAnswerWhereverItIsCut) {
  for (const AnswerCase& c : answers) {
    for (const auto& whole : {std::optional<std::size_t>(), std::optional<std::size_t>(100)}) {
      for (std::size_t cut = 0; cut <= c.wire.size() + 1; ++cut) {
        SCOPED_TRACE(::testing::Message() << c.name << ", cut at byte " << cut);
        ClientFixture fixture;
        fixture.pair.to_client->cut_at = cut;
        if (cut > c.wire.size()) fixture.pair.to_client->chunk_max = 1;
        const Outcome outcome = fixture.outcome_of(std::string(c.wire), c.ends, c.method, whole);
        EXPECT_TRUE(outcome.sent.has_value());
        EXPECT_TRUE(outcome.read.has_value());
        EXPECT_TRUE(outcome.complete);
        EXPECT_EQ(outcome.status, c.status);
        EXPECT_EQ(outcome.body, c.body);
        EXPECT_EQ(outcome.reusable, c.reusable);
        if (HasFailure()) return;
      }
    }
  }
}

TEST(ClientExchange, AnAnswerCutOffIsNeverWhole) {
  for (const AnswerCase& c : answers) {
    if (c.name.starts_with("until close") || c.name.starts_with("bytes behind")) continue;
    for (const auto& whole : {std::optional<std::size_t>(), std::optional<std::size_t>(100)}) {
      for (std::size_t size = 0; size < c.wire.size(); ++size) {
        SCOPED_TRACE(::testing::Message() << c.name << ", " << size << " bytes");
        ClientFixture fixture;
        const Outcome outcome =
            fixture.outcome_of(std::string(c.wire.substr(0, size)), true, c.method, whole);
        const Result<void>& result = outcome.sent ? outcome.read : outcome.sent;
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().kind, ErrorKind::connection_closed);
        EXPECT_EQ(result.error().fault, Fault::provider);
        EXPECT_EQ(result.error().retry, Retry::never);
        EXPECT_FALSE(outcome.complete);
        EXPECT_FALSE(outcome.reusable);
      }
    }
  }
}

TEST(ClientExchange, AMalformedAnswerIsTheProvidersFault) {
  const std::string_view wires[] = {
      "nonsense\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/2 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
  };
  for (const std::string_view wire : wires) {
    SCOPED_TRACE(wire);
    ClientFixture fixture;
    const Outcome outcome = fixture.outcome_of(std::string(wire), false);
    const Result<void>& result = outcome.sent ? outcome.read : outcome.sent;
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().fault, Fault::provider);
    EXPECT_EQ(result.error().retry, Retry::never);
    EXPECT_FALSE(outcome.reusable);
  }
}

TEST(ClientExchange, HeadsAndInterimAnswersAreBounded) {
  ClientFixture large;
  const Outcome too_large =
      large.outcome_of("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'), false);
  EXPECT_FALSE(too_large.sent.has_value());
  std::string interim;
  for (int i = 0; i < 17; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  ClientFixture many;
  const Outcome too_many = many.outcome_of(interim + answer, false);
  ASSERT_FALSE(too_many.sent.has_value());
  EXPECT_EQ(too_many.sent.error().kind, ErrorKind::malformed);
  ClientFixture fewer;
  EXPECT_TRUE(fewer.outcome_of(interim.substr(25) + answer, false).sent.has_value());
}

TEST(ClientExchange, AWholeBodyIsBounded) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  for (const std::string& wire : {head + "Content-Length: 11\r\n\r\n0123456789a",
                                  head + "Content-Length: 9223372036854775807\r\n\r\n0",
                                  head + "Transfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0",
                                  head + "\r\n0123456789a"}) {
    SCOPED_TRACE(wire);
    ClientFixture fixture;
    const Outcome outcome = fixture.outcome_of(wire, true, "GET", 10);
    ASSERT_FALSE(outcome.read.has_value());
    EXPECT_EQ(outcome.read.error().kind, ErrorKind::too_large);
    EXPECT_EQ(outcome.read.error().fault, Fault::provider);
    EXPECT_FALSE(outcome.reusable);
  }
}

// --- times ---

Task<void> answer_in_pieces(ClientFixture& fixture) {
  for (const char* piece : {"HTTP/1.1 200", " OK\r\nContent-Length: 2\r\n\r\n", "o", "k"}) {
    static_cast<void>(
        co_await ring::sleep_until(fixture.loop(), fixture.loop().now() + seconds(1), {}));
    fixture.pair.to_client->put(piece);
  }
}

Task<void> note_times(ClientFixture& fixture, std::vector<int>& times) {
  const MonotonicTime began = fixture.loop().now();
  const auto second = [began](MonotonicTime time) {
    return static_cast<int>((time - began) / seconds(1));
  };
  ClientHttp1::Exchange exchange(fixture.connection);
  const auto head = co_await exchange.send({.method = "GET", .authority = "h"}, {}, {});
  EXPECT_TRUE(head.has_value());
  const Result<Slice> body = co_await exchange.read_whole_body(10, {});
  EXPECT_TRUE(body.has_value());
  times = {second(exchange.first_byte_at()), second(fixture.loop().now())};
  EXPECT_EQ(exchange.bytes_out(), fixture.pair.to_server->bytes_total);
  EXPECT_EQ(exchange.bytes_in(), fixture.pair.to_client->bytes_total);
}

Task<void> both(Task<void> a, Task<void> b) {
  Scope scope;
  scope.spawn(std::move(a));
  scope.spawn(std::move(b));
  co_await scope.join();
}

TEST(ClientExchange, KnowsItsTimesAndBytes) {
  ClientFixture fixture;
  std::vector<int> times;
  fixture.run(both(note_times(fixture, times), answer_in_pieces(fixture)));
  EXPECT_EQ(times, (std::vector<int>{1, 4}));
}

}  // namespace
}  // namespace sluice::http
