#include "sluice/ring/sim/sim_backend.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <cerrno>

#include "sim_probe.h"

namespace sluice::ring::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using testing::Ends;
using testing::loopback;
using testing::pass;
using testing::Probe;
using testing::Send;

struct Calm {
  explicit Calm(const SimConfig& config = {}) : backend(1, config) {}
  SimBackend backend;
};

TEST(SimBackend, NothingCompletesInsideASubmit) {
  Calm world;
  Probe write;
  world.backend.write(write, 1, std::string_view("abc"));
  EXPECT_TRUE(write.results.empty());
  world.backend.wait(MonotonicTime::max());
  EXPECT_EQ(write.last(), 3);
  EXPECT_EQ(world.backend.written(1), "abc");
}

TEST(SimBackend, TimeJumpsToWhatHappensNextOrToTheLimit) {
  Calm world;
  const MonotonicTime start = world.backend.now();
  world.backend.wait(start + seconds(100));
  EXPECT_EQ(world.backend.now(), start + seconds(100));
  const WallTime wall = world.backend.wall_now();
  world.backend.wait(start);  // in the past: only collects
  EXPECT_LE(world.backend.now(), start + seconds(100) + microseconds(1));
  EXPECT_GT(world.backend.wall_now(), wall);
}

TEST(SimBackend, WakeEndsTheNextWaitOnce) {
  Calm world;
  const MonotonicTime start = world.backend.now();
  world.backend.wake();
  world.backend.wait(start + seconds(1));
  EXPECT_LE(world.backend.now(), start + microseconds(1));
  world.backend.wait(start + seconds(1));
  EXPECT_EQ(world.backend.now(), start + seconds(1));
}

TEST(SimBackend, BytesArriveALatencyLaterAndAreLeased) {
  Calm world;
  Ends ends(world.backend);
  Probe receive;
  receive.keep = true;
  world.backend.receive(receive, ends.server);
  const MonotonicTime sent = world.backend.now();
  Send send(world.backend, ends.client, "hello");
  pass(world.backend, microseconds(18));
  EXPECT_EQ(send.probe.last(), 5);
  EXPECT_EQ(receive.text, "");
  pass(world.backend, microseconds(5));
  EXPECT_EQ(receive.text, "hello");
  EXPECT_LE(world.backend.now(), sent + microseconds(25));
  EXPECT_EQ(world.backend.leased_buffers(), 1U);
  receive.kept.clear();
  EXPECT_EQ(world.backend.leased_buffers(), 0U);
  ends.close(ends.client);
  pass(world.backend);
  EXPECT_EQ(receive.results, (std::vector<std::int32_t>{5, 0}));
}

TEST(SimBackend, ReceivesShareABufferAndALeaseEndsWithItsBuffer) {
  SimConfig config;
  config.buffer_bytes = 8;
  config.buffers_max = 2;
  Calm world(config);
  Ends ends(world.backend);
  Probe receive;
  receive.keep = true;
  world.backend.receive(receive, ends.server);
  Send send(world.backend, ends.client, "0123456789abcdefXYZ");
  pass(world.backend);
  // Two buffers of eight, then none is left and the receive says so; nothing is lost.
  EXPECT_EQ(receive.results, (std::vector<std::int32_t>{8, 8, -ENOBUFS}));
  EXPECT_EQ(world.backend.leased_buffers(), 2U);
  receive.kept.clear();
  Probe again;
  world.backend.receive(again, ends.server);
  pass(world.backend);
  EXPECT_EQ(receive.text + again.text, "0123456789abcdefXYZ");
  EXPECT_EQ(world.backend.stats().buffers_exhausted, 1U);
  world.backend.cancel(again);
  pass(world.backend);
}

