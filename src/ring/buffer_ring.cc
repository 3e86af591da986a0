#include "buffer_ring.h"

#include <sys/mman.h>

#include <algorithm>

namespace sluice::ring {

struct BufferRing::Buffer : SliceOwner {
  Buffer(BufferRing& owner, char* start, std::uint16_t number) noexcept
      : SliceOwner(&Buffer::slices_gone), ring(owner), memory(start), id(number) {}

  // The last slice is gone; the kernel may still be filling the rest.
  static void slices_gone(SliceOwner* owner) noexcept {
    auto& buffer = *static_cast<Buffer*>(owner);
    --buffer.ring.leased_;
    if (!buffer.kernel_fills) buffer.ring.provide(buffer);
  }

  BufferRing& ring;
  char* memory;
  std::uint32_t filled_bytes = 0;
  std::uint16_t id;
  bool kernel_fills = false;
};

void BufferRing::Unmap::operator()(char* memory) const noexcept { ::munmap(memory, size_bytes); }

BufferRing::BufferRing(io_uring& ring, int group, std::uint32_t buffer_bytes,
                       std::uint32_t buffers_max)
    : ring_(ring), group_(group), buffer_bytes_(buffer_bytes), buffers_max_(buffers_max) {}

Result<std::unique_ptr<BufferRing>> BufferRing::make(io_uring& ring, int group,
                                                     std::uint32_t buffer_bytes,
                                                     std::uint32_t buffers_start,
                                                     std::uint32_t buffers_max) {
  std::unique_ptr<BufferRing> made(new BufferRing(ring, group, buffer_bytes, buffers_max));
  int error = 0;
  made->kernel_ring_ =
      io_uring_setup_buf_ring(&ring, buffers_max, group, IOU_PBUF_RING_INC, &error);
  if (made->kernel_ring_ == nullptr) {
    return fail(
        Error{.kind = ErrorKind::unsupported,
              .os_errno = -error,
              .what = "the kernel has no incremental buffer rings: run Linux 6.12 or newer"});
  }
  while (made->buffers_.size() < buffers_start) {
    if (!made->grow()) {
      return fail(Error{.kind = ErrorKind::exhausted, .what = "no memory for receive buffers"});
    }
  }
  return made;
}

BufferRing::~BufferRing() {
  SLUICE_ASSERT(leased_ == 0);
  if (kernel_ring_ != nullptr) {
    io_uring_free_buf_ring(&ring_, kernel_ring_, buffers_max_, group_);
  }
}

bool BufferRing::grow() {
  const auto have = static_cast<std::uint32_t>(buffers_.size());
  const std::uint32_t more = std::min(std::max(have, 16U), buffers_max_ - have);
  if (more == 0) return false;
  // Readable padding behind the last buffer: parsers may look that far past a slice's end.
  const std::size_t size_bytes = std::size_t{more} * buffer_bytes_ + Block::padding_bytes;
  void* memory =
      ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  memory_.emplace_back(static_cast<char*>(memory), Unmap{size_bytes});
  for (std::uint32_t i = 0; i < more; ++i) {
    buffers_.push_back(
        std::make_unique<Buffer>(*this, static_cast<char*>(memory) + std::size_t{i} * buffer_bytes_,
                                 static_cast<std::uint16_t>(have + i)));
    provide(*buffers_.back());
  }
  return true;
}

void BufferRing::provide(Buffer& buffer) noexcept {
  SLUICE_ASSERT(!buffer.kernel_fills && buffer.references == 0);
  buffer.kernel_fills = true;
  buffer.filled_bytes = 0;
  const int mask = io_uring_buf_ring_mask(buffers_max_);
  io_uring_buf_ring_add(kernel_ring_, buffer.memory, buffer_bytes_, buffer.id, mask, 0);
  io_uring_buf_ring_advance(kernel_ring_, 1);
}

Slice BufferRing::lease(std::uint32_t cqe_flags, std::size_t size_bytes) noexcept {
  const std::uint32_t id = cqe_flags >> IORING_CQE_BUFFER_SHIFT;
  SLUICE_ASSERT(id < buffers_.size());
  Buffer& buffer = *buffers_[id];
  SLUICE_ASSERT(buffer.kernel_fills);
  SLUICE_ASSERT(size_bytes <= buffer_bytes_ - buffer.filled_bytes);
  const char* const start = buffer.memory + buffer.filled_bytes;
  buffer.filled_bytes += static_cast<std::uint32_t>(size_bytes);
  if ((cqe_flags & IORING_CQE_F_BUF_MORE) == 0) buffer.kernel_fills = false;
  if (size_bytes == 0) {
    if (!buffer.kernel_fills && buffer.references == 0) provide(buffer);
    return {};
  }
  if (buffer.references == 0) ++leased_;
  return Slice(start, size_bytes, &buffer);
}

}  // namespace sluice::ring
