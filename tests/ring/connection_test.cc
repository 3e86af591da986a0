#include "sluice/ring/connection.h"

#include <gtest/gtest.h>

#include <string>

#include "kernel_pair.h"

namespace sluice::ring {
namespace {

using testing::connected_pair;
using testing::KernelLoop;
using testing::Pair;

SliceChain chain_of(std::string text) {
  SliceChain chain;
  chain.push(Slice::take(std::move(text)));
  return chain;
}

std::string pattern(std::size_t size_bytes) {
  std::string text(size_bytes, '\0');
  for (std::size_t i = 0; i < size_bytes; ++i)
    text[i] = static_cast<char>('a' + i * 7 % 26 + i / 997 % 3);
  return text;
}

Task<Result<std::string>> read_to_end(Connection& connection) {
  SliceChain all;
  while (true) {
    const std::size_t before = all.size_bytes();
    const Result<std::size_t> count = co_await connection.receive(all, {});
    if (!count) co_return fail(count.error());
    EXPECT_EQ(all.size_bytes(), before + *count);
    if (*count == 0) co_return all.to_string();
  }
}

Task<void> send_and_finish(Connection& connection, std::string text) {
  const Result<void> sent = co_await connection.send(chain_of(std::move(text)), {});
  EXPECT_TRUE(sent.has_value());
  connection.shutdown_send();
}

Task<void> carry(Loop& loop, std::size_t size_bytes) {
  Pair pair = co_await connected_pair(loop);
  const std::string text = pattern(size_bytes);
  Scope scope;
  scope.spawn(send_and_finish(pair.client, text));
  const Result<std::string> got = co_await read_to_end(pair.server);
  co_await scope.join();
  EXPECT_TRUE(got.has_value() && *got == text);
  EXPECT_EQ(pair.server.bytes_received(), size_bytes);
  EXPECT_EQ(pair.client.bytes_sent(), size_bytes);
  EXPECT_TRUE(pair.server.peer_gone());
}

TEST(Connection, CarriesBytesUnchangedToTheEnd) {
  KernelLoop world;
  for (const std::size_t size_bytes : {0UL, 1UL, 1'000UL, 100'000UL, 5'000'000UL}) {
    world.run(carry(*world.loop, size_bytes));
  }
}

TEST(Connection, CarriesBytesWhenTheBufferRingIsTiny) {
  KernelBackendConfig config;
  config.buffer_bytes = 4'096;
  config.buffers_start = 1;
  config.buffers_max = 2;
  KernelLoop world(config);
  world.run(carry(*world.loop, 3'000'000));
}

Task<void> many_slices(Loop& loop) {
  Pair pair = co_await connected_pair(loop);
  SliceChain chain;
  std::string expected;
  for (int i = 0; i < 300; ++i) {  // more than one send takes
    const std::string part = "part " + std::to_string(i) + ";";
    expected += part;
    chain.push(Slice::copy_of(part));
  }
  const Result<void> sent = co_await pair.client.send(std::move(chain), {});
  EXPECT_TRUE(sent.has_value());
  pair.client.shutdown_send();
  const Result<std::string> got = co_await read_to_end(pair.server);
  EXPECT_TRUE(got.has_value() && *got == expected);
}

TEST(Connection, SendsManySlicesInOrder) {
  KernelLoop world;
  world.run(many_slices(*world.loop));
}

Task<void> backpressure(Loop& loop) {
  Pair pair = co_await connected_pair(loop, ConnectionConfig{.queue_bytes_max = 64 * 1024});
  const std::string text = pattern(30'000'000);
  Scope scope;
  scope.spawn(send_and_finish(pair.client, text));
  std::string got;
  std::size_t largest = 0;
  while (true) {
    (void)co_await sleep_until(loop, loop.now() + std::chrono::milliseconds(2), {});
    SliceChain part;
    const Result<std::size_t> count = co_await pair.server.receive(part, {});
    EXPECT_TRUE(count.has_value());
    if (!count || *count == 0) break;
    // The first pause lets what one turn received through; after it the bound is exact.
    if (got.size() > 4'000'000) largest = std::max(largest, part.size_bytes());
    got += part.to_string();
  }
  co_await scope.join();
  EXPECT_TRUE(got == text);
  EXPECT_GT(largest, 0U);
  EXPECT_LE(largest, 2U * 64 * 1024);
}

TEST(Connection, ASlowReaderHoldsTheSenderBack) {
  KernelLoop world;
  world.run(backpressure(*world.loop));
}

Task<void> exactly(Loop& loop, std::size_t first, std::size_t count) {
  Pair pair = co_await connected_pair(loop);
  const std::string text = pattern(first + count + 10);
  Scope scope;
  scope.spawn(send_and_finish(pair.client, text));
  Block head(first);
  const Result<void> got_head = co_await pair.server.receive_exactly(head, first, {});
  EXPECT_TRUE(got_head.has_value());
  Block body(count);
  const Result<void> got_body = co_await pair.server.receive_exactly(body, count, {});
  EXPECT_TRUE(got_body.has_value());
  EXPECT_TRUE(head.view() == text.substr(0, first));
  EXPECT_TRUE(body.view() == text.substr(first, count));
  const Result<std::string> rest = co_await read_to_end(pair.server);
  EXPECT_TRUE(rest.has_value() && *rest == text.substr(first + count));
  co_await scope.join();
}

TEST(Connection, ReceivesExactCountsStraightIntoABlock) {
  KernelLoop world;
  for (const std::size_t count : {1UL, 100UL, 40'000UL, 1'000'000UL}) {
    world.run(exactly(*world.loop, 50, count));
  }
}

Task<void> exactly_but_short(Loop& loop, std::size_t count) {
  Pair pair = co_await connected_pair(loop);
  Scope scope;
  scope.spawn(send_and_finish(pair.client, pattern(count - 1)));
  Block body(count);
  const Result<void> got = co_await pair.server.receive_exactly(body, count, {});
  EXPECT_FALSE(got.has_value());
  if (!got) {
    EXPECT_EQ(got.error().kind, ErrorKind::connection_closed);
  }
  co_await scope.join();
}

TEST(Connection, AnEndInTheMiddleOfAnExactCountIsAnError) {
  KernelLoop world;
  world.run(exactly_but_short(*world.loop, 100));
  world.run(exactly_but_short(*world.loop, 200'000));
}

Task<void> receive_and_store(Connection& connection, StopToken stop, std::optional<Error>& out) {
  SliceChain bytes;
  const Result<std::size_t> got = co_await connection.receive(bytes, stop);
  if (!got) out = got.error();
}

Task<void> cancelled_receive_loses_nothing(Loop& loop) {
  Pair pair = co_await connected_pair(loop);
  StopSource source;
  std::optional<Error> error;
  Scope scope;
  scope.spawn(receive_and_store(pair.server, source.token(), error));
  source.request_stop();
  co_await scope.join();
  EXPECT_TRUE(error && error->kind == ErrorKind::cancelled);
  co_await send_and_finish(pair.client, "still here");
  const Result<std::string> got = co_await read_to_end(pair.server);
  EXPECT_TRUE(got.has_value() && *got == "still here");
}

TEST(Connection, ACancelledReceiveLosesNothing) {
  KernelLoop world;
  world.run(cancelled_receive_loses_nothing(*world.loop));
}

Task<void> put_back(Loop& loop) {
  Pair pair = co_await connected_pair(loop);
  co_await send_and_finish(pair.client, "123456789");
  SliceChain taken;
  while (taken.size_bytes() < 9) {
    const Result<std::size_t> count = co_await pair.server.receive(taken, {});
    EXPECT_TRUE(count && *count > 0);
  }
  pair.server.unread(chain_of("56789"));
  pair.server.unread(chain_of("34"));
  EXPECT_TRUE(pair.server.has_input());
  Block block(4);
  const Result<void> exact = co_await pair.server.receive_exactly(block, 4, {});
  EXPECT_TRUE(exact.has_value());
  EXPECT_EQ(block.view(), "3456");
  const Result<std::string> rest = co_await read_to_end(pair.server);
  EXPECT_TRUE(rest.has_value() && *rest == "789");
  EXPECT_EQ(pair.server.bytes_received(), 9U);
}

TEST(Connection, BytesThatWerePutBackComeFirstAndCountOnce) {
  KernelLoop world;
  world.run(put_back(*world.loop));
}

Task<void> send_and_store(Connection& connection, StopToken stop, std::optional<Error>& out) {
  const Result<void> sent = co_await connection.send(chain_of(pattern(50'000'000)), stop);
  if (!sent) out = sent.error();
}

Task<void> cancelled_send(Loop& loop) {
  Pair pair = co_await connected_pair(loop);  // nobody reads, so the send must block
  StopSource source;
  std::optional<Error> error;
  Scope scope;
  scope.spawn(send_and_store(pair.client, source.token(), error));
  (void)co_await sleep_until(loop, loop.now() + std::chrono::milliseconds(20), {});
  EXPECT_FALSE(error.has_value());
  source.request_stop();
  co_await scope.join();
  EXPECT_TRUE(error && error->kind == ErrorKind::cancelled);
}

TEST(Connection, ASendThatBlocksCanBeCancelled) {
  KernelLoop world;
  world.run(cancelled_send(*world.loop));
}

Task<void> departure(Loop& loop, bool reset) {
  Pair pair = co_await connected_pair(loop);
  StopSource left;
  pair.server.watch_departure(&left);
  EXPECT_FALSE(left.stop_requested());
  if (reset) pair.client.reset_on_close();
  {
    const Connection gone = std::move(pair.client);
  }
  for (int i = 0; i < 100 && !left.stop_requested(); ++i) {
    (void)co_await sleep_until(loop, loop.now() + std::chrono::milliseconds(1), {});
  }
  EXPECT_TRUE(left.stop_requested());
  EXPECT_TRUE(pair.server.peer_gone());
  SliceChain bytes;
  const Result<std::size_t> got = co_await pair.server.receive(bytes, {});
  EXPECT_EQ(got.has_value(), !reset);
  if (!got) {
    EXPECT_EQ(got.error().kind, ErrorKind::connection_reset);
  }
}

TEST(Connection, APeerThatLeavesIsNoticedWhileNobodyReads) {
  KernelLoop world;
  world.run(departure(*world.loop, false));
  world.run(departure(*world.loop, true));
}

Task<void> departure_behind_unread_bytes(Loop& loop) {
  Pair pair = co_await connected_pair(loop, ConnectionConfig{.queue_bytes_max = 1'000});
  StopSource left;
  pair.server.watch_departure(&left);
  co_await send_and_finish(pair.client, pattern(500'000));
  for (int i = 0; i < 200 && !left.stop_requested(); ++i) {
    (void)co_await sleep_until(loop, loop.now() + std::chrono::milliseconds(1), {});
  }
  EXPECT_TRUE(left.stop_requested());
  const Result<std::string> got = co_await read_to_end(pair.server);
  EXPECT_TRUE(got.has_value() && *got == pattern(500'000));
}

TEST(Connection, ADepartureIsNoticedBehindBytesThatNobodyTook) {
  KernelLoop world;
  world.run(departure_behind_unread_bytes(*world.loop));
}

}  // namespace
}  // namespace sluice::ring
