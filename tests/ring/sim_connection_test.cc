// Connections, acceptors and connects over the simulated network, with every fault, over many
// seeds: no byte is lost, duplicated or reordered up to an error; every operation ends; what a slow
// reader keeps is bounded; a departure is noticed.
#include <gtest/gtest.h>

#include <cerrno>
#include <optional>

#include "sluice/coro/race.h"
#include "sluice/coro/scope.h"
#include "sluice/ring/acceptor.h"
#include "sluice/ring/connect.h"
#include "sluice/ring/connection.h"
#include "sluice/ring/sim/sim_world.h"
#include "sluice/ring/sleep.h"

namespace sluice::ring::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// The byte at `position` of stream `stream`: a function, so that any piece can be checked alone.
char byte_at(std::uint64_t stream, std::uint64_t position) noexcept {
  const std::uint64_t mixed = (position + stream * 1'000'003) * 0x9e3779b97f4a7c15U;
  return static_cast<char>(mixed >> 56);
}

SliceChain make_chunk(Random& random, std::uint64_t stream, std::uint64_t position,
                      std::size_t size_bytes) {
  SliceChain chain;
  const std::uint64_t end = position + size_bytes;
  while (position < end) {
    const std::uint64_t part = random.between(1, end - position);
    std::string text(part, '\0');
    for (char& c : text) c = byte_at(stream, position++);
    chain.push(Slice::take(std::move(text)));
  }
  return chain;
}

bool is_piece(std::uint64_t stream, std::uint64_t position, std::string_view bytes) noexcept {
  for (const char c : bytes) {
    if (c != byte_at(stream, position++)) return false;
  }
  return true;
}

struct Plan {
  explicit Plan(std::uint64_t seed) : random(seed * 2 + 1) {}
  Random random;
  std::uint64_t breaches = 0;  // of any promise; each is also a test failure
  std::uint64_t whole = 0;     // streams that came to their end
  std::uint64_t errors = 0;
};

void breach(Plan& plan, const char* what) {
  ++plan.breaches;
  ADD_FAILURE() << what;
}

// --- one direction of a stream ---

struct Sent {
  std::uint64_t bytes = 0;  // of sends that succeeded
  bool whole = false;       // all of it, and then the end
};

