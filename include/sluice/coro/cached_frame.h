// Base of a promise whose coroutine frames come from the thread's cache instead of the heap, and of
// objects that are made and dropped as often as frames are.
#pragma once
#include <cstddef>

#include "sluice/base/memory_cache.h"

namespace sluice {

// Frames of up to 2 KiB: a worker keeps at most 2.1 MiB of them, if all classes were full.
using FrameCache = MemoryCache<64, 32, 64>;
static_assert(FrameCache::kept_bytes_max < 2'200'000);

struct CachedFrame {
#ifndef SLUICE_MEMORY_FROM_HEAP
  static void* operator new(std::size_t size_bytes) { return FrameCache::mine().take(size_bytes); }
  static void operator delete(void* memory, std::size_t size_bytes) noexcept {
    FrameCache::mine().give(memory, size_bytes);
  }
#endif
};

}  // namespace sluice
