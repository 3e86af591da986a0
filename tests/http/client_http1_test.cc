// A connection between exchanges: when it may be used again, and what its failures allow.
#include "sluice/http/client_http1.h"

#include <gtest/gtest.h>

#include "client_fixture.h"

namespace sluice::http {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Task<void> both(Task<void> a, Task<void> b) {
  Scope scope;
  scope.spawn(std::move(a));
  scope.spawn(std::move(b));
  co_await scope.join();
}

Task<void> exchanges_in_turn(ClientFixture& fixture, int count, Outcome& last) {
  for (int i = 0; i < count; ++i) {
    fixture.pair.to_client->put(std::string(ok));
    last = {};
    co_await fixture.exchange(last, "question");
    EXPECT_EQ(last.body, "ok");
    EXPECT_TRUE(last.reusable);
  }
}

TEST(ClientHttp1, ServesOneExchangeAfterTheOther) {
  ClientFixture fixture;
  Outcome last;
  fixture.run(exchanges_in_turn(fixture, 10, last));
  EXPECT_EQ(fixture.connection.exchanges(), 10U);
}

TEST(ClientHttp1, AnIdleConnectionThatThePeerTouchesIsNotReusable) {
  for (const bool ends : {false, true}) {
    ClientFixture fixture;
    Outcome last;
    fixture.run(exchanges_in_turn(fixture, 1, last));
    EXPECT_TRUE(fixture.connection.reusable());
    if (ends) {
      fixture.pair.to_client->end(false);
    } else {
      fixture.pair.to_client->put("HTTP/1.1 408 Request Timeout\r\n\r\n");
    }
    EXPECT_FALSE(fixture.connection.reusable());
  }
}

// Memory that says when its last slice is gone.
struct WatchedMemory : SliceOwner {
  WatchedMemory() : SliceOwner(&WatchedMemory::free) {}
  static void free(SliceOwner* owner) noexcept { static_cast<WatchedMemory*>(owner)->gone = true; }
  bool gone = false;
};

// Lifetime: the test owns `memory`.
Task<void> send_watched(ClientFixture& fixture, WatchedMemory& memory) {
  ClientHttp1::Exchange exchange(fixture.connection);
  SliceChain body;
  body.push(Slice("question", 8, &memory));
  const OutgoingRequest request{.method = "POST", .target = "/v1", .authority = "host"};
  const auto head = co_await exchange.send(request, std::move(body), {});
  EXPECT_TRUE(head.has_value());
  const Result<SliceChain> answer = co_await exchange.read_body({});
  EXPECT_TRUE(answer.has_value());
}

Task<void> answer_once_gone(ClientFixture& fixture, WatchedMemory& memory) {
  Scope scope;
  scope.spawn(send_watched(fixture, memory));
  co_await ring::sleep_until(fixture.loop(), fixture.loop().now() + seconds(1), {});
  EXPECT_TRUE(memory.gone);
  fixture.pair.to_client->put(std::string(ok));
  co_await scope.join();
}

TEST(ClientHttp1, WhatWasSentIsLetGoBeforeTheWaitForItsAnswer) {
  ClientFixture fixture;
  WatchedMemory memory;
  fixture.run(answer_once_gone(fixture, memory));
}

// --- whether a failed exchange may be tried again elsewhere ---

Task<void> reuse_then_break(ClientFixture& fixture, bool reused, std::string answer, bool by_reset,
                            Outcome& outcome) {
  if (reused) co_await exchanges_in_turn(fixture, 1, outcome);
  outcome = {};
  Scope scope;
  scope.spawn(fixture.exchange(outcome, "question"));
  if (!answer.empty()) fixture.pair.to_client->put(std::move(answer));
  fixture.pair.to_client->end(by_reset);
  co_await scope.join();
}

TEST(ClientHttp1, OnlyAReusedConnectionThatDiesBeforeAnyByteAllowsAnotherTry) {
  for (const bool reused : {false, true}) {
    for (const bool by_reset : {false, true}) {
      for (std::size_t size = 0; size < ok.size(); ++size) {
        SCOPED_TRACE(::testing::Message()
                     << "reused " << reused << ", reset " << by_reset << ", " << size << " bytes");
        ClientFixture fixture;
        Outcome outcome;
        fixture.run(
            reuse_then_break(fixture, reused, std::string(ok.substr(0, size)), by_reset, outcome));
        const Result<void>& result = outcome.sent ? outcome.read : outcome.sent;
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().kind,
                  by_reset ? ErrorKind::connection_reset : ErrorKind::connection_closed);
        EXPECT_EQ(result.error().retry, reused && size == 0 ? Retry::if_reused : Retry::never);
        EXPECT_FALSE(outcome.reusable);
      }
    }
  }
}

Task<void> reuse_then_cancel(ClientFixture& fixture, Outcome& outcome) {
  co_await exchanges_in_turn(fixture, 1, outcome);
  outcome = {};
  StopSource stop;
  Scope scope;
  scope.spawn(fixture.exchange(outcome, "question", stop.token()));
  stop.request_stop();
  co_await scope.join();
}

