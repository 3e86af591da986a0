// Thirty-two bytes at a time, for what every answer is made of.
//
// A vector and not memcpy(): GCC makes two copies of sixteen bytes of that. Where the processor has
// no such registers (x86-64-v2) the compiler takes two.
#pragma once
#include <cstring>

namespace sluice::simulator {

/// For local variables: as a parameter or a result it would need registers that x86-64-v2 lacks.
using Bytes32 = signed char __attribute__((vector_size(32)));

inline void copy_32(char* to, const char* from) noexcept {
  Bytes32 bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  std::memcpy(to, &bytes, sizeof bytes);
}

}  // namespace sluice::simulator
