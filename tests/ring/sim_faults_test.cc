// Every kind of fault happens when its odds say so, does what it should, and repeats with its seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "sim_probe.h"

namespace sluice::ring::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Ends;
using testing::loopback;
using testing::pass;
using testing::Probe;
using testing::Send;

// Sends `text` over one connection and returns what arrived; receives until it is all there or the
// connection ended.
struct Transfer {
  std::string received;
  std::vector<std::int32_t> results;
  std::int32_t sent = 0;
  FaultCounts faults;
  std::uint64_t hash = 0;
  Duration took{};
};

Transfer transfer(std::uint64_t seed, const SimConfig& config, std::size_t bytes) {
  Transfer outcome;
  SimBackend backend(seed, config.without_faults());
  Ends ends(backend);
  backend.set_config(config);
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + i % 23);
  const MonotonicTime start = backend.now();
  Send send(backend, ends.client, text);
  while (outcome.received.size() < bytes) {
    Probe receive;
    backend.receive(receive, ends.server);
    while (receive.in_flight() && outcome.received.size() + receive.text.size() < bytes) {
      backend.wait(backend.now() + seconds(1));
    }
    backend.cancel(receive);
    while (receive.in_flight()) backend.wait(backend.now() + seconds(1));
    outcome.received += receive.text;
    for (const std::int32_t result : receive.results) outcome.results.push_back(result);
    if (receive.last() == 0 || receive.last() == -ECONNRESET) break;
  }
  outcome.took = backend.now() - start;
  while (send.probe.in_flight()) {
    backend.cancel(send.probe);
    backend.wait(backend.now() + seconds(1));
  }
  outcome.sent = send.probe.last();
  pass(backend);
  EXPECT_EQ(outcome.received, text.substr(0, outcome.received.size()));
  outcome.faults = backend.faults();
  outcome.hash = backend.history().hash();
  return outcome;
}

constexpr std::size_t bytes_sent = 100'000;

Transfer transfer_twice(const SimConfig& config) {
  Transfer first = transfer(3, config, bytes_sent);
  EXPECT_EQ(first.hash, transfer(3, config, bytes_sent).hash);
  EXPECT_NE(first.hash, transfer(4, config, bytes_sent).hash);
  return first;
}

TEST(SimFaults, WithoutAnyAllArrivesInFewPieces) {
  const Transfer outcome = transfer(1, SimConfig::calm(), bytes_sent);
  EXPECT_EQ(outcome.received.size(), bytes_sent);
  EXPECT_LT(outcome.results.size(), 20U);
  EXPECT_EQ(outcome.sent, static_cast<std::int32_t>(bytes_sent));
}

TEST(SimFaults, ShortReceivesTakePrefixesAndLoseNothing) {
  SimConfig config;
  config.short_receive = 0.9;
  const Transfer outcome = transfer_twice(config);
  EXPECT_EQ(outcome.received.size(), bytes_sent);
  EXPECT_GT(outcome.faults.short_receives, 20U);
  EXPECT_GT(outcome.results.size(), 20U);
}

TEST(SimFaults, SegmentsArriveInPiecesButASendReportsItsSum) {
  SimConfig config;
  config.segment_bytes_max = 2000;
  config.short_segment = 0.9;
  config.send_pause = 0.5;
  const Transfer outcome = transfer_twice(config);
  EXPECT_EQ(outcome.received.size(), bytes_sent);
  EXPECT_EQ(outcome.sent, static_cast<std::int32_t>(bytes_sent));
  EXPECT_GT(outcome.faults.short_segments, 5U);
  EXPECT_GT(outcome.faults.send_pauses, 5U);
}

TEST(SimFaults, AResetLosesOnlyATail) {
  SimConfig config;
  config.reset = 1;
  config.reset_bytes_max = 1000;
  int broken = 0;
  int lost = 0;
  std::string text(bytes_sent, '\0');
  for (std::size_t i = 0; i < bytes_sent; ++i) text[i] = static_cast<char>('a' + i % 23);
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SimBackend backend(seed, config);
    Ends ends(backend);
    Probe receive;
    backend.receive(receive, ends.server);
    Send send(backend, ends.client, text);
    pass(backend);
    EXPECT_TRUE(text.starts_with(receive.text));
    if (receive.in_flight()) {  // born to break at a byte of the answer, which never comes
      EXPECT_EQ(receive.text.size(), bytes_sent);
      backend.cancel(receive);
      pass(backend);
      continue;
    }
    EXPECT_EQ(receive.last(), -ECONNRESET);
    EXPECT_EQ(backend.faults().resets, 1U);
    ++broken;
    lost += receive.text.size() < bytes_sent ? 1 : 0;
  }
  EXPECT_GT(broken, 10);
  EXPECT_GT(lost, 5);
}

