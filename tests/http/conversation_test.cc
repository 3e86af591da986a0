// Client side and server side of HTTP/1.1 talking over real and simulated sockets, with every fault
// a network has, over many seeds: no byte of a body is lost, doubled or moved; no request is seen
// that was not sent, or twice; an answer broken off never looks whole; every exchange ends; every
// buffer and descriptor comes home.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string>

#include "net/world.h"
#include "sluice/coro/scope.h"
#include "sluice/http/client_http1.h"
#include "sluice/http/server_http1.h"
#include "sluice/http/text.h"
#include "sluice/net/plain_stream.h"
#include "sluice/ring/acceptor.h"
#include "sluice/ring/connect.h"
#include "sluice/ring/sleep.h"

namespace sluice::http {
namespace {

using ring::sim::SimConfig;
using ring::sim::SimWorld;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// The byte at `position` of a body: a function, so that any piece can be checked alone.
char byte_at(std::uint64_t stream, std::uint64_t position) noexcept {
  const std::uint64_t mixed = (position + stream * 1'000'003) * 0x9e3779b97f4a7c15U;
  return static_cast<char>(mixed >> 56);
}

SliceChain make_bytes(Random& random, std::uint64_t stream, std::uint64_t position,
                      std::uint64_t size_bytes) {
  SliceChain chain;
  for (const std::uint64_t end = position + size_bytes; position < end;) {
    std::string text(random.between(1, end - position), '\0');
    for (char& c : text) c = byte_at(stream, position++);
    chain.push(Slice::take(std::move(text)));
  }
  return chain;
}

bool is_piece(std::uint64_t stream, std::uint64_t position, std::string_view bytes) noexcept {
  return std::all_of(bytes.begin(), bytes.end(),
                     [&](char c) { return c == byte_at(stream, position++); });
}

struct Plan {
  explicit Plan(std::uint64_t seed) : random(seed * 2 + 1) {}
  Random random;
  bool behaves = false;          // nobody gives up, aborts or says nothing
  std::set<std::uint64_t> sent;  // numbers of requests that somebody tried to send
  std::set<std::uint64_t> seen;  // ... that a handler saw
  std::uint64_t next_number = 1;
  std::uint64_t errors = 0;  // exchanges that failed
  std::uint64_t reused = 0;  // exchanges on a connection that had served before
  std::uint64_t breaches = 0;
};

void breach(Plan& plan, const char* what) {
  ++plan.breaches;
  ADD_FAILURE() << what;
}

std::uint64_t number_in(Plan& plan, const HeaderList& headers, std::string_view name) {
  const auto text = headers.value(name);
  const auto value = parse_decimal(text.value_or(""));
  if (!value) breach(plan, "a header was lost or changed");
  return value.value_or(0);
}

std::uint64_t draw_size(Random& random) {
  return random.chance(0.2) ? 0 : random.below(std::uint64_t{1} << random.between(1, 18));
}

// --- the server ---

class PlanHandler final : public Handler {
 public:
  PlanHandler(Plan& plan, ring::Loop& loop) : plan_(plan), loop_(loop) {}
  Task<void> handle(ServerExchange& exchange) override;
  RejectionBody rejected(const Rejection& rejection, const ring::SocketAddress&) override {
    if (rejection.answer != status::request_timeout) {
      breach(plan_, "a well-formed request was refused");
    }
    return {"text/plain", "refused"};
  }

