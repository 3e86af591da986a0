#include "sluice/telemetry/log_buffer.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "sluice/base/assert.h"

namespace sluice::telemetry {
namespace {

constexpr std::size_t capacity_bytes_min = 4096;

/// One more, by the only thread that writes it.
void increment(std::atomic<std::uint64_t>& count) noexcept {
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

LogBuffer::LogBuffer(std::size_t capacity_bytes)
    : mask_(std::bit_ceil(std::max(capacity_bytes, capacity_bytes_min)) - 1),
      bytes_(std::make_unique_for_overwrite<char[]>(mask_ + 1)) {}

LogBuffer::~LogBuffer() = default;

bool LogBuffer::append(std::string_view line) noexcept {
  SLUICE_ASSERT(!line.empty());
  SLUICE_ASSERT(line.back() == '\n');
  const std::size_t capacity = mask_ + 1;
  const std::size_t head = head_.load(std::memory_order_relaxed);
  // Look at the consumer's cache line only when its last known position leaves no room.
  if (line.size() > capacity - (head - tail_seen_)) {
    tail_seen_ = tail_.load(std::memory_order_acquire);
    if (line.size() > capacity - (head - tail_seen_)) {
      increment(dropped_);
      return false;
    }
  }
  const std::size_t at = head & mask_;
  const std::size_t until_end = std::min(line.size(), capacity - at);
  std::memcpy(bytes_.get() + at, line.data(), until_end);
  std::memcpy(bytes_.get(), line.data() + until_end, line.size() - until_end);
  head_.store(head + line.size(), std::memory_order_release);
  increment(appended_);
  return true;
}

std::array<std::string_view, 2> LogBuffer::peek() const noexcept {
  const std::size_t tail = tail_.load(std::memory_order_relaxed);
  const std::size_t waiting = head_.load(std::memory_order_acquire) - tail;
  const std::size_t at = tail & mask_;
  const std::size_t until_end = std::min(waiting, mask_ + 1 - at);
  return {std::string_view(bytes_.get() + at, until_end),
          std::string_view(bytes_.get(), waiting - until_end)};
}

void LogBuffer::consume(std::size_t bytes) noexcept {
  const std::size_t tail = tail_.load(std::memory_order_relaxed);
  SLUICE_ASSERT(bytes <= head_.load(std::memory_order_acquire) - tail);
  tail_.store(tail + bytes, std::memory_order_release);
}

std::size_t LogBuffer::waiting_bytes() const noexcept {
  // The tail first: read the other way round, the tail could have passed the head that was read.
  const std::size_t tail = tail_.load(std::memory_order_acquire);
  return head_.load(std::memory_order_acquire) - tail;
}

}  // namespace sluice::telemetry
