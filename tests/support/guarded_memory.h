// Bytes that end at an unreadable page: reading one byte too far is a crash, not a lucky zero.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string_view>

#include "sluice/base/assert.h"

namespace sluice::test {

class GuardedMemory {
 public:
  explicit GuardedMemory(std::string_view bytes) {
    const auto page_bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t readable_bytes = (bytes.size() + page_bytes - 1) / page_bytes * page_bytes;
    mapped_bytes_ = readable_bytes + page_bytes;
    memory_ =
        mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SLUICE_ASSERT(memory_ != MAP_FAILED);
    char* const begin = static_cast<char*>(memory_);
    SLUICE_ASSERT(mprotect(begin + readable_bytes, page_bytes, PROT_NONE) == 0);
    char* const copy = begin + readable_bytes - bytes.size();
    if (!bytes.empty()) std::memcpy(copy, bytes.data(), bytes.size());
    view_ = {copy, bytes.size()};
  }
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;
  ~GuardedMemory() { munmap(memory_, mapped_bytes_); }

  [[nodiscard]] std::string_view view() const noexcept { return view_; }

 private:
  void* memory_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  std::string_view view_;
};

}  // namespace sluice::test