TEST(SimBackend, ReceiveOnceTakesNoMoreThanAskedFor) {
  Calm world;
  Ends ends(world.backend);
  Send send(world.backend, ends.client, "hello");
  pass(world.backend);
  Probe receive;
  world.backend.receive_once(receive, ends.server, 2);
  pass(world.backend);
  EXPECT_EQ(receive.text, "he");
  EXPECT_TRUE(receive.done());
  EXPECT_EQ(world.backend.unread_bytes(ends.server), 3U);
}

TEST(SimBackend, AFillingReceiveCompletesWhenFullOrAtTheEnd) {
  Calm world;
  Ends ends(world.backend);
  char memory[6] = {};
  Probe receive;
  world.backend.receive_into(receive, ends.server, memory, true);
  Send first(world.backend, ends.client, "abc");
  pass(world.backend);
  EXPECT_TRUE(receive.in_flight());
  Send second(world.backend, ends.client, "defgh");
  pass(world.backend);
  EXPECT_EQ(receive.last(), 6);
  EXPECT_EQ(std::string_view(memory, 6), "abcdef");
  Probe rest;
  world.backend.receive_into(rest, ends.server, memory, true);
  ends.close(ends.client);
  pass(world.backend);
  EXPECT_EQ(rest.last(), 2);
}

TEST(SimBackend, ASendWaitsUntilTheReaderHasMadeRoom) {
  SimConfig config;
  config.socket_buffer_bytes = 1024;
  Calm world(config);
  Ends ends(world.backend);
  const std::string text(4000, 'x');
  Send send(world.backend, ends.client, text);
  pass(world.backend);
  EXPECT_TRUE(send.probe.in_flight());
  EXPECT_EQ(world.backend.unread_bytes(ends.server), 1024U);
  Probe receive;
  world.backend.receive(receive, ends.server);
  pass(world.backend);
  EXPECT_EQ(send.probe.last(), 4000);
  EXPECT_EQ(receive.text, text);
  world.backend.cancel(receive);
  pass(world.backend);
  EXPECT_EQ(receive.last(), -ECANCELED);
}

TEST(SimBackend, HalfAConnectionMayEndWhileTheOtherGoesOn) {
  Calm world;
  Ends ends(world.backend);
  Probe server;
  Probe client;
  world.backend.receive(server, ends.server);
  world.backend.receive(client, ends.client);
  Send question(world.backend, ends.client, "?");
  pass(world.backend);
  world.backend.shutdown_send(ends.client);
  pass(world.backend);
  EXPECT_EQ(server.results, (std::vector<std::int32_t>{1, 0}));
  Send answer(world.backend, ends.server, "!");
  pass(world.backend);
  EXPECT_EQ(client.text, "!");
  EXPECT_TRUE(client.in_flight());
  world.backend.shutdown_send(ends.server);
  pass(world.backend);
  EXPECT_EQ(client.last(), 0);
  Send late(world.backend, ends.client, "x");
  pass(world.backend);
  EXPECT_EQ(late.probe.last(), -EPIPE);
}

TEST(SimBackend, ACloseWithUnreadBytesIsAReset) {
  Calm world;
  Ends ends(world.backend);
  Send send(world.backend, ends.client, "unread");
  Probe receive;
  world.backend.receive(receive, ends.client);
  pass(world.backend);
  ends.close(ends.server);
  pass(world.backend);
  EXPECT_EQ(receive.last(), -ECONNRESET);
  // The errno was told; from now on it is an end and a broken pipe.
  Probe again;
  world.backend.receive(again, ends.client);
  Send late(world.backend, ends.client, "x");
  pass(world.backend);
  EXPECT_EQ(again.last(), 0);
  EXPECT_EQ(late.probe.last(), -EPIPE);
}

TEST(SimBackend, ResetOnCloseIsAReset) {
  Calm world;
  Ends ends(world.backend);
  Probe receive;
  world.backend.receive(receive, ends.client);
  world.backend.reset_on_close(ends.server);
  ends.close(ends.server);
  pass(world.backend);
  EXPECT_EQ(receive.last(), -ECONNRESET);
}

