// SpscQueue: a bounded queue from one thread to another, without locks.
//
//   producer: try_push()  -->  [ ring of slots ]  -->  consumer: try_pop()
//
// One producer and one consumer at a time, which may be two threads. A full queue refuses; nothing
// waits. What is left when the queue goes is destroyed with it.
#pragma once
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "sluice/base/assert.h"

namespace sluice {

template <typename T>
class SpscQueue {
 public:
  /// Room for `capacity` items, rounded up to a power of two; at least 1.
  explicit SpscQueue(std::size_t capacity)
      : mask_(std::bit_ceil(capacity) - 1),
        slots_(std::make_unique<std::optional<T>[]>(mask_ + 1)) {
    SLUICE_ASSERT(capacity > 0);
  }
  SpscQueue(const SpscQueue&) = delete;
  SpscQueue& operator=(const SpscQueue&) = delete;

  /// Moves `item` in. False: no room, and `item` is untouched. The producer only.
  [[nodiscard]] bool try_push(T&& item) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    // Look at the consumer's cache line only when its last known position leaves no room.
    if (head - tail_seen_ > mask_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head - tail_seen_ > mask_) return false;
    }
    slots_[head & mask_].emplace(std::move(item));
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  /// The oldest item, or nothing. The consumer only.
  [[nodiscard]] std::optional<T> try_pop() {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_.load(std::memory_order_acquire)) return std::nullopt;
    std::optional<T> item = std::exchange(slots_[tail & mask_], std::nullopt);
    tail_.store(tail + 1, std::memory_order_release);
    return item;
  }

  /// Whether there is nothing to pop. The consumer only.
  [[nodiscard]] bool empty() const noexcept {
    return tail_.load(std::memory_order_relaxed) == head_.load(std::memory_order_acquire);
  }
  [[nodiscard]] std::size_t capacity() const noexcept { return mask_ + 1; }

 private:
  std::size_t mask_;
  std::unique_ptr<std::optional<T>[]> slots_;
  // Positions only grow; the item at position p is slots_[p & mask_].
  alignas(64) std::atomic<std::size_t> head_{0};  // written by the producer
  std::size_t tail_seen_ = 0;                     // the producer's last look at tail_
  alignas(64) std::atomic<std::size_t> tail_{0};  // written by the consumer
};

}  // namespace sluice
