// Text that ends at an unreadable page: reading one byte too far is a crash.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "sluice/base/assert.h"

namespace sluice::json {

class GuardedText {
 public:
  explicit GuardedText(std::string_view text) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t used = (text.size() + page - 1) / page * page;
    size_bytes_ = used + page;
    void* const memory =
        mmap(nullptr, size_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SLUICE_ASSERT(memory != MAP_FAILED);
    memory_ = static_cast<char*>(memory);
    SLUICE_ASSERT(mprotect(memory_ + used, page, PROT_NONE) == 0);
    char* const begin = memory_ + used - text.size();
    if (!text.empty()) std::memcpy(begin, text.data(), text.size());
    text_ = {begin, text.size()};
  }
  GuardedText(const GuardedText&) = delete;
  GuardedText& operator=(const GuardedText&) = delete;
  ~GuardedText() { munmap(memory_, size_bytes_); }

  [[nodiscard]] std::string_view view() const noexcept { return text_; }

 private:
  char* memory_ = nullptr;
  std::size_t size_bytes_ = 0;
  std::string_view text_;
};

}  // namespace sluice::json
