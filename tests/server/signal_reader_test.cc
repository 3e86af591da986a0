#include "sluice/server/signal_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include "sluice/coro/scope.h"
#include "sluice/ring/kernel_backend.h"
#include "sluice/server/process.h"

namespace sluice::server {
namespace {

Task<void> collect(SignalReader& reader, StopToken stop, std::vector<int>& seen) {
  while (true) {
    const Result<int> number = co_await reader.next(stop);
    if (!number) {
      EXPECT_EQ(number.error().kind, ErrorKind::cancelled);
      co_return;
    }
    seen.push_back(*number);
  }
}

TEST(SignalReader, GivesEachSignalAndEndsWhenToldTo) {
  block_signals();
  auto backend = ring::make_kernel_backend({});
  ASSERT_TRUE(backend.has_value()) << backend.error().what;
  ring::Loop loop(**backend, 1);
  auto reader = SignalReader::make(loop);
  ASSERT_TRUE(reader.has_value());
  std::vector<int> seen;
  StopSource stop;
  Scope scope;
  scope.spawn(collect(**reader, stop.token(), seen));
  for (const int number : {SIGHUP, SIGUSR1, SIGTERM}) {
    ::kill(::getpid(), number);
    while (seen.empty() || seen.back() != number) {
      loop.turn(loop.now() + std::chrono::milliseconds(1));
    }
  }
  stop.request_stop();
  while (scope.running() > 0) loop.turn(loop.now() + std::chrono::milliseconds(1));
  EXPECT_EQ(seen, (std::vector<int>{SIGHUP, SIGUSR1, SIGTERM}));
}

}  // namespace
}  // namespace sluice::server
