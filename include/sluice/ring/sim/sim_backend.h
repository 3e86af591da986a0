// The simulated back-end: a whole network in one process, with virtual time, from one seed.
//
//   program -> Loop -> SimBackend:  sockets, listeners, pipes of bytes, buffer ring, files
//                      now() jumps from event to event; nothing ever sleeps
//
// It keeps the promises of Backend and breaks everything they do not promise, as SimConfig says.
// Clients, gateway and providers of one run share one SimBackend. The same seed, configuration and
// program repeat a run exactly: see history().
//
// Modelled on Linux: send completes when the socket buffer took the bytes; a close with unread
// bytes is a reset; a reset's errno is told once, to whichever operation asks first, and after it
// receives report the end (0) and sends EPIPE; bytes that had arrived before a reset stay readable;
// a send or a filling receive that was cancelled half-way reports the bytes it did. Descriptor
// numbers are never used again, so a stale one is always noticed.
//
// Misuse (a descriptor closed twice or with an operation in flight, a closed or unknown descriptor,
// two receives at once) prints the seed and the history and aborts the process.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "sluice/ring/backend.h"
#include "sluice/ring/sim/sim_config.h"
#include "sluice/ring/sim/sim_history.h"

namespace sluice::ring::sim {

/// How often each fault was injected.
struct FaultCounts {
  std::uint64_t short_receives = 0;
  std::uint64_t short_segments = 0;
  std::uint64_t send_pauses = 0;
  std::uint64_t short_writes = 0;
  std::uint64_t resets = 0;
  std::uint64_t stalls = 0;
  std::uint64_t connects_refused = 0;
  std::uint64_t connects_silent = 0;
  std::uint64_t accepts_aborted = 0;
  std::uint64_t descriptors_refused = 0;
  std::uint64_t late_completions = 0;
  std::uint64_t late_cancels = 0;
  std::uint64_t cancels_lost = 0;  // an operation ended with a success after it was cancelled
  std::uint64_t multishots_ended = 0;
  std::uint64_t buffers_refused = 0;
};

class SimBackend final : public Backend {
 public:
  /// `config` must break no rule.
  SimBackend(std::uint64_t seed, const SimConfig& config);
  SimBackend(const SimBackend&) = delete;
  SimBackend& operator=(const SimBackend&) = delete;
  /// Every operation has completed and every lease has come back.
  ~SimBackend() override;

  [[nodiscard]] MonotonicTime now() noexcept override;
  [[nodiscard]] WallTime wall_now() noexcept override;
  Result<int> open_listener(const SocketAddress& address, const ListenOptions& options) override;
  Result<int> open_socket(int family) override;
  Result<SocketAddress> local_address(int fd) override;
  Result<SocketAddress> peer_address(int fd) override;
  void shutdown_send(int fd) noexcept override;
  void reset_on_close(int fd) noexcept override;
  void close(int fd) noexcept override;
  void accept(Operation& operation, int listener_fd) noexcept override;
  void connect(Operation& operation, int fd, const SocketAddress& address) noexcept override;
  void receive(Operation& operation, int fd) noexcept override;
  void receive_once(Operation& operation, int fd, std::size_t bytes_max) noexcept override;
  void receive_into(Operation& operation, int fd, std::span<char> memory,
                    bool all) noexcept override;
  void send(Operation& operation, int fd, std::span<const iovec> parts) noexcept override;
  void poll(Operation& operation, int fd, std::uint32_t events) noexcept override;
  void write(Operation& operation, int fd, std::span<const char> bytes) noexcept override;
  void cancel(Operation& operation) noexcept override;
  void wait(MonotonicTime until) noexcept override;
  void wake() noexcept override;
  [[nodiscard]] BackendStats stats() const noexcept override;

  // --- for tests ---
  [[nodiscard]] std::uint64_t seed() const noexcept;
  [[nodiscard]] const SimConfig& config() const noexcept;
  /// Odds, ranges and limits from now on; the sizes of buffers stay as they were.
  void set_config(const SimConfig& config) noexcept;

  /// A file to write() to, which counts as a descriptor until closed. Descriptors 1 and 2 are
  /// files from the start.
  [[nodiscard]] int open_file();
  /// What was written to a file, closed or not. Invalid after the next write.
  [[nodiscard]] std::string_view written(int fd) const;

  /// The network breaks the connection of `fd` now: both ends learn of it a latency later.
  void break_connection(int fd) noexcept;
  /// What `fd` sends from now on arrives no earlier than `length` from now.
  void stall(int fd, Duration length) noexcept;

  /// Whether wait() was asked to wait for ever for something that will never come. A second such
  /// wait aborts the process.
  [[nodiscard]] bool deadlocked() const noexcept;
  /// Whether nothing is submitted and nothing will happen by itself: only time can pass.
  [[nodiscard]] bool idle() const noexcept;
  [[nodiscard]] std::size_t open_descriptors() const noexcept;
  [[nodiscard]] std::size_t operations_in_flight() const noexcept;
  /// Buffers that a slice still refers to.
  [[nodiscard]] std::size_t leased_buffers() const noexcept;
  /// Bytes received and not read by the program plus those under way to `fd`.
  [[nodiscard]] std::size_t unread_bytes(int fd) const noexcept;
  [[nodiscard]] const FaultCounts& faults() const noexcept;
  [[nodiscard]] const SimHistory& history() const noexcept;

 private:
  class Network;
  std::unique_ptr<Network> network_;
};

}  // namespace sluice::ring::sim