TEST(SimFaults, AStallMakesBytesLateAndKeepsTheirOrder) {
  SimConfig config;
  config.segment_bytes_max = 1000;
  config.stall = 0.2;
  config.stall_length = {seconds(5), seconds(10)};
  const Transfer outcome = transfer_twice(config);
  EXPECT_EQ(outcome.received.size(), bytes_sent);
  EXPECT_GE(outcome.took, seconds(5));
  EXPECT_GT(outcome.faults.stalls, 0U);
}

TEST(SimFaults, AScriptedStallHoldsEverythingBack) {
  SimBackend backend(1, SimConfig::calm());
  Ends ends(backend);
  Probe receive;
  backend.receive(receive, ends.server);
  backend.stall(ends.client, seconds(30));
  Send send(backend, ends.client, "x");
  ends.backend.wait(backend.now());
  backend.shutdown_send(ends.client);
  pass(backend, seconds(29));
  EXPECT_TRUE(receive.results.empty());
  pass(backend, seconds(2));
  EXPECT_EQ(receive.results, (std::vector<std::int32_t>{1, 0}));
}

TEST(SimFaults, CompletionsComeLateAndInOrderOfTheirOperation) {
  SimConfig config;
  config.segment_bytes_max = 1000;
  config.late_completion = 0.5;
  config.lateness = {milliseconds(1), milliseconds(50)};
  const Transfer outcome = transfer_twice(config);
  EXPECT_EQ(outcome.received.size(), bytes_sent);  // the order is checked there
  EXPECT_GT(outcome.faults.late_completions, 10U);
}

TEST(SimFaults, MultishotsEndWithDataAndRunOutOfBuffers) {
  SimConfig config;
  config.buffer_bytes = 500;
  config.multishot_end = 0.3;
  config.no_buffers = 0.3;
  config.no_buffers_length = {Duration(0), std::chrono::microseconds(50)};
  const Transfer outcome = transfer_twice(config);
  EXPECT_EQ(outcome.received.size(), bytes_sent);
  EXPECT_GT(outcome.faults.multishots_ended, 5U);
  EXPECT_GT(outcome.faults.buffers_refused, 5U);
  EXPECT_GT(std::count(outcome.results.begin(), outcome.results.end(), -ENOBUFS), 5);
}

TEST(SimFaults, ACancelLosesTheRaceToASuccess) {
  SimConfig config;
  config.lost_cancel = 1;
  config.lateness = {milliseconds(1), milliseconds(1)};
  SimBackend backend(1, SimConfig::calm());
  Ends ends(backend);
  backend.set_config(config);
  Probe receive;
  backend.receive_once(receive, ends.server, 100);
  backend.wait(backend.now());
  backend.cancel(receive);
  Send send(backend, ends.client, "won");
  pass(backend);
  EXPECT_EQ(receive.results, (std::vector<std::int32_t>{3}));
  EXPECT_EQ(receive.text, "won");
  EXPECT_EQ(backend.faults().cancels_lost, 1U);
  // With nothing to win, it is cancelled all the same.
  Probe idle;
  backend.receive_once(idle, ends.server, 100);
  backend.cancel(idle);
  pass(backend);
  EXPECT_EQ(idle.last(), -ECANCELED);
}

TEST(SimFaults, ConnectsAreRefusedOrNeverAnswered) {
  SimConfig config;
  config.connect_refused = 0.4;
  config.connect_silence = 0.4;
  SimBackend backend(1, config);
  const int listener = *backend.open_listener(loopback(80), {});
  const SocketAddress address = loopback(80);
  int refused = 0;
  int silent = 0;
  int made = 0;
  for (int i = 0; i < 100; ++i) {
    const int fd = *backend.open_socket(AF_INET);
    Probe connect;
    backend.connect(connect, fd, address);
    const MonotonicTime start = backend.now();
    while (connect.in_flight()) backend.wait(start + seconds(1000));
    if (connect.last() == -ETIMEDOUT) {
      EXPECT_GE(backend.now() - start, config.connect_timeout);
      ++silent;
    } else if (connect.last() == 0) {
      ++made;
    } else {
      ++refused;
    }
    backend.close(fd);
  }
  backend.close(listener);
  EXPECT_GT(refused, 10);
  EXPECT_GT(silent, 10);
  EXPECT_GT(made, 10);
  EXPECT_EQ(backend.faults().connects_silent, static_cast<std::uint64_t>(silent));
}

