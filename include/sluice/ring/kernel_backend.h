// The back-end over io_uring: Linux 6.12 or newer.
//
// One ring per core: SINGLE_ISSUER and DEFER_TASKRUN, so completions are produced only while this
// thread waits; one incremental buffer ring that many sockets receive into, which grows up to a
// bound and then receives fail with ENOBUFS; an eventfd for wake().
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "sluice/base/result.h"
#include "sluice/ring/backend.h"

namespace sluice::ring {

struct KernelBackendConfig {
  std::uint32_t submissions = 1024;  // entries of the submission queue; a power of two
  std::uint32_t completions = 8192;  // entries of the completion queue; a power of two
  // Of one buffer. Receives share it incrementally, and one that meets its end is cut in two: so a
  // buffer is many times as large as what a receive brings.
  std::uint32_t buffer_bytes = 128 * 1024;
  std::uint32_t buffers_start = 4;  // given to the kernel at start; they are used in turn, so few
  std::uint32_t buffers_max = 256;  // a power of two; memory <= buffers_max * buffer_bytes
};

/// Whether this kernel can run the program: nothing, or one sentence for the operator.
[[nodiscard]] std::string missing_kernel_feature();

/// The calling thread becomes the only one that may use the back-end. Errors: `unsupported` or
/// `exhausted` with the errno; `what` says what to do.
[[nodiscard]] Result<std::unique_ptr<Backend>> make_kernel_backend(
    const KernelBackendConfig& config);

}  // namespace sluice::ring
