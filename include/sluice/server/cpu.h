// Whether this processor has the instructions the program was built for.
//
// Asked by a constructor that runs before every other of the program, and compiled for any x86-64:
// code that uses the newer instructions would end in "Illegal instruction" before main() could say
// anything. A processor that falls short gets one sentence on standard error and exit status 1.
#pragma once
#include <cstdint>

namespace sluice::server {

/// Instruction sets a build may use; a set of bits.
enum class CpuFeature : std::uint32_t {
  sse4_2 = 1,
  avx2 = 2,  // stands for all of x86-64-v3: BMI, FMA, LZCNT, MOVBE, F16C come with it
  bmi2 = 4,
  fma = 8,
  pclmul = 16,
  avx512f = 32,
  avx512bw = 64,
  avx512vl = 128,
};

/// What the program was built for: the features' bits together. A constant, so that reading it
/// runs no code of the build.
extern const std::uint32_t cpu_built_for;

/// What this processor has of the above.
[[nodiscard]] std::uint32_t cpu_features() noexcept;

/// The name of the first feature in `wanted` that is not in `present`; null when all are.
[[nodiscard]] const char* cpu_missing(std::uint32_t wanted, std::uint32_t present) noexcept;

}  // namespace sluice::server
