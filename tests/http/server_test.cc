// One exchange as its handler sees it: the request's body, the answer, and what goes on the wire.
#include "sluice/http/server.h"

#include <gtest/gtest.h>

#include <array>

#include "server_fixture.h"

namespace sluice::http {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct BodyCase {
  std::string_view name, wire, body;
};
const BodyCase body_cases[] = {
    {"none", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", ""},
    {"a length", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "hello"},
    {"a length of zero", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", ""},
    {"chunks",
     "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nX: y\r\n\r\n",
     "hello"},
    {"no chunks", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""},
    {"empty lines before the request",
     "\r\n\r\nPOST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "hello"},
};

// Reads part by part, so that the parts of a cut body are seen.
Task<void> echo_parts(ServerExchange& exchange, SeenRequest& request) {
  while (true) {
    Result<SliceChain> part = co_await exchange.read_body(exchange.departed());
    if (!part) {
      request.body_result = fail(part.error());
      co_return;
    }
    if (part->empty()) break;
    request.body += part->to_string();
  }
  co_await answer(exchange, request, status::ok, request.body);
}

TEST(ServerExchange, ReadsTheSameBodyWhereverTheReadIsCut) {
  for (const BodyCase& c : body_cases) {
    for (const auto& act : {echo, echo_parts}) {
      for (std::size_t cut = 0; cut <= c.wire.size(); ++cut) {
        SCOPED_TRACE(::testing::Message() << c.name << ", cut at byte " << cut);
        ServerFixture fixture(act);
        fixture.pair.to_server->cut_at = cut;
        const std::string twice = std::string(c.wire) + std::string(c.wire);
        EXPECT_EQ(fixture.answers_to(twice), ok_answer(c.body) + ok_answer(c.body));
        ASSERT_EQ(fixture.handler.seen.size(), 2U);
        EXPECT_EQ(fixture.handler.seen[0].body, c.body);
        EXPECT_EQ(fixture.handler.seen[1].target, "/x");
      }
    }
  }
}

TEST(ServerExchange, ReadsTheSameBodyByteByByte) {
  for (const BodyCase& c : body_cases) {
    SCOPED_TRACE(c.name);
    ServerFixture fixture;
    fixture.pair.to_server->chunk_max = 1;
    EXPECT_EQ(fixture.answers_to(std::string(c.wire) + std::string(c.wire)),
              ok_answer(c.body) + ok_answer(c.body));
  }
}

TEST(ServerExchange, ALargeBodyComesWholeWithPaddingBehindIt) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{70'000}, std::size_t{3'000'000}}) {
    ServerFixture fixture;
    const std::string body = net::testing::pattern(size);
    fixture.pair.to_server->chunk_max = 50'000;
    const std::string answer =
        fixture.answers_to("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) +
                           "\r\n\r\n" + body);
    ASSERT_EQ(fixture.handler.seen.size(), 1U);
    EXPECT_TRUE(fixture.handler.seen[0].body == body);
    EXPECT_TRUE(answer == ok_answer(body));
  }
}

Task<void> read_at_most_ten(ServerExchange& exchange, SeenRequest& request) {
  const Result<Slice> body = co_await exchange.read_whole_body(10, exchange.departed());
  if (!body) request.body_result = fail(body.error());
  co_await answer(exchange, request, body ? status::ok : status::content_too_large, "");
}

TEST(ServerExchange, AWholeBodyIsBounded) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n";
  const struct {
    std::string wire;
    bool fits;
  } cases[] = {
      {head + "Content-Length: 10\r\n\r\n0123456789", true},
      {head + "Content-Length: 11\r\n\r\n0123456789a", false},
      {head + "Content-Length: 9223372036854775807\r\n\r\n0123456789a", false},
      {head + "Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n", true},
      {head + "Transfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n", false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.wire);
    ServerFixture fixture(read_at_most_ten);
    const std::string answer = fixture.answers_to(c.wire);
    ASSERT_EQ(fixture.handler.seen.size(), 1U);
    EXPECT_EQ(fixture.handler.seen[0].body_result.has_value(), c.fits);
    if (!c.fits) {
      EXPECT_EQ(fixture.handler.seen[0].body_result.error().kind, ErrorKind::too_large);
      EXPECT_EQ(fixture.handler.seen[0].body_result.error().fault, Fault::client);
    }
    EXPECT_TRUE(answer.starts_with(c.fits ? "HTTP/1.1 200" : "HTTP/1.1 413")) << answer;
  }
}

// --- 100 Continue ---

constexpr std::string_view expecting =
    "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

Task<void> send_body_when_told(ServerFixture& fixture) {
  fixture.send(std::string(expecting));
  const bool told = co_await fixture.until_received(continue_line);
  EXPECT_TRUE(told);
  fixture.send("he");
  co_await fixture.pause(milliseconds(5));
  fixture.send("llo");
}

TEST(ServerExchange, AClientThatWaitsForContinueIsToldOnce) {
  for (const auto& act : {echo, echo_parts}) {
    ServerFixture fixture(act);
    fixture.run(send_body_when_told(fixture));
    EXPECT_EQ(fixture.received(), std::string(continue_line) + ok_answer("hello"));
  }
}

TEST(ServerExchange, AClientWhoseBodyIsAlreadyThereIsNotToldToContinue) {
  ServerFixture fixture;
  EXPECT_EQ(fixture.answers_to(std::string(expecting) + "hello"), ok_answer("hello"));
}

TEST(ServerExchange, ARefusedClientIsNotToldToContinueAndTheConnectionCloses) {
  ServerFixture fixture(ignore_body);
  EXPECT_EQ(fixture.answers_to(std::string(expecting)),
            "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
}

// --- what the answer is on the wire ---

Task<void> stream_three(ServerExchange& exchange, SeenRequest& request) {
  const Header own[] = {{"X-A", "b"}};
  Result<void> begun = exchange.start({.status = status::ok, .fields = {.own = own}}, std::nullopt);
  EXPECT_TRUE(begun.has_value());
  for (const char* text : {"one", "two"}) {
    const Result<void> written =
        co_await exchange.write(chain_of(text), More::yes, exchange.departed());
    EXPECT_TRUE(written.has_value());
  }
  request.answer_result = co_await exchange.write(chain_of("three"), More::no, exchange.departed());
  EXPECT_TRUE(exchange.finished());
}

TEST(ServerExchange, AnAnswerOfUnknownLengthIsChunked) {
  ServerFixture fixture(stream_three);
  EXPECT_EQ(fixture.answers_to("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n");
  EXPECT_EQ(fixture.pair.to_client->writes, 3U);  // head and first bytes, last bytes and end: one
}

TEST(ServerExchange, AnAnswerOfUnknownLengthEndsWithTheConnectionForAnOldClient) {
  ServerFixture fixture(stream_three);
  EXPECT_EQ(fixture.answers_to("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nX-A: b\r\nConnection: close\r\n\r\nonetwothree");
  EXPECT_FALSE(fixture.was_reset());
}

TEST(ServerExchange, HeadGetsTheHeadAlone) {
  ServerFixture fixture(stream_three);
  EXPECT_EQ(fixture.answers_to("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n");
  ServerFixture whole([](ServerExchange& exchange, SeenRequest& request) {
    return answer(exchange, request, status::ok, "hello");
  });
  EXPECT_EQ(whole.answers_to("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  ServerFixture old(stream_three);
  EXPECT_EQ(old.answers_to("HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nX-A: b\r\nConnection: keep-alive\r\n\r\n");
}

Task<void> declare_length_to_head(ServerExchange& exchange, SeenRequest& request) {
  Result<void> begun = exchange.start({.status = status::ok}, 1234);
  EXPECT_TRUE(begun.has_value());
  request.answer_result = co_await exchange.write({}, More::no, exchange.departed());
}

TEST(ServerExchange, HeadMayBeToldALengthThatIsNotWritten) {
  ServerFixture fixture(declare_length_to_head);
  EXPECT_EQ(fixture.answers_to("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
}

Task<void> stream_no_content(ServerExchange& exchange, SeenRequest& request) {
  const StatusCode status =
      exchange.head().target == "/304" ? status::not_modified : status::no_content;
  Result<void> begun = exchange.start({.status = status}, std::nullopt);
  EXPECT_TRUE(begun.has_value());
  request.answer_result = co_await exchange.write(chain_of("x"), More::no, exchange.departed());
}

TEST(ServerExchange, AnswersWithoutContentHaveNeitherFramingNorBody) {
  ServerFixture fixture(stream_no_content);
  EXPECT_EQ(fixture.answers_to("GET /204 HTTP/1.1\r\nHost: a\r\n\r\n"
                               "GET /304 HTTP/1.1\r\nHost: a\r\n\r\n"),
            "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n");
}

// A header's value, a reason or a status that would break the message; then an answer after all.
Task<void> try_to_inject(ServerExchange& exchange, SeenRequest& request) {
  for (const std::string_view evil :
       {"a\r\nX-Evil: b", "a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "a\nb"}) {
    const std::array<Header, 1> value{{{"X", evil}}};
    const std::array<Header, 1> name{{{evil, "x"}}};
    EXPECT_FALSE(exchange.start({.fields = {.own = value}}, 0).has_value());
    EXPECT_FALSE(exchange.start({.fields = {.own = name}}, 0).has_value());
    EXPECT_FALSE(exchange.start({.reason = evil}, 0).has_value());
  }
  for (const StatusCode code :
       {StatusCode{100}, StatusCode{199}, StatusCode{0}, StatusCode{1000}}) {
    EXPECT_FALSE(exchange.start({.status = code}, 0).has_value());
  }
  EXPECT_FALSE(exchange.started());
  co_await answer(exchange, request, status::ok, "clean");
}

TEST(ServerExchange, NothingCanBeInjectedIntoAHead) {
  ServerFixture fixture(try_to_inject);
  EXPECT_EQ(fixture.answers_to("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), ok_answer("clean"));
}

Task<void> forward_dated(ServerExchange& exchange, SeenRequest& request) {
  HeaderList from;
  from.add("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
  const OutgoingFields fields{
      .forwarded = &from,
      .dropped = exchange.head().target == "/drop" ? FieldNames{FieldName::date} : FieldNames{}};
  request.answer_result =
      co_await exchange.respond({.fields = fields}, SliceChain{}, exchange.departed());
}

TEST(ServerExchange, EveryAnswerHasOneDate) {
  for (const std::string_view target : {"/keep", "/drop"}) {
    ServerFixture fixture(forward_dated);
    static_cast<void>(
        fixture.answers_to("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n"));
    const std::string& wire = fixture.pair.to_client->waiting;
    const bool forwarded = wire.find("06 Nov 1994") != std::string::npos;
    EXPECT_EQ(forwarded, target == "/keep");
    EXPECT_EQ(wire.find("Date: "), wire.rfind("Date: "));
    EXPECT_NE(wire.find("Date: "), std::string::npos);
  }
}

// --- answers that do not end well ---

Task<void> say_nothing(ServerExchange&, SeenRequest&) { co_return; }

Task<void> stop_half_way(ServerExchange& exchange, SeenRequest& request) {
  Result<void> begun = exchange.start({}, 100);
  EXPECT_TRUE(begun.has_value());
  request.answer_result = co_await exchange.write(chain_of("half"), More::yes, exchange.departed());
}

Task<void> abort_half_way(ServerExchange& exchange, SeenRequest& request) {
  Result<void> begun = exchange.start({}, std::nullopt);
  EXPECT_TRUE(begun.has_value());
  static_cast<void>(co_await exchange.write(chain_of("half"), More::yes, exchange.departed()));
  exchange.abort();
  request.answer_result = co_await exchange.write(chain_of("x"), More::no, exchange.departed());
}

TEST(ServerExchange, AHandlerThatSaysNothingEndsTheConnectionWithoutAByte) {
  ServerFixture fixture(say_nothing);
  EXPECT_EQ(
      fixture.answers_to("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), "");
  EXPECT_EQ(fixture.handler.seen.size(), 1U);
}

TEST(ServerExchange, HalfAnAnswerIsAReset) {
  ServerFixture half(stop_half_way);
  EXPECT_TRUE(half.answers_to("GET / HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("\r\n\r\nhalf"));
  EXPECT_TRUE(half.was_reset());

  ServerFixture aborted(abort_half_way);
  EXPECT_TRUE(aborted.answers_to("GET / HTTP/1.0\r\n\r\n").ends_with("\r\n\r\nhalf"));
  EXPECT_TRUE(aborted.was_reset());
  EXPECT_FALSE(aborted.handler.seen[0].answer_result.has_value());
}

// --- what it knows of the request ---

Task<void> note_times(ServerExchange& exchange, SeenRequest& request) {
  request.target = std::to_string((exchange.head_at() - exchange.began_at()) / milliseconds(1));
  Result<Slice> body = co_await exchange.read_whole_body(100, exchange.departed());
  EXPECT_TRUE(body.has_value());
  co_await answer(exchange, request, status::ok, "hello");
  request.body = std::to_string(exchange.bytes_in()) + " " + std::to_string(exchange.bytes_out());
}

Task<void> send_slowly(ServerFixture& fixture) {
  fixture.send("POST / HTTP/1.1\r\nHost: a\r\n");
  co_await fixture.pause(seconds(3));
  fixture.send("Content-Length: 5\r\n\r\nhello");
}

TEST(ServerExchange, KnowsItsTimesAndBytes) {
  ServerFixture fixture(note_times);
  fixture.run(send_slowly(fixture));
  ASSERT_EQ(fixture.handler.seen.size(), 1U);
  EXPECT_EQ(fixture.handler.seen[0].target, "3000");
  const std::size_t request_bytes =
      std::string_view("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello").size();
  EXPECT_EQ(fixture.handler.seen[0].body, std::to_string(request_bytes) + " " +
                                              std::to_string(fixture.pair.to_client->bytes_total));
}

}  // namespace
}  // namespace sluice::http
