// LogBuffer: log lines on their way from one core to the thread that writes them.
//
//   core:    append(line)  -->  [ ring of whole lines ]  -->  writer: peek(), write, consume(n)
//
// One producer and one consumer, which may be two threads. Bounded: a line that does not fit is
// dropped whole and counted, since the data path never waits for a disk.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "sluice/base/attributes.h"

namespace sluice::telemetry {

class LogBuffer {
 public:
  /// `capacity_bytes` is rounded up to a power of two, at least 4 KiB.
  explicit LogBuffer(std::size_t capacity_bytes);
  LogBuffer(const LogBuffer&) = delete;
  LogBuffer& operator=(const LogBuffer&) = delete;
  ~LogBuffer();

  /// Takes a copy of one line, which ends with its newline. False: no room, counted in dropped().
  /// The producer only.
  bool append(std::string_view line) noexcept;

  /// What waits, oldest first, as up to two pieces for one writev(): whole lines from the first
  /// byte not consumed. The pieces stay put until consume(). The consumer only.
  [[nodiscard]] std::array<std::string_view, 2> peek() const noexcept SLUICE_LIFETIMEBOUND;
  /// Gives back the first bytes of what peek() showed, as many as were written. After a short
  /// write the rest of a line comes first: write it before another core's lines to the same file.
  void consume(std::size_t bytes) noexcept;

  /// Bytes that wait. Either side; the producer wakes the writer by it.
  [[nodiscard]] std::size_t waiting_bytes() const noexcept;
  [[nodiscard]] std::size_t capacity_bytes() const noexcept { return mask_ + 1; }
  /// Any thread.
  [[nodiscard]] std::uint64_t appended_count() const noexcept {
    return appended_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t dropped_count() const noexcept {
    return dropped_.load(std::memory_order_relaxed);
  }

 private:
  std::size_t mask_;
  std::unique_ptr<char[]> bytes_;
  // Positions only grow; the byte at position p is bytes_[p & mask_].
  alignas(64) std::atomic<std::size_t> head_{0};  // written by the producer
  std::size_t tail_seen_ = 0;                     // the producer's last look at tail_
  std::atomic<std::uint64_t> appended_{0};
  std::atomic<std::uint64_t> dropped_{0};
  alignas(64) std::atomic<std::size_t> tail_{0};  // written by the consumer
};

}  // namespace sluice::telemetry
