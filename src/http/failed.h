// A task that has failed before it began: for functions that give a task and are no coroutine.
#pragma once
#include "sluice/base/result.h"
#include "sluice/coro/task.h"

namespace sluice::http {

template <typename T>
[[nodiscard]] Task<Result<T>> failed(Error error) {
  co_return fail(error);
}

}  // namespace sluice::http
