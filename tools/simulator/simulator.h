// The provider simulator on the loop: serves connections, one request after the other on each.
//
//   Simulator simulator(loop, config, recordings, board, seed);
//   scope.spawn(simulator.run(listener, stops));          // or serve() each stream oneself
//
// It frames HTTP/1.1 itself, over the codec's parsers, because most of what it is for lies below
// a well-behaved server: resets, half chunks, bytes that are no HTTP. Runs on either back-end and
// reads time from the loop alone. One per core.
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "simulator/config.h"
#include "simulator/occasion.h"
#include "simulator/provider.h"
#include "simulator/recordings.h"
#include "sluice/base/result.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/http/head_parser.h"
#include "sluice/net/listener.h"
#include "sluice/net/stream.h"
#include "sluice/ring/loop.h"

namespace sluice::simulator {

/// What one simulator has seen. Written on its core, read on any.
struct SimulatorCounts {
  std::atomic<std::uint64_t> connections{0};        // accepted, ever
  std::atomic<std::uint64_t> connections_open{0};   // now
  std::atomic<std::uint64_t> requests{0};           // heads read
  std::atomic<std::uint64_t> answers{0};            // given to their last byte, as planned
  std::atomic<std::uint64_t> requests_open{0};      // now
  std::atomic<std::uint64_t> aborted_by_client{0};  // the client left before its answer's end
  std::atomic<std::uint64_t> broken_by_us{0};       // faults that close, reset or hang
  std::atomic<std::uint64_t> refused{0};            // bytes that were no request
};

/// What all cores of one process have seen: GET /sim/stats adds it up. Thread-safe.
class SimulatorBoard {
 public:
  /// A place for one more simulator, which lives as long as the board.
  [[nodiscard]] SimulatorCounts& add();
  [[nodiscard]] Occasions& occasions() noexcept { return occasions_; }
  [[nodiscard]] std::string to_json() const;

 private:
  Occasions occasions_;
  mutable std::mutex mutex_;  // of the list, not of the counts
  std::deque<SimulatorCounts> counts_;
};

class Simulator {
 public:
  /// Lifetime: all arguments outlive the simulator and its tasks; `recordings` may be null.
  Simulator(ring::Loop& loop, const SimulatorConfig& config, const Recordings* recordings,
            SimulatorBoard& board, std::uint64_t seed);

  /// Serves one connection until either side ends it, or `stop`. The caller owns the stream.
  [[nodiscard]] Task<void> serve(net::Stream& stream, StopToken stop);

  /// Accepts and serves until `stop`; returns when every connection has ended.
  [[nodiscard]] Task<void> run(net::Listener& listener, StopToken stop);

  [[nodiscard]] const SimulatorCounts& counts() const noexcept { return counts_; }

 private:
  class Conversation;
  Task<void> serve_socket(net::Listener& listener, int socket, StopToken stop);

  ring::Loop& loop_;
  const SimulatorConfig& config_;
  SimulatorBoard& board_;
  SimulatorCounts& counts_;
  Provider provider_;
};

}  // namespace sluice::simulator