TEST(SimBackend, BytesSentToAClosedSocketBringAReset) {
  Calm world;
  Ends ends(world.backend);
  ends.close(ends.server);
  pass(world.backend);
  Send first(world.backend, ends.client, "x");
  pass(world.backend);
  EXPECT_EQ(first.probe.last(), 1);  // the kernel took it before it knew
  Send second(world.backend, ends.client, "y");
  pass(world.backend);
  EXPECT_EQ(second.probe.last(), -EPIPE);
}

TEST(SimBackend, APollSeesBytesTheEndAndTheReset) {
  Calm world;
  Ends ends(world.backend);
  Probe readable;
  Probe gone;
  world.backend.poll(readable, ends.server, POLLIN);
  world.backend.poll(gone, ends.server, POLLRDHUP);
  Send send(world.backend, ends.client, "x");
  pass(world.backend);
  EXPECT_EQ(readable.last(), POLLIN);
  EXPECT_TRUE(gone.in_flight());
  world.backend.shutdown_send(ends.client);
  pass(world.backend);
  EXPECT_EQ(gone.last(), POLLRDHUP);
  world.backend.break_connection(ends.server);
  Probe broken;
  pass(world.backend);
  world.backend.poll(broken, ends.server, POLLRDHUP);
  pass(world.backend);
  EXPECT_NE(broken.last() & POLLERR, 0);
}

TEST(SimBackend, NobodyListeningRefuses) {
  Calm world;
  const int fd = *world.backend.open_socket(AF_INET);
  Probe connect;
  const SocketAddress address = loopback(81);
  world.backend.connect(connect, fd, address);
  pass(world.backend);
  EXPECT_EQ(connect.last(), -ECONNREFUSED);
  world.backend.close(fd);
}

TEST(SimBackend, AFullBacklogKeepsTheCallerAskingUntilThereIsRoom) {
  Calm world;
  const int listener = *world.backend.open_listener(loopback(80), {.backlog = 1});
  const SocketAddress address = loopback(80);
  const int first = *world.backend.open_socket(AF_INET);
  const int second = *world.backend.open_socket(AF_INET);
  Probe first_connect;
  Probe second_connect;
  world.backend.connect(first_connect, first, address);
  pass(world.backend, microseconds(500));
  world.backend.connect(second_connect, second, address);
  pass(world.backend, microseconds(500));
  EXPECT_EQ(first_connect.last(), 0);
  EXPECT_TRUE(second_connect.in_flight());
  Probe accept;
  world.backend.accept(accept, listener);
  pass(world.backend, seconds(2));
  EXPECT_EQ(second_connect.last(), 0);
  EXPECT_EQ(accept.results.size(), 2U);
  world.backend.cancel(accept);
  pass(world.backend);
  EXPECT_EQ(accept.last(), -ECANCELED);
  accept.results.pop_back();
  for (const int fd : accept.results) world.backend.close(fd);
  for (const int fd : {first, second, listener}) world.backend.close(fd);
  EXPECT_EQ(world.backend.open_descriptors(), 0U);
}

TEST(SimBackend, ListenersShareAPortOnlyWhenAllSay) {
  Calm world;
  const int a = *world.backend.open_listener(loopback(80), {.reuse_port = true});
  const int b = *world.backend.open_listener(loopback(80), {.reuse_port = true});
  const auto c = world.backend.open_listener(loopback(80), {.reuse_port = false});
  ASSERT_FALSE(c.has_value());
  EXPECT_EQ(c.error().os_errno, EADDRINUSE);
  Probe accepts[2];
  world.backend.accept(accepts[0], a);
  world.backend.accept(accepts[1], b);
  const SocketAddress address = loopback(80);
  for (int i = 0; i < 20; ++i) {
    const int fd = *world.backend.open_socket(AF_INET);
    Probe connect;
    world.backend.connect(connect, fd, address);
    pass(world.backend, seconds(1));
    world.backend.close(fd);
  }
  for (Probe& accept : accepts) {
    EXPECT_GT(accept.results.size(), 2U);
    for (const int fd : accept.results) world.backend.close(fd);
    world.backend.cancel(accept);
  }
  pass(world.backend);
  world.backend.close(a);
  world.backend.close(b);
}

