// Bare operations on a simulated back-end, for tests: what each reported, in order.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "sluice/ring/sim/sim_backend.h"

namespace sluice::ring::sim::testing {

struct Probe final : Operation {
  void complete(Completion completion) noexcept override {
    results.push_back(completion.result);
    if (!completion.bytes.empty()) text += completion.bytes.view();
    if (keep) kept.push(std::move(completion.bytes));
  }
  [[nodiscard]] bool done() const noexcept { return !in_flight() && !results.empty(); }
  [[nodiscard]] std::int32_t last() const noexcept { return results.empty() ? 1 : results.back(); }
  std::vector<std::int32_t> results;
  std::string text;  // everything received
  bool keep = false;
  SliceChain kept;
};

/// Waits until nothing is left to happen before `span` has passed.
inline void pass(SimBackend& backend, Duration span) {
  const MonotonicTime end = backend.now() + span;
  while (backend.now() < end) backend.wait(end);
}
inline void pass(SimBackend& backend) { pass(backend, std::chrono::seconds(200)); }

inline SocketAddress loopback(std::uint16_t port) {
  return SocketAddress::ipv4({127, 0, 0, 1}, port);
}

/// A listener and one connection to it.
struct Ends {
  explicit Ends(SimBackend& world) : backend(world) {
    listener = *backend.open_listener(loopback(80), {});
    client = *backend.open_socket(AF_INET);
    Probe connecting;
    Probe accepting;
    backend.accept(accepting, listener);
    const SocketAddress address = loopback(80);
    backend.connect(connecting, client, address);
    for (int i = 0; i < 100 && !(connecting.done() && !accepting.results.empty()); ++i) {
      backend.wait(backend.now() + std::chrono::seconds(1));
    }
    EXPECT_EQ(connecting.last(), 0);
    server = accepting.last();
    backend.cancel(accepting);
    while (accepting.in_flight()) backend.wait(backend.now() + std::chrono::seconds(1));
  }
  ~Ends() {
    for (const int fd : {client, server, listener}) {
      if (fd >= 0) backend.close(fd);
    }
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  void close(int& fd) { backend.close(std::exchange(fd, -1)); }

  SimBackend& backend;
  int listener = -1;
  int client = -1;
  int server = -1;
};

struct Send {
  Send(SimBackend& backend, int fd, std::string_view text)
      : part{const_cast<char*>(text.data()), text.size()} {
    backend.send(probe, fd, {&part, 1});
  }
  iovec part;
  Probe probe;
};

}  // namespace sluice::ring::sim::testing
