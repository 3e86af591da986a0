// What every Stream promises, plain and TLS, over real sockets and over a rough simulated network.
#include "sluice/net/stream.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "net/tls_fixture.h"
#include "net/world.h"
#include "sluice/net/plain_stream.h"
#include "sluice/ring/sleep.h"

namespace sluice::net {
namespace {

using testing::chain_of;
using testing::pattern;
using testing::read_to_end;
using testing::World;

struct Ends {
  std::unique_ptr<Stream> client;
  std::unique_ptr<Stream> server;
};

// Lifetime: the test owns the world and runs this to its end.
Task<Ends> open_ends(ring::Loop& loop, bool tls) {
  ring::testing::Pair pair = co_await ring::testing::connected_pair(loop);
  Ends ends{.client = std::make_unique<PlainStream>(std::move(pair.client)),
            .server = std::make_unique<PlainStream>(std::move(pair.server))};
  if (!tls) co_return ends;
  static const auto server_side = testing::server_context({"localhost"});
  const auto client_side = testing::client_context();
  std::optional<testing::TlsResult> client;
  std::optional<testing::TlsResult> server;
  Scope scope;
  scope.spawn(testing::store_accept(std::move(ends.server), *server_side, server));
  scope.spawn(testing::store_connect(std::move(ends.client), *client_side, "localhost", client));
  co_await scope.join();
  SLUICE_ASSERT(client->has_value() && server->has_value());
  co_return Ends{.client = std::move(client->value()), .server = std::move(server->value())};
}

using Case = Task<void> (*)(ring::Loop&, Ends);

Task<void> open_and_run(ring::Loop& loop, bool tls, Case body) {
  Ends ends = co_await open_ends(loop, tls);
  co_await body(loop, std::move(ends));
}

void run_everywhere(Case body) {
  for (const bool tls : {false, true}) {
    SCOPED_TRACE(tls ? "TLS" : "plain");
    {
      SCOPED_TRACE("loopback sockets");
      testing::KernelWorld world;
      world.run(open_and_run(world.loop(), tls, body));
    }
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
      SCOPED_TRACE(::testing::Message() << "simulation, seed " << seed);
      testing::SimulatedWorld world(seed);
      world.run(open_and_run(world.loop(), tls, body));
      if (::testing::Test::HasFailure()) return;
    }
  }
}

Task<void> write_in_parts(Stream& stream, std::string text) {
  std::size_t size = 1;
  for (std::size_t offset = 0; offset < text.size(); size = size * 5 % 40'009) {
    const std::size_t part = std::min(size, text.size() - offset);
    SliceChain chain;  // two slices per write
    chain.push(Slice::copy_of(text.substr(offset, part / 2)));
    chain.push(Slice::copy_of(text.substr(offset + part / 2, part - part / 2)));
    const Result<void> written = co_await stream.write(std::move(chain), {});
    EXPECT_TRUE(written.has_value());
    if (!written) co_return;
    offset += part;
  }
  co_await stream.finish({});
}

Task<void> read_all_into(Stream& stream, std::string& out) {
  const Result<std::string> got = co_await read_to_end(stream);
  EXPECT_TRUE(got.has_value());
  if (got) out = *got;
}

Task<void> carry_both_ways(ring::Loop&, Ends ends) {
  const std::string question = pattern(200'000);
  const std::string answer = pattern(150'001);
  std::string question_got;
  std::string answer_got;
  Scope scope;
  scope.spawn(write_in_parts(*ends.client, question));
  scope.spawn(write_in_parts(*ends.server, answer));
  scope.spawn(read_all_into(*ends.server, question_got));
  scope.spawn(read_all_into(*ends.client, answer_got));
  co_await scope.join();
  EXPECT_TRUE(question_got == question);
  EXPECT_TRUE(answer_got == answer);
  EXPECT_GE(ends.client->bytes_sent(), question.size());
  EXPECT_GE(ends.client->bytes_received(), answer.size());
}
TEST(Stream, CarriesBytesBothWaysAtOnceAndEndsInOrder) { run_everywhere(&carry_both_ways); }

Task<void> stop_soon(ring::Loop& loop, StopSource& source) {
  static_cast<void>(
      co_await ring::sleep_until(loop, loop.now() + std::chrono::milliseconds(2), {}));
  source.request_stop();
}

Task<void> cancel_a_read(ring::Loop& loop, Ends ends) {
  StopSource source;
  Scope scope;
  scope.spawn(stop_soon(loop, source));
  const Result<SliceChain> stopped = co_await ends.client->read(source.token());
  co_await scope.join();
  EXPECT_TRUE(!stopped && stopped.error().kind == ErrorKind::cancelled);
  scope.spawn(write_in_parts(*ends.server, pattern(10'000)));
  std::string got;
  co_await read_all_into(*ends.client, got);
  co_await scope.join();
  EXPECT_TRUE(got == pattern(10'000));
}
TEST(Stream, LosesNothingWhenAReadIsCancelled) { run_everywhere(&cancel_a_read); }

Task<void> read_blocks(ring::Loop&, Ends ends) {
  const std::string text = pattern(100'000);
  Scope scope;
  scope.spawn(write_in_parts(*ends.client, text));
  Block block(100'000);
  EXPECT_TRUE((co_await ends.server->read_exactly(block, 99'000, {})).has_value());
  EXPECT_TRUE((co_await ends.server->read_exactly(block, 1'000, {})).has_value());
  EXPECT_TRUE(block.view() == text);
  Block more(1);
  const Result<void> beyond = co_await ends.server->read_exactly(more, 1, {});
  EXPECT_TRUE(!beyond && beyond.error().kind == ErrorKind::connection_closed);
  co_await scope.join();
}
TEST(Stream, FillsBlocksExactly) { run_everywhere(&read_blocks); }

Task<void> notice_departure(ring::Loop& loop, Ends ends) {
  StopSource gone;
  ends.server->watch_departure(&gone);
  EXPECT_FALSE(gone.stop_requested());
  ends.client.reset();
  static_cast<void>(
      co_await ring::sleep_until(loop, loop.now() + std::chrono::minutes(1), gone.token()));
  EXPECT_TRUE(gone.stop_requested());
  EXPECT_TRUE(ends.server->peer_gone());
  ends.server->watch_departure(nullptr);
}
TEST(Stream, NoticesThatThePeerHasLeftWhileNobodyReads) { run_everywhere(&notice_departure); }

Task<void> break_off(ring::Loop&, Ends ends) {
  EXPECT_TRUE((co_await ends.server->write(chain_of("half"), {})).has_value());
  ends.server->reset_on_close();
  ends.server.reset();
  const Result<std::string> got = co_await read_to_end(*ends.client);
  EXPECT_TRUE(!got && (got.error().kind == ErrorKind::connection_reset ||
                       got.error().kind == ErrorKind::connection_closed));
}
TEST(Stream, NeverShowsABrokenConnectionAsAnOrderlyEnd) { run_everywhere(&break_off); }

Task<void> stop_a_handshake(ring::Loop& loop, Ends ends) {
  static const auto context = testing::server_context({"localhost"});
  StopSource source;
  Scope scope;
  scope.spawn(stop_soon(loop, source));
  const testing::TlsResult made =
      co_await TlsStream::accept(std::move(ends.server), *context, source.token());
  co_await scope.join();
  EXPECT_TRUE(!made && made.error().kind == ErrorKind::cancelled);
}
TEST(Stream, StopsAHandshakeThatGetsNoAnswer) { run_everywhere(&stop_a_handshake); }

}  // namespace
}  // namespace sluice::net