TEST(SimFaults, AcceptsRunOutOfDescriptorsAndAbort) {
  SimConfig config;
  config.no_descriptors = 0.3;
  config.accept_abort = 0.3;
  SimBackend backend(1, config);
  const int listener = *backend.open_listener(loopback(80), {});
  const SocketAddress address = loopback(80);
  std::vector<int> clients;
  std::vector<int> servers;
  std::vector<std::unique_ptr<Probe>> connects;
  int refused = 0;
  for (int i = 0; i < 50; ++i) {
    const auto fd = backend.open_socket(AF_INET);
    if (!fd) {
      EXPECT_EQ(fd.error().kind, ErrorKind::exhausted);
      ++refused;
      continue;
    }
    clients.push_back(*fd);
    connects.push_back(std::make_unique<Probe>());
    backend.connect(*connects.back(), *fd, address);
  }
  pass(backend);
  int aborted = 0;
  std::size_t taken = 0;
  while (taken < clients.size()) {
    Probe accept;
    backend.accept(accept, listener);
    pass(backend, seconds(1));
    if (accept.in_flight()) {
      backend.cancel(accept);
      pass(backend, seconds(1));
    }
    for (const std::int32_t result : accept.results) {
      if (result >= 0) servers.push_back(result);
      if (result == -ECONNABORTED) ++aborted;
      if (result == -EMFILE || result == -ENFILE) ++refused;
    }
    taken = servers.size() + static_cast<std::size_t>(aborted);
  }
  EXPECT_GT(aborted, 3);
  EXPECT_GT(refused, 10);
  for (const int fd : clients) backend.close(fd);
  for (const int fd : servers) backend.close(fd);
  backend.close(listener);
}

TEST(SimFaults, TheTableOfDescriptorsHasAnEnd) {
  SimConfig config;
  config.descriptors_max = 2;
  SimBackend backend(1, config);
  const int a = *backend.open_socket(AF_INET);
  const int b = *backend.open_socket(AF_INET);
  const auto c = backend.open_socket(AF_INET);
  ASSERT_FALSE(c.has_value());
  EXPECT_EQ(c.error().os_errno, EMFILE);
  backend.close(a);
  const auto d = backend.open_socket(AF_INET);
  EXPECT_TRUE(d.has_value());
  EXPECT_NE(*d, a);  // numbers are not used again
  backend.close(*d);
  backend.close(b);
}

TEST(SimFaults, WritesToFilesAreShort) {
  SimConfig config;
  config.short_write = 1;
  SimBackend backend(1, config);
  Probe write;
  backend.write(write, 2, std::string_view("0123456789"));
  pass(backend);
  EXPECT_GT(write.last(), 0);
  EXPECT_LT(write.last(), 10);
  EXPECT_EQ(backend.written(2),
            std::string_view("0123456789").substr(0, static_cast<std::size_t>(write.last())));
}

TEST(SimFaults, CompletionsOfOneMomentComeInAnyOrder) {
  SimConfig config;
  config.reorder = true;
  bool first_first = false;
  bool second_first = false;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SimBackend backend(seed, config);
    std::vector<int> order;
    struct Note final : Operation {
      Note(std::vector<int>& list, int n) : order(list), number(n) {}
      void complete(Completion) noexcept override { order.push_back(number); }
      std::vector<int>& order;
      int number;
    } first(order, 1), second(order, 2);
    backend.write(first, 1, std::string_view("a"));
    backend.write(second, 1, std::string_view("b"));
    pass(backend);
    ASSERT_EQ(order.size(), 2U);
    (order.front() == 1 ? first_first : second_first) = true;
  }
  EXPECT_TRUE(first_first && second_first);
}

}  // namespace
}  // namespace sluice::ring::sim
