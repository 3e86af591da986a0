// Who takes its memory from the thread's cache instead of the heap: what is made and dropped as
// often as requests are, coroutine frames above all.
#pragma once
#include <cstddef>
#include <limits>
#include <new>
#include <vector>

#include "sluice/base/assert.h"
#include "sluice/base/memory_cache.h"

namespace sluice {

// Objects of up to 2 KiB: a worker keeps at most 2.1 MiB of them, if all classes were full. Frames
// and the rest share it, so that each finds memory which was in use a moment ago.
using ObjectCache = MemoryCache<64, 32, 64>;
static_assert(ObjectCache::kept_bytes_max < 2'200'000);

/// Base of a promise, whose frame then lies in the cache, or of an object made by new.
struct CachedObject {
#ifndef SLUICE_MEMORY_FROM_HEAP
  static void* operator new(std::size_t size_bytes) { return ObjectCache::mine().take(size_bytes); }
  static void operator delete(void* memory, std::size_t size_bytes) noexcept {
    ObjectCache::mine().give(memory, size_bytes);
  }
#endif
};

/// A standard allocator over the same cache.
template <typename T>
struct CachedAllocator {
  using value_type = T;
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

  CachedAllocator() noexcept = default;
  template <typename U>
  CachedAllocator(const CachedAllocator<U>&) noexcept {}  // NOLINT: containers convert silently

  [[nodiscard]] T* allocate(std::size_t count) {
    SLUICE_ASSERT(count <= std::numeric_limits<std::size_t>::max() / sizeof(T));
    const std::size_t size_bytes = count * sizeof(T);
    return static_cast<T*>(memory_from_heap ? ::operator new(size_bytes)
                                            : ObjectCache::mine().take(size_bytes));
  }
  void deallocate(T* memory, std::size_t count) noexcept {
    if (memory_from_heap) {
      ::operator delete(memory);
    } else {
      ObjectCache::mine().give(memory, count * sizeof(T));
    }
  }
  friend bool operator==(const CachedAllocator&, const CachedAllocator&) = default;
};

/// The vector of a few elements that a request makes and drops.
template <typename T>
using CachedVector = std::vector<T, CachedAllocator<T>>;

}  // namespace sluice