 private:
  Task<bool> read_question(ServerExchange& exchange, std::uint64_t number);
  Task<void> say(ServerExchange& exchange, std::uint64_t number);
  Task<void> stream(ServerExchange& exchange, std::uint64_t number, std::uint64_t size,
                    bool breaks);
  Plan& plan_;
  ring::Loop& loop_;
};

Task<bool> PlanHandler::read_question(ServerExchange& exchange, std::uint64_t number) {
  const std::uint64_t size = number_in(plan_, exchange.head().headers, "x-size");
  if (plan_.random.chance(0.5)) {
    const Result<Slice> body = co_await exchange.read_whole_body(1 << 20, exchange.departed());
    if (!body) co_return false;
    if (body->size() != size || !is_piece(number, 0, body->view())) {
      breach(plan_, "a request's body is not what was sent");
    }
    co_return true;
  }
  std::uint64_t position = 0;
  while (true) {
    const Result<SliceChain> part = co_await exchange.read_body(exchange.departed());
    if (!part) co_return false;
    if (part->empty()) break;
    for (const Slice& slice : *part) {
      if (!is_piece(number, position, slice.view())) {
        breach(plan_, "bytes of a request's body were lost, doubled or moved");
      }
      position += slice.size();
    }
  }
  if (position != size) breach(plan_, "a cut request body looks whole");
  co_return true;
}

Task<void> PlanHandler::stream(ServerExchange& exchange, std::uint64_t number, std::uint64_t size,
                               bool breaks) {
  std::uint64_t position = 0;
  do {
    if (breaks && plan_.random.chance(0.3)) break;
    const std::uint64_t part = size == 0 ? 0 : plan_.random.between(1, size - position);
    const bool last = position + part == size && !breaks;
    const Result<void> written =
        co_await exchange.write(make_bytes(plan_.random, number + 1, position, part),
                                last ? More::no : More::yes, exchange.departed());
    if (!written) co_return;
    position += part;
  } while (position < size);
  if (breaks && plan_.random.chance(0.5)) exchange.abort();
}

Task<void> PlanHandler::say(ServerExchange& exchange, std::uint64_t number) {
  const std::uint64_t size = draw_size(plan_.random);
  const bool breaks = !plan_.behaves && plan_.random.chance(0.05);
  const std::string text = std::to_string(size);
  const Header own[] = {{"X-Size", text}, {"X-Breaks", breaks ? "1" : "0"}};
  const OutgoingResponse response{.fields = {.own = own}};
  if (!breaks && plan_.random.chance(0.4)) {
    static_cast<void>(co_await exchange.respond(
        response, make_bytes(plan_.random, number + 1, 0, size), exchange.departed()));
    co_return;
  }
  std::optional<std::uint64_t> length;
  if (plan_.random.chance(0.5)) length = breaks ? size + 1 : size;
  if (!exchange.start(response, length)) breach(plan_, "an answer could not begin");
  co_await stream(exchange, number, size, breaks);
}

Task<void> PlanHandler::handle(ServerExchange& exchange) {
  const std::uint64_t number = number_in(plan_, exchange.head().headers, "x-number");
  if (!plan_.sent.contains(number)) breach(plan_, "a request was seen that nobody sent");
  if (!plan_.seen.insert(number).second) breach(plan_, "a request was seen twice");
  if (exchange.head().path != "/" + std::to_string(number)) breach(plan_, "a target was changed");
  if (plan_.random.chance(0.1)) {
    static_cast<void>(co_await ring::sleep_until(
        loop_, loop_.now() + milliseconds(plan_.random.below(50)), exchange.departed()));
  }
  const bool reads = plan_.random.chance(0.9);
  if (reads && !co_await read_question(exchange, number)) co_return;
  if (!plan_.behaves && plan_.random.chance(0.02)) co_return;  // says nothing
  co_await say(exchange, number);
}

Task<void> serve_one(ring::Loop& loop, int fd, ring::ConnectionConfig connection, Handler& handler,
                     const ServerHttp1Config& config, ServerStops stops) {
  net::PlainStream stream(ring::Connection(loop, fd, connection));
  co_await serve_http1(loop, stream, handler, config, stops);
}

Task<void> serve(Plan& plan, ring::Loop& loop, ring::Acceptor& acceptor,
                 const ServerHttp1Config& config, StopToken accepting, ServerStops stops) {
  PlanHandler handler(plan, loop);
  Scope scope;
  while (true) {
    const Result<int> fd = co_await acceptor.accept(accepting);
    if (!fd) break;
    const ring::ConnectionConfig connection{.queue_bytes_max = std::size_t{1}
                                                               << plan.random.between(8, 16)};
    scope.spawn(serve_one(loop, *fd, connection, handler, config, stops));
  }
  co_await scope.join();
}

// --- the client ---

// The size of an answer read to its end.
Task<std::optional<std::uint64_t>> read_answer(Plan& plan, ring::Loop& loop,
                                               ClientHttp1::Exchange& exchange,
                                               std::uint64_t number, StopToken stop) {
  if (plan.random.chance(0.3)) {
    const Result<Slice> body = co_await exchange.read_whole_body(1 << 20, stop);
    if (!body) co_return std::nullopt;
    if (!is_piece(number + 1, 0, body->view())) breach(plan, "an answer is not what was sent");
    co_return body->size();
  }
  const bool slow = plan.random.chance(0.1);
  std::uint64_t position = 0;
  while (true) {
    const Result<SliceChain> part = co_await exchange.read_body(stop);
    if (!part) co_return std::nullopt;
    if (part->empty()) break;
    for (const Slice& slice : *part) {
      if (!is_piece(number + 1, position, slice.view())) {
        breach(plan, "bytes of an answer were lost, doubled or moved");
      }
      position += slice.size();
    }
    if (slow) {
      static_cast<void>(
          co_await ring::sleep_until(loop, loop.now() + milliseconds(plan.random.below(20)), stop));
    }
  }
  co_return position;
}

// Whether the exchange came to its end.
Task<bool> one_exchange(Plan& plan, ring::Loop& loop, ClientHttp1& connection, StopToken parent) {
  const std::uint64_t number = plan.next_number;
  plan.next_number += 2;  // the answer's bytes are those of number + 1
  plan.sent.insert(number);
  const bool impatient = !plan.behaves && plan.random.chance(0.05);
  ring::Deadline patience(
      loop, loop.now() + (impatient ? milliseconds(plan.random.below(100)) : minutes(30)), parent);
  const std::uint64_t size = draw_size(plan.random);
  const std::string number_text = std::to_string(number);
  const std::string size_text = std::to_string(size);
  const std::string target = "/" + number_text;
  const Header own[] = {{"X-Number", number_text}, {"X-Size", size_text}};
  const bool reused = connection.exchanges() > 0;
  ClientHttp1::Exchange exchange(connection);
  const auto head =
      co_await exchange.send({.target = target, .authority = "h", .fields = {.own = own}},
                             make_bytes(plan.random, number, 0, size), patience.token());
  if (!head) {
    const bool may_retry = head.error().retry == Retry::if_reused;
    if (may_retry && (!reused || exchange.bytes_in() > 0)) breach(plan, "a retry is not safe");
    if (may_retry && head.error().kind == ErrorKind::cancelled) breach(plan, "a cancelled retry");
    co_return false;
  }
  if (reused) ++plan.reused;
  if ((*head)->status == status::request_timeout) co_return false;  // a stall inside the head
  if ((*head)->status != status::ok) breach(plan, "an answer's status was changed");
  const std::uint64_t expected = number_in(plan, (*head)->headers, "x-size");
  const bool breaks = number_in(plan, (*head)->headers, "x-breaks") != 0;
  const auto size_read = co_await read_answer(plan, loop, exchange, number, patience.token());
  const bool ended = size_read.has_value();
  if (ended != exchange.complete()) breach(plan, "complete() is not what was read");
  if (ended && breaks) breach(plan, "an answer that was broken off looks whole");
  if (ended && *size_read != expected) breach(plan, "a cut answer looks whole");
  co_return ended;
}

Task<void> one_client(Plan& plan, ring::Loop& loop, ring::SocketAddress address,
                      std::uint64_t exchanges) {
  const ring::ConnectionConfig config{.queue_bytes_max = std::size_t{1}
                                                         << plan.random.between(8, 16)};
  ClientHttp1Config http;
  http.concurrent_send_bytes_min = 1U << plan.random.between(4, 12);  // fits into socket buffers
  int tries = 0;
  while (exchanges > 0 && ++tries < 30) {
    Result<ring::Connection> made = co_await ring::connect(loop, address, config, {});
    if (!made) continue;
    ClientHttp1 connection(loop, std::make_unique<net::PlainStream>(std::move(*made)), http);
    while (exchanges > 0 && connection.reusable()) {
      --exchanges;
      if (!co_await one_exchange(plan, loop, connection, {})) ++plan.errors;
      if (plan.random.chance(0.2)) {
        static_cast<void>(
            co_await ring::sleep_until(loop, loop.now() + milliseconds(plan.random.below(30)), {}));
      }
    }
  }
}

Task<void> clients(Plan& plan, ring::Loop& loop, ring::SocketAddress address) {
  Scope scope;
  for (std::uint64_t i = plan.random.between(1, 5); i > 0; --i) {
    scope.spawn(one_client(plan, loop, address, plan.random.between(1, 8)));
  }
  co_await scope.join();
}

Task<void> conversation(Plan& plan, ring::Loop& loop) {
  auto acceptor = ring::Acceptor::listen(loop, ring::SocketAddress::ipv4({127, 0, 0, 1}, 0), {});
  if (!acceptor) {
    breach(plan, "cannot listen");
    co_return;
  }
  ServerHttp1Config config;
  config.unread_body_bytes_max = std::uint64_t{1} << plan.random.between(0, 17);
  config.requests_per_connection_max = plan.random.chance(0.2) ? 3 : 0;
  if (plan.behaves) config.body_bytes_per_second_min = 0;
  StopSource accepting;
  StopSource end;
  StopSource drain(end.token());
  Scope server;
  server.spawn(serve(plan, loop, *acceptor, config, accepting.token(),
                     {.drain = drain.token(), .end = end.token()}));
  co_await clients(plan, loop, *acceptor->local_address());
  accepting.request_stop();
  (plan.random.chance(0.5) ? drain : end).request_stop();
  co_await server.join();
}

// --- a client that does not read its answer ---

class LargeAnswer final : public Handler {
 public:
  Task<void> handle(ServerExchange& exchange) override {
    Random random(1);
    result = co_await exchange.respond({}, make_bytes(random, 1, 0, 4'000'000), {});
  }
  RejectionBody rejected(const Rejection&, const ring::SocketAddress&) override { return {}; }
  Result<void> result{};
};

Task<void> ask_and_do_not_read(ring::Loop& loop, Handler& handler, const ServerHttp1Config& config,
                               Duration& took) {
  ring::testing::Pair pair = co_await ring::testing::connected_pair(loop, {.queue_bytes_max = 1});
  net::PlainStream client(std::move(pair.client));
  net::PlainStream server(std::move(pair.server));
  SliceChain request;
  request.push(Slice::of_static("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  static_cast<void>(co_await client.write(std::move(request), {}));
  const MonotonicTime began = loop.now();
  co_await serve_http1(loop, server, handler, config, {});
  took = loop.now() - began;
}

TEST(Conversation, AClientThatDoesNotReadItsAnswerIsLeft) {
  net::testing::SimulatedWorld world(1, SimConfig::calm());
  LargeAnswer handler;
  const ServerHttp1Config config;
  Duration took{};
  world.run(ask_and_do_not_read(world.loop(), handler, config, took));
  ASSERT_FALSE(handler.result.has_value());
  EXPECT_EQ(handler.result.error().kind, ErrorKind::deadline_exceeded);
  EXPECT_EQ(handler.result.error().fault, Fault::client);
  EXPECT_GE(took, config.write_stall_timeout);
  EXPECT_LT(took, config.write_stall_timeout + seconds(1));
}

struct Totals {
  std::uint64_t exchanges = 0;
  std::uint64_t errors = 0;
  std::uint64_t reused = 0;
  void add(const Plan& plan) {
    exchanges += plan.sent.size();
    errors += plan.errors;
    reused += plan.reused;
  }
};

bool failed() { return ::testing::Test::HasFailure(); }

TEST(Conversation, HoldsItsPromisesWhateverTheNetworkDoes) {
  Totals totals;
  ring::sim::for_each_seed(
      1, 600,
      [&](std::uint64_t seed) {
        SCOPED_TRACE(::testing::Message() << "SLUICE_SIM_SEED=" << seed);
        SimWorld world = SimWorld::drawn(seed);
        Plan plan(seed);
        ASSERT_EQ(world.run(conversation(plan, world.loop()), hours(24)), "");
        if (plan.breaches > 0) ADD_FAILURE() << world.backend().history().to_string(100);
        totals.add(plan);
      },
      failed);
  // Neither a network in which all breaks nor one in which nothing does shows much.
  if (std::getenv("SLUICE_SIM_SEED") == nullptr) {
    EXPECT_GT(totals.exchanges, 3 * totals.errors);
    EXPECT_GT(totals.errors, totals.exchanges / 50);
    EXPECT_GT(totals.reused, totals.exchanges / 10);
  }
}

TEST(Conversation, OnANetworkThatBreaksNothingEveryExchangeIsWhole) {
  Totals totals;
  ring::sim::for_each_seed(
      1, 200,
      [&](std::uint64_t seed) {
        SCOPED_TRACE(::testing::Message() << "SLUICE_SIM_SEED=" << seed);
        SimWorld world(seed, net::testing::rough_network());
        Plan plan(seed);
        plan.behaves = true;
        ASSERT_EQ(world.run(conversation(plan, world.loop()), hours(24)), "");
        EXPECT_EQ(plan.errors, 0U);
        totals.add(plan);
      },
      failed);
  EXPECT_EQ(totals.errors, 0U);
}

TEST(Conversation, IsTheSameOverRealSockets) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    net::testing::KernelWorld world;
    Plan plan(seed);
    plan.behaves = true;
    world.run(conversation(plan, world.loop()));
    EXPECT_EQ(plan.errors, 0U);
    EXPECT_EQ(plan.seen, plan.sent);
  }
}

}  // namespace
}  // namespace sluice::http
