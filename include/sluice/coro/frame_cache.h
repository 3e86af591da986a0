// Memory for coroutine frames: freed frames are kept for the next ones of about their size.
//
// A request runs through some thirty short-lived frames of a dozen sizes, so nearly every frame
// finds the memory of one just gone, still in the cache, for a handful of instructions. Each thread
// keeps its own, bounded; what is over goes back to the heap. A frame may be freed by another
// thread than made it. Under sanitizers every frame comes from the heap, so that they see it all.
#pragma once
#include <array>
#include <cstddef>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLUICE_FRAMES_FROM_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define SLUICE_FRAMES_FROM_HEAP 1
#endif
#endif

namespace sluice {

class FrameCache {
 public:
  FrameCache() noexcept = default;
  FrameCache(const FrameCache&) = delete;
  FrameCache& operator=(const FrameCache&) = delete;
  ~FrameCache() {
    for (Class& size_class : classes_) {
      while (size_class.first != nullptr) ::operator delete(size_class.pop());
    }
  }

  /// The calling thread's.
  [[nodiscard]] static FrameCache& mine() noexcept {
    thread_local FrameCache cache;
    return cache;
  }

  [[nodiscard]] void* take(std::size_t size_bytes) {
    const std::size_t index = class_of(size_bytes);
    if (index >= class_count) return ::operator new(size_bytes);
    Class& size_class = classes_[index];
    if (size_class.first != nullptr) return size_class.pop();
    return ::operator new((index + 1) * class_bytes);
  }

  void give(void* memory, std::size_t size_bytes) noexcept {
    const std::size_t index = class_of(size_bytes);
    if (index >= class_count || classes_[index].count >= kept_per_class_max) {
      ::operator delete(memory);
      return;
    }
    classes_[index].push(memory);
  }

 private:
  static constexpr std::size_t class_bytes = 64;
  static constexpr std::size_t class_count = 32;         // frames up to 2 KiB
  static constexpr std::size_t kept_per_class_max = 64;  // so at most 2.1 MiB, if all were full

  struct Free {
    Free* next;
  };
  struct Class {
    Free* first = nullptr;
    std::size_t count = 0;
    void* pop() noexcept {
      Free* free = first;
      first = free->next;
      --count;
      return free;
    }
    void push(void* memory) noexcept {
      first = new (memory) Free{first};
      ++count;
    }
  };

  static constexpr std::size_t class_of(std::size_t size_bytes) noexcept {
    return (size_bytes - 1) / class_bytes;
  }

  std::array<Class, class_count> classes_;
};

/// Base of a promise whose frames come from the cache.
struct CachedFrame {
#ifndef SLUICE_FRAMES_FROM_HEAP
  static void* operator new(std::size_t size_bytes) { return FrameCache::mine().take(size_bytes); }
  static void operator delete(void* memory, std::size_t size_bytes) noexcept {
    FrameCache::mine().give(memory, size_bytes);
  }
#endif
};

}  // namespace sluice
