// Result<T>: a value, or an Error that says why there is none. The only error channel on the data
// path: no exception is thrown there, and none crosses a Task.
//
//   Result<Head> head = parse(bytes);
//   if (!head) return fail(head.error());
#pragma once
#include <expected>

#include "sluice/base/error.h"

namespace sluice {

template <typename T>
using Result = std::expected<T, Error>;

/// What a function of type Result<T> returns to fail. Out of line and cold, so that the compiler
/// keeps whatever leads here apart from the path of a request that goes well.
[[nodiscard, gnu::cold, gnu::noinline]] inline std::unexpected<Error> fail(Error error) noexcept {
  return std::unexpected<Error>(error);
}

}  // namespace sluice
