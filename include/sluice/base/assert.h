// Assertions that stay on in release builds: they state what only a bug of ours can break.
//
// Never for bytes from a peer, configuration or errno: those are a Result's business. A failed
// assertion prints one line (file, line, the expression) to stderr and aborts the process.
#pragma once

namespace sluice {
[[noreturn, gnu::cold]] void assertion_failed(const char* expression, const char* file,
                                              int line) noexcept;
}  // namespace sluice

#define SLUICE_ASSERT(expression)                     \
  (__builtin_expect(static_cast<bool>(expression), 1) \
       ? static_cast<void>(0)                         \
       : ::sluice::assertion_failed(#expression, __FILE__, __LINE__))
