// The last bytes of an answer that is relayed as it comes: where its usage is to be found.
#pragma once
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "sluice/base/slice.h"

namespace sluice::gateway {

class AnswerTail {
 public:
  /// A usage takes some hundred bytes; what hosts put behind it, as many.
  static constexpr std::size_t bytes_max = 16 * 1024;

  void add(const SliceChain& part) {
    for (const Slice& slice : part) add(slice.view());
  }
  void add(std::string_view bytes) {
    bytes.remove_prefix(bytes.size() - std::min(bytes.size(), bytes_max));
    // Twice the room, so that each byte is moved once at most.
    if (bytes_.size() + bytes.size() > 2 * bytes_max) {
      bytes_.erase(0, bytes_.size() - std::min(bytes_.size(), bytes_max));
    }
    bytes_ += bytes;
  }
  [[nodiscard]] std::string_view view() const noexcept {
    const std::string_view all = bytes_;
    return all.substr(all.size() - std::min(all.size(), bytes_max));
  }

 private:
  std::string bytes_;
};

}  // namespace sluice::gateway
