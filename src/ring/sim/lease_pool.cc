#include "lease_pool.h"

#include <cstring>

#include "sluice/base/assert.h"

#if defined(__SANITIZE_ADDRESS__)
#define SLUICE_SIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLUICE_SIM_ASAN 1
#endif
#endif
#if defined(SLUICE_SIM_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace sluice::ring::sim {
namespace {

constexpr unsigned char dead_byte = 0xDB;

void lock(char* memory, std::size_t size_bytes) noexcept {
  std::memset(memory, dead_byte, size_bytes);
#if defined(SLUICE_SIM_ASAN)
  ASAN_POISON_MEMORY_REGION(memory, size_bytes);
#endif
}
void unlock_region([[maybe_unused]] char* memory,
                   [[maybe_unused]] std::size_t size_bytes) noexcept {
#if defined(SLUICE_SIM_ASAN)
  ASAN_UNPOISON_MEMORY_REGION(memory, size_bytes);
#endif
}

}  // namespace

LeasePool::Buffer::Buffer(LeasePool& owner)
    : SliceOwner(&Buffer::released), pool(owner), memory(new char[owner.buffer_bytes_]) {
  lock(memory.get(), owner.buffer_bytes_);
}

LeasePool::LeasePool(std::uint32_t buffer_bytes, std::uint32_t buffers_max)
    : buffer_bytes_(buffer_bytes), buffers_max_(buffers_max) {}

LeasePool::~LeasePool() {
  SLUICE_ASSERT(leased_ == 0);
  for (const auto& buffer : buffers_) unlock_region(buffer->memory.get(), buffer_bytes_);
}

std::size_t LeasePool::room() {
  if (current_ == nullptr) {
    if (free_.empty()) {
      if (buffers_.size() >= buffers_max_) return 0;
      buffers_.push_back(std::make_unique<Buffer>(*this));
      free_.push_back(buffers_.back().get());
    }
    current_ = free_.back();
    free_.pop_back();
  }
  return buffer_bytes_ - current_->used;
}

void LeasePool::unlock(std::size_t size_bytes) noexcept { unlock_region(next(), size_bytes); }

Slice LeasePool::lease(std::size_t size_bytes) noexcept {
  SLUICE_ASSERT(size_bytes > 0 && size_bytes <= buffer_bytes_ - current_->used);
  Buffer& buffer = *current_;
  const char* data = next();
  buffer.used += static_cast<std::uint32_t>(size_bytes);
  if (buffer.used == buffer_bytes_) current_ = nullptr;
  if (!buffer.in_use) {
    buffer.in_use = true;
    ++leased_;
  }
  return Slice(data, size_bytes, &buffer);
}

void LeasePool::Buffer::released(SliceOwner* owner) noexcept {
  auto& buffer = *static_cast<Buffer*>(owner);
  buffer.in_use = false;
  --buffer.pool.leased_;
  lock(buffer.memory.get() + buffer.expired, buffer.used - buffer.expired);
  buffer.expired = buffer.used;
  if (&buffer != buffer.pool.current_) buffer.pool.recycle(buffer);
}

void LeasePool::recycle(Buffer& buffer) noexcept {
  buffer.used = 0;
  buffer.expired = 0;
  free_.push_back(&buffer);
}

}  // namespace sluice::ring::sim
