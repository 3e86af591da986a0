// Counter and Gauge: numbers one thread writes and any thread may read.
//
// Single-writer: the owning core adds with a plain load and store (no locked instruction, under a
// nanosecond); a scrape on another thread reads a value that was true a moment ago.
#pragma once
#include <atomic>
#include <concepts>
#include <cstdint>

namespace sluice {

/// Only ever grows; goes on from 0 after its word's last number.
template <std::unsigned_integral Word>
class BasicCounter {
 public:
  /// The owning thread only.
  void add(Word amount = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  /// Any thread.
  [[nodiscard]] Word value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<Word> value_{0};
};
using Counter = BasicCounter<std::uint64_t>;
/// For many of a kind whose reader takes differences, which are right across the wrap.
using SmallCounter = BasicCounter<std::uint32_t>;

/// Goes up and down. Summed over cores like a counter.
class Gauge {
 public:
  /// The owning thread only.
  void add(std::int64_t amount = 1) noexcept { set(value() + amount); }
  void subtract(std::int64_t amount = 1) noexcept { set(value() - amount); }
  void set(std::int64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  /// Any thread.
  [[nodiscard]] std::int64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::int64_t> value_{0};
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace sluice
