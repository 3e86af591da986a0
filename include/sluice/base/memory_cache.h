// Memory for what lives briefly and often: freed pieces are kept for the next ones of their size.
//
// A request runs through some thirty coroutine frames of a dozen sizes and half a dozen blocks, so
// nearly each finds the memory of one just gone, still in the processor's cache, for a handful of
// instructions. Each thread keeps its own, bounded; what is over goes back to the heap. A piece may
// be freed by another thread than made it. Under sanitizers all memory comes from the heap, so that
// they see every use.
#pragma once
#include <array>
#include <cstddef>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLUICE_MEMORY_FROM_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define SLUICE_MEMORY_FROM_HEAP 1
#endif
#endif

namespace sluice {

#ifdef SLUICE_MEMORY_FROM_HEAP
inline constexpr bool memory_from_heap = true;
#else
inline constexpr bool memory_from_heap = false;
#endif

/// Classes of `ClassBytes`, twice that, ... up to `ClassCount` times that; larger pieces are the
/// heap's. At most `KeptMax` free pieces are kept of each class.
template <std::size_t ClassBytes, std::size_t ClassCount, std::size_t KeptMax>
class MemoryCache {
 public:
  MemoryCache() noexcept = default;
  MemoryCache(const MemoryCache&) = delete;
  MemoryCache& operator=(const MemoryCache&) = delete;
  ~MemoryCache() {
    for (Class& size_class : classes_) {
      while (size_class.first != nullptr) ::operator delete(size_class.pop());
    }
  }

  /// Larger pieces come from the heap.
  static constexpr std::size_t piece_bytes_max = ClassBytes * ClassCount;
  /// What all classes keep when full.
  static constexpr std::size_t kept_bytes_max =
      KeptMax * ClassBytes * ClassCount * (ClassCount + 1) / 2;

  /// The calling thread's.
  [[nodiscard]] static MemoryCache& mine() noexcept {
    thread_local MemoryCache cache;
    return cache;
  }

  /// `size_bytes` is at least 1. Throws std::bad_alloc, as operator new does.
  [[nodiscard]] void* take(std::size_t size_bytes) {
    const std::size_t index = class_of(size_bytes);
    if (index >= ClassCount) return ::operator new(size_bytes);
    Class& size_class = classes_[index];
    if (size_class.first != nullptr) return size_class.pop();
    return ::operator new((index + 1) * ClassBytes);
  }

  /// `size_bytes` is what the memory was taken for.
  void give(void* memory, std::size_t size_bytes) noexcept {
    const std::size_t index = class_of(size_bytes);
    if (index >= ClassCount || classes_[index].count >= KeptMax) {
      ::operator delete(memory);
      return;
    }
    classes_[index].push(memory);
  }

 private:
  struct Free {
    Free* next;
  };
  static_assert(ClassBytes >= sizeof(Free));
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
    return (size_bytes - 1) / ClassBytes;
  }

  std::array<Class, ClassCount> classes_;
};

}  // namespace sluice