TEST(ClientHttp1, ACancelledExchangeAllowsNoOtherTry) {
  ClientFixture fixture;
  Outcome outcome;
  fixture.run(reuse_then_cancel(fixture, outcome));
  ASSERT_FALSE(outcome.sent.has_value());
  EXPECT_EQ(outcome.sent.error().kind, ErrorKind::cancelled);
  EXPECT_EQ(outcome.sent.error().retry, Retry::never);
  EXPECT_FALSE(outcome.reusable);
}

// The answer before was one byte longer than it said, and the byte came when the connection was in
// use again: what follows it is an answer in truth, and must not be taken for one.
TEST(ClientHttp1, AByteOfTheAnswerBeforeSpoilsTheNextAndAllowsNoOtherTry) {
  for (const std::string_view late : {"k", "\r\n", "HTTP/1.1 \n", "}"}) {
    SCOPED_TRACE(late);
    const std::string next = std::string(late) + std::string(ok);
    for (std::size_t cut = 1; cut <= next.size(); ++cut) {
      ClientFixture fixture;
      Outcome outcome;
      fixture.run(exchanges_in_turn(fixture, 1, outcome));
      outcome = {};
      fixture.pair.to_client->put(next.substr(0, cut));
      fixture.pair.to_client->end(false);
      fixture.run(fixture.exchange(outcome, "question"));
      ASSERT_FALSE(outcome.sent.has_value()) << "cut at " << cut;
      EXPECT_EQ(outcome.sent.error().retry, Retry::never) << "cut at " << cut;
      EXPECT_FALSE(outcome.reusable);
      if (cut == next.size()) {
        EXPECT_EQ(outcome.sent.error().kind, ErrorKind::malformed);
      }
    }
  }
}

// --- cancellation at every await ---

Task<void> answer_byte_by_byte(ClientFixture& fixture, std::string wire) {
  for (const char c : wire) {
    static_cast<void>(
        co_await ring::sleep_until(fixture.loop(), fixture.loop().now() + seconds(1), {}));
    fixture.pair.to_client->put(std::string(1, c));
  }
}

Task<void> read_on_after_a_bad_chunk(ClientFixture& fixture) {
  ClientHttp1::Exchange exchange(fixture.connection);
  const OutgoingRequest request{.method = "GET", .target = "/v1", .authority = "host"};
  const auto head = co_await exchange.send(request, {}, {});
  EXPECT_TRUE(head.has_value());
  const Result<SliceChain> bad = co_await exchange.read_body({});
  EXPECT_TRUE(!bad && bad.error().kind == ErrorKind::malformed);
  const Result<SliceChain> more = co_await exchange.read_body({});
  EXPECT_TRUE(!more && more.error().kind == ErrorKind::connection_closed);
  EXPECT_FALSE(exchange.complete());
}

TEST(ClientHttp1, ABodyWithABadChunkIsNotReadOn) {
  ClientFixture fixture;
  fixture.pair.to_client->put(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n2\r\nok\r\n0\r\n\r\n");
  fixture.run(read_on_after_a_bad_chunk(fixture));
  EXPECT_FALSE(fixture.connection.reusable());
}

Task<void> exchange_until(ClientFixture& fixture, Duration bound,
                          std::optional<std::size_t> whole_bytes_max, Outcome& outcome) {
  ring::Deadline deadline(fixture.loop(), fixture.loop().now() + bound, {});
  co_await fixture.exchange(outcome, "question", deadline.token(), "POST", whole_bytes_max);
}

TEST(ClientHttp1, CancelledAtAnyAwaitAConnectionCanOnlyBeClosed) {
  const std::string wires[] = {
      std::string(ok), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"};
  for (const std::string& wire : wires) {
    for (const auto& whole : {std::optional<std::size_t>(), std::optional<std::size_t>(100)}) {
      for (std::size_t bytes = 0; bytes <= wire.size(); ++bytes) {
        SCOPED_TRACE(::testing::Message() << bytes << " bytes of " << wire);
        ClientFixture fixture;
        Outcome outcome;
        const Duration bound = seconds(bytes) + milliseconds(500);
        fixture.run(both(exchange_until(fixture, bound, whole, outcome),
                         answer_byte_by_byte(fixture, wire)));
        if (bytes == wire.size()) {
          EXPECT_EQ(outcome.body, "ok");
          EXPECT_TRUE(outcome.reusable);
          continue;
        }
        const Result<void>& result = outcome.sent ? outcome.read : outcome.sent;
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().kind, ErrorKind::cancelled);
        EXPECT_FALSE(outcome.complete);
        EXPECT_FALSE(outcome.reusable);
      }
    }
  }
}

TEST(ClientHttp1DeathTest, AnExchangeNeedsAConnectionThatIsFree) {
  ClientFixture fixture;
  ClientHttp1::Exchange first(fixture.connection);
  EXPECT_DEATH(ClientHttp1::Exchange second(fixture.connection), "busy_");
}

}  // namespace
}  // namespace sluice::http
