// Compiled for any x86-64 (see meson.build), and so free of everything that is not: no templates
// or inline functions of other headers, whose code might be shared with the rest of the program.
#include "sluice/server/cpu.h"

#include <string.h>
#include <unistd.h>

namespace sluice::server {
namespace {

constexpr std::uint32_t bit(CpuFeature feature) noexcept {
  return static_cast<std::uint32_t>(feature);
}

struct Named {
  CpuFeature feature;
  const char* name;
};
constexpr Named named[] = {
    {CpuFeature::sse4_2, "SSE4.2"},      {CpuFeature::avx2, "AVX2"},
    {CpuFeature::bmi2, "BMI2"},          {CpuFeature::fma, "FMA"},
    {CpuFeature::pclmul, "PCLMULQDQ"},   {CpuFeature::avx512f, "AVX-512F"},
    {CpuFeature::avx512bw, "AVX-512BW"}, {CpuFeature::avx512vl, "AVX-512VL"},
};

void say(const char* text) noexcept {
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text, strlen(text));
}

// Priorities below 101 belong to the compiler's own library.
[[gnu::constructor(101)]] void check_at_start() noexcept {
  const char* const missing = cpu_missing(cpu_built_for, cpu_features());
  if (missing == nullptr) return;
  say("sluice: this processor has no ");
  say(missing);
  say(", which this build uses: build with -Disa=x86-64-v2, or run on a newer machine\n");
  _exit(1);
}

}  // namespace

std::uint32_t cpu_features() noexcept {
  std::uint32_t features = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("sse4.2")) features |= bit(CpuFeature::sse4_2);
  if (__builtin_cpu_supports("avx2")) features |= bit(CpuFeature::avx2);
  if (__builtin_cpu_supports("bmi2")) features |= bit(CpuFeature::bmi2);
  if (__builtin_cpu_supports("fma")) features |= bit(CpuFeature::fma);
  if (__builtin_cpu_supports("pclmul")) features |= bit(CpuFeature::pclmul);
  if (__builtin_cpu_supports("avx512f")) features |= bit(CpuFeature::avx512f);
  if (__builtin_cpu_supports("avx512bw")) features |= bit(CpuFeature::avx512bw);
  if (__builtin_cpu_supports("avx512vl")) features |= bit(CpuFeature::avx512vl);
#endif
  return features;
}

const char* cpu_missing(std::uint32_t wanted, std::uint32_t present) noexcept {
  for (const Named& each : named) {
    if ((wanted & bit(each.feature)) != 0 && (present & bit(each.feature)) == 0) return each.name;
  }
  return nullptr;
}

}  // namespace sluice::server
