#include "sluice/server/cpu.h"

#include <gtest/gtest.h>

namespace sluice::server {
namespace {

constexpr std::uint32_t bit(CpuFeature feature) { return static_cast<std::uint32_t>(feature); }

TEST(Cpu, NamesTheFirstFeatureThatIsMissing) {
  const std::uint32_t wanted = bit(CpuFeature::avx2) | bit(CpuFeature::pclmul);
  EXPECT_STREQ(cpu_missing(wanted, bit(CpuFeature::avx2)), "PCLMULQDQ");
  EXPECT_STREQ(cpu_missing(wanted, 0), "AVX2");
  EXPECT_EQ(cpu_missing(wanted, wanted | bit(CpuFeature::avx512f)), nullptr);
}

TEST(Cpu, ThisMachineRunsWhatWasBuiltForIt) {
  EXPECT_EQ(cpu_missing(cpu_built_for, cpu_features()), nullptr);
}

}  // namespace
}  // namespace sluice::server
