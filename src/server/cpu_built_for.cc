// Compiled as the rest of the program is: the compiler tells by macros what it may use.
#include "sluice/server/cpu.h"

namespace sluice::server {

constinit const std::uint32_t cpu_built_for = 0
#ifdef __SSE4_2__
                                              | static_cast<std::uint32_t>(CpuFeature::sse4_2)
#endif
#ifdef __AVX2__
                                              | static_cast<std::uint32_t>(CpuFeature::avx2)
#endif
#ifdef __BMI2__
                                              | static_cast<std::uint32_t>(CpuFeature::bmi2)
#endif
#ifdef __FMA__
                                              | static_cast<std::uint32_t>(CpuFeature::fma)
#endif
#ifdef __PCLMUL__
                                              | static_cast<std::uint32_t>(CpuFeature::pclmul)
#endif
#ifdef __AVX512F__
                                              | static_cast<std::uint32_t>(CpuFeature::avx512f)
#endif
#ifdef __AVX512BW__
                                              | static_cast<std::uint32_t>(CpuFeature::avx512bw)
#endif
#ifdef __AVX512VL__
                                              | static_cast<std::uint32_t>(CpuFeature::avx512vl)
#endif
    ;

}  // namespace sluice::server
