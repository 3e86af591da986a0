#include "sluice/base/secret.h"

#include <cstring>

namespace sluice {

void wipe_memory(void* memory, std::size_t size_bytes) noexcept {
  if (size_bytes == 0) return;
  std::memset(memory, 0, size_bytes);
  // The barrier makes the store observable, so that no optimiser drops it as dead.
  asm volatile("" : : "r"(memory) : "memory");
}

bool equal_constant_time(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
  }
  return difference == 0;
}

Secret::Secret(std::string&& bytes) : bytes_(new char[bytes.size()]), size_bytes_(bytes.size()) {
  std::memcpy(bytes_, bytes.data(), bytes.size());
  wipe_memory(bytes.data(), bytes.size());
  bytes.clear();
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe_memory(bytes_, size_bytes_);
    delete[] bytes_;
    bytes_ = std::exchange(other.bytes_, nullptr);
    size_bytes_ = std::exchange(other.size_bytes_, 0);
  }
  return *this;
}

Secret::~Secret() {
  wipe_memory(bytes_, size_bytes_);
  delete[] bytes_;
}

Secret Secret::clone() const { return Secret(std::string(reveal())); }

bool Secret::equals(std::string_view candidate) const noexcept {
  return equal_constant_time(reveal(), candidate);
}

}  // namespace sluice
