// A secret: bytes that cannot be formatted, logged, compared in variable time or copied by
// accident. Memory is wiped when it goes.
//
// reveal() is the one way out; grep for it to audit every place a secret is used. The callers of
// reveal() write the bytes to a socket or a hash and to nothing else.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/base/attributes.h"

namespace sluice {

class Secret {
 public:
  Secret() noexcept = default;
  /// Takes the bytes and wipes the string they came in.
  explicit Secret(std::string&& bytes);
  Secret(Secret&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)),
        size_bytes_(std::exchange(other.size_bytes_, 0)) {}
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  [[nodiscard]] bool empty() const noexcept { return size_bytes_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_bytes_; }
  [[nodiscard]] Secret clone() const;

  /// The bytes, for the wire or a hash only.
  [[nodiscard]] std::string_view reveal() const noexcept SLUICE_LIFETIMEBOUND {
    return {bytes_, size_bytes_};
  }

  /// Equality in time that depends on the lengths alone.
  [[nodiscard]] bool equals(std::string_view candidate) const noexcept;

 private:
  char* bytes_ = nullptr;
  std::size_t size_bytes_ = 0;
};

/// Overwrites memory in a way the compiler may not remove.
void wipe_memory(void* memory, std::size_t size_bytes) noexcept;

/// Whether two byte strings are equal, in time that depends on their lengths alone.
[[nodiscard]] bool equal_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace sluice
