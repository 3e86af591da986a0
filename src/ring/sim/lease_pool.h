// The simulated buffer ring: memory that receives share bit by bit and slices lease.
//
// Like the kernel's incremental buffers: a receive takes the next bytes of the current buffer; a
// full buffer comes back when its last slice is gone. Bytes nobody may read (not yet received, or
// given back) are overwritten, and under AddressSanitizer unreadable.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "sluice/base/slice.h"

namespace sluice::ring::sim {

class LeasePool {
 public:
  LeasePool(std::uint32_t buffer_bytes, std::uint32_t buffers_max);
  LeasePool(const LeasePool&) = delete;
  LeasePool& operator=(const LeasePool&) = delete;
  /// Every slice must be gone.
  ~LeasePool();

  /// How many bytes the next lease may have; 0 when every buffer is leased.
  [[nodiscard]] std::size_t room();
  /// Memory for the next `size_bytes` (at most room()) received.
  [[nodiscard]] char* next() noexcept { return current_->memory.get() + current_->used; }
  [[nodiscard]] Slice lease(std::size_t size_bytes) noexcept;
  /// Must be called before writing to next().
  void unlock(std::size_t size_bytes) noexcept;

  /// Buffers with a slice alive.
  [[nodiscard]] std::size_t leased() const noexcept { return leased_; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return buffers_.size() * buffer_bytes_;
  }

 private:
  struct Buffer : SliceOwner {
    explicit Buffer(LeasePool& owner);
    static void released(SliceOwner* owner) noexcept;
    LeasePool& pool;
    std::unique_ptr<char[]> memory;
    std::uint32_t used = 0;     // bytes [0, used) were received
    std::uint32_t expired = 0;  // bytes [0, expired) were given back
    bool in_use = false;        // a slice is alive
  };
  void recycle(Buffer& buffer) noexcept;

  std::uint32_t buffer_bytes_;
  std::uint32_t buffers_max_;
  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::vector<Buffer*> free_;
  Buffer* current_ = nullptr;  // partly filled, or fresh
  std::size_t leased_ = 0;
};

}  // namespace sluice::ring::sim
