// What a simulated network is like and how often it fails. Drawn anew for each run from its seed.
//
// Odds are probabilities in [0, 1], asked once per occasion. draw() turns each kind of fault on in
// only some of the runs (swarm testing: a run of many resets never gets as far as a run of many
// stalls does), and spreads the odds of those that are on over orders of magnitude.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/random.h"

namespace sluice::ring::sim {

/// Uniform between both, both included.
struct DurationRange {
  Duration low{};
  Duration high{};
  [[nodiscard]] Duration draw(Random& random) const noexcept;
};

struct SimConfig {
  // The network, one way and per segment: from who connects to who accepts, and back.
  DurationRange latency_up{std::chrono::microseconds(20), std::chrono::microseconds(20)};
  DurationRange latency_down{std::chrono::microseconds(20), std::chrono::microseconds(20)};
  // Virtual time that one wait() takes at least: who retries at once must not stop the clock.
  DurationRange turn_cost{Duration(100), Duration(100)};
  std::uint32_t socket_buffer_bytes = 64 * 1024;  // per direction; a power of two
  std::uint32_t segment_bytes_max = 16 * 1024;    // bytes that arrive together

  // What the machine has.
  std::uint32_t buffer_bytes = 16 * 1024;  // one buffer of the ring; receives share it
  std::uint32_t buffers_max = 1024;
  std::uint32_t descriptors_max = 4096;  // open at once; then EMFILE

  // Pieces.
  double short_receive = 0;  // a receive takes any prefix of what is there
  double short_segment = 0;  // a segment is any prefix of what could be sent
  double send_pause = 0;     // per segment: a send goes on only a latency later
  double short_write = 0;    // a write to a file takes any prefix

  // Breakage.
  double reset = 0;  // per connection: the network breaks it at some byte, or at some moment
  std::uint64_t reset_bytes_max = 256 * 1024;  // ... at the latest after so many, one way
  double stall = 0;                            // per segment: it and all after it come much later
  DurationRange stall_length{std::chrono::milliseconds(50), std::chrono::seconds(30)};
  double connect_refused = 0;  // per connect: ECONNREFUSED though somebody listens
  double connect_silence = 0;  // per connect: nobody answers, ETIMEDOUT in the end
  Duration connect_timeout = std::chrono::seconds(127);  // Linux, tcp_syn_retries = 6
  double accept_abort = 0;    // per accept: ECONNABORTED, which ends the multishot
  double no_descriptors = 0;  // per accept or open_socket: EMFILE or ENFILE

  // Completions.
  double late_completion = 0;  // per completion: delivered long after it happened
  double lost_cancel = 0;      // per cancel: it takes effect late, and success may win
  DurationRange lateness{std::chrono::microseconds(1), std::chrono::microseconds(500)};
  double multishot_end = 0;  // per completion with data: the multishot ends with it
  double no_buffers = 0;     // per receive: ENOBUFS, and for a while after
  DurationRange no_buffers_length{std::chrono::microseconds(0), std::chrono::milliseconds(20)};
  bool reorder = false;  // completions of one moment come in any order

  /// A network without faults: what the defaults are.
  [[nodiscard]] static SimConfig calm() noexcept { return {}; }
  /// Any network, with any mixture of faults.
  [[nodiscard]] static SimConfig draw(Random& random) noexcept;
  /// The same network with every odd at zero: for the end of a run that must now succeed.
  [[nodiscard]] SimConfig without_faults() const noexcept;

  /// The first rule broken, or nothing.
  [[nodiscard]] std::optional<std::string_view> broken_rule() const noexcept;
  /// The odds that are not zero and the sizes, in one line for a failure's report.
  [[nodiscard]] std::string to_string() const;
};

}  // namespace sluice::ring::sim
