// The provided-buffer ring: memory the kernel fills and slices lease.
//
//   kernel --fills a buffer bit by bit (IOU_PBUF_RING_INC)--> slices of it, one per receive
//   last slice gone and the kernel done with it --> back into the ring
//
// Many sockets share a buffer: a 1 KiB request costs 1 KiB of it, not a buffer. The ring starts
// small and grows when the kernel finds it empty, up to `buffers_max`; after that, empty is a
// normal state that receivers handle. Belongs to one core.
#pragma once
#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/base/slice.h"

namespace sluice::ring {

class BufferRing {
 public:
  /// `buffers_max` is a power of two. Errors: unsupported (the kernel lacks incremental buffers).
  [[nodiscard]] static Result<std::unique_ptr<BufferRing>> make(io_uring& ring, int group,
                                                                std::uint32_t buffer_bytes,
                                                                std::uint32_t buffers_start,
                                                                std::uint32_t buffers_max);
  BufferRing(const BufferRing&) = delete;
  BufferRing& operator=(const BufferRing&) = delete;
  /// Every slice must be gone.
  ~BufferRing();

  /// The slice that a completion with IORING_CQE_F_BUFFER reports.
  [[nodiscard]] Slice lease(std::uint32_t cqe_flags, std::size_t size_bytes) noexcept;

  /// Adds memory, as much again as there is; false at the bound.
  bool grow();

  [[nodiscard]] int group() const noexcept { return group_; }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept {
    return std::uint64_t{buffer_bytes_} * buffers_.size();
  }
  /// Buffers with a slice alive.
  [[nodiscard]] std::uint64_t leased() const noexcept { return leased_; }

 private:
  struct Buffer;
  struct Unmap {
    std::size_t size_bytes;
    void operator()(char* memory) const noexcept;
  };

  BufferRing(io_uring& ring, int group, std::uint32_t buffer_bytes, std::uint32_t buffers_max);
  void provide(Buffer& buffer) noexcept;

  io_uring& ring_;
  io_uring_buf_ring* kernel_ring_ = nullptr;
  int group_;
  std::uint32_t buffer_bytes_;
  std::uint32_t buffers_max_;
  std::uint64_t leased_ = 0;
  std::vector<std::unique_ptr<Buffer>> buffers_;  // by buffer id
  std::vector<std::unique_ptr<char, Unmap>> memory_;
};

}  // namespace sluice::ring