TEST(SimBackend, PortZeroBecomesARealOneAndAddressesAreKnown) {
  Calm world;
  const int a = *world.backend.open_listener(loopback(0), {});
  const int b = *world.backend.open_listener(loopback(0), {});
  EXPECT_NE(world.backend.local_address(a)->port(), 0);
  EXPECT_NE(world.backend.local_address(a)->port(), world.backend.local_address(b)->port());
  world.backend.close(a);
  world.backend.close(b);
  Ends ends(world.backend);
  EXPECT_EQ(world.backend.peer_address(ends.server)->to_string(),
            world.backend.local_address(ends.client)->to_string());
  EXPECT_EQ(world.backend.peer_address(ends.client)->port(), 80);
}

TEST(SimBackend, AClosedListenerResetsWhoWaited) {
  Calm world;
  int listener = *world.backend.open_listener(loopback(80), {});
  const SocketAddress address = loopback(80);
  const int fd = *world.backend.open_socket(AF_INET);
  Probe connect;
  world.backend.connect(connect, fd, address);
  pass(world.backend);
  Probe receive;
  world.backend.receive(receive, fd);
  world.backend.close(listener);
  pass(world.backend);
  EXPECT_EQ(receive.last(), -ECONNRESET);
  world.backend.close(fd);
}

TEST(SimBackend, ACancelledSendReportsWhatItDid) {
  SimConfig config;
  config.socket_buffer_bytes = 1024;
  Calm world(config);
  Ends ends(world.backend);
  const std::string text(4000, 'x');
  Send send(world.backend, ends.client, text);
  pass(world.backend);
  world.backend.cancel(send.probe);
  pass(world.backend);
  EXPECT_EQ(send.probe.last(), 1024);
}

TEST(SimBackend, FilesKeepWhatWasWrittenAfterTheyAreClosed) {
  Calm world;
  const int file = world.backend.open_file();
  EXPECT_EQ(world.backend.open_descriptors(), 1U);
  Probe first;
  Probe second;
  world.backend.write(first, file, std::string_view("one "));
  world.backend.write(second, file, std::string_view("two"));
  pass(world.backend);
  world.backend.close(file);
  EXPECT_EQ(world.backend.written(file), "one two");
  EXPECT_EQ(world.backend.open_descriptors(), 0U);
}

TEST(SimBackend, WaitingForEverForNothingIsADeadlock) {
  Calm world;
  EXPECT_FALSE(world.backend.deadlocked());
  world.backend.wait(MonotonicTime::max());
  EXPECT_TRUE(world.backend.deadlocked());
}

using SimBackendDeathTest = ::testing::Test;

TEST(SimBackendDeathTest, MisuseStopsWithTheSeed) {
  SimBackend backend(4711, SimConfig::calm());
  const int fd = *backend.open_socket(AF_INET);
  EXPECT_DEATH(
      {
        backend.close(fd);
        backend.close(fd);
      },
      "not open.*seed 4711");
  EXPECT_DEATH(backend.close(77), "seed 4711");
  Probe probe;
  EXPECT_DEATH(
      {
        backend.poll(probe, fd, POLLIN);
        backend.close(fd);
      },
      "operation in flight");
  EXPECT_DEATH(
      {
        backend.poll(probe, fd, POLLIN);
        backend.poll(probe, fd, POLLIN);
      },
      "submitted twice");
  EXPECT_DEATH(backend.receive(probe, 1), "no open descriptor");
  EXPECT_DEATH(
      {
        backend.wait(MonotonicTime::max());
        backend.wait(MonotonicTime::max());
      },
      "nothing will ever happen");
  backend.close(fd);
}

}  // namespace
}  // namespace sluice::ring::sim
