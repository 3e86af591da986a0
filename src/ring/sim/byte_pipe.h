// One direction of a simulated connection: bytes under way and bytes arrived, in a ring of memory.
//
//   read <= arrived <= written;  acknowledged <= read: what the sender knows of it
//        [ read ... arrived )  the receiver may take        [ arrived ... written )  under way
//
// Positions count from the connection's start. The sender may write while
// written - acknowledged < capacity, which is what makes a slow reader slow its peer.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "sluice/base/assert.h"

namespace sluice::ring::sim {

/// Memory for pipes, all of one size, given back and used again.
class PipeMemory {
 public:
  explicit PipeMemory(std::uint32_t capacity_bytes) : capacity_bytes_(capacity_bytes) {}
  [[nodiscard]] std::unique_ptr<char[]> take() {
    if (free_.empty()) return std::unique_ptr<char[]>(new char[capacity_bytes_]);
    std::unique_ptr<char[]> memory = std::move(free_.back());
    free_.pop_back();
    return memory;
  }
  void give_back(std::unique_ptr<char[]> memory) {
    if (memory != nullptr) free_.push_back(std::move(memory));
  }
  [[nodiscard]] std::uint32_t capacity_bytes() const noexcept { return capacity_bytes_; }

 private:
  std::uint32_t capacity_bytes_;  // a power of two
  std::vector<std::unique_ptr<char[]>> free_;
};

class BytePipe {
 public:
  [[nodiscard]] std::size_t space(const PipeMemory& memory) const noexcept {
    return memory.capacity_bytes() - static_cast<std::size_t>(written_ - acknowledged_);
  }
  [[nodiscard]] std::size_t readable() const noexcept {
    return static_cast<std::size_t>(arrived_ - read_);
  }
  [[nodiscard]] std::size_t unread() const noexcept {
    return static_cast<std::size_t>(written_ - read_);
  }
  [[nodiscard]] std::uint64_t written() const noexcept { return written_; }

  /// At most space() bytes.
  void write(PipeMemory& memory, const char* data, std::size_t count) {
    if (bytes_ == nullptr) bytes_ = memory.take();
    const std::size_t capacity = memory.capacity_bytes();
    const std::size_t offset = static_cast<std::size_t>(written_) & (capacity - 1);
    const std::size_t first = std::min(count, capacity - offset);
    std::memcpy(bytes_.get() + offset, data, first);
    if (first < count) std::memcpy(bytes_.get(), data + first, count - first);
    written_ += count;
  }
  /// Everything up to position `total` has arrived.
  void arrive(std::uint64_t total) noexcept {
    SLUICE_ASSERT(total >= arrived_ && total <= written_);
    arrived_ = total;
  }
  /// At most readable() bytes.
  void read(const PipeMemory& memory, char* data, std::size_t count) noexcept {
    SLUICE_ASSERT(count <= readable());
    if (count == 0) return;
    const std::size_t capacity = memory.capacity_bytes();
    const std::size_t offset = static_cast<std::size_t>(read_) & (capacity - 1);
    const std::size_t first = std::min(count, capacity - offset);
    std::memcpy(data, bytes_.get() + offset, first);
    if (first < count) std::memcpy(data + first, bytes_.get(), count - first);
    read_ += count;
  }
  /// The sender learns what was read.
  void acknowledge() noexcept { acknowledged_ = read_; }
  [[nodiscard]] bool acknowledged_all() const noexcept { return acknowledged_ == read_; }

  void clear(PipeMemory& memory) {
    memory.give_back(std::move(bytes_));
    *this = BytePipe{};
  }

 private:
  std::unique_ptr<char[]> bytes_;  // from the first write on
  std::uint64_t written_ = 0;
  std::uint64_t arrived_ = 0;
  std::uint64_t read_ = 0;
  std::uint64_t acknowledged_ = 0;
};

}  // namespace sluice::ring::sim