// Lifetime: all references outlive the task; its parent joins it.
Task<Sent> send_stream(Plan& plan, Connection& connection, std::uint64_t stream,
                       std::uint64_t total, StopToken stop) {
  Sent sent;
  while (sent.bytes < total) {
    const std::uint64_t size =
        plan.random.between(1, std::min<std::uint64_t>(total - sent.bytes, 40'000));
    const Result<void> done =
        co_await connection.send(make_chunk(plan.random, stream, sent.bytes, size), stop);
    if (!done) co_return sent;
    sent.bytes += size;
  }
  connection.shutdown_send();
  sent.whole = true;
  co_return sent;
}

struct Received {
  std::uint64_t bytes = 0;
  bool ended = false;  // orderly
  std::optional<ErrorKind> error;
};

// Reads to the end, by receive() and receive_exactly() in turns, slowly where the plan says so.
Task<Received> receive_stream(Plan& plan, Loop& loop, Connection& connection, std::uint64_t stream,
                              std::uint64_t total, StopToken stop) {
  Received received;
  const double slow = plan.random.chance(0.3) ? 0.3 : 0.0;
  const double exactly = plan.random.chance(0.5) ? 0.3 : 0.0;
  const double give_up = plan.random.chance(0.3) ? 0.2 : 0.0;
  while (true) {
    if (plan.random.chance(slow)) {
      const Duration nap = milliseconds(plan.random.between(1, 50));
      const Result<void> slept = co_await sleep_until(loop, loop.now() + nap, StopToken{});
      static_cast<void>(slept);
    }
    const std::uint64_t left = total - received.bytes;
    if (left > 0 && plan.random.chance(exactly)) {
      const std::size_t size = plan.random.between(1, std::min<std::uint64_t>(left, 100'000));
      Block block(size);
      const Result<void> done = co_await connection.receive_exactly(block, size, stop);
      if (block.size() > size || !is_piece(stream, received.bytes, block.view())) {
        breach(plan, "receive_exactly gave bytes that were not sent there");
      }
      received.bytes += block.size();
      if (!done) {
        received.error = done.error().kind;
        co_return received;
      }
      if (block.size() != size) breach(plan, "receive_exactly succeeded with too few bytes");
      continue;
    }
    // Giving up for a moment must lose nothing.
    const bool impatient = plan.random.chance(give_up);
    Deadline patience(loop, impatient ? loop.now() + milliseconds(1) : MonotonicTime::max(), stop);
    SliceChain chain;
    const Result<std::size_t> got = co_await connection.receive(chain, patience.token());
    if (!got) {
      if (got.error().kind == ErrorKind::cancelled && patience.passed()) continue;
      received.error = got.error().kind;
      co_return received;
    }
    if (*got != chain.size_bytes()) breach(plan, "receive gave another number of bytes");
    if (*got == 0) {
      received.ended = true;
      co_return received;
    }
    for (const Slice& slice : chain) {
      if (!is_piece(stream, received.bytes, slice.view())) {
        breach(plan, "bytes were lost, duplicated or reordered");
      }
      received.bytes += slice.size();
    }
  }
}

Task<void> store_sent(Task<Sent> task, Sent& out) { out = co_await std::move(task); }
Task<void> store_received(Task<Received> task, Received& out) { out = co_await std::move(task); }

void check_stream(Plan& plan, const Sent& sent, const Received& received, std::uint64_t total) {
  if (received.bytes > total) breach(plan, "more was received than sent");
  // An orderly end says that all is there: a truncated stream must not look complete.
  if (received.ended && received.bytes != total) {
    breach(plan, "a cut stream ended in order");
    ADD_FAILURE() << received.bytes << " of " << total << " bytes, sender says " << sent.bytes;
  }
  if (received.ended && sent.whole) {
    ++plan.whole;
  } else {
    ++plan.errors;
  }
}

// --- scenario: streams both ways over several connections ---

struct StreamResult {
  Sent sent;
  Received received;
};

// One end of a connection: sends its stream and receives the other's.
Task<void> talk(Plan& plan, Loop& loop, Connection connection, std::uint64_t out_stream,
                std::uint64_t out_total, std::uint64_t in_stream, std::uint64_t in_total,
                StreamResult& result, StopToken stop) {
  // Half of the talkers do not outlive a bound: stalls then end in a cancel.
  Deadline deadline(loop, loop.now() + (plan.random.chance(0.1) ? milliseconds(100) : minutes(20)),
                    stop);
  Scope scope;
  scope.spawn(store_sent(send_stream(plan, connection, out_stream, out_total, deadline.token()),
                         result.sent));
  scope.spawn(
      store_received(receive_stream(plan, loop, connection, in_stream, in_total, deadline.token()),
                     result.received));
  co_await scope.join();
  // What was sent must not be taken for whole when it is not.
  if (!result.sent.whole) connection.reset_on_close();
}

struct Meeting {
  StreamResult client;
  StreamResult server;
  std::uint64_t up_total = 0;
  std::uint64_t down_total = 0;
};

Task<void> one_client(Plan& plan, Loop& loop, SocketAddress address, std::uint64_t number,
                      Meeting& meeting, std::uint64_t& connected) {
  ConnectionConfig config{.queue_bytes_max = std::size_t{1} << plan.random.between(8, 16)};
  Result<Connection> made = fail(Error{});
  for (int tries = 0; tries < 20 && !made; ++tries) {
    made = co_await connect(loop, address, config, StopToken{});
  }
  if (!made) co_return;
  ++connected;
  // The server learns who calls by the first byte; both then know both streams.
  SliceChain hello;
  hello.push(Slice::copy_of(std::string(1, static_cast<char>(number))));
  const Result<void> greeted = co_await made->send(std::move(hello), StopToken{});
  if (!greeted) co_return;
  co_await talk(plan, loop, std::move(*made), number * 2, meeting.up_total, number * 2 + 1,
                meeting.down_total, meeting.client, StopToken{});
}

Task<void> one_server(Plan& plan, Loop& loop, int fd, std::vector<Meeting>& meetings) {
  Connection connection(
      loop, fd, ConnectionConfig{.queue_bytes_max = std::size_t{1} << plan.random.between(8, 16)});
  Block hello(1);
  const Result<void> greeted = co_await connection.receive_exactly(hello, 1, StopToken{});
  if (!greeted) co_return;
  const auto number = static_cast<unsigned char>(*hello.data());
  if (number >= meetings.size()) {
    breach(plan, "the first byte is not what was sent");
    co_return;
  }
  Meeting& meeting = meetings[number];
  co_await talk(plan, loop, std::move(connection), number * 2U + 1, meeting.down_total, number * 2U,
                meeting.up_total, meeting.server, StopToken{});
}

Task<void> serve(Plan& plan, Loop& loop, Acceptor& acceptor, std::vector<Meeting>& meetings,
                 StopToken stop) {
  Scope scope;
  while (true) {
    const Result<int> fd = co_await acceptor.accept(stop);
    if (!fd) break;
    scope.spawn(one_server(plan, loop, *fd, meetings));
  }
  co_await scope.join();
}

Task<void> clients(Plan& plan, Loop& loop, SocketAddress address, std::vector<Meeting>& meetings,
                   std::uint64_t& connected) {
  Scope scope;
  for (std::uint64_t i = 0; i < meetings.size(); ++i) {
    scope.spawn(one_client(plan, loop, address, i, meetings[i], connected));
  }
  co_await scope.join();
}

Task<void> streams_scenario(Plan& plan, Loop& loop, std::uint64_t& connected) {
  Result<Acceptor> acceptor =
      Acceptor::listen(loop, SocketAddress::ipv4({127, 0, 0, 1}, 0), ListenOptions{.backlog = 4});
  if (!acceptor) {
    breach(plan, "cannot listen");
    co_return;
  }
  std::vector<Meeting> meetings(plan.random.between(1, 6));
  for (Meeting& meeting : meetings) {
    meeting.up_total = plan.random.below(std::uint64_t{1} << plan.random.between(1, 18));
    meeting.down_total = plan.random.below(std::uint64_t{1} << plan.random.between(1, 18));
  }
  StopSource closing;
  Scope server;
  server.spawn(serve(plan, loop, *acceptor, meetings, closing.token()));
  co_await clients(plan, loop, *acceptor->local_address(), meetings, connected);
  closing.request_stop();
  co_await server.join();
  for (const Meeting& meeting : meetings) {
    check_stream(plan, meeting.client.sent, meeting.server.received, meeting.up_total);
    check_stream(plan, meeting.server.sent, meeting.client.received, meeting.down_total);
  }
}

struct Totals {
  std::uint64_t whole = 0;
  std::uint64_t errors = 0;
};

TEST(SimConnection, StreamsLoseNothingUpToAnErrorWhateverTheNetworkDoes) {
  Totals totals;
  for_each_seed(
      1, 1500,
      [&](std::uint64_t seed) {
        SCOPED_TRACE(::testing::Message() << "SLUICE_SIM_SEED=" << seed);
        SimWorld world = SimWorld::drawn(seed);
        Plan plan(seed);
        std::uint64_t connected = 0;
        const std::string report =
            world.run(streams_scenario(plan, world.loop(), connected), hours(5));
        ASSERT_EQ(report, "");
        if (plan.breaches > 0) ADD_FAILURE() << world.backend().history().to_string(100);
        totals.whole += plan.whole;
        totals.errors += plan.errors;
      },
      [] { return ::testing::Test::HasFailure(); });
  // Neither a network in which all breaks nor one in which nothing does shows much.
  if (std::getenv("SLUICE_SIM_SEED") == nullptr) {
    EXPECT_GT(totals.whole, totals.errors / 4);
    EXPECT_GT(totals.errors, totals.whole / 50);
  }
}

TEST(SimConnection, WithoutFaultsEveryStreamIsWhole) {
  for_each_seed(
      1, 100,
      [&](std::uint64_t seed) {
        SCOPED_TRACE(::testing::Message() << "SLUICE_SIM_SEED=" << seed);
        Random random(seed);
        SimConfig config = SimConfig::draw(random).without_faults();
        SimWorld world(seed, config);
        Plan plan(seed);
        std::uint64_t connected = 0;
        ASSERT_EQ(world.run(streams_scenario(plan, world.loop(), connected), hours(5)), "");
        EXPECT_GT(connected, 0U);
        if (plan.breaches > 0) ADD_FAILURE() << world.backend().history().to_string(100);
      },
      [] { return ::testing::Test::HasFailure(); });
}

TEST(SimConnection, TheSameSeedRepeatsTheRunExactly) {
  const auto history_of = [](std::uint64_t seed) {
    SimWorld world = SimWorld::drawn(seed);
    Plan plan(seed);
    std::uint64_t connected = 0;
    EXPECT_EQ(world.run(streams_scenario(plan, world.loop(), connected), hours(5)), "");
    return world.backend().history().hash();
  };
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    EXPECT_EQ(history_of(seed), history_of(seed)) << seed;
  }
  EXPECT_NE(history_of(1), history_of(2));
}

// --- scenario: a reader that does not read ---

struct Pair {
  std::optional<Connection> client;
  std::optional<Connection> server;
  int server_fd = -1;
};

Task<void> make_pair(Loop& loop, ConnectionConfig config, Pair& pair) {
  Result<Acceptor> acceptor =
      Acceptor::listen(loop, SocketAddress::ipv4({127, 0, 0, 1}, 0), ListenOptions{});
  SLUICE_ASSERT(acceptor.has_value());
  while (!pair.client) {
    Result<Connection> made =
        co_await connect(loop, *acceptor->local_address(), config, StopToken{});
    if (made) pair.client.emplace(std::move(*made));
  }
  const Result<int> fd = co_await acceptor->accept(StopToken{});
  SLUICE_ASSERT(fd.has_value());
  pair.server_fd = *fd;
  pair.server.emplace(loop, *fd, config);
}

Task<void> flood(Plan& plan, Connection& connection, std::uint64_t total, StopToken stop) {
  const Sent sent = co_await send_stream(plan, connection, 1, total, stop);
  static_cast<void>(sent);
}

Task<void> slow_reader_scenario(Plan& plan, SimBackend& backend, Loop& loop) {
  const ConnectionConfig config{.queue_bytes_max = 8 * 1024};
  Pair pair;
  co_await make_pair(loop, config, pair);
  StopSource stop;
  Scope sender;
  sender.spawn(flood(plan, *pair.client, 10'000'000, stop.token()));
  std::uint64_t read_bytes = 0;
  for (int i = 0; i < 5; ++i) {
    const Result<void> slept = co_await sleep_until(loop, loop.now() + seconds(300), StopToken{});
    static_cast<void>(slept);
    // A multishot receive may bring all that the socket holds before its cancel takes effect.
    const std::uint64_t bound = config.queue_bytes_max + 2 * backend.config().socket_buffer_bytes;
    const std::uint64_t held = pair.server->bytes_received() - read_bytes;
    if (held > bound) {
      ADD_FAILURE() << held << " bytes held for a reader that does not read, bound " << bound;
      ++plan.breaches;
    }
    SliceChain chain;
    const Result<std::size_t> some = co_await pair.server->receive(chain, StopToken{});
    if (!some) break;
    read_bytes += *some;
  }
  stop.request_stop();
  co_await sender.join();
}

TEST(SimConnection, ASlowReaderHoldsItsPeerBack) {
  for_each_seed(
      1, 150,
      [&](std::uint64_t seed) {
        SCOPED_TRACE(::testing::Message() << "SLUICE_SIM_SEED=" << seed);
        Random random(seed);
        SimConfig config = SimConfig::draw(random);
        config.accept_abort = 0;
        config.reset = 0;
        config.late_completion = 0;  // the kernel's come in the turn in which they are made
        SimWorld world(seed, config);
        Plan plan(seed);
        ASSERT_EQ(world.run(slow_reader_scenario(plan, world.backend(), world.loop()), hours(5)),
                  "");
      },
      [] { return ::testing::Test::HasFailure(); });
}

// --- scenario: the peer leaves while nobody reads ---

Task<void> wait_for_stop(Loop& loop, StopToken stop, bool& stopped) {
  const Result<void> slept = co_await sleep_until(loop, loop.now() + hours(1), stop);
  stopped = !slept.has_value();
}

Task<void> departure_scenario(Plan& plan, Loop& loop) {
  Pair pair;
  co_await make_pair(loop, ConnectionConfig{.queue_bytes_max = 1024}, pair);
  StopSource departed;
  pair.server->watch_departure(&departed);
  // Perhaps with so much unread that receiving has been paused.
  SliceChain unread = make_chunk(plan.random, 1, 0, plan.random.between(1, 1900));
  const Result<void> sent = co_await pair.client->send(std::move(unread), StopToken{});
  static_cast<void>(sent);
  const Result<void> slept =
      co_await sleep_until(loop, loop.now() + milliseconds(plan.random.below(300)), StopToken{});
  static_cast<void>(slept);
  if (plan.random.chance(0.5)) pair.client->reset_on_close();
  pair.client.reset();
  bool stopped = false;
  co_await wait_for_stop(loop, departed.token(), stopped);
  if (!stopped) breach(plan, "the peer left and nobody was told");
  if (!pair.server->peer_gone()) breach(plan, "the peer is gone but not said to be");
  pair.server->watch_departure(nullptr);
}

TEST(SimConnection, ADepartureIsNoticedWhileNobodyReads) {
  for_each_seed(
      1, 1000,
      [&](std::uint64_t seed) {
        SCOPED_TRACE(::testing::Message() << "SLUICE_SIM_SEED=" << seed);
        Random random(seed);
        SimConfig config = SimConfig::draw(random);
        config.accept_abort = 0;
        SimWorld world(seed, config);
        Plan plan(seed);
        ASSERT_EQ(world.run(departure_scenario(plan, world.loop()), hours(5)), "");
        if (plan.breaches > 0) {
          ADD_FAILURE() << world.backend().config().to_string() << '\n'
                        << world.backend().history().to_string(100);
        }
      },
      [] { return ::testing::Test::HasFailure(); });
}

}  // namespace
}  // namespace sluice::ring::sim
